using System.Collections.Immutable;
using System.Globalization;
using Tocsin.Core.Catalog;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Lab.Platform;

/// <summary>A container beside the service's own.</summary>
public sealed record LabSidecar(string Name, string Program, string Repository, ImmutableArray<int> Ports, ImmutableSortedDictionary<string, string> Environment)
{
    /// <summary>Its image's whole command, in the place of the program; empty: the program's.</summary>
    public ImmutableArray<string> Command { get; init; } = [];

    /// <summary>Whether the network load balancer forwards plain HTTP to it too.</summary>
    public bool AlsoHttp { get; init; }
}

/// <summary>How the lab runs one service.</summary>
public sealed record LabProgram(string Service, string Program)
{
    public ImmutableSortedDictionary<string, int> Tasks { get; init; } = ImmutableSortedDictionary<string, int>.Empty;

    /// <summary>Host names by which the load balancer knows it.</summary>
    public ImmutableArray<string> Hosts { get; init; } = [];

    /// <summary>Whether other services reach it by the load balancer's address.</summary>
    public bool Internal { get; init; }

    public string? Health { get; init; }

    public int? Port { get; init; }

    public ImmutableSortedDictionary<string, string> Environment { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Variables from other secrets than its own: <c>secret:KEY</c>.</summary>
    public ImmutableSortedDictionary<string, string> Secrets { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    public ImmutableArray<LabSidecar> Sidecars { get; init; } = [];
}

/// <summary>One kind of healthy request.</summary>
public sealed record LabRequest(string Service, string Path, int Share)
{
    public string Method { get; init; } = "GET";

    /// <summary>Sent as JSON.</summary>
    public string? Body { get; init; }

    /// <summary>Only in this environment; null: in every one.</summary>
    public string? Environment { get; init; }

    /// <summary>A name that the service answers to beside its own, asked for over TLS through the network load balancer.</summary>
    public string? Domain { get; init; }
}

/// <summary>lab.yaml: how the failure lab runs a platform.</summary>
public sealed record LabDescription(ImmutableArray<string> Node, string SecretsFile, ImmutableArray<LabProgram> Programs, double PerSecond, ImmutableArray<LabRequest> Requests)
{
    /// <summary>What the full profile adds and changes.</summary>
    public LabFull Full { get; init; } = new();

    private static readonly Shape Text = new Shape.Text("A text");
    private static readonly Shape Any = new Shape.Scalar("A value");
    private static readonly Shape Values = new Shape.Table("Values by name", Any);
    private static readonly Shape Number = new Shape.Number("A number", Least: 0);

    private static readonly Shape.Map Root = new(
        "How the lab runs a platform",
        [
            new Key("node", new Shape.List("The command that a program's name is put behind", Text), Required: true),
            new Key("secretsFile", Text, Required: true),
            new Key("services", new Shape.Table("Services by name", ServiceShape(), EntryNames.IdPattern), Required: true),
            new Key("full", FullShape()),
            new Key("traffic", new Shape.Map("Healthy traffic", [new Key("perSecond", Number, Required: true), new Key("requests", new Shape.List("Requests", RequestShape()), Required: true)])),
        ]);

    public static Parsed<LabDescription> Parse(string text, string file)
    {
        var tree = YamlTree.Read(text, file);
        if (tree.Value is not { } root) return new(null, tree.Problems);
        var problems = ShapeCheck.Check(root, Root, file);
        if (problems.Count > 0) return new(null, problems);
        var traffic = root.Get("traffic") as YamlMappingNode ?? [];
        return new(
            new LabDescription(
                root.Texts("node"),
                root.Text("secretsFile"),
                [.. Maps(root, "services").Select(s => Read(s.Name, s.Map))],
                traffic.Has("perSecond") ? traffic.Number("perSecond") : 0,
                traffic.Each("requests", Request))
            {
                Full = root.Get("full") is YamlMappingNode full ? ReadFull(full) : new LabFull(),
            },
            []);
    }

    /// <summary>The same platform as the full profile runs it.</summary>
    public LabDescription AsFull() => this with
    {
        Node = Full.Node.IsEmpty ? Node : Full.Node,
        SecretsFile = Full.SecretsFile ?? SecretsFile,
        Programs = [.. Programs.Select(p => Full.Services.GetValueOrDefault(p.Service) is { } change ? Changed(p, change) : p)],
        Requests = Requests.AddRange(Full.Requests),
    };

    private static LabProgram Changed(LabProgram program, LabOverride change) => program with
    {
        Program = change.Program ?? program.Program,
        Environment = program.Environment.SetItems(change.Environment),
        Secrets = program.Secrets.SetItems(change.Secrets),
        Sidecars = [.. program.Sidecars.Select(s => change.Sidecars.TryGetValue(s.Name, out var other) ? s with { Command = other.Command, Environment = s.Environment.SetItems(other.Environment), AlsoHttp = other.AlsoHttp } : s)],
    };

    private static LabRequest Request(YamlMappingNode map) => new(map.Text("service"), map.Text("path"), map.Whole("share"))
    {
        Method = map.Has("method") ? map.Text("method") : "GET",
        Body = map.Has("body") ? map.Text("body") : null,
        Environment = map.Has("environment") ? map.Text("environment") : null,
        Domain = map.Has("domain") ? map.Text("domain") : null,
    };

    private static LabOverride Override(YamlMappingNode map) => new(map.Has("program") ? map.Text("program") : null)
    {
        Environment = Table(map, "environment"),
        Secrets = Table(map, "secrets"),
        Sidecars = Maps(map, "sidecars").ToImmutableSortedDictionary(s => s.Name, s => new LabSidecarOverride(s.Map.Texts("command"), Table(s.Map, "environment"), s.Map.Text("alsoHttp") is "true"), StringComparer.Ordinal),
        Fills = map.Texts("fills"),
    };

    private static LabFull ReadFull(YamlMappingNode map) => new()
    {
        Programs = map.Has("programs") ? map.Text("programs") : "core",
        Node = map.Texts("node"),
        SecretsFile = map.Has("secretsFile") ? map.Text("secretsFile") : null,
        GraceSeconds = map.Has("graceSeconds") ? map.Whole("graceSeconds") : 0,
        Services = Maps(map, "services").ToImmutableSortedDictionary(s => s.Name, s => Override(s.Map), StringComparer.Ordinal),
        Sql = map.Get("sql") is YamlMappingNode sql ? sql.Children.Select(c => ((YamlScalarNode)c.Key).Value!).ToImmutableSortedDictionary(n => n, n => sql.Texts(n), StringComparer.Ordinal) : ImmutableSortedDictionary<string, ImmutableArray<string>>.Empty,
        SqlVariables = Table(map, "sqlVariables"),
        Dns = Table(map, "dns"),
        Pages = map.Texts("pages"),
        Worker = map.Get("worker") is YamlMappingNode worker ? new LabWorker(worker.Text("name"), worker.Text("program"), worker.Text("host"), Table(worker, "environment")) : null,
        Requests = map.Each("requests", Request),
    };

    private static LabProgram Read(string name, YamlMappingNode map) => new(name, map.Text("program"))
    {
        Tasks = Table(map, "tasks").ToImmutableSortedDictionary(t => t.Key, t => int.Parse(t.Value, CultureInfo.InvariantCulture), StringComparer.Ordinal),
        Hosts = map.Texts("hosts"),
        Internal = map.Text("internal") is "true",
        Health = map.Has("health") ? map.Text("health") : null,
        Port = map.Has("port") ? map.Whole("port") : null,
        Environment = Table(map, "environment"),
        Secrets = Table(map, "secrets"),
        Sidecars = [.. Maps(map, "sidecars").Select(s => new LabSidecar(s.Name, s.Map.Text("program"), s.Map.Text("repository"), [.. s.Map.Texts("ports").Select(p => int.Parse(p, CultureInfo.InvariantCulture))], Table(s.Map, "environment")))],
    };

    private static ImmutableSortedDictionary<string, string> Table(YamlMappingNode map, string key) =>
        map.Get(key) is YamlMappingNode table
            ? table.Children.ToImmutableSortedDictionary(c => ((YamlScalarNode)c.Key).Value ?? "", c => ((YamlScalarNode)c.Value).Value ?? "", StringComparer.Ordinal)
            : ImmutableSortedDictionary<string, string>.Empty;

    private static IEnumerable<(string Name, YamlMappingNode Map)> Maps(YamlMappingNode map, string key) =>
        map.Get(key) is YamlMappingNode table ? table.Children.Where(c => c.Value is YamlMappingNode).Select(c => (((YamlScalarNode)c.Key).Value ?? "", (YamlMappingNode)c.Value)) : [];

    private static Shape.Map ServiceShape() => new(
        "One service",
        [
            new Key("program", Text, Required: true),
            new Key("tasks", new Shape.Table("Tasks by environment", new Shape.Number("A count", Least: 0, Whole: true))),
            new Key("hosts", new Shape.List("Host names", Text)),
            new Key("internal", new Shape.Flag("Whether other services reach it by the load balancer's address")),
            new Key("health", Text),
            new Key("port", new Shape.Number("A port", Least: 1, Whole: true)),
            new Key("environment", Values),
            new Key("secrets", Values),
            new Key("sidecars", new Shape.Table("Containers beside it", SidecarShape(), EntryNames.IdPattern)),
        ]);

    private static Shape.Map FullShape() => new(
        "What the full profile adds and changes",
        [
            new Key("programs", Text),
            new Key("node", new Shape.List("The command that a program's name is put behind", Text)),
            new Key("secretsFile", Text),
            new Key("graceSeconds", new Shape.Number("Seconds on the wall in which a new task may fail its health checks", Least: 0, Whole: true)),
            new Key("services", new Shape.Table("Services by name", OverrideShape(), EntryNames.IdPattern)),
            new Key("sql", new Shape.Table("SQL files by component", new Shape.List("Files, named from the folder lab", Text))),
            new Key("sqlVariables", Values),
            new Key("dns", Values),
            new Key("pages", new Shape.List("Cloudflare Pages projects", Text)),
            new Key("worker", new Shape.Map("A Cloudflare Worker", [new Key("name", Text, Required: true), new Key("program", Text, Required: true), new Key("host", Text, Required: true), new Key("environment", Values)])),
            new Key("requests", new Shape.List("Requests beside those of the core profile", RequestShape())),
        ]);

    private static Shape.Map OverrideShape() => new(
        "Changes of one service",
        [
            new Key("program", Text),
            new Key("environment", Values),
            new Key("secrets", Values),
            new Key("fills", new Shape.List("Components in whose data it makes its tables when it starts", Text)),
            new Key("sidecars", new Shape.Table("Changes of the containers beside it", new Shape.Map("Changes of one container", [new Key("command", new Shape.List("Its whole command", Text)), new Key("environment", Values), new Key("alsoHttp", new Shape.Flag("Whether plain HTTP is forwarded to it too"))]), EntryNames.IdPattern)),
        ]);

    private static Shape.Map SidecarShape() => new(
        "A container beside the service's own",
        [
            new Key("program", Text, Required: true),
            new Key("repository", Text, Required: true),
            new Key("ports", new Shape.List("Its ports", new Shape.Number("A port", Least: 1, Whole: true))),
            new Key("environment", Values),
        ]);

    private static Shape.Map RequestShape() => new(
        "One kind of request",
        [
            new Key("service", Text, Required: true),
            new Key("path", Text, Required: true),
            new Key("method", Text),
            new Key("body", Text),
            new Key("environment", Text),
            new Key("domain", Text),
            new Key("share", new Shape.Number("Its weight beside the others", Least: 1, Whole: true), Required: true),
        ]);
}
