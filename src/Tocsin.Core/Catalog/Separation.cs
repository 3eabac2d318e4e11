namespace Tocsin.Core.Catalog;

/// <summary>
/// Whether two causes of one entry can be told apart: one observation must favour the one, another the other, by at least a moderate weight
/// or by logic. Without that the diagnosis could only ever say that it does not know.
/// </summary>
public static class Separation
{
    /// <summary>What is missing between the two, or null where each can be favoured over the other.</summary>
    public static string? Missing(Cause a, Cause b)
    {
        var forA = Favours(a, b);
        var forB = Favours(b, a);
        return (forA, forB) switch
        {
            (true, true) => null,
            (true, false) => $"nothing favours the cause \"{b.Id}\" over \"{a.Id}\"; a rule of moderate weight, requires or excludes would",
            (false, true) => $"nothing favours the cause \"{a.Id}\" over \"{b.Id}\"; a rule of moderate weight, requires or excludes would",
            _ => $"nothing tells the cause \"{b.Id}\" from \"{a.Id}\"; each needs a rule of moderate weight, requires or excludes that speaks for it and not for the other",
        };
    }

    private static bool Favours(Cause one, Cause other) =>
        one.Evidence.Any(rule => rule.For && Net(rule, one) - Net(rule, other) >= (int)Weight.Moderate)
        || other.Evidence.Any(rule => !rule.For && Net(rule, one) - Net(rule, other) >= (int)Weight.Moderate)
        || one.Requires.Any(c => !other.Requires.Any(r => Same(r, c)))
        || other.Excludes.Any(c => !one.Excludes.Any(x => Same(x, c)));

    // What one observation is worth for a cause: the sum of its rules with the same condition.
    private static int Net(EvidenceRule rule, Cause cause) =>
        cause.Evidence.Where(r => Same(r.When, rule.When)).Sum(r => r.For ? (int)r.Weight : -(int)r.Weight);

    private static bool Same(Condition a, Condition b) => (a, b) switch
    {
        (Condition.Saw x, Condition.Saw y) => string.Equals(x.Signature, y.Signature, StringComparison.Ordinal),
        (Condition.Fact x, Condition.Fact y) => string.Equals(x.Name, y.Name, StringComparison.Ordinal) && x.Of == y.Of && SameComparison(x.Compare, y.Compare),
        _ => false,
    };

    private static bool SameComparison(Comparison a, Comparison b) => (a, b) switch
    {
        (Comparison.OneOf x, Comparison.OneOf y) => x.Values.Order(StringComparer.Ordinal).SequenceEqual(y.Values.Order(StringComparer.Ordinal), StringComparer.Ordinal),
        _ => a.Equals(b),
    };
}
