using System.Collections.Immutable;
using System.Globalization;
using Tocsin.Core.Catalog;

namespace Tocsin.Cli.Rendering;

/// <summary>An entry's rules in words, the same in every form the reference is printed in.</summary>
internal static class EntryWords
{
    public static string Layer(string layer) => layer is "ecs" ? "ECS" : layer.Length == 0 ? layer : char.ToUpperInvariant(layer[0]) + layer[1..];

    public static string Of(Says says) => says switch
    {
        Says.Cause => "cause",
        Says.Component => "component",
        Says.Symptom => "symptom",
        Says.Hint => "hint",
        _ => "part",
    };

    public static string Of(Prior prior) => prior switch { Prior.Common => "common", Prior.Uncommon => "uncommon", _ => "rare" };

    public static string Of(Weight weight) => weight switch
    {
        Weight.Decisive => "decisive",
        Weight.Strong => "strong",
        Weight.Moderate => "moderate",
        _ => "weak",
    };

    public static string Kind(Pattern pattern)
    {
        var kind = pattern switch
        {
            Pattern.Literal => "text",
            Pattern.Template => "template",
            Pattern.Regex => "regex",
            _ => "field",
        };
        return pattern.ExactCase ? $"{kind}, exact case" : kind;
    }

    /// <summary>The pattern as written; a line break in it is shown as \n.</summary>
    public static string Of(Pattern pattern) => (pattern switch
    {
        Pattern.Literal p => p.Text,
        Pattern.Template p => p.Text,
        Pattern.Regex p => p.Text,
        Pattern.Field p => $"{p.Path} {Of(p.Compare, "")}",
        _ => "",
    }).ReplaceLineEndings("\\n");

    public static string Of(Condition condition, FactTable facts) => condition switch
    {
        Condition.Fact f => $"{f.Name}{(f.Of.Length > 0 ? $" of {f.Of}" : "")} {Of(f.Compare, facts.Facts.GetValueOrDefault(f.Name)?.Unit ?? "")}",
        Condition.Saw s => $"saw {s.Signature}",
        _ => "",
    };

    public static string Of(TimingRule rule)
    {
        var what = rule.InOrder.IsEmpty
            ? string.Create(CultureInfo.InvariantCulture, $"{string.Join(" or ", rule.Of)} seen {rule.Count} times within {Time(rule.WithinSeconds)}")
            : $"{string.Join(", then ", rule.InOrder)}, within {Time(rule.WithinSeconds)}";
        return rule.Unless.IsEmpty ? what : $"{what}, unless {string.Join(" or ", rule.Unless)} comes in that time";
    }

    /// <summary>The gravest severity a match can open, or empty where it pages nobody.</summary>
    public static string Gravest(PageRule page) => page.Any.Select(w => w.Severity).Order(StringComparer.Ordinal).FirstOrDefault() ?? "";

    public static ImmutableArray<string> Of(PageRule page) =>
        page.Any.IsEmpty ? [$"Never: {page.Never}"] : [.. page.Any.Select(w => $"{w.Severity} when {When(w)}")];

    public static string Samples(ReferenceEntry entry)
    {
        var sources = entry.Samples.CountBy(s => s.Source, StringComparer.Ordinal).OrderBy(p => p.Key, StringComparer.Ordinal)
            .Select(p => string.Create(CultureInfo.InvariantCulture, $"{p.Value} {p.Key}"));
        var from = entry.Samples.IsEmpty ? "" : $" ({string.Join(", ", sources)})";
        return $"Proven by {Count(entry.Samples.Length, "sample", "samples")}{from} and {Count(entry.NearMisses.Length, "near miss", "near misses")}.";
    }

    public static string Count(int count, string one, string many) => string.Create(CultureInfo.InvariantCulture, $"{count} {(count == 1 ? one : many)}");

    private static string When(PageWhen when) => when switch
    {
        { Impact.Length: > 0 } => Impact(when.Impact),
        { LastingSeconds: > 0 } => $"it lasts {Time(when.LastingSeconds)}, seen at least once a minute",
        { Count: 1 } => $"it is seen once within {Time(when.WithinSeconds)}",
        _ => string.Create(CultureInfo.InvariantCulture, $"it is seen {when.Count} times within {Time(when.WithinSeconds)}"),
    };

    private static string Impact(string impact) => impact switch
    {
        "no-healthy-target" => "no target behind the load balancer is healthy",
        "running-below-desired" => "fewer tasks run than are desired",
        "address-failing" => "a watched address fails",
        "error-share" => "too large a share of requests fails",
        "queue-age" => "the oldest job of a queue waits too long",
        "certificate-near-expiry" => "a certificate is about to expire",
        "checkout-failing" => "checkouts fail",
        "login-failing" => "logins fail",
        _ => impact,
    };

    private static string Time(long seconds) => seconds switch
    {
        >= 3600 when seconds % 3600 == 0 => Count((int)(seconds / 3600), "hour", "hours"),
        >= 60 when seconds % 60 == 0 => Count((int)(seconds / 60), "minute", "minutes"),
        _ => Count((int)seconds, "second", "seconds"),
    };

    private static string Of(Comparison compare, string unit) => compare switch
    {
        Comparison.Is c => $"is {c.Value}",
        Comparison.IsNot c => $"is not {c.Value}",
        Comparison.OneOf c => $"is one of {string.Join(", ", c.Values)}",
        Comparison.Above c => $"above {Number(c.Bound, unit)}",
        Comparison.Below c => $"below {Number(c.Bound, unit)}",
        Comparison.AtLeast c => $"at least {Number(c.Bound, unit)}",
        Comparison.AtMost c => $"at most {Number(c.Bound, unit)}",
        Comparison.Contains c => $"contains {c.Text}",
        Comparison.Matches c => $"matches {c.Regex}",
        Comparison.Exists c => c.Wanted ? "exists" : "does not exist",
        _ => "",
    };

    private static string Number(double bound, string unit)
    {
        var number = bound.ToString(CultureInfo.InvariantCulture);
        return unit.Length == 0 ? number : $"{number} {unit}";
    }
}
