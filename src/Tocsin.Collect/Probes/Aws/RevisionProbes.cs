using System.Globalization;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tocsin.Collect.Aws;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>The task definition that runs against the newest one, and the images it names.</summary>
internal static partial class RevisionProbes
{
    private const double UsualStopTimeout = 30;

    public static IEnumerable<Probe> For(AwsGround ground, ServiceView view) =>
    [
        ground.Probe("ecs.taskDefinition", view.Subject, "ecs", (s, c) => DefinitionAsync(ground, view, s, c), "ecs:DescribeServices", "ecs:ListTaskDefinitions", "ecs:DescribeTaskDefinition", "ecr:DescribeImages", "ecs:ListTasks", "ecs:DescribeTasks"),
        ground.Probe("ecs.image", view.Subject, "ecr", (s, c) => ImageAsync(ground, view, s, c), "ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecr:DescribeImages"),
    ];

    private static async Task DefinitionAsync(AwsGround ground, ServiceView view, Sighting sighting, CancellationToken cancel)
    {
        var service = await view.GetAsync(sighting, cancel);
        var running = await view.RevisionAsync(sighting, cancel);
        var newest = await NewestAsync(ground, view, running, sighting, cancel);
        var (here, there) = (view.Application(running, service), view.Application(newest, service));
        sighting.Fact("revisionsBehind", Math.Max(0, (newest.Number("revision") ?? 0) - (running.Number("revision") ?? 0)));
        sighting.Fact("newestBy", Author(newest.Text("registeredBy")));
        sighting.Fact("newestImageDiffers", here.Text("image") != there.Text("image"));
        sighting.Fact("newestEnvDiffers", Variables(running) != Variables(newest));
        sighting.Fact("memoryDiffers", Sizes(running, here) != Sizes(newest, there));
        sighting.ChangedAt(newest.Time("registeredAt"));
        await EcsProbes.PartAsync(sighting, async _ => sighting.Fact("newestTried", await TriedAsync(view, newest, running, sighting, cancel)), cancel);
        await CheckAsync(ground, view, service, sighting, cancel);
        await EcsProbes.PartAsync(sighting, _ => WentBackAsync(ground, view, running, service, sighting, cancel), cancel);
    }

    // What a revision lacks that the one before it had, against what only differs.
    private static async Task TakenAwayAsync(AwsGround ground, ServiceView view, JsonObject definition, JsonObject service, Sighting sighting, CancellationToken cancel)
    {
        if (await BeforeAsync(ground, view, definition, sighting, cancel) is not { } before) return;
        var (here, there) = (view.Application(definition, service), view.Application(before, service));
        var kept = Passed(here).ToHashSet(StringComparer.Ordinal);
        sighting.Fact("variablesRemoved", Passed(there).Distinct(StringComparer.Ordinal).Count(n => !kept.Contains(n)));
        sighting.Fact("imageChanged", here.Text("image") != there.Text("image"));
    }

    private static async Task WentBackAsync(AwsGround ground, ServiceView view, JsonObject running, JsonObject service, Sighting sighting, CancellationToken cancel)
    {
        if (await BeforeAsync(ground, view, running, sighting, cancel) is not { } before) return;
        var images = new[] { running, before }.Select(d => ImageName.Parse(view.Application(d, service).Text("image") ?? "")).ToList();
        if (images.Contains(null)) return;
        if (images[0] == images[1])
        {
            sighting.Fact("olderImageBy", "NONE");
            return;
        }
        var pushed = await Task.WhenAll(images.Select(async i => (await FindAsync(ground, i!, sighting, cancel)).Image.Time("imagePushedAt")));
        if (pushed[0] is { } here && pushed[1] is { } there) sighting.Fact("olderImageBy", here < there ? Author(running.Text("registeredBy")) : "NONE");
    }

    private static async Task<JsonObject?> BeforeAsync(AwsGround ground, ServiceView view, JsonObject definition, Sighting sighting, CancellationToken cancel)
    {
        var number = definition.Number("revision") ?? 0;
        var before = (await FamilyAsync(ground, view, definition, sighting, cancel)).Where(a => ServiceView.RevisionOf(a) < number).MaxBy(ServiceView.RevisionOf);
        return before is null ? null : await view.DefinitionAsync(sighting, before, cancel);
    }

    private static IEnumerable<string> Passed(JsonObject? container) => container.Items("environment").Concat(container.Items("secrets")).Select(e => e.Text("name")).OfType<string>();

