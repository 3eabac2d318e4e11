using System.Globalization;

namespace Tocsin.Lab.Aws.Logs.Patterns;

/// <summary>
/// Columns of a line that is split at spaces, what stands in brackets or in double quotes being one column. The number of columns has to fit, unless one of
/// them is an ellipsis, which stands for any number.
/// </summary>
internal sealed class ColumnPattern
{
    private readonly List<string> names = [];
    private readonly List<Func<string[], bool>> conditions = [];
    private int? ellipsis;

    private ColumnPattern()
    {
    }

    public static ColumnPattern Parse(string inner)
    {
        if (string.IsNullOrWhiteSpace(inner)) throw PatternText.Invalid();
        var text = new PatternText(inner);
        var pattern = new ColumnPattern();
        do pattern.Column(text);
        while (text.Take(","));
        text.SkipSpace();
        return text.Ended ? pattern : throw PatternText.Invalid();
    }

    public bool Matches(string message) =>
        Align(Split(message)) is { } values && conditions.TrueForAll(c => c(values));

    /// <summary>Every column of the line under its name, or under its number where it has none.</summary>
    public IReadOnlyDictionary<string, string> Extract(string message)
    {
        var found = Split(message);
        var extracted = new Dictionary<string, string>(StringComparer.Ordinal);
        if (Align(found) is null) return extracted;
        for (var i = 0; i < found.Count; i++)
        {
            var column = ellipsis is not { } gap || i < gap ? i : i >= found.Count - (names.Count - gap) ? i - found.Count + names.Count : -1;
            var name = column >= 0 && names[column].Length > 0 ? names[column] : (i + 1).ToString(CultureInfo.InvariantCulture);
            extracted[$"${name}"] = found[i];
        }
        return extracted;
    }

    private void Column(PatternText text)
    {
        if (text.Take("...") || text.Take("…"))
        {
            if (ellipsis is not null) throw PatternText.Invalid();
            ellipsis = names.Count;
            return;
        }
        text.SkipSpace();
        var bracketed = text.Here == '(';
        var name = bracketed ? "" : Name(text);
        names.Add(name);
        text.SkipSpace();
        if (text.Ended || text.Here == ',') return;
        var first = bracketed ? null : name;
        conditions.Add(text.AnyOf(() => Atom(text, ref first, names.Count - 1)));
        // The column of a bracketed condition bears the name that the condition begins with.
        if (bracketed) names[^1] = first ?? "";
    }

    private Func<string[], bool> Atom(PatternText text, ref string? first, int column)
    {
        text.SkipSpace();
        var name = text.Here is '=' or '!' or '<' or '>' ? "" : Name(text);
        first ??= name;
        var sign = text.Operator() ?? throw PatternText.Invalid();
        text.SkipSpace();
        var not = sign is "=" && text.Take("!");
        var value = PatternValue.Read(text, static c => !char.IsWhiteSpace(c) && c is not (',' or ')' or '&' or '|' or ']' or '"'));
        if (sign is not ("=" or "!=") && !value.IsNumber) throw PatternText.Invalid();
        return values =>
        {
            var asked = name.Length > 0 && names.IndexOf(name) is >= 0 and var named ? values[named] : values[column];
            return sign is "=" or "!=" ? value.EqualTo(asked) ^ (not || sign is "!=")
                : PatternValue.Number(asked) is { } number && value.Compares(sign, number);
        };
    }

    private static string Name(PatternText text)
    {
        var name = text.TakeWhile(static c => char.IsLetterOrDigit(c) || c is '_' or '-' or '.' or '$' or '@');
        text.SkipSpace();
        return name.Length > 0 || text.Ended || text.Here is ',' or '=' or '!' or '<' or '>' ? name : throw PatternText.Invalid();
    }

    // One value for each column of the pattern; null when the line has another number of them.
    private string[]? Align(List<string> found)
    {
        if (ellipsis is not { } gap) return found.Count == names.Count ? [.. found] : null;
        if (found.Count < names.Count) return null;
        return [.. found.Take(gap), .. found.Skip(found.Count - (names.Count - gap))];
    }

    private static List<string> Split(string message)
    {
        List<string> found = [];
        for (var at = 0; at < message.Length;)
        {
            if (char.IsWhiteSpace(message[at]))
            {
                at++;
                continue;
            }
            var close = message[at] switch { '[' => message.IndexOf(']', at), '"' => message.IndexOf('"', at + 1), _ => -1 };
            var end = close >= 0 ? close : at;
            if (close < 0)
            {
                while (end < message.Length && !char.IsWhiteSpace(message[end])) end++;
            }
            found.Add(close >= 0 ? message[(at + 1)..close] : message[at..end]);
            at = close >= 0 ? close + 1 : end;
        }
        return found;
    }
}
