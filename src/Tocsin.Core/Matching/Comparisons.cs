using System.Globalization;
using System.Text.RegularExpressions;
using Tocsin.Core.Catalog;

namespace Tocsin.Core.Matching;

/// <summary>Compares one value of a structured event or an observation. Texts compare without case, numbers as numbers.</summary>
public static class Comparisons
{
    public static bool Holds(this Comparison comparison, string value) => comparison switch
    {
        Comparison.Is c => Same(value, c.Value),
        Comparison.IsNot c => !Same(value, c.Value),
        Comparison.OneOf c => c.Values.Any(v => Same(value, v)),
        Comparison.Above c => Number(value) > c.Bound,
        Comparison.Below c => Number(value) < c.Bound,
        Comparison.AtLeast c => Number(value) >= c.Bound,
        Comparison.AtMost c => Number(value) <= c.Bound,
        Comparison.Contains c => value.Contains(c.Text, StringComparison.OrdinalIgnoreCase),
        Comparison.Matches c => Regex.IsMatch(value, c.Regex, RegexOptions.NonBacktracking | RegexOptions.IgnoreCase | RegexOptions.CultureInvariant),
        Comparison.Exists c => c.Wanted,
        _ => throw new ArgumentOutOfRangeException(nameof(comparison), comparison, "unknown comparison"),
    };

    private static bool Same(string a, string b) =>
        string.Equals(a, b, StringComparison.OrdinalIgnoreCase) || (Number(a) is var x && !double.IsNaN(x) && x.Equals(Number(b)));

    private static double Number(string text) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) ? value : double.NaN;
}
