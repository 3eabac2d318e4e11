using System.Collections.Immutable;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Core.Catalog;

/// <summary>Reads entry.yaml and samples/*.yaml. Parsing never throws: it gives the value, or problems with file and line.</summary>
public static class EntryReader
{
    public static Parsed<Entry> Parse(string text, string file)
    {
        var tree = YamlTree.Read(text, file);
        if (tree.Value is not { } root) return new(null, tree.Problems);
        var problems = ShapeCheck.Check(root, EntryShape.Entry, file);
        if (problems.Count > 0) return new(null, problems);
        problems = EntryRules.Check(root, file);
        return problems.Count > 0 ? new(null, problems) : new(ReadEntry(root), []);
    }

    public static Parsed<SampleFile> ParseSamples(string text, string file)
    {
        var tree = YamlTree.Read(text, file);
        if (tree.Value is not { } root) return new(null, tree.Problems);
        var problems = ShapeCheck.Check(root, EntryShape.Samples, file);
        if (problems.Count == 0) problems = EntryRules.CheckSamples(root, file);
        return problems.Count > 0
            ? new(null, problems)
            : new(new SampleFile(root.Each("samples", m => ReadSample(m, file)), root.Each("nearMisses", m => ReadNearMiss(m, file))), []);
    }

    private static Entry ReadEntry(YamlMappingNode map) => new()
    {
        Id = map.Text("id"),
        Title = map.Text("title"),
        Layer = map.Text("layer"),
        Component = map.Text("component"),
        Service = map.Text("service"),
        Summary = map.Text("summary"),
        Keywords = map.Texts("keywords"),
        Related = map.Texts("related"),
        Signatures = map.Each("signatures", ReadSignature),
        Timing = map.Each("timing", ReadTiming),
        Page = ReadPage((YamlMappingNode)map.Get("page")!),
        Causes = map.Each("causes", ReadCause),
        Fixes = map.Each("fixes", ReadFix),
    };

    private static Signature ReadSignature(YamlMappingNode map) => new()
    {
        Id = map.Text("id"),
        Says = ReadSays(map),
        Causes = map.Texts("causes"),
        Each = map.Text("each"),
        All = map.Each("all", ReadPattern),
        Any = map.Each("any", ReadPattern),
        Not = map.Each("not", ReadPattern),
    };

    private static Says ReadSays(YamlMappingNode map) => map.Text("says") switch
    {
        "cause" => Says.Cause,
        "component" => Says.Component,
        "symptom" => Says.Symptom,
        "hint" => Says.Hint,
        _ => Says.Part,
    };

    private static Pattern ReadPattern(YamlMappingNode map)
    {
        var exact = string.Equals(map.Text("case"), "exact", StringComparison.Ordinal);
        if (map.Has("literal")) return new Pattern.Literal(map.Text("literal")) { ExactCase = exact };
        if (map.Has("template")) return new Pattern.Template(map.Text("template")) { ExactCase = exact };
        if (map.Has("regex")) return new Pattern.Regex(map.Text("regex")) { ExactCase = exact };
        return new Pattern.Field(map.Text("field"), ReadComparison(map)) { ExactCase = exact };
    }

    private static Comparison ReadComparison(YamlMappingNode map)
    {
        if (map.Has("equals")) return new Comparison.Is(map.Text("equals"));
        if (map.Has("is")) return new Comparison.Is(map.Text("is"));
        if (map.Has("isNot")) return new Comparison.IsNot(map.Text("isNot"));
        if (map.Has("oneOf")) return new Comparison.OneOf(map.Texts("oneOf"));
        if (map.Has("above")) return new Comparison.Above(map.Number("above"));
        if (map.Has("below")) return new Comparison.Below(map.Number("below"));
        if (map.Has("atLeast")) return new Comparison.AtLeast(map.Number("atLeast"));
        if (map.Has("atMost")) return new Comparison.AtMost(map.Number("atMost"));
        if (map.Has("contains")) return new Comparison.Contains(map.Text("contains"));
        if (map.Has("matches")) return new Comparison.Matches(map.Text("matches"));
        return new Comparison.Exists(!string.Equals(map.Text("exists"), "false", StringComparison.Ordinal));
    }

    private static TimingRule ReadTiming(YamlMappingNode map) => new()
    {
        Id = map.Text("id"),
        Says = ReadSays(map),
        Of = map.Texts("of"),
        Count = map.Whole("count"),
        InOrder = map.Texts("inOrder"),
        WithinSeconds = map.Seconds("within"),
        Unless = map.Texts("unless"),
    };

    private static PageRule ReadPage(YamlMappingNode map) => new(
        map.Each("any", m => new PageWhen(m.Whole("count"), m.Seconds("within"), m.Seconds("lasting"), m.Text("impact"), m.Text("severity"))),
        map.Text("never"));

    private static Cause ReadCause(YamlMappingNode map) => new()
    {
        Id = map.Text("id"),
        Title = map.Text("title"),
        Prior = map.Text("prior") switch { "common" => Prior.Common, "uncommon" => Prior.Uncommon, _ => Prior.Rare },
        Requires = map.Each("requires", ReadCondition),
        Excludes = map.Each("excludes", ReadCondition),
        Evidence = map.Each("evidence", ReadEvidence),
        LeadsTo = map.Texts("leadsTo"),
        Fixes = map.Texts("fixes"),
    };

    internal static Condition ReadCondition(YamlMappingNode map) => map.Has("saw")
        ? new Condition.Saw(map.Text("saw"))
        : new Condition.Fact(map.Text("fact"), ReadComparison(map)) { Of = map.Text("of") };

    private static EvidenceRule ReadEvidence(YamlMappingNode map)
    {
        var speaksFor = map.Has("for");
        var weight = map.Text(speaksFor ? "for" : "against") switch
        {
            "decisive" => Weight.Decisive,
            "strong" => Weight.Strong,
            "moderate" => Weight.Moderate,
            _ => Weight.Weak,
        };
        return new EvidenceRule(ReadCondition(map), speaksFor, weight, map.Text("group"), map.Text("because"));
    }

    private static Fix ReadFix(YamlMappingNode map) => new()
    {
        Id = map.Text("id"),
        Title = map.Text("title"),
        Does = map.Text("does"),
        Verify = map.Text("verify"),
        Action = map.Text("action"),
        With = (map.Get("with") as YamlMappingNode ?? []).Children.ToImmutableSortedDictionary(c => ((YamlScalarNode)c.Key).Value ?? "", c => ((YamlScalarNode)c.Value).Value ?? "", StringComparer.Ordinal),
        Undo = map.Text("undo"),
        NoUndo = map.Text("noUndo"),
        Follows = map.Text("follows") is "true",
    };

    private static Sample ReadSample(YamlMappingNode map, string file) => new()
    {
        Id = map.Text("id"),
        From = map.Text("from"),
        Source = map.Text("source"),
        Text = map.Text("text"),
        Among = string.Equals(map.Text("rank"), "among", StringComparison.Ordinal) ? map.Texts("among") : [],
        Signature = map.Text("signature"),
        Place = map.At(file),
    };

    private static NearMiss ReadNearMiss(YamlMappingNode map, string file) => new()
    {
        Id = map.Text("id"),
        From = map.Text("from"),
        Source = map.Text("source"),
        Text = map.Text("text"),
        GoesTo = map.Text("goesTo"),
        Because = map.Text("because"),
        Place = map.At(file),
    };
}

/// <summary>The samples of one file under samples/.</summary>
public sealed record SampleFile(ImmutableArray<Sample> Samples, ImmutableArray<NearMiss> NearMisses);
