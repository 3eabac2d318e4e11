using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;
using Tocsin.Core.Signals;

namespace Tocsin.Cli.Output;

/// <summary>An entry that a text resembles, and the words in the text that speak against it.</summary>
internal sealed record RuledOut(string Entry, string Words)
{
    private const int MaxWords = 60;

    /// <summary>One for each entry that is not a candidate itself; where the words cannot be shown, the entry is left out.</summary>
    public static IEnumerable<RuledOut> Of(Explanation explanation, string text, ImmutableArray<Entry> entries) =>
        explanation.Against
            .Where(a => !explanation.Candidates.Any(c => string.Equals(c.Entry.Id, a.Entry, StringComparison.Ordinal)))
            .Select(a => (a.Entry, Words: FoundIn(text, a, entries)))
            .Where(a => a.Words.Length > 0)
            .DistinctBy(a => a.Entry, StringComparer.Ordinal)
            .Select(a => new RuledOut(a.Entry, a.Words));

    private static string FoundIn(string text, SpeaksAgainst against, ImmutableArray<Entry> entries)
    {
        var signature = entries.First(e => string.Equals(e.Id, against.Entry, StringComparison.Ordinal)).Signatures.First(s => string.Equals(s.Id, against.Signature, StringComparison.Ordinal));
        foreach (var pattern in signature.Not)
        {
            var found = pattern switch
            {
                Pattern.Literal p when Is(p.Text) => p.Text,
                Pattern.Regex p when Is(p.Text) => Regex.Match(text, p.Text, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.IgnoreCase).Value,
                _ => "",
            };
            var shown = PlainText.Of(Redactor.Default.Redact(found));
            if (shown.Length > 0) return shown.Length <= MaxWords ? shown : $"{shown.AsSpan(0, MaxWords - 1)}…";
        }
        return "";

        bool Is(string pattern) => string.Equals(pattern, against.Because, StringComparison.Ordinal);
    }
}
