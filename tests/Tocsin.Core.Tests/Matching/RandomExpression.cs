using System.Globalization;
using System.Text;

namespace Tocsin.Core.Tests.Matching;

/// <summary>An expression of the supported syntax drawn at random, and texts that it matches.</summary>
internal sealed class RandomExpression
{
    private const string Letters = "abcAB01 .:-_";
    private readonly Random random;
    private int groups;

    private RandomExpression(Random random) => this.random = random;

    /// <summary>A part: how it is written, and a text that it matches.</summary>
    private sealed record Part(string Text, Func<string> Sample, bool MayBeEmpty = false, bool IsAnchor = false);

    /// <summary>The expression, and a draw of texts it matches unless an anchor stands in the way.</summary>
    public static (string Pattern, Func<string> Sample) Draw(Random random, int depth = 3)
    {
        var part = new RandomExpression(random).Alternatives(depth);
        return (part.Text, part.Sample);
    }

    /// <summary>Text over the letters that the expressions use.</summary>
    public static string Text(Random random, int length)
    {
        var text = new StringBuilder(length);
        for (var i = 0; i < length; i++) text.Append(random.Next(12) == 0 ? '\n' : Letters[random.Next(Letters.Length)]);
        return text.ToString();
    }

    private Part Alternatives(int depth)
    {
        var branches = Enumerable.Range(0, random.Next(4) == 0 ? random.Next(2, 4) : 1).Select(_ => Sequence(depth)).ToList();
        return branches.Count == 1
            ? branches[0]
            : new Part(string.Join('|', branches.Select(b => b.Text)), () => branches[random.Next(branches.Count)].Sample(), branches.Exists(b => b.MayBeEmpty));
    }

    private Part Sequence(int depth)
    {
        var parts = Enumerable.Range(0, random.Next(1, 5)).Select(_ => Quantified(Atom(depth))).ToList();
        return new Part(string.Concat(parts.Select(p => p.Text)), () => string.Concat(parts.Select(p => p.Sample())), parts.TrueForAll(p => p.MayBeEmpty));
    }

    private Part Atom(int depth) => random.Next(depth > 0 ? 11 : 9) switch
    {
        0 or 1 or 2 => Word(),
        3 => Letter(),
        4 => new Part(".", () => RandomLetter()),
        5 => Class(),
        6 => Named(),
        7 => random.Next(3) switch
        {
            0 => new Part("^", () => "", MayBeEmpty: true, IsAnchor: true),
            1 => new Part("$", () => "", MayBeEmpty: true, IsAnchor: true),
            _ => new Part(random.Next(2) == 0 ? "\\b" : "\\B", () => "", MayBeEmpty: true, IsAnchor: true),
        },
        8 => new Part("\\.", () => "."),
        _ => Group(depth),
    };

    private Part Group(int depth)
    {
        var head = random.Next(3) switch { 0 => "(?:", 1 => "(", _ => string.Create(CultureInfo.InvariantCulture, $"(?<g{++groups}>") };
        var inner = Alternatives(depth - 1);
        return inner with { Text = $"{head}{inner.Text})", IsAnchor = false };
    }

    private Part Word()
    {
        var word = new StringBuilder();
        for (var i = random.Next(2, 8); i > 0; i--) word.Append("abcAB01_"[random.Next(8)]);
        var text = word.ToString();
        // A quantifier would bind to the last letter only.
        return new Part($"(?:{text})", () => MixCase(text));
    }

    private Part Letter()
    {
        var c = Letters[random.Next(Letters.Length)];
        return new Part(c == '.' ? "[.]" : c.ToString(), () => MixCase(c.ToString()));
    }

    private Part Class() => random.Next(5) switch
    {
        0 => new Part("[abc]", () => "abc"[random.Next(3)].ToString()),
        1 => new Part("[a-c0-1]", () => "abc01"[random.Next(5)].ToString()),
        2 => new Part("[^a\\n]", () => "bcBC01"[random.Next(6)].ToString()),
        3 => new Part("[\\d_.-]", () => "01_.-"[random.Next(5)].ToString()),
        _ => new Part("[]b^]", () => "b"),
    };

    private Part Named() => random.Next(6) switch
    {
        0 => new Part("\\d", () => "01"[random.Next(2)].ToString()),
        1 => new Part("\\w", () => "ab01_"[random.Next(5)].ToString()),
        2 => new Part("\\s", () => " "),
        3 => new Part("\\D", () => "ab .:"[random.Next(5)].ToString()),
        4 => new Part("\\W", () => " .:-"[random.Next(4)].ToString()),
        _ => new Part("\\S", () => "ab01.:"[random.Next(6)].ToString()),
    };

    private Part Quantified(Part part)
    {
        if (part.IsAnchor || random.Next(5) < 3) return part;
        var (least, most, text) = random.Next(7) switch
        {
            0 => (0, 4, "*"),
            1 => (1, 4, "+"),
            2 => (0, 1, "?"),
            3 => (2, 2, "{2}"),
            4 => (1, 3, "{1,3}"),
            5 => (0, 2, "{0,2}"),
            _ => (1, 4, "{1,}"),
        };
        if (random.Next(3) == 0) text += "?";
        return new Part(
            part.Text + text,
            () => string.Concat(Enumerable.Range(0, random.Next(least, most + 1)).Select(_ => part.Sample())),
            part.MayBeEmpty || least == 0);
    }

    private string RandomLetter() => Letters[random.Next(Letters.Length)].ToString();

    private string MixCase(string text) =>
        string.Concat(text.Select(c => random.Next(4) == 0 ? char.IsUpper(c) ? char.ToLowerInvariant(c) : char.ToUpperInvariant(c) : c));
}
