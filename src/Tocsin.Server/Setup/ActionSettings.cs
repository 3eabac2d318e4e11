using System.Collections.Immutable;
using NodaTime;
using NodaTime.Text;
using Tocsin.Core.Catalog;
using Tocsin.Core.Response.Actions;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Server.Setup;

/// <summary>The part <c>server: actions:</c> of tocsin.yaml: where actions run, as whom, and when nothing is changed.</summary>
/// <param name="Modes">By environment; one that is not named only plans.</param>
/// <param name="Roles">The role that acts, by environment.</param>
public sealed record ActionSettings(ImmutableDictionary<string, ActionMode> Modes, ImmutableDictionary<string, string> Roles, ImmutableArray<FreezeWindow> Freezes)
{
    public static readonly ActionSettings None = new(ImmutableDictionary<string, ActionMode>.Empty, ImmutableDictionary<string, string>.Empty, []);

    public static readonly Shape.Map Shape = new(
        "Guarded actions",
        [
            new Key("modes", new Shape.Table("By environment", new Shape.Text("Whether actions are only told, planned, or run", Allowed: ["off", "plan", "on"]))),
            new Key("roles", new Shape.Table("The role that acts, by environment", new Shape.Text("A role's ARN", Pattern: "arn:aws(-cn)?:iam::[0-9]{12}:role/.+"))),
            new Key(
                "freezes",
                new Shape.List(
                    "Times in which nothing is changed but what only makes damage smaller",
                    new Shape.Map("A freeze", [new Key("id", new Shape.Text("Its name"), Required: true), new Key("from", new Shape.Text("Such as 2026-11-27T00:00:00Z"), Required: true), new Key("to", new Shape.Text("Such as 2026-11-30T00:00:00Z"), Required: true), new Key("environments", new Shape.List("Where; without it everywhere", new Shape.Text("An environment")))]))),
        ]);

    internal static ActionSettings Read(YamlMappingNode? map, string file, List<Problem> problems)
    {
        if (map is null) return None;
        var freezes = map.Get("freezes") is YamlSequenceNode list ? list.Children.OfType<YamlMappingNode>() : [];
        return new ActionSettings(
            Texts(map, "modes").ToImmutableDictionary(m => m.Key, m => Enum.Parse<ActionMode>(m.Value, ignoreCase: true), StringComparer.Ordinal),
            Texts(map, "roles").ToImmutableDictionary(StringComparer.Ordinal),
            [.. freezes.Select(f => new FreezeWindow(f.Text("id"), Time(f, "from", file, problems), Time(f, "to", file, problems), f.Texts("environments")))]);
    }

    private static Instant Time(YamlMappingNode freeze, string key, string file, List<Problem> problems)
    {
        if (InstantPattern.ExtendedIso.Parse(freeze.Text(key)) is { Success: true } parsed) return parsed.Value;
        var node = freeze.Get(key)!;
        problems.Add(new Problem(new Place(file, (int)node.Start.Line, (int)node.Start.Column), "time", $"\"{freeze.Text(key)}\" is no time such as 2026-11-27T00:00:00Z"));
        return Instant.MinValue;
    }

    private static IEnumerable<KeyValuePair<string, string>> Texts(YamlMappingNode map, string key) =>
        map.Get(key) is YamlMappingNode table ? table.Children.Select(c => KeyValuePair.Create(((YamlScalarNode)c.Key).Value ?? "", ((YamlScalarNode)c.Value).Value ?? "")) : [];
}
