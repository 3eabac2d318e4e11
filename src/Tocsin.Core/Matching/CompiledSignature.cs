using System.Collections.Immutable;
using System.Text;
using Tocsin.Core.Catalog;

namespace Tocsin.Core.Matching;

/// <summary>
/// A signature as it is tried on an event: exact verification after the literal pass found a factor. Its patterns are compiled when first tried, for most
/// signatures never are.
/// </summary>
internal sealed class CompiledSignature(Entry entry, Signature signature)
{
    private const int MostCost = 2;
    private Parts? parts;

    public Entry Entry => entry;

    public Signature Signature => signature;

    public string Key => $"{entry.Id}/{signature.Id}";

    private sealed record Parts(
        Tester[] All,
        Tester[] Any,
        Tester[] Not,
        Pattern.Field[] AllFields,
        Pattern.Field[] AnyFields,
        Pattern.Field[] NotFields)
    {
        public static Parts Of(Signature signature) => new(
            Compile(signature.All),
            Compile(signature.Any),
            Compile(signature.Not),
            Fields(signature.All),
            Fields(signature.Any),
            Fields(signature.Not));
    }

    /// <summary>Whether the signature holds; <paramref name="vetoed"/> tells that only a <c>not</c> pattern kept it from holding.</summary>
    public bool Holds(EventText text, Func<StructuredEvent?> structured, List<Capture> captures, out string? vetoed)
    {
        vetoed = null;
        var patterns = parts ??= Parts.Of(signature);
        foreach (var tester in patterns.All)
        {
            if (!tester.Test(text, captures)) return false;
        }
        if (!HoldsAny(patterns, text, structured, captures)) return false;
        if (patterns.AllFields.Length > 0 && structured()?.Holds(patterns.AllFields, signature.Each) != true) return false;
        foreach (var tester in patterns.Not)
        {
            if (!tester.Test(text, null)) continue;
            vetoed = tester.Shown;
            return false;
        }
        if (patterns.NotFields.Length > 0 && structured() is { } json && patterns.NotFields.FirstOrDefault(f => json.Holds([f], signature.Each)) is { } vetoing)
        {
            vetoed = vetoing.Path;
            return false;
        }
        return true;
    }

    private bool HoldsAny(Parts patterns, EventText text, Func<StructuredEvent?> structured, List<Capture> captures)
    {
        if (signature.Any.Length == 0) return true;
        foreach (var tester in patterns.Any)
        {
            if (tester.Test(text, captures)) return true;
        }
        return patterns.AnyFields.Length > 0 && structured() is { } json && patterns.AnyFields.Any(f => json.Holds([.. patterns.AllFields, f], signature.Each));
    }

    // What is cheap to refuse is tried first. By loops, as a first find would wait for LINQ to be loaded.
    private static Tester[] Compile(ImmutableArray<Pattern> patterns)
    {
        var testers = new List<Tester>(patterns.Length);
        for (var cost = 0; cost <= MostCost; cost++)
        {
            foreach (var pattern in patterns)
            {
                if (pattern is not Pattern.Field && Cost(pattern) == cost) testers.Add(Tester.Of(pattern));
            }
        }
        return testers.ToArray();
    }

    private static Pattern.Field[] Fields(ImmutableArray<Pattern> patterns)
    {
        var fields = new List<Pattern.Field>();
        foreach (var pattern in patterns)
        {
            if (pattern is Pattern.Field field) fields.Add(field);
        }
        return fields.ToArray();
    }

    private static int Cost(Pattern pattern) => pattern switch { Pattern.Literal => 0, Pattern.Template => 1, _ => MostCost };

    /// <summary>One pattern over text.</summary>
    private abstract class Tester(string shown)
    {
        public string Shown { get; } = shown;

        public static Tester Of(Pattern pattern) => pattern switch
        {
            Pattern.Literal p => new LiteralTester(p),
            Pattern.Template p => new TemplateTester(p),
            Pattern.Regex p => new RegexTester(p),
            _ => throw new ArgumentOutOfRangeException(nameof(pattern), pattern, "fields are tried on the structured event"),
        };

        public abstract bool Test(EventText text, List<Capture>? captures);
    }

    private sealed class LiteralTester(Pattern.Literal pattern) : Tester(pattern.Text)
    {
        private byte[]? folded;

        public override bool Test(EventText text, List<Capture>? captures)
        {
            var bytes = text.Bytes;
            var needle = folded ??= pattern.ExactCase ? Encoding.UTF8.GetBytes(pattern.Text) : AsciiFold.Fold(Encoding.UTF8.GetBytes(pattern.Text));
            for (var at = 0; (at = AsciiFold.IndexOf(bytes, needle, at, pattern.ExactCase)) >= 0; at++)
            {
                if (TemplatePattern.DigitEdge(bytes, at, needle[0], before: true)
                    && TemplatePattern.DigitEdge(bytes, at + needle.Length, needle[^1], before: false)) return true;
            }
            return false;
        }
    }

    private sealed class TemplateTester(Pattern.Template pattern) : Tester(pattern.Text)
    {
        private TemplatePattern? template;

        public override bool Test(EventText text, List<Capture>? captures) => (template ??= TemplatePattern.Compile(pattern.Text, pattern.ExactCase)).Find(text.Bytes, captures) >= 0;
    }

    private sealed class RegexTester(Pattern.Regex pattern) : Tester(pattern.Text)
    {
        private readonly RegexPattern regex = new(pattern.Text, pattern.ExactCase);

        public override bool Test(EventText text, List<Capture>? captures) => regex.IsMatch(text, captures);
    }
}
