using System.Text;
using Tocsin.Core.Signals;

namespace Tocsin.Core.Matching;

/// <summary>
/// A long line cut around the place where a signature was found. A secret is told by the words before it and by its whole length, so a cut through
/// either would leave a part of it that nobody redacts later: the cut gives way, and such a secret is left out altogether.
/// </summary>
internal static class LineCut
{
    /// <summary>Secrets are looked for this many bytes to both sides; the longest form, a private key, is at most as long.</summary>
    private const int Reach = 16 * 1024;
    private const int MaxMoves = 64;

    /// <summary>The line as text; of a longer one <see cref="Match.MaxText"/> bytes at most, without any part of a secret that is not in it as a whole.</summary>
    public static string Around(ReadOnlySpan<byte> line, int at)
    {
        if (line.Length <= Match.MaxText) return Encoding.UTF8.GetString(line);
        var first = CharacterStart(line, Math.Max(0, at - (Match.MaxText / 2)));
        var last = CharacterStart(line, Math.Min(line.Length, first + Match.MaxText));
        var from = CharacterStart(line, Math.Max(0, first - Reach));
        var wide = Encoding.UTF8.GetString(line[from..Math.Min(line.Length, last + Reach)]);
        var start = Encoding.UTF8.GetCharCount(line[from..first]);
        var middle = Encoding.UTF8.GetCharCount(line[from..Math.Clamp(at, first, last)]);
        var end = start + Encoding.UTF8.GetCharCount(line[first..last]);
        return Settle(wide, start, middle, end);
    }

    private static string Settle(string wide, int start, int middle, int end)
    {
        var secrets = Redactor.Default.Find(wide);
        for (var move = 0; move < MaxMoves; move++)
        {
            var shown = wide[start..end];
            if (Exposed(secrets, Redactor.Default.Find(shown), start, end) is not { } secret) return shown;
            if (secret.Start + (secret.Length / 2) < middle) start = Math.Min(end, secret.Start + secret.Length);
            else end = Math.Max(start, secret.Start);
        }
        return "";
    }

    // The first secret that stands in the cut, wholly or in part, and is not told as a whole from the cut alone.
    private static Redaction? Exposed(IReadOnlyList<Redaction> secrets, IReadOnlyList<Redaction> told, int start, int end)
    {
        foreach (var secret in secrets)
        {
            var secretEnd = secret.Start + secret.Length;
            if (secretEnd <= start || secret.Start >= end) continue;
            if (secret.Start < start || secretEnd > end || !told.Any(t => t.Start + start <= secret.Start && t.Start + t.Length + start >= secretEnd)) return secret;
        }
        return null;
    }

    private static int CharacterStart(ReadOnlySpan<byte> line, int at)
    {
        // A character has at most three bytes after its first; what has more is not UTF-8, and may be cut anywhere.
        for (var back = 0; back < 4 && at - back > 0 && at < line.Length; back++)
        {
            if ((line[at - back] & 0xc0) != 0x80) return at - back;
        }
        return at;
    }
}
