namespace Tocsin.Lab.Aws.Logs.Insights;

/// <summary>Expressions of a query, by precedence: or, and, not, comparison, sum, product, power, sign.</summary>
internal sealed class ExpressionParser(QueryText text)
{
    private const int MaxDepth = 64;
    private static readonly string[] Comparisons = ["=", "!=", "<=", ">=", "<", ">"];

    private int depth;

    /// <summary>Where aggregates are allowed they are collected here.</summary>
    public List<AggregateUse>? Uses { get; set; }

    public Func<Row, Datum> Parse()
    {
        if (++depth > MaxDepth) throw text.Malformed(text.Peek.Start, text.Peek.End, "The query is nested too deep");
        var any = And();
        while (text.TakeWord("or"))
        {
            var (left, right) = (any, And());
            any = row => Datum.Of(left(row).Holds || right(row).Holds);
        }
        depth--;
        return any;
    }

    private Func<Row, Datum> And()
    {
        var all = Not();
        while (text.TakeWord("and"))
        {
            var (left, right) = (all, Not());
            all = row => Datum.Of(left(row).Holds && right(row).Holds);
        }
        return all;
    }

    private Func<Row, Datum> Not()
    {
        var not = false;
        while (text.TakeWord("not")) not = !not;
        var inner = Comparison();
        return not ? row => Datum.Of(!inner(row).Holds) : inner;
    }

    private Func<Row, Datum> Comparison()
    {
        var left = Sum();
        if (Array.Find(Comparisons, text.TakeSign) is { } sign)
        {
            var right = Sum();
            return row => Datum.Of(QueryFunctions.Compare(sign, left(row), right(row)));
        }
        var not = text.TakeWord("not");
        Func<Row, bool>? test = text.TakeWord("like") || text.TakeSign("=~") ? Like(left) : text.TakeWord("in") ? In(left) : null;
        if (test is null) return not ? throw text.Unexpected() : left;
        return not ? row => Datum.Of(!test(row)) : row => Datum.Of(test(row));
    }

    private Func<Row, bool> Like(Func<Row, Datum> left)
    {
        if (text.TakeRegex() is { } regex) return row => left(row).Text is { } value && regex.IsMatch(value);
        var part = Sum();
        return row => left(row).Text is { } value && part(row).Text is { } sought && value.Contains(sought, StringComparison.Ordinal);
    }

    private Func<Row, bool> In(Func<Row, Datum> left)
    {
        text.Need("[");
        List<Func<Row, Datum>> items = [];
        if (!text.IsSign("]"))
        {
            do items.Add(Sum());
            while (text.TakeSign(","));
        }
        text.Need("]");
        return row =>
        {
            var value = left(row);
            return items.Exists(i => value.Same(i(row)));
        };
    }

    private Func<Row, Datum> Sum() => Chain(Product, "+", "-");

    private Func<Row, Datum> Product() => Chain(Power, "*", "/", "%");

    private Func<Row, Datum> Power() => Chain(Signed, "^");

    private Func<Row, Datum> Chain(Func<Func<Row, Datum>> operand, params string[] signs)
    {
        var chain = operand();
        while (Array.Find(signs, text.TakeSign) is { } sign)
        {
            var (left, right) = (chain, operand());
            chain = row => QueryFunctions.Arithmetic(sign, left(row), right(row));
        }
        return chain;
    }

    private Func<Row, Datum> Signed()
    {
        var minus = false;
        while (text.IsSign("-") || text.IsSign("+")) minus ^= text.Take().Text is "-";
        var value = Primary();
        return minus ? row => value(row).Number is { } number ? Datum.Of(-number) : Datum.Missing : value;
    }

    private Func<Row, Datum> Primary()
    {
        var token = text.Peek;
        if (text.TakeSign("("))
        {
            var inner = Parse();
            text.Need(")");
            return inner;
        }
        if (token.Kind is TokenKind.Number or TokenKind.Period) return Constant(Datum.Of(text.Take().Value));
        if (token.Kind == TokenKind.Text) return Constant(Datum.Of(text.Take().Text));
        if (token.Kind != TokenKind.Name) throw text.Unexpected();
        text.Take();
        if (text.IsSign("(")) return Call(token);
        return token.Text switch
        {
            "true" => Constant(Datum.Of(true)),
            "false" => Constant(Datum.Of(false)),
            var name => row => row.Field(name),
        };
    }

    private static Func<Row, Datum> Constant(Datum value) => _ => value;

    private Func<Row, Datum> Call(Token name)
    {
        text.Need("(");
        if (string.Equals(name.Text, "bin", StringComparison.OrdinalIgnoreCase)) return Bin();
        if (Aggregate.All.TryGetValue(name.Text, out var begin)) return Aggregated(name, begin);
        if (!QueryFunctions.All.TryGetValue(name.Text, out var function)) throw text.Malformed(name.Start, name.End, $"Invalid function name: {name.Text}");
        var arguments = Arguments();
        if (arguments.Length < function.Least || arguments.Length > function.Most)
            throw text.Malformed(name.Start, text.Behind, $"Invalid arguments for function {name.Text}");
        return row => function.Answer(Array.ConvertAll(arguments, a => a(row)));
    }

    private Func<Row, Datum>[] Arguments()
    {
        List<Func<Row, Datum>> arguments = [];
        if (!text.IsSign(")"))
        {
            do arguments.Add(Parse());
            while (text.TakeSign(","));
        }
        text.Need(")");
        return [.. arguments];
    }

    private Func<Row, Datum> Bin()
    {
        if (text.Peek is not { Kind: TokenKind.Period, Value: > 0 }) throw text.Unexpected();
        var period = text.Take().Value;
        text.Need(")");
        return row => row.Field("@timestamp").Number is { } ms ? Datum.Time(Math.Floor(ms / period) * period) : Datum.Missing;
    }

    private Func<Row, Datum> Aggregated(Token name, Func<double, Aggregate> begin)
    {
        if (Uses is not { } uses) throw text.Malformed(name.Start, name.End, $"Aggregate function {name.Text} is only allowed in stats");
        // One inside another means nothing.
        Uses = null;
        Func<Row, Datum>? of = null;
        var percent = 0.0;
        if (!text.TakeSign("*") && !text.IsSign(")")) of = Parse();
        if (text.TakeSign(",")) percent = text.Peek.Kind == TokenKind.Number ? text.Take().Value : throw text.Unexpected();
        text.Need(")");
        Uses = uses;
        if (of is null && !string.Equals(name.Text, "count", StringComparison.OrdinalIgnoreCase))
            throw text.Malformed(name.Start, text.Behind, $"Invalid arguments for function {name.Text}");
        var slot = uses.Count;
        uses.Add(new AggregateUse(of, static row => row.Field("@timestamp"), () => begin(percent)));
        return row => row.Aggregates is { } found ? found[slot] : Datum.Missing;
    }
}
