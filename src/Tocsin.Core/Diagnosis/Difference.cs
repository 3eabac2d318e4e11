using System.Collections.Immutable;

namespace Tocsin.Core.Diagnosis;

/// <summary>In which one respect two observations of one probe differ.</summary>
public enum Across
{
    /// <summary>The same subject, seen earlier and later.</summary>
    Time,
    Environments,
    Items,
    Services,
}

/// <summary>One fact that differs between a pair of observations of one probe.</summary>
public sealed record Difference(string Fact, Across Across, string Here, string There)
{
    /// <summary>
    /// The facts in which two observations differ: staging against production, a failing task against a healthy one, before against after.
    /// A pair that is no pair, and a fact that one side does not know, give nothing: unknown is no difference.
    /// </summary>
    public static ImmutableArray<Difference> Between(Observation here, Observation there)
    {
        if (AcrossOf(here, there) is not { } across || !here.IsEvidence || !there.IsEvidence) return [];
        return
        [
            .. here.Facts.Where(f => there.Facts.TryGetValue(f.Key, out var other) && !string.Equals(f.Value, other, StringComparison.OrdinalIgnoreCase))
                .Select(f => new Difference($"{here.Probe}.{f.Key}", across, f.Value, there.Facts[f.Key])),
        ];
    }

    /// <summary>In which single respect the two make a pair, or null where they make none.</summary>
    public static Across? AcrossOf(Observation here, Observation there)
    {
        if (here.Probe != there.Probe || here.Vantage != there.Vantage) return null;
        var (a, b) = (here.Subject, there.Subject);
        if (a == b) return here.At == there.At ? null : Across.Time;
        if (a with { Environment = b.Environment } == b) return Across.Environments;
        if (a with { Item = b.Item } == b) return Across.Items;
        return a with { Service = b.Service } == b ? Across.Services : null;
    }
}
