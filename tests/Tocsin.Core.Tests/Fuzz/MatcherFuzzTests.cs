using System.Text;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;
using Tocsin.Core.Signals;

namespace Tocsin.Core.Tests.Fuzz;

public sealed class MatcherFuzzTests
{
    private static readonly Pattern[] Patterns = [.. ShippedCatalog.Entries.SelectMany(e => e.Signatures).SelectMany(s => s.All.Concat(s.Any).Concat(s.Not))];
    private static readonly Mutation Texts = new(ShippedCatalog.SampleTexts, 400);

    [Fact]
    public void Templates_match_or_are_refused()
    {
        var samples = ShippedCatalog.SampleTexts;
        new Mutation([.. Patterns.OfType<Pattern.Template>().Select(t => t.Text)], 300).Run((template, random) =>
        {
            if (TemplatePattern.Refuse(template) is not null) return;
            var text = Encoding.UTF8.GetBytes(samples[random.Next(samples.Length)]);
            var captures = new List<Capture>();
            var found = TemplatePattern.Compile(template, exactCase: random.Next(2) == 0).Find(text, captures);
            Assert.InRange(found, -1, text.Length);
            if (found < 0) Assert.Empty(captures);
            Factors.Of(new Pattern.Template(template));
        });
    }

    // An expression costs a hundred times what another input does: the platform builds its automaton.
    [Fact]
    public void Expressions_match_or_are_refused()
    {
        var samples = ShippedCatalog.SampleTexts;
        new Mutation([.. Patterns.OfType<Pattern.Regex>().Select(r => r.Text)], 120).Run((pattern, random) =>
        {
            Factors.Of(new Pattern.Regex(pattern));
            if (RegexPattern.Refuse(pattern) is not null) return;
            var text = new EventText();
            text.Set(Encoding.UTF8.GetBytes(samples[random.Next(samples.Length)]));
            var captures = new List<Capture>();
            if (!new RegexPattern(pattern, exactCase: random.Next(2) == 0).IsMatch(text, captures)) Assert.Empty(captures);
        }, Math.Max(300, Mutation.Count / 25));
    }

    [Fact]
    public void Any_event_is_unwrapped() => Texts.Run((input, random) =>
    {
        var bytes = Bytes(input, random);
        var text = new EventText();
        text.Set(bytes);
        Assert.InRange(text.Bytes.Length, 0, bytes.Length);
        Assert.True(text.Raw.Span.SequenceEqual(bytes), "the raw text is changed");
        using var structured = StructuredEvent.Read(text.Raw);
        structured?.Holds([new Pattern.Field("exitCode", new Comparison.Is("137"))], "containers");
    });

    [Fact]
    public void Any_stream_is_matched()
    {
        using var read = new ThreadLocal<StreamMatcher>(() => new StreamMatcher(ShippedCatalog.Set, new StreamOptions(Some.Time)));
        Texts.Run((input, random) =>
        {
            var bytes = Bytes(input, random);
            var last = -1L;
            read.Value!.Feed(bytes, 0, final: true, full: true, match =>
            {
                Assert.True(match.Offset >= last, "matches come in the order of the stream");
                last = match.Offset;
                Assert.NotEmpty(match.Signatures);
            });
        });
    }

    [Fact]
    public void Any_stream_gives_the_same_in_steps()
    {
        var set = MatchSet.Build(ShippedCatalog.Entries.Select(e => e with { Timing = [] }));
        var few = Math.Clamp(Mutation.Count / 20, 1, 2000);
        Parallel.For(0, few, number =>
        {
            var random = new Random(number);
            var text = Matching.RandomLog.Draw(random, 3);
            for (var i = random.Next(6); i > 0 && text.Length > 0; i--) text[random.Next(text.Length)] = (byte)"\n\n\\{\"\e} \0x"[random.Next(10)];
            var once = Some.Scan(set, text).Select(m => $"{m.Entry.Id} {m.Signature} {m.Line} {m.Offset}");
            var steps = Some.ScanInSteps(set, text, 1 << 16, 256, () => random.Next(1, 200)).Select(m => $"{m.Entry.Id} {m.Signature} {m.Line} {m.Offset}");
            Assert.True(once.SequenceEqual(steps, StringComparer.Ordinal), $"log {number}: {string.Join(" | ", once)} in one, {string.Join(" | ", steps)} in steps");
        });
    }

    [Fact]
    public void Any_text_is_redacted() => Texts.Run((input, _) => Assert.NotNull(Redactor.Default.Redact(input)));

    [Fact]
    public void Any_line_has_a_time_or_none() => Texts.Run((input, random) => LogTime.Find(Bytes(input, random), Some.Time));

    [Fact]
    public void Any_text_has_a_fingerprint() => Texts.Run((input, _) => Assert.NotEmpty(Fingerprint.Of("entry", "signature", input)));

    // Half of the inputs are bytes that are no UTF-8.
    private static byte[] Bytes(string input, Random random)
    {
        var bytes = Encoding.UTF8.GetBytes(input);
        if (random.Next(2) == 0 || bytes.Length == 0) return bytes;
        for (var i = random.Next(4); i >= 0; i--) bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
        return bytes;
    }
}
