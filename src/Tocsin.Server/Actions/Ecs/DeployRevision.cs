using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Server.Actions.Ecs;

/// <summary>
/// ecs.deployRevision: the newest revision's settings with the images that run now. UpdateService without a revision keeps the one that runs, and the newest
/// one may carry an older image: so both are put together, registered, and deployed by its ARN.
/// </summary>
public sealed class DeployRevision : RevisionKind
{
    // Fargate's sizes of memory in MB by CPU units, in steps of 1 GB but for the smallest.
    // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-cpu-memory-error.html
    private static readonly ImmutableSortedDictionary<int, (int Least, int Most, int Step)> Sizes = new Dictionary<int, (int, int, int)>
    {
        [256] = (512, 2048, 512), [512] = (1024, 4096, 1024), [1024] = (2048, 8192, 1024), [2048] = (4096, 16384, 1024), [4096] = (8192, 30720, 1024), [8192] = (16384, 61440, 4096), [16384] = (32768, 122880, 8192),
    }.ToImmutableSortedDictionary();

    public override string Id => "ecs.deployRevision";

    public override ImmutableArray<ActionArgument> Arguments => [new("memory", "MB for a task, or more: the next size that is at least double; the settings that run stay as they are otherwise"), new("revision", "exactly this revision's settings, instead of the newest's")];

    public override async Task<ActionDraft> DraftAsync(ActionGround ground, ActionOrder order, CancellationToken cancel)
    {
        var now = await EcsNow.FindAsync(ground, order.Target, cancel);
        var family = await EcsNow.FamilyAsync(ground, EcsNow.Family(now.Revision), cancel);
        if (family.IsEmpty) throw new ActionRefused($"{EcsNow.Family(now.Revision)} has no revision that can be deployed");
        var running = await EcsNow.DefinitionAsync(ground, now.Revision, cancel);
        var source = order.Value("memory") is null || order.Value("revision") is not null ? Named(family, order.Value("revision")) : now.Revision;
        var settings = source == now.Revision ? running : await EcsNow.DefinitionAsync(ground, source, cancel);
        var wanted = Together(settings, running);
        if (order.Value("memory") is { } memory) Resize(wanted, memory);
        await Revisions.CheckAsync(ground, wanted, cancel);
        // Exactly that is registered already: nothing needs to be registered again.
        if (order.Value("memory") is null && JsonNode.DeepEquals(wanted, Revisions.Input(settings)))
        {
            var plain = await ToAsync(ground, now, source, [], cancel);
            return plain with { Facts = plain.Facts.Add(Newest, family[0]) };
        }
        return new ActionDraft(now.Name, now.Revision.LastPart(), Words(now, running, source, wanted), Calls(ground, now, wanted), ActionOrder.None.Add(Running, now.Revision).Add(Newest, family[0]))
        {
            BlastRadius = [now.Name],
            Notes = Revisions.Images(settings).SequenceEqual(Revisions.Images(running), StringComparer.Ordinal) ? [] : [$"{source.LastPart()} names other images; those that run now are kept: {string.Join(", ", Revisions.Images(running).Select(i => i.LastPart()))}"],
        };
    }

    private static ImmutableArray<PlannedCall> Calls(ActionGround ground, EcsNow now, JsonObject wanted) =>
    [
        AwsCalling.Call("ecs", "RegisterTaskDefinition", wanted),
        EcsNow.Update(ground, now.Name, new JsonObject { ["taskDefinition"] = AwsCalling.Answer(0, "taskDefinition.taskDefinitionArn") }),
    ];

    private static string Named(ImmutableArray<string> family, string? revision) =>
        revision is null ? family[0] : family.FirstOrDefault(f => f == revision || f.LastPart() == revision || f.EndsWith($":{revision}", StringComparison.Ordinal)) ?? throw new ActionRefused($"there is no active revision {revision}; the newest are {string.Join(", ", family.Take(5).Select(f => f.LastPart()))}");

    // Containers of the same name keep the image that runs.
    private static JsonObject Together(JsonObject settings, JsonObject running)
    {
        var wanted = Revisions.Input(settings);
        var images = running.Items("containerDefinitions").ToDictionary(c => c.Text("name") ?? "", c => c.Text("image"), StringComparer.Ordinal);
        foreach (var container in wanted.Items("containerDefinitions"))
        {
            if (images.GetValueOrDefault(container.Text("name") ?? "") is { } image) container["image"] = image;
        }
        return wanted;
    }

    private static void Resize(JsonObject wanted, string memory)
    {
        var before = wanted.Text("memory");
        var isFargate = wanted.Texts("requiresCompatibilities").Contains("FARGATE", StringComparer.Ordinal);
        var sized = Sizes.TryGetValue((int)(wanted.Number("cpu") ?? 0), out var size) && isFargate;
        if (memory is "more") memory = More(wanted, sized ? size.Least : 0, sized ? size.Step : 1);
        if (!int.TryParse(memory, NumberStyles.None, CultureInfo.InvariantCulture, out var mb)) throw new ActionRefused($"memory is a number of MB such as 2048, not {memory}");
        if (sized && (mb < size.Least || mb > size.Most || mb % size.Step != 0))
            throw new ActionRefused($"with {wanted.Text("cpu")} CPU units Fargate takes {EcsNow.Shown(size.Least)} to {EcsNow.Shown(size.Most)} MB in steps of {EcsNow.Shown(size.Step)}");
        if (wanted["memory"] is not null) wanted["memory"] = EcsNow.Shown(mb);
        // A container whose limit was the task's grows with it.
        foreach (var container in wanted.Items("containerDefinitions").Where(c => c["memory"] is not null && (before is null || c.Text("memory") == before))) container["memory"] = mb;
    }

    // What leaks or is too small is given room for the night; what it really needs is found out by day.
    private static string More(JsonObject wanted, int least, int step)
    {
        var now = wanted.Number("memory") ?? wanted.Items("containerDefinitions").Select(c => c.Number("memory")).Max() ?? throw new ActionRefused("the revision has no limit that could be raised");
        return EcsNow.Shown(Math.Max(least, (int)Math.Ceiling(now * 2 / step) * step));
    }

    private static string Words(EcsNow now, JsonObject running, string source, JsonObject wanted) =>
        source == now.Revision
            ? $"a new revision of {source.LastPart()} with {wanted.Text("memory") ?? wanted.Items("containerDefinitions").First().Text("memory")} MB instead of {running.Text("memory") ?? running.Items("containerDefinitions").First().Text("memory")} MB"
            : $"a new revision with the settings of {source.LastPart()} and the images that run";
}
