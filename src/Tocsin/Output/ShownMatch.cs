using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Tocsin.Core.Matching;
using Tocsin.Core.Signals;

namespace Tocsin.Cli.Output;

/// <summary>
/// What of a match may be shown: its texts without their secrets. Lines are looked at together, since a private key spans several, and a
/// capture with the line it is from, since it may be a piece of a secret that does not look like one by itself.
/// </summary>
internal sealed record ShownMatch(string Text, ImmutableArray<string> Before, ImmutableArray<string> After, ImmutableArray<Capture> Captures)
{
    public static ShownMatch Of(Match match) => Of(match, text => text);

    /// <summary>As above, each text tidied first: what an escape sequence splits must not pass for harmless.</summary>
    public static ShownMatch Of(Match match, Func<string, string> tidy)
    {
        if (match.Before.IsEmpty && match.After.IsEmpty) return Alone(match, tidy);
        string[] lines = [.. match.Before.Select(tidy), tidy(match.Text), .. match.After.Select(tidy)];
        var at = match.Before.Length;
        var shown = Redact(lines);
        return new ShownMatch(
            shown[at],
            [.. shown.Take(at)],
            [.. shown.Skip(at + 1)],
            [.. match.Captures.Select(c => c with { Value = Capture(lines[at], shown[at], tidy(c.Value)) })]);
    }

    private static ShownMatch Alone(Match match, Func<string, string> tidy)
    {
        var line = tidy(match.Text);
        var shown = Redactor.Default.Redact(line);
        var captures = new Capture[match.Captures.Length];
        for (var i = 0; i < captures.Length; i++) captures[i] = match.Captures[i] with { Value = Capture(line, shown, tidy(match.Captures[i].Value)) };
        return new ShownMatch(shown, [], [], ImmutableCollectionsMarshal.AsImmutableArray(captures));
    }

    private static string Capture(string line, string shown, string value) =>
        line.Contains(value, StringComparison.Ordinal) && !shown.Contains(value, StringComparison.Ordinal) ? "[redacted]" : Redactor.Default.Redact(value);

    private static string[] Redact(string[] lines)
    {
        var found = Redactor.Default.Find(string.Join('\n', lines));
        var start = 0;
        var shown = new string[lines.Length];
        for (var i = 0; i < lines.Length; i++)
        {
            shown[i] = Redactor.Default.Redact(Cut(lines[i], start, found));
            start += lines[i].Length + 1;
        }
        return shown;
    }

    private static string Cut(string line, int start, IReadOnlyList<Redaction> found)
    {
        foreach (var secret in found.Reverse())
        {
            var from = Math.Max(secret.Start - start, 0);
            var to = Math.Min(secret.Start + secret.Length - start, line.Length);
            if (from < to) line = $"{line[..from]}[redacted:{secret.Kind}]{line[to..]}";
        }
        return line;
    }
}
