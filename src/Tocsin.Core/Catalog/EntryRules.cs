using System.Collections.Immutable;
using Tocsin.Core.Matching;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Core.Catalog;

/// <summary>
/// What an entry must keep beyond its shape, with the line at fault: ids unique, names that exist, patterns that compile,
/// timing and page rules that make sense. Relations to other files are the linter's.
/// </summary>
internal sealed class EntryRules(string file)
{
    private readonly List<Problem> problems = [];

    public static IReadOnlyList<Problem> Check(YamlMappingNode root, string file)
    {
        var rules = new EntryRules(file);
        rules.Visit(root);
        return rules.problems;
    }

    /// <summary>The same for a file of samples.</summary>
    public static IReadOnlyList<Problem> CheckSamples(YamlMappingNode root, string file)
    {
        var rules = new EntryRules(file);
        foreach (var map in Maps(root, "samples")) rules.VisitSample(map);
        return rules.problems;
    }

    private void VisitSample(YamlMappingNode map)
    {
        var among = string.Equals(map.Text("rank"), "among", StringComparison.Ordinal);
        if (among && map.Texts("among").IsEmpty) Add(map, "missing-key", $"the sample \"{map.Text("id")}\" says rank: among and names no rival in among");
        if (!among && map.Has("among")) Add(map, "exactly-one", $"the sample \"{map.Text("id")}\" says rank: first and names rivals in among; it is the one or the other");
    }

    private void Visit(YamlMappingNode root)
    {
        var signatures = Ids(root, "signatures");
        var timing = Ids(root, "timing");
        var causes = Ids(root, "causes");
        var fixes = Ids(root, "fixes");
        foreach (var id in timing.Keys.Where(signatures.ContainsKey))
            Add(timing[id], "id-reused", $"the timing rule \"{id}\" has the name of a signature; names are unique among both");
        foreach (var map in Maps(root, "signatures")) VisitSignature(map, causes);
        foreach (var map in Maps(root, "timing")) VisitTiming(map, signatures);
        if (root.Get("page") is YamlMappingNode page) VisitPage(page);
        foreach (var map in Maps(root, "causes")) VisitCause(map, signatures, timing, fixes);
        foreach (var map in Maps(root, "fixes")) VisitFix(map);
    }

    private void VisitSignature(YamlMappingNode map, Dictionary<string, YamlMappingNode> causes)
    {
        Refer(map, "causes", causes.Keys, "cause");
        var patterns = Maps(map, "all").Concat(Maps(map, "any")).ToList();
        if (patterns.Count == 0) Add(map, "no-pattern", $"the signature \"{map.Text("id")}\" has neither all nor any; one pattern at least is expected there");
        foreach (var pattern in patterns.Concat(Maps(map, "not"))) VisitPattern(pattern);
    }

    private void VisitPattern(YamlMappingNode map)
    {
        string[] comparisons = ["equals", "oneOf", "above", "below", "contains", "matches", "exists"];
        var found = comparisons.Count(map.Has);
        if (map.Has("field") && found != 1)
            Add(map, "exactly-one", $"a field pattern has exactly one of {string.Join(", ", comparisons)}; {found} found");
        if (!map.Has("field") && found > 0) Add(map, "exactly-one", $"{comparisons.First(map.Has)} goes with field only");
        var refusal = map switch
        {
            _ when map.Has("template") => TemplatePattern.Refuse(map.Text("template")),
            _ when map.Has("regex") => RegexPattern.Refuse(map.Text("regex")),
            _ when map.Has("matches") => RegexPattern.Refuse(map.Text("matches")),
            _ => null,
        };
        if (refusal is not null) Add(map, "bad-pattern", refusal);
    }

