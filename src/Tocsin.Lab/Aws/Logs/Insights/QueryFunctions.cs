namespace Tocsin.Lab.Aws.Logs.Insights;

/// <summary>A function of a query: how many arguments it takes and what it makes of them.</summary>
internal sealed record QueryFunction(int Least, int Most, Func<Datum[], Datum> Answer);

/// <summary>
/// The functions of "Supported operations and functions". A function of numbers is missing on what is no number, a function of text on what is missing.
/// </summary>
internal static class QueryFunctions
{
    private const int Many = 100;
    private const int MaxText = 1024 * 1024;

    public static readonly IReadOnlyDictionary<string, QueryFunction> All = new Dictionary<string, QueryFunction>(StringComparer.OrdinalIgnoreCase)
    {
        ["abs"] = Numeric(Math.Abs),
        ["ceil"] = Numeric(Math.Ceiling),
        ["floor"] = Numeric(Math.Floor),
        ["log"] = Numeric(Math.Log),
        ["sqrt"] = Numeric(Math.Sqrt),
        ["greatest"] = new(1, Many, a => Extreme(a, 1)),
        ["least"] = new(1, Many, a => Extreme(a, -1)),
        ["ispresent"] = new(1, 1, a => Datum.Of(!a[0].IsMissing)),
        ["coalesce"] = new(1, Many, a => Array.Find(a, d => !d.IsMissing)),
        ["isempty"] = new(1, 1, a => Datum.Of(string.IsNullOrEmpty(a[0].Text))),
        ["isblank"] = new(1, 1, a => Datum.Of(string.IsNullOrWhiteSpace(a[0].Text))),
        ["concat"] = new(1, Many, Concat),
        ["strlen"] = Textual(1, static (t, _) => Datum.Of(t.EnumerateRunes().Count())),
        ["toupper"] = Textual(1, static (t, _) => Datum.Of(t.ToUpperInvariant())),
        ["tolower"] = Textual(1, static (t, _) => Datum.Of(t.ToLowerInvariant())),
        ["trim"] = Textual(2, static (t, a) => Datum.Of(Strip(t, a, left: true, right: true)), 1),
        ["ltrim"] = Textual(2, static (t, a) => Datum.Of(Strip(t, a, left: true, right: false)), 1),
        ["rtrim"] = Textual(2, static (t, a) => Datum.Of(Strip(t, a, left: false, right: true)), 1),
        ["substr"] = Textual(3, Part, 2),
        ["replace"] = Textual(3, Replace),
        ["strcontains"] = Textual(2, static (t, a) => Datum.Of(t.Contains(a[1].Text ?? "", StringComparison.Ordinal) ? 1 : 0)),
        ["datefloor"] = new(2, 2, a => Rounded(a, Math.Floor)),
        ["dateceil"] = new(2, 2, a => Rounded(a, Math.Ceiling)),
        ["frommillis"] = new(1, 1, a => a[0].Number is { } ms ? Datum.Time(ms) : Datum.Missing),
        ["tomillis"] = new(1, 1, a => a[0].Number is { } ms ? Datum.Of(ms) : Datum.Missing),
    };

    public static Datum Arithmetic(string sign, Datum left, Datum right) => (left.Number, right.Number) is ({ } a, { } b)
        ? Datum.Of(sign switch { "+" => a + b, "-" => a - b, "*" => a * b, "/" => a / b, "%" => a % b, _ => Math.Pow(a, b) })
        : Datum.Missing;

    public static bool Compare(string sign, Datum left, Datum right)
    {
        if (left.IsMissing || right.IsMissing) return false;
        if (sign is "=" or "!=") return left.Same(right) == sign is "=";
        var order = left.Beside(right);
        return sign switch { "<" => order < 0, "<=" => order <= 0, ">" => order > 0, _ => order >= 0 };
    }

    private static QueryFunction Numeric(Func<double, double> function) =>
        new(1, 1, a => a[0].Number is { } number ? Datum.Of(function(number)) : Datum.Missing);

    private static QueryFunction Textual(int most, Func<string, Datum[], Datum> function, int? least = null) =>
        new(least ?? most, most, a => a[0].Text is { } text ? function(text, a) : Datum.Missing);

    private static Datum Extreme(Datum[] arguments, int side) => arguments.Aggregate(Datum.Missing, (best, next) =>
        best.IsMissing || (!next.IsMissing && next.Beside(best) * side > 0) ? next : best);

    // Doubling again and again must not fill the memory: a text stops growing where an event would.
    private static Datum Concat(Datum[] arguments)
    {
        var text = string.Concat(arguments.Select(a => a.Text));
        return Datum.Of(text.Length > MaxText ? text[..MaxText] : text);
    }

    private static Datum Replace(string text, Datum[] arguments)
    {
        var (old, by) = (arguments[1].Text ?? "", arguments[2].Text ?? "");
        if (old.Length == 0) return Datum.Of(text);
        return (long)text.Length / old.Length * by.Length > MaxText ? Datum.Missing : Datum.Of(text.Replace(old, by, StringComparison.Ordinal));
    }

    private static string Strip(string text, Datum[] arguments, bool left, bool right)
    {
        var signs = arguments.Length > 1 ? arguments[1].Text?.ToCharArray() ?? [] : null;
        if (left) text = text.TrimStart(signs);
        return right ? text.TrimEnd(signs) : text;
    }

    private static Datum Part(string text, Datum[] arguments)
    {
        if (arguments[1].Number is not { } from) return Datum.Missing;
        var start = (int)Math.Clamp(from, 0, text.Length);
        var length = arguments.Length > 2 ? arguments[2].Number ?? 0 : text.Length;
        return Datum.Of(text.Substring(start, (int)Math.Clamp(length, 0, text.Length - start)));
    }

    private static Datum Rounded(Datum[] arguments, Func<double, double> round) =>
        arguments[0].Number is { } ms && arguments[1].Number is > 0 and var period ? Datum.Time(round(ms / period) * period) : Datum.Missing;
}
