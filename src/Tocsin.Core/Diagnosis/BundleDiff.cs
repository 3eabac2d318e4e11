using System.Collections.Immutable;

namespace Tocsin.Core.Diagnosis;

public enum DiffKind
{
    Added,
    Removed,
    Changed,
}

/// <summary>One difference between two bundles. Before and after are empty where there was nothing.</summary>
public sealed record BundleDifference(DiffKind Kind, string What, string Before, string After);

/// <summary>What differs between two bundles, by meaning: times of collection alone are no difference.</summary>
public static class BundleDiff
{
    public static ImmutableArray<BundleDifference> Between(EvidenceBundle before, EvidenceBundle after) =>
        [.. Compare(Values(before), Values(after))];

    private static IEnumerable<BundleDifference> Compare(SortedDictionary<string, string> before, SortedDictionary<string, string> after)
    {
        foreach (var key in before.Keys.Union(after.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            switch (before.TryGetValue(key, out var was), after.TryGetValue(key, out var now))
            {
                case (true, false):
                    yield return new BundleDifference(DiffKind.Removed, key, was!, "");
                    break;
                case (false, true):
                    yield return new BundleDifference(DiffKind.Added, key, "", now!);
                    break;
                default:
                    if (!string.Equals(was, now, StringComparison.Ordinal)) yield return new BundleDifference(DiffKind.Changed, key, was!, now!);
                    break;
            }
        }
    }

    // Of several looks at one subject the last one counts.
    private static SortedDictionary<string, string> Values(EvidenceBundle bundle)
    {
        var values = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["platform"] = bundle.Platform,
            ["environment"] = bundle.Environment,
            ["catalog"] = bundle.Catalog,
        };
        foreach (var seen in bundle.Canonical().Observations.OrderBy(o => o.At))
        {
            values[$"{seen.Name} status"] = Names.Of(seen.Status);
            foreach (var (fact, value) in seen.Facts) values[$"{seen.Name} {fact}"] = value;
        }
        foreach (var match in bundle.Canonical().Matches) values[$"{match.Entry} in {(match.Source.Length > 0 ? match.Source : match.Subject.ToString())}"] = string.Join(' ', match.Signatures);
        return values;
    }
}
