using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Lab.Faults.Checks;
using Tocsin.Lab.Host;
using Tocsin.Lab.Verbs;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Lab.Faults;

/// <summary>What a fault's names are held against.</summary>
public sealed record FaultGround(ImmutableArray<Entry> Entries, Core.Platforms.Platform Platform);

/// <summary>Reads fault.yaml strictly: keys, entry, cause, environments, services, verbs and placeholders must exist. Gives the fault, or problems with file and line.</summary>
public sealed class FaultReader
{
    private static readonly Duration DefaultWithin = Duration.FromMinutes(10);
    private readonly FaultGround ground;
    private readonly string file;
    private readonly List<Problem> problems = [];

    private FaultReader(FaultGround ground, string file)
    {
        this.ground = ground;
        this.file = file;
    }

    /// <param name="folder">The name of the folder that the file lies in.</param>
    public static Parsed<Fault> Parse(string text, string file, string folder, FaultGround ground)
    {
        var tree = YamlTree.Read(text, file);
        if (tree.Value is not { } root) return new(null, tree.Problems);
        var wrong = ShapeCheck.Check(root, FaultShape.Root, file);
        if (wrong.Count > 0) return new(null, wrong);
        var reader = new FaultReader(ground, file);
        reader.Check(root, folder);
        return reader.problems.Count > 0 ? new(null, reader.problems) : new(Read(root, ground), []);
    }

    private static Fault Read(YamlMappingNode map, FaultGround ground) => new()
    {
        Id = map.Text("id"),
        Title = map.Text("title"),
        About = map.Text("about"),
        Entry = map.Text("entry"),
        Cause = map.Text("cause"),
        Root = map.Text("root"),
        Real = map.Text("kind") is "real",
        Why = map.Text("why"),
        Profiles = map.Has("profiles") ? [.. map.Texts("profiles").Select(Profile)] : [LabProfile.Core, LabProfile.Full],
        Domain = map.Text("domain"),
        CoreHides = map.Text("coreHides"),
        ByHand = map.Text("byHand"),
        Prints = map.Text("prints") is not "false",
        Environments = map.Has("environments") ? map.Texts("environments") : [.. ground.Platform.Environments.Select(e => e.Name)],
        Prepare = map.Texts("prepare"),
        Before = map.Each("before", CheckReader.Read),
        Break = map.Texts("break"),
        Landed = map.Each("landed", CheckReader.Read),
        Within = map.Has("within") ? Duration.FromSeconds(map.Seconds("within")) : DefaultWithin,
        Heal = map.Texts("heal"),
        Healed = map.Each("healed", CheckReader.Read),
    };

    private static LabProfile Profile(string name) => name is "full" ? LabProfile.Full : LabProfile.Core;

    private void Check(YamlMappingNode root, string folder)
    {
        if (root.Text("kind") is "emulated" && !root.Has("why")) Add(root.Get("kind")!, "no-reason", "an emulated fault says with why: what is played, and by what");
        if (root.Text("id") != folder) Add(root.Get("id")!, "id-of-folder", $"the id is \"{root.Text("id")}\" and the folder \"{folder}\"; they are the same");
        var entry = ground.Entries.FirstOrDefault(e => e.Id == root.Text("entry"));
        if (entry is null) Unknown(root.Get("entry")!, "entry", root.Text("entry"), ground.Entries.Select(e => e.Id));
        else if (!entry.Causes.Any(c => c.Id == root.Text("cause"))) Unknown(root.Get("cause")!, $"cause of {entry.Id}", root.Text("cause"), entry.Causes.Select(c => c.Id));
        CheckRoot(root);
        foreach (var environment in Nodes(root, "environments"))
        {
            if (ground.Platform.Environment(environment.Value!) is null) Unknown(environment, "environment", environment.Value!, ground.Platform.Environments.Select(e => e.Name));
        }
        foreach (var line in Nodes(root, "prepare").Concat(Nodes(root, "break")).Concat(Nodes(root, "heal"))) CheckVerb(line);
        foreach (var check in Checks(root, "before").Concat(Checks(root, "landed")).Concat(Checks(root, "healed"))) CheckLanded(check.Name, check.Map);
    }

