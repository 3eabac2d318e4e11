using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Tocsin.Lab.Aws.Logs.Insights;

/// <summary>The commands of a query, one after another with <c>|</c> between.</summary>
internal sealed class QueryParser
{
    public const int MaxRows = 10_000;

    private readonly QueryText text;
    private readonly ExpressionParser expressions;

    private QueryParser(string query)
    {
        text = new QueryText(query);
        expressions = new ExpressionParser(text);
    }

    public static List<QueryStep> Parse(string query)
    {
        var parser = new QueryParser(query);
        List<QueryStep> steps = [];
        do steps.Add(parser.Step());
        while (parser.text.TakeSign("|"));
        return parser.text.Peek.Kind == TokenKind.End ? steps : throw parser.text.Unexpected();
    }

    private QueryStep Step()
    {
        if (text.TakeWord("fields")) return new FieldsStep(Columns(), Only: false);
        if (text.TakeWord("display")) return new FieldsStep(Columns(), Only: true);
        if (text.TakeWord("filter")) return new FilterStep(expressions.Parse());
        if (text.TakeWord("parse")) return ParseCommand();
        if (text.TakeWord("sort")) return new SortStep(List(SortKey));
        if (text.TakeWord("limit") || text.TakeWord("head")) return new LimitStep(Count(), Last: false);
        if (text.TakeWord("tail")) return new LimitStep(Count(), Last: true);
        if (text.TakeWord("dedup")) return new DedupStep(List(expressions.Parse));
        return text.TakeWord("stats") ? Stats() : throw text.Unexpected();
    }

    private List<T> List<T>(Func<T> item)
    {
        List<T> items = [];
        do items.Add(item());
        while (text.TakeSign(","));
        return items;
    }

    private List<QueryColumn> Columns() => List(Column);

    // A column without a name of its own bears the text that it was written with.
    private QueryColumn Column()
    {
        var start = text.Peek;
        var of = expressions.Parse();
        var written = text.Since(start.Start);
        var plain = start.Kind == TokenKind.Name && text.Behind == start.End && written is not ("true" or "false");
        if (text.TakeWord("as")) return new QueryColumn(text.Name(), of, Made: true);
        return new QueryColumn(plain ? start.Text : written, of, Made: !plain);
    }

    private (Func<Row, Datum> Key, bool Descending) SortKey()
    {
        var key = expressions.Parse();
        var descending = text.TakeWord("desc");
        if (!descending) text.TakeWord("asc");
        return (key, descending);
    }

    private int Count()
    {
        var token = text.Peek;
        if (token.Kind != TokenKind.Number) throw text.Unexpected();
        text.Take();
        return token.Value is >= 1 and <= MaxRows && token.Value.Equals(Math.Floor(token.Value)) ? (int)token.Value
            : throw text.Malformed(token.Start, token.End, string.Create(CultureInfo.InvariantCulture, $"limit must be between 1 and {MaxRows}"));
    }

    private StatsStep Stats()
    {
        List<AggregateUse> uses = [];
        expressions.Uses = uses;
        var columns = Columns();
        expressions.Uses = null;
        if (uses.Count == 0) throw text.Malformed(text.Peek.Start, text.Peek.End, "stats needs an aggregate function");
        return new StatsStep(uses, columns, text.TakeWord("by") ? Columns() : []);
    }

    private ParseStep ParseCommand()
    {
        Func<Row, Datum> from = static row => row.Field("@message");
        var regex = text.TakeRegex();
        if (regex is null && text.Peek.Kind != TokenKind.Text)
        {
            var name = text.Name();
            from = row => row.Field(name);
            regex = text.TakeRegex();
        }
        return regex is null ? Glob(from) : Named(from, regex);
    }

    private ParseStep Named(Func<Row, Datum> from, Regex regex)
    {
        var groups = regex.GetGroupNames().Where(g => !char.IsAsciiDigit(g[0])).ToList();
        if (groups.Count == 0) throw text.Malformed(text.Behind, text.Behind, "parse needs a named group in its regular expression");
        var names = text.TakeWord("as") ? List(text.Name) : groups;
        if (names.Count != groups.Count) throw CountDiffers();
        return new ParseStep(from, regex, [.. groups.Zip(names)]);
    }

    private ParseStep Glob(Func<Row, Datum> from)
    {
        if (text.Peek.Kind != TokenKind.Text) throw text.Unexpected();
        var glob = text.Take();
        if (!text.TakeWord("as")) throw text.Unexpected();
        var names = List(text.Name);
        var parts = glob.Text.Split('*');
        if (parts.Length - 1 != names.Count) throw CountDiffers();
        var regex = text.Compile(Expression(parts), glob.Start, glob.End);
        return new ParseStep(from, regex, [.. names.Select((n, i) => ((i + 1).ToString(CultureInfo.InvariantCulture), n))]);
    }

    // A star takes as little as it can; the one at the end takes the rest, the one at the begin starts where the text does.
    private static string Expression(string[] parts)
    {
        var expression = new StringBuilder("(?s)").Append(parts[0].Length == 0 ? "^" : Regex.Escape(parts[0]));
        for (var i = 1; i < parts.Length; i++)
        {
            expression.Append(i == parts.Length - 1 && parts[i].Length == 0 ? "(.*)" : "(.*?)").Append(Regex.Escape(parts[i]));
        }
        return expression.ToString();
    }

    private Exception CountDiffers() => text.Malformed(text.Behind, text.Behind, "The number of fields does not fit the number of wildcards in parse");
}
