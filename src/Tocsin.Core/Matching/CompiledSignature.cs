using System.Collections.Immutable;
using System.Text;
using Tocsin.Core.Catalog;

namespace Tocsin.Core.Matching;

/// <summary>A signature ready to be tried on an event: exact verification after the literal pass found a factor.</summary>
internal sealed class CompiledSignature
{
    private readonly ImmutableArray<Tester> all;
    private readonly ImmutableArray<Tester> any;
    private readonly ImmutableArray<Tester> not;
    private readonly ImmutableArray<Pattern.Field> fields;
    private readonly ImmutableArray<Pattern.Field> anyFields;

    public CompiledSignature(Entry entry, Signature signature)
    {
        Entry = entry;
        Signature = signature;
        Key = $"{entry.Id}/{signature.Id}";
        all = Compile(signature.All);
        any = Compile(signature.Any);
        not = Compile(signature.Not);
        fields = [.. signature.All.OfType<Pattern.Field>()];
        anyFields = [.. signature.Any.OfType<Pattern.Field>()];
        NotFields = [.. signature.Not.OfType<Pattern.Field>()];
    }

    public Entry Entry { get; }

    public Signature Signature { get; }

    public string Key { get; }

    private ImmutableArray<Pattern.Field> NotFields { get; }

    private bool NeedsFields => fields.Length + anyFields.Length + NotFields.Length > 0;

    /// <summary>Whether the signature holds; <paramref name="vetoed"/> tells that only a <c>not</c> pattern kept it from holding.</summary>
    public bool Holds(EventText text, Func<StructuredEvent?> structured, List<Capture> captures, out string? vetoed)
    {
        vetoed = null;
        foreach (var tester in all)
        {
            if (!tester.Test(text, captures)) return false;
        }
        if (!HoldsAny(text, structured, captures)) return false;
        if (fields.Length > 0 && structured()?.Holds(fields, Signature.Each) != true) return false;
        foreach (var tester in not)
        {
            if (!tester.Test(text, null)) continue;
            vetoed = tester.Shown;
            return false;
        }
        if (NotFields.Length > 0 && structured() is { } json && NotFields.Any(f => json.Holds([f], Signature.Each)))
        {
            vetoed = NotFields[0].Path;
            return false;
        }
        return true;
    }

    private bool HoldsAny(EventText text, Func<StructuredEvent?> structured, List<Capture> captures)
    {
        if (Signature.Any.Length == 0) return true;
        foreach (var tester in any)
        {
            if (tester.Test(text, captures)) return true;
        }
        return NeedsFields && anyFields.Length > 0 && structured() is { } json && anyFields.Any(f => json.Holds([.. fields, f], Signature.Each));
    }

    private static ImmutableArray<Tester> Compile(ImmutableArray<Pattern> patterns) =>
        [.. patterns.Where(p => p is not Pattern.Field).OrderBy(Cost).Select(Tester.Of)];

    // What is cheap to refuse is tried first.
    private static int Cost(Pattern pattern) => pattern switch { Pattern.Literal => 0, Pattern.Template => 1, _ => 2 };

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
