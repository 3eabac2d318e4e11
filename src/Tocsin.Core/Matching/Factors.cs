using Tocsin.Core.Catalog;

namespace Tocsin.Core.Matching;

/// <summary>
/// Required literals: for a pattern, a list of short plain texts one of which stands, unbroken and whatever the wrapping, in every
/// raw log text the pattern matches. The scanner looks for these; only where one is found a pattern is tried.
/// </summary>
internal static class Factors
{
    /// <summary>Shorter texts are too common to be worth a look.</summary>
    public const int MinLength = 4;
    private const int MaxLength = 24;

    /// <summary>Texts one of which must occur, or an empty list where the pattern requires none long enough.</summary>
    public static IReadOnlyList<string> Of(Pattern pattern) => pattern switch
    {
        Pattern.Literal literal => BestOf([[literal.Text]]),
        Pattern.Template template => BestOf(TemplatePattern.Literals(template.Text).Select(l => (IReadOnlyList<string>)[l])),
        Pattern.Regex regex => RegexFactors.Of(regex.Text),
        Pattern.Field { Compare: Comparison.Exists { Wanted: false } } => [],
        Pattern.Field field => BestOf([[field.Path[(field.Path.LastIndexOf('.') + 1)..]], Values(field.Compare)]),
        _ => throw new ArgumentOutOfRangeException(nameof(pattern), pattern, "unknown pattern"),
    };

    // A value that must stand there is usually rarer than the name of its field; numbers may be written in many ways.
    private static IReadOnlyList<string> Values(Comparison comparison) => comparison switch
    {
        Comparison.Is c when !char.IsAsciiDigit(c.Value.FirstOrDefault()) => [c.Value],
        Comparison.OneOf c when !c.Values.Any(v => char.IsAsciiDigit(v.FirstOrDefault())) => c.Values,
        Comparison.Contains c => [c.Text],
        Comparison.Matches c => RegexFactors.Of(c.Regex),
        _ => [],
    };

    /// <summary>The factors of a signature: those of its most telling <c>all</c> pattern, else those of every <c>any</c> pattern together.</summary>
    public static IReadOnlyList<string> Of(Signature signature)
    {
        if (!signature.RequiredLiterals.IsDefault) return signature.RequiredLiterals;
        var best = BestOf(signature.All.Select(Of).Where(f => f.Count > 0));
        if (best.Count > 0) return best;
        var any = signature.Any.Select(Of).ToList();
        return any.Count == 0 || any.Exists(f => f.Count == 0) ? [] : [.. any.SelectMany(f => f).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Of several requirements the one whose weakest alternative is rarest, cut to plain runs.</summary>
    public static IReadOnlyList<string> BestOf(IEnumerable<IReadOnlyList<string>> requirements)
    {
        IReadOnlyList<string> best = [];
        var bestScore = 0.0;
        foreach (var alternatives in requirements)
        {
            var runs = alternatives.Select(BestRun).ToList();
            if (runs.Count == 0 || runs.Exists(r => r.Length < MinLength)) continue;
            var score = Weakest(runs);
            if (score <= bestScore) continue;
            best = runs;
            bestScore = score;
        }
        return best;
    }

    private static double Weakest(List<string> runs)
    {
        var least = double.MaxValue;
        foreach (var run in runs) least = Math.Min(least, Rarity.Of(run));
        return least;
    }

    // Quotes, brackets and the like may be escaped or coloured in a raw log; a run stops at them.
    private static bool IsPlain(char c) => char.IsAsciiLetterOrDigit(c) || " _.:-(),#@%*?!;{}$^~|/".Contains(c, StringComparison.Ordinal);

    private static string BestRun(string text)
    {
        var best = "";
        var start = 0;
        for (var i = 0; i <= text.Length; i++)
        {
            if (i < text.Length && IsPlain(text[i])) continue;
            // A colour code stands between words more often than inside them, so a run neither begins nor ends with a blank.
            var run = text[start..i].Trim();
            if (run.Length >= MinLength && Rarity.Of(run) > Rarity.Of(best)) best = run;
            start = i + 1;
        }
        return best.Length <= MaxLength ? best : Rarity.RarestPart(best, MaxLength).Trim();
    }
}