    private void VisitTiming(YamlMappingNode map, Dictionary<string, YamlMappingNode> signatures)
    {
        foreach (var key in (string[])["of", "inOrder", "unless"]) Refer(map, key, signatures.Keys, "signature");
        if (map.Has("of") && !map.Has("count")) Add(map, "missing-key", "of needs count: how often within the window");
        if (map.Has("inOrder") && map.Has("count")) Add(map, "exactly-one", "count goes with of, not with inOrder");
        if (map.Has("of") && map.Texts("of").IsEmpty) Add(map, "empty-list", "of needs one signature at least");
        if (map.Has("inOrder") && map.Texts("inOrder").Length < 2) Add(map, "empty-list", "inOrder needs two signatures at least");
    }

    private void VisitPage(YamlMappingNode page)
    {
        foreach (var when in Maps(page, "any"))
        {
            var severity = when.Text("severity");
            if (string.Equals(severity, "P0", StringComparison.Ordinal))
                Add(when, "page-p0", "a match never opens a P0: its all-hands call needs a person, or every watched address failing");
            if (!when.Has("impact") && severity is "P1")
                Add(when, "page-text", "text alone opens a P2 at most; name an observed impact for a P1");
            if (when.Has("count") != when.Has("within")) Add(when, "missing-key", "count and within go together");
        }
    }

    private void VisitCause(
        YamlMappingNode map,
        Dictionary<string, YamlMappingNode> signatures,
        Dictionary<string, YamlMappingNode> timing,
        Dictionary<string, YamlMappingNode> fixes)
    {
        Refer(map, "fixes", fixes.Keys, "fix");
        foreach (var rule in Maps(map, "requires").Concat(Maps(map, "excludes")).Concat(Maps(map, "evidence")))
        {
            string[] comparisons = ["is", "isNot", "oneOf", "above", "below", "atLeast", "atMost", "contains"];
            var found = comparisons.Count(rule.Has);
            if (rule.Has("fact") && found != 1) Add(rule, "exactly-one", $"a fact is compared by exactly one of {string.Join(", ", comparisons)}; {found} found");
            if (rule.Has("saw") && found > 0) Add(rule, "exactly-one", $"saw takes no comparison; {comparisons.First(rule.Has)} found");
            var saw = rule.Text("saw");
            if (saw.Length > 0 && !signatures.ContainsKey(saw) && !timing.ContainsKey(saw))
                Add(rule, "unknown-name", $"there is no signature \"{saw}\"; {Nearest.Suggest(saw, signatures.Keys)}known: {string.Join(", ", signatures.Keys)}");
        }
    }

    private void VisitFix(YamlMappingNode map)
    {
        if (map.Has("undo") && map.Has("noUndo")) Add(map, "exactly-one", "a fix has undo or noUndo, not both");
        if (map.Has("action") && !map.Has("undo") && !map.Has("noUndo"))
            Add(map, "no-undo", $"the fix \"{map.Text("id")}\" runs {map.Text("action")} and says neither how to undo it (undo) nor why it cannot be (noUndo)");
    }

    private Dictionary<string, YamlMappingNode> Ids(YamlMappingNode root, string key)
    {
        var ids = new Dictionary<string, YamlMappingNode>(StringComparer.Ordinal);
        foreach (var map in Maps(root, key))
        {
            if (!ids.TryAdd(map.Text("id"), map)) Add(map, "id-reused", $"in {key}: the id \"{map.Text("id")}\" stands twice; the first is in line {ids[map.Text("id")].Start.Line}");
        }
        return ids;
    }

    private void Refer(YamlMappingNode map, string key, IEnumerable<string> known, string kind)
    {
        var names = known.ToImmutableArray();
        foreach (var name in map.Texts(key).Where(n => !names.Contains(n, StringComparer.Ordinal)))
            Add(map, "unknown-name", $"{key} names the {kind} \"{name}\", which this entry has not; {Nearest.Suggest(name, names)}known: {string.Join(", ", names)}");
    }

    private static IEnumerable<YamlMappingNode> Maps(YamlMappingNode map, string key) =>
        map.Get(key) is YamlSequenceNode list ? list.Children.OfType<YamlMappingNode>() : [];

    private void Add(YamlNode node, string rule, string message) => problems.Add(new Problem(node.At(file), rule, message));
}
