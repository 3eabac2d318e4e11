using System.Collections.Immutable;
using Tocsin.Core.Catalog;
using Tocsin.Core.Signals.Watching;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Core.Platforms;

/// <summary>One service of a platform, with its fields as written.</summary>
public sealed record Service(string Name, string Role, ImmutableDictionary<string, string> Fields)
{
    /// <summary>Services by name or role, and components, that it cannot work without.</summary>
    public ImmutableArray<string> DependsOn { get; init; } = [];

    /// <summary>Variables without which it does not work.</summary>
    public ImmutableArray<string> CriticalEnv { get; init; } = [];

    /// <summary>Queues it adds jobs to.</summary>
    public ImmutableArray<string> Produces { get; init; } = [];

    /// <summary>Queues it works on.</summary>
    public ImmutableArray<string> Works { get; init; } = [];

    /// <summary>Origins whose pages call it from a browser.</summary>
    public ImmutableArray<string> Origins { get; init; } = [];
}

/// <summary>One environment: its own fields, and each component's, over the shared ones.</summary>
public sealed record PlatformEnvironment(string Name, ImmutableDictionary<string, string> Fields, ImmutableDictionary<string, ImmutableDictionary<string, string>> Components);

/// <summary>A platform as data: every name that guides, drills and actions use.</summary>
public sealed record Platform(
    string Id,
    string Name,
    ImmutableDictionary<string, string> Fields,
    ImmutableArray<PlatformEnvironment> Environments,
    ImmutableArray<Service> Services)
{
    /// <summary>Addresses of pages by name.</summary>
    public ImmutableSortedDictionary<string, string> Links { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>What is watched without any alert source; null: nothing.</summary>
    public WatchPlan? Watch { get; init; }

    public PlatformEnvironment? Environment(string name) => Environments.FirstOrDefault(e => string.Equals(e.Name, name, StringComparison.OrdinalIgnoreCase));

    public Service? Service(string nameOrRole) =>
        Services.FirstOrDefault(s => string.Equals(s.Name, nameOrRole, StringComparison.OrdinalIgnoreCase))
        ?? Services.FirstOrDefault(s => string.Equals(s.Role, nameOrRole, StringComparison.OrdinalIgnoreCase));
}

/// <summary>Reads platform.yaml strictly: unknown keys and wrong types are problems with file and line.</summary>
public static class PlatformReader
{
    private static readonly Shape Text = new Shape.Text("A text");
    private static readonly Shape Any = new Shape.Scalar("A value");
    private static readonly Shape Texts = new Shape.List("Texts", Text);
    private static readonly Shape Components = new Shape.Table("Components by id", new Shape.Table("Fields", new Shape.Scalar("A value")), EntryNames.IdPattern);

    public static Shape.Map Root { get; } = new(
        "A platform",
        [
            new Key("id", new Shape.Text("Its id", Pattern: EntryNames.IdPattern), Required: true),
            new Key("name", Text, Required: true),
            new Key("about", Text),
            new Key("account", new Shape.Text("The AWS account id, in quotes", Pattern: "[0-9]{12}"), Required: true),
            new Key("baseDomain", Text, Required: true),
            new Key("vpn", Text),
            new Key("imagesRegion", Text),
            new Key("secretValues", new Shape.Text("Whether drills may read secrets to tell key names and shapes; the values are dropped in memory", Allowed: ["unread", "shapes"])),
            new Key("environments", new Shape.Table("Environments by name", EnvironmentShape(), EntryNames.IdPattern), Required: true),
            new Key("components", SharedComponents()),
            new Key("services", new Shape.Table("Services by name", ServiceShape(), EntryNames.IdPattern), Required: true),
            new Key("links", new Shape.Table("Links by name", Text)),
            new Key("watch", WatchReader.Shape),
        ]);

    public static Parsed<Platform> Parse(string text, string file)
    {
        var tree = YamlTree.Read(text, file);
        if (tree.Value is not { } root) return new(null, tree.Problems);
        var problems = ShapeCheck.Check(root, Root, file);
        if (problems.Count > 0) return new(null, problems);
        var shared = ReadComponents(root);
        var environments = Maps(root, "environments").Select(p => ReadEnvironment(p.Name, p.Map, shared));
        var services = Maps(root, "services").Select(p => new Service(p.Name, p.Map.Text("role"), Scalars(p.Map)) { DependsOn = p.Map.Texts("dependsOn"), CriticalEnv = p.Map.Texts("criticalEnv"), Produces = p.Map.Texts("produces"), Works = p.Map.Texts("works"), Origins = p.Map.Texts("origins") });
        var platform = new Platform(root.Text("id"), root.Text("name"), Scalars(root), [.. environments], [.. services]) { Links = root.Get("links") is YamlMappingNode links ? Scalars(links).ToImmutableSortedDictionary(StringComparer.Ordinal) : ImmutableSortedDictionary<string, string>.Empty };
        if (root.Get("watch") is not YamlMappingNode watch) return new(platform, []);
        var (plan, wrong) = WatchReader.Read(watch, [.. platform.Environments.Select(e => e.Name)], [.. platform.Services.Select(s => s.Name)], file);
        return wrong.IsEmpty ? new(platform with { Watch = plan }, []) : new(null, wrong);
    }

    private static PlatformEnvironment ReadEnvironment(string name, YamlMappingNode map, ImmutableDictionary<string, ImmutableDictionary<string, string>> shared)
    {
        var own = ReadComponents(map);
        var merged = shared.Keys.Union(own.Keys, StringComparer.Ordinal).ToImmutableDictionary(
            k => k,
            k => shared.GetValueOrDefault(k, ImmutableDictionary<string, string>.Empty).SetItems(own.GetValueOrDefault(k, ImmutableDictionary<string, string>.Empty)),
            StringComparer.Ordinal);
        return new PlatformEnvironment(name, Scalars(map), merged);
    }

    private static ImmutableDictionary<string, ImmutableDictionary<string, string>> ReadComponents(YamlMappingNode map) =>
        Maps(map, "components").ToImmutableDictionary(p => p.Name, p => Scalars(p.Map), StringComparer.Ordinal);

    private static IEnumerable<(string Name, YamlMappingNode Map)> Maps(YamlMappingNode map, string key) =>
        map.Get(key) is YamlMappingNode table
            ? table.Children.Where(c => c.Value is YamlMappingNode).Select(c => (((YamlScalarNode)c.Key).Value ?? "", (YamlMappingNode)c.Value))
            : [];

    private static ImmutableDictionary<string, string> Scalars(YamlMappingNode map) =>
        map.Children.Where(c => c.Value is YamlScalarNode)
            .ToImmutableDictionary(c => ((YamlScalarNode)c.Key).Value ?? "", c => ((YamlScalarNode)c.Value).Value ?? "", StringComparer.Ordinal);

    private static Shape.Map EnvironmentShape() => new(
        "One environment",
        [
            new Key("region", Text, Required: true),
            new Key("cluster", Text, Required: true),
            new Key("imageTag", Text),
            new Key("branch", Text),
            new Key("endpoint", new Shape.Text("The address at which all of AWS is asked instead of its own", Pattern: "https?://.+")),
            new Key("profile", new Shape.Text("The profile of AWS credentials for this environment")),
            new Key("vpcCidr", Text),
            new Key("components", Components),
        ]);

    // A component's fields are free, so that another platform can name what it has; lists are allowed where several of a kind exist.
    private static Shape.Table SharedComponents() => new("Components by id", new Shape.Table("Fields", new Shape.OneOrMany("A value or several")), EntryNames.IdPattern);

    private static Shape.Map ServiceShape() => new(
        "One service",
        [
            new Key("role", new Shape.Text("What the error reference knows it as; none where it is something else", Allowed: EntryNames.Roles)),
            new Key("alias", Text),
            new Key("about", Text),
            new Key("technology", Text),
            new Key("port", new Shape.Number("The port it listens on", Least: 1)),
            new Key("vcpu", new Shape.Number("vCPU of a task", Least: 0)),
            new Key("memory", new Shape.Number("MB of a task", Least: 1)),
            new Key("tasks", new Shape.Table("Tasks by environment", Any)),
            new Key("ingress", new Shape.Text("How it is reached", Allowed: ["alb", "nlb", "none"])),
            new Key("host", Text),
            new Key("health", Text),
            new Key("logGroup", Text, Required: true),
            new Key("secret", Text),
            new Key("repository", Text),
            new Key("targetGroup", Text),
            new Key("criticalEnv", Texts),
            new Key("commonMistakes", Text),
            new Key("produces", Texts),
            new Key("works", Texts),
            new Key("origins", Texts),
            new Key("dependsOn", Texts),
        ]);
}
