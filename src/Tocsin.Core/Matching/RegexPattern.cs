using System.Text.RegularExpressions;

namespace Tocsin.Core.Matching;

/// <summary>
/// A regular expression from data. Its cost is linear in the text whatever the pattern: everyday expressions run on <see cref="LinearRegex"/>, which is ready at once and
/// works on bytes, the others on .NET's NonBacktracking engine. What neither can do (look-around, back-references) is refused when the entry is read.
/// </summary>
internal sealed class RegexPattern(string pattern, bool exactCase)
{
    private const int MaxLength = 1000;
    private const int MaxRepeat = 1000;
    private LinearRegex? linear;
    private Regex? compiled;
    private volatile bool read;

    /// <summary>Why the text is no usable expression, or null where it is.</summary>
    public static string? Refuse(string pattern)
    {
        if (pattern.Length > MaxLength) return $"the expression has {pattern.Length} characters, at most {MaxLength} are read";
        if (RegexFactors.LargestRepeat(pattern) > MaxRepeat) return $"a repetition counts beyond {MaxRepeat}";
        try
        {
            _ = Build(pattern, exactCase: false);
            return null;
        }
        catch (ArgumentException e)
        {
            return $"the expression does not compile: {e.Message}";
        }
        catch (NotSupportedException)
        {
            return "the expression uses look-around, back-references or atomic groups; its cost could not be linear. Use not: for what must be absent";
        }
    }

    /// <summary>Whether the text matches; captures of named groups are appended where a list is given.</summary>
    public bool IsMatch(EventText text, List<Capture>? captures)
    {
        if (!read)
        {
            linear = LinearRegexCompiler.Compile(pattern, !exactCase);
            read = true;
        }
        if (linear is { } onBytes && onBytes.Fits(text.Bytes.Length)) return onBytes.Find(text.Bytes, captures, text.Work) >= 0;
        compiled ??= Build(pattern, exactCase);
        if (captures is null) return compiled.IsMatch(text.Text);
        var match = compiled.Match(text.Text);
        if (!match.Success) return false;
        foreach (var group in match.Groups.Values)
        {
            if (group.Success && !char.IsAsciiDigit(group.Name[0])) captures.Add(new Capture(group.Name, group.Value));
        }
        return true;
    }

    private static Regex Build(string pattern, bool exactCase) => new(
        pattern,
        RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Multiline | (exactCase ? RegexOptions.None : RegexOptions.IgnoreCase));
}