    private void CheckRoot(YamlMappingNode root)
    {
        if (!root.Has("root")) return;
        var causes = ground.Entries.SelectMany(e => e.Causes.Select(c => $"{e.Id}/{c.Id}")).ToList();
        if (!causes.Contains(root.Text("root"), StringComparer.Ordinal)) Unknown(root.Get("root")!, "cause", root.Text("root"), causes);
        else if (root.Text("root") == $"{root.Text("entry")}/{root.Text("cause")}") Add(root.Get("root")!, "own-root", "the cause itself is the root; leave root out");
    }

    private void CheckVerb(YamlScalarNode line)
    {
        CheckPlaceholders(line, line.Value!);
        try
        {
            var request = VerbRequest.Read(line.Value!, ground.Platform.Environments[0].Name, "fault");
            var verb = VerbTable.All.First(v => v.Name == request.Verb);
            if (request.Arguments.FirstOrDefault(a => a.StartsWith("--", StringComparison.Ordinal)) is { } option) Unknown(line, $"option of {verb.Name}", option, verb.Options.Select(o => o.Name));
            else if (request.Arguments.Length < verb.Arguments.Length || (request.Arguments.Length > verb.Arguments.Length && !verb.Arguments.Any(a => a.Many)))
                Add(line, "verb-words", $"{verb.Name} takes {string.Join(' ', verb.Arguments.Select(a => a.Many ? a.Name + "…" : a.Name))}; for example: {verb.Example}");
            else if (verb.Arguments is [{ Name: "SERVICE" }, ..] && ground.Platform.Service(request.Arguments[0]) is null) Unknown(line, "service", request.Arguments[0], ground.Platform.Services.Select(s => s.Name));
        }
        catch (LabException e)
        {
            Add(line, "unknown-verb", e.Message);
        }
    }

    private void CheckLanded(string kind, YamlMappingNode map)
    {
        foreach (var text in Texts(map)) CheckPlaceholders(text, text.Value!);
        if (map.Get("service") is YamlScalarNode { Value: { } name } node && ground.Platform.Service(name) is null) Unknown(node, "service", name, ground.Platform.Services.Select(s => s.Name));
        if (map.Get("sign") is YamlMappingNode sign && ground.Platform.Service(sign.Text("service")) is null) Unknown(sign, "service", sign.Text("service"), ground.Platform.Services.Select(s => s.Name));
        if (kind is "api" && Tocsin.Collect.Aws.AwsEndpoint.Find(map.Text("of")) is null) Unknown(map.Get("of")!, "service of AWS", map.Text("of"), Tocsin.Collect.Aws.AwsEndpoint.Names);
        if (kind is "api" && !CheckReader.IsObject(map.Text("input"))) Add(map.Get("input")!, "not-json", "input is a JSON object such as {\"cluster\": \"{cluster}\"}");
    }

    private void CheckPlaceholders(YamlNode node, string text)
    {
        foreach (var unknown in FaultNames.Unknown(text)) Add(node, "unknown-placeholder", $"{{{unknown}}} stands for nothing; there are: {string.Join(", ", FaultNames.All.Select(n => $"{{{n}}}"))}");
    }

    private void Unknown(YamlNode node, string what, string name, IEnumerable<string> known)
    {
        var names = known.ToList();
        Add(node, "unknown-" + what.Split(' ')[0], $"there is no {what} \"{name}\"; {Nearest.Suggest(name, names)}there are: {string.Join(", ", names)}");
    }

    private void Add(YamlNode node, string rule, string message) => problems.Add(new Problem(node.At(file), rule, message));

    private static IEnumerable<YamlScalarNode> Nodes(YamlMappingNode root, string key) => (root.Get(key) as YamlSequenceNode)?.Children.OfType<YamlScalarNode>() ?? [];

    private static IEnumerable<(string Name, YamlMappingNode Map)> Checks(YamlMappingNode root, string key) =>
        ((root.Get(key) as YamlSequenceNode)?.Children ?? []).OfType<YamlMappingNode>().SelectMany(c => c.Children).Select(c => (((YamlScalarNode)c.Key).Value!, (YamlMappingNode)c.Value));

    private static IEnumerable<YamlScalarNode> Texts(YamlNode node) => node switch
    {
        YamlScalarNode scalar => [scalar],
        YamlSequenceNode list => list.Children.SelectMany(Texts),
        YamlMappingNode map => map.Children.SelectMany(c => Texts(c.Value)),
        _ => [],
    };
}