    // What is wrong in a revision is looked for in the one that is in trouble.
    private static async Task CheckAsync(AwsGround ground, ServiceView view, JsonObject service, Sighting sighting, CancellationToken cancel)
    {
        var definition = await view.RevisionInQuestionAsync(sighting, cancel);
        var container = view.Application(definition, service);
        var memory = container.Number("memory") ?? definition.Number("memory");
        sighting.Fact("memoryMb", memory);
        var ports = container.Items("portMappings").Select(p => p.Number("containerPort")).OfType<double>().ToList();
        if (ports.Count > 0) sighting.Fact("containerPort", ports[0]);
        if (Variable(container, "PORT") is { } port && ports.Count > 0 && double.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var listens)) sighting.Fact("portEnvMatchesContainerPort", ports.Contains(listens));
        if (Variable(container, "HOST") is { Length: > 0 } host) sighting.Fact("listensOnLoopback", host is "localhost" or "::1" || host.StartsWith("127.", StringComparison.Ordinal));
        if (PoolNames.Select(n => Variable(container, n)).FirstOrDefault(v => v is not null) is { } pool && double.TryParse(pool, NumberStyles.None, CultureInfo.InvariantCulture, out var connections)) sighting.Fact("poolSize", connections);
        await TakenAwayAsync(ground, view, definition, service, sighting, cancel);
        sighting.Fact("executionRole", !string.IsNullOrEmpty(definition.Text("executionRoleArn")));
        var regions = SecretUse.Of(definition).Select(u => u.Region).Where(r => r.Length > 0).ToList();
        if (regions.Count > 0) sighting.Fact("secretsRegionMatches", regions.TrueForAll(r => r == ground.Map.Region));
        sighting.Fact("stopTimeoutSeconds", container.Number("stopTimeout") ?? UsualStopTimeout);
        var heap = HeapLimit().Match($"{Variable(container, "NODE_OPTIONS")} {string.Join(' ', container.Texts("command"))}");
        sighting.Fact("nodeHeapAboveLimit", heap.Success && memory is { } limit && double.Parse(heap.Groups[1].Value, CultureInfo.InvariantCulture) >= limit);
        await EcsProbes.PartAsync(sighting, async _ =>
        {
            if (!service.Items("loadBalancers").Any()) return;
            var groups = await view.GroupsAsync(sighting, cancel);
            sighting.Fact("portMatchesTargetGroup", service.Items("loadBalancers").All(l => groups.Exists(g => g.Text("TargetGroupArn") == l.Text("targetGroupArn") && g.Number("Port") == l.Number("containerPort")))
                && service.Items("loadBalancers").All(l => definition.Items("containerDefinitions").Where(c => c.Text("name") == l.Text("containerName")).SelectMany(c => c.Items("portMappings")).Any(p => p.Number("containerPort") == l.Number("containerPort"))));
        }, cancel);
    }

    // By variables that carry it in practice; what the code decides by itself is not seen.
    private static readonly string[] PoolNames = ["DB_POOL", "DB_POOL_SIZE", "DB_CONNECTION_LIMIT", "DATABASE_POOL_SIZE", "POOL_SIZE"];

    // A revision of which ECS knows a task was deployed once, whatever became of it.
    private static async Task<bool?> TriedAsync(ServiceView view, JsonObject newest, JsonObject running, Sighting sighting, CancellationToken cancel) =>
        newest.Text("taskDefinitionArn") is not { } arn || arn == running.Text("taskDefinitionArn") ? null
            : (await view.TasksAsync(sighting, cancel)).Exists(t => t.Text("taskDefinitionArn") == arn);

    public static async Task<JsonObject> NewestAsync(AwsGround ground, ServiceView view, JsonObject running, Sighting sighting, CancellationToken cancel)
    {
        var newest = (await FamilyAsync(ground, view, running, sighting, cancel)).MaxBy(ServiceView.RevisionOf);
        return newest is null ? running : await view.DefinitionAsync(sighting, newest, cancel);
    }

    // The newest of the family, at most ten.
    private static async Task<IEnumerable<string>> FamilyAsync(AwsGround ground, ServiceView view, JsonObject definition, Sighting sighting, CancellationToken cancel)
    {
        var family = definition.Text("family") ?? view.Service.Name;
        var list = await ground.AskAsync(sighting, "ecs", "ListTaskDefinitions", new JsonObject { ["familyPrefix"] = family, ["status"] = "ACTIVE", ["sort"] = "DESC", ["maxResults"] = 10 }, cancel);
        return list.Texts("taskDefinitionArns").Where(a => a.LastPart().Split(':')[0] == family);
    }

    private static async Task ImageAsync(AwsGround ground, ServiceView view, Sighting sighting, CancellationToken cancel)
    {
        var definition = await view.RevisionInQuestionAsync(sighting, cancel);
        var images = definition.Items("containerDefinitions").Select(c => ImageName.Parse(c.Text("image") ?? "")).OfType<ImageName>().ToList();
        if (images.Count == 0) throw new CouldNotLook(ObservationStatus.NotConfigured, $"no image of {view.Service.Name} lies in ECR");
        var answers = await Task.WhenAll(images.Select(i => FindAsync(ground, i, sighting, cancel)));
        sighting.Fact("repositoryExists", Array.TrueForAll(answers, a => a.Repository));
        sighting.Fact("exists", Array.TrueForAll(answers, a => a.Image is not null));
        if (answers.Select(a => a.Image.Time("imagePushedAt")).OfType<NodaTime.Instant>().ToList() is { Count: > 0 } pushed) sighting.Fact("pushedMinutesAgo", pushed.Max().MinutesTo(ground.Now));
        await EcsProbes.PartAsync(sighting, async _ => sighting.Fact("platformMatches", Platform(definition, await view.TasksAsync(sighting, cancel), ground)), cancel);
    }

    // A task that runs this revision proves its images' platform; ECS's refusal disproves it. Manifests of one platform do not say which it is.
    private static bool? Platform(JsonObject definition, List<JsonObject> tasks, AwsGround ground)
    {
        var own = tasks.FindAll(t => t.Text("taskDefinitionArn") == definition.Text("taskDefinitionArn"));
        if (Stopped.InTrouble(own, ground.Since).Exists(t => Stopped.PullError(t.Text("stoppedReason") ?? "") == "PLATFORM")) return false;
        return own.Exists(t => t.Text("lastStatus") == "RUNNING") ? true : null;
    }

    private static async Task<(bool Repository, JsonObject? Image)> FindAsync(AwsGround ground, ImageName image, Sighting sighting, CancellationToken cancel)
    {
        var id = image.Digest.Length > 0 ? new JsonObject { ["imageDigest"] = image.Digest } : new JsonObject { ["imageTag"] = image.Tag };
        try
        {
            var answer = await ground.Calls.AskAsync(sighting, "ecr", image.Region, "DescribeImages", new JsonObject { ["registryId"] = image.Registry, ["repositoryName"] = image.Repository, ["imageIds"] = new JsonArray(id) }, cancel);
            return (true, answer.Items("imageDetails").FirstOrDefault());
        }
        catch (AwsFailure e) when (e.Code is "RepositoryNotFoundException" or "ImageNotFoundException")
        {
            return (e.Code != "RepositoryNotFoundException", null);
        }
    }

    /// <summary>A variable that the revision sets in clear; null where it does not.</summary>
    public static string? Variable(JsonObject? container, string name) => container.Items("environment").FirstOrDefault(e => e.Text("name") == name).Text("value");

    private static string Author(string? who) => who switch
    {
        null => "UNKNOWN",
        _ when Stopped.Has(who, "terraform") => "TERRAFORM",
        _ when AutomationName().IsMatch(who) => "CI",
        _ when who.Contains(":user/", StringComparison.Ordinal) || who.Contains(":root", StringComparison.Ordinal) || Stopped.Has(who, "SSO") => "PERSON",
        _ => "UNKNOWN",
    };

    private static string Variables(JsonObject definition) => string.Join('\n', definition.Items("containerDefinitions").SelectMany(c =>
        c.Items("environment").Select(e => $"{c.Text("name")} {e.Text("name")}={e.Text("value")}").Concat(c.Items("secrets").Select(e => $"{c.Text("name")} {e.Text("name")}<{e.Text("valueFrom")}"))).Order(StringComparer.Ordinal));

    private static string Sizes(JsonObject definition, JsonObject? container) => $"{definition.Text("cpu")} {definition.Text("memory")} {container.Text("memory")} {container.Text("cpu")}";

    [GeneratedRegex(@"--max[-_]old[-_]space[-_]size[= ](\d{1,7})", RegexOptions.CultureInvariant)]
    private static partial Regex HeapLimit();

    [GeneratedRegex(@"[/:](ci|cd|github|gitlab|jenkins|codebuild|codepipeline|deploy)\b|[/-](ci|deploy|pipeline|github-actions)\b", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex AutomationName();
}

/// <summary>An image in ECR by its parts; other registries are not asked.</summary>
public sealed partial record ImageName(string Registry, string Region, string Repository, string Tag, string Digest)
{
    public static ImageName? Parse(string image)
    {
        var parts = Form().Match(image);
        if (!parts.Success) return null;
        var tag = parts.Groups[4].Value;
        return new ImageName(parts.Groups[1].Value, parts.Groups[2].Value, parts.Groups[3].Value, tag.Length > 0 ? tag : "latest", parts.Groups[5].Value);
    }

    [GeneratedRegex(@"^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?/([^:@]+)(?::([^@]+))?(?:@(sha256:[0-9a-f]+))?$", RegexOptions.CultureInvariant)]
    private static partial Regex Form();
}
