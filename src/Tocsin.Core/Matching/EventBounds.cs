using System.Buffers;

namespace Tocsin.Core.Matching;

/// <summary>
/// Which lines belong together. An event is a line and its continuation lines: the frames of a stack trace, the members of an object that
/// spans lines, an error that a logger prints on the line below its own header.
/// </summary>
internal static class EventBounds
{
    /// <summary>An event longer than this is cut; what follows is another event.</summary>
    public const int MaxBytes = 256 * 1024;

    private static readonly SearchValues<byte> Blanks = SearchValues.Create(" \t"u8);
    private static readonly byte[][] HeaderNames =
    [
        "server"u8.ToArray(), "date"u8.ToArray(), "content-"u8.ToArray(), "connection"u8.ToArray(), "cache-control"u8.ToArray(), "via"u8.ToArray(),
        "x-"u8.ToArray(), "cf-"u8.ToArray(), "vary"u8.ToArray(), "etag"u8.ToArray(), "location"u8.ToArray(), "transfer-encoding"u8.ToArray(),
        "keep-alive"u8.ToArray(), "access-control-"u8.ToArray(), "alt-svc"u8.ToArray(), "strict-transport-security"u8.ToArray(),
    ];

    private static readonly string[] ErrorLevels = ["error", "fatal", "critical", "panic"];

    /// <summary>The event around <paramref name="at"/>, not reaching before <paramref name="floor"/>.</summary>
    public static (int Start, int End) Around(ReadOnlySpan<byte> text, int at, int floor)
    {
        var start = Start(text, LineStart(text, at, floor), floor);
        return (start, End(text, start, at));
    }

    /// <summary>The start of the event that holds the line at <paramref name="line"/>.</summary>
    public static int Start(ReadOnlySpan<byte> text, int line, int floor)
    {
        var start = line;
        while (start > floor && line - start < MaxBytes)
        {
            var previous = LineStart(text, start - 1, floor);
            if (Continues(Line(text, previous), Line(text, start)))
            {
                start = previous;
                continue;
            }
            if (previous == floor || !IsBlank(text, previous)) return start;
            var headline = LineStart(text, previous - 1, floor);
            if (!ContinuesOverBlank(Line(text, headline), Line(text, start))) return start;
            start = headline;
        }
        return start;
    }

    /// <summary>Whether the line at <paramref name="start"/> holds nothing to see.</summary>
    public static bool IsBlank(ReadOnlySpan<byte> text, int start) => Line(text, start).Trim(" \t\r"u8).IsEmpty;

    public static int LineStart(ReadOnlySpan<byte> text, int at, int floor) => text[floor..at].LastIndexOf((byte)'\n') + 1 + floor;

    public static int LineEnd(ReadOnlySpan<byte> text, int at)
    {
        var end = text[at..].IndexOf((byte)'\n');
        return end < 0 ? text.Length : at + end;
    }

    private static int End(ReadOnlySpan<byte> text, int start, int atLeast)
    {
        var line = start;
        var end = LineEnd(text, start);
        while (end < text.Length - 1 && (end < atLeast || end - start < MaxBytes))
        {
            var next = Line(text, end + 1);
            if (!Continues(Line(text, line), next))
            {
                var after = LineEnd(text, end + 1) + 1;
                if (!IsBlank(text, end + 1) || after >= text.Length || !ContinuesOverBlank(Line(text, line), Line(text, after))) return end;
                line = after;
            }
            else
            {
                line = end + 1;
            }
            end = LineEnd(text, line);
        }
        return end;
    }

    // Only the head of a line decides; a line of a gigabyte costs no more than a short one.
    private static ReadOnlySpan<byte> Line(ReadOnlySpan<byte> text, int start)
    {
        var head = text.Slice(start, Math.Min(512, text.Length - start));
        var end = head.IndexOf((byte)'\n');
        return end < 0 ? head : head[..end];
    }

    /// <summary>Whether <paramref name="line"/> belongs to the event that <paramref name="previous"/> is part of.</summary>
    internal static bool Continues(ReadOnlySpan<byte> previous, ReadOnlySpan<byte> line)
    {
        line = TrimEnd(line);
        previous = TrimEnd(previous);
        if (line.IsEmpty || previous.IsEmpty) return false;
        return line[0] switch
        {
            (byte)' ' or (byte)'\t' => !StartsRecord(line[Math.Max(0, line.IndexOfAnyExcept(Blanks))..]),
            (byte)'}' or (byte)']' or (byte)')' => true,
            (byte)'<' => previous[0] == '<',
            (byte)'-' when line.StartsWith("- "u8) => previous.StartsWith("- "u8) || previous.EndsWith(":"u8),
            (byte)'(' => line.StartsWith("(integer)"u8),
            _ => line.StartsWith("Caused by:"u8) || line.StartsWith("... "u8)
                || (IsErrorClass(previous) && previous.EndsWith(":"u8))
                || (IsErrorClass(line) && LeadsToError(previous))
                || (IsHeader(line) && (previous.StartsWith("HTTP/"u8) || IsHeader(previous))),
        };
    }

    /// <summary>An error's headline, a blank line, and its explanation: one message of several paragraphs.</summary>
    internal static bool ContinuesOverBlank(ReadOnlySpan<byte> headline, ReadOnlySpan<byte> line)
    {
        headline = TrimEnd(headline);
        line = TrimEnd(line);
        return !headline.IsEmpty && !line.IsEmpty && IsErrorClass(headline) && char.IsAsciiLetter((char)line[0]) && !IsErrorClass(line) && !StartsRecord(line);
    }

    // The head of an HTTP answer, as curl -i prints it.
    private static bool IsHeader(ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        if (colon is < 3 or > 40) return false;
        foreach (var name in HeaderNames)
        {
            if (colon >= name.Length && AsciiFold.StartsWith(line, name, exactCase: false)) return true;
        }
        return false;
    }

    // A record of its own although it is indented: it begins with a date, a time, or a level.
    private static bool StartsRecord(ReadOnlySpan<byte> line)
    {
        if (line.Length >= 8 && Digit(line[0]) && Digit(line[1]))
        {
            if (Digit(line[2]) && Digit(line[3]) && line[4] is (byte)'-' or (byte)'/' or (byte)'.') return Digit(line[5]);
            if (line[2] == ':' && Digit(line[3]) && line[5] == ':') return true;
        }
        return line.StartsWith("INFO "u8) || line.StartsWith("WARN "u8) || line.StartsWith("ERROR "u8) || line.StartsWith("DEBUG "u8);
    }

    // "TypeError: …", "QueryFailedError: …", "Error [ERR_X]: …", "com.x.SomeException: …"
    private static bool IsErrorClass(ReadOnlySpan<byte> line)
    {
        var i = 0;
        while (i < line.Length && i < 120 && (char.IsAsciiLetterOrDigit((char)line[i]) || line[i] is (byte)'.' or (byte)'_' or (byte)'$')) i++;
        if (i == line.Length || i < 5) return false;
        var name = line[..i];
        return (name.EndsWith("Error"u8) || name.EndsWith("Exception"u8)) && (line[i] == ':' || line[i..].StartsWith(" ["u8) || line[i..].StartsWith(" ("u8));
    }

    // A logger's header with an error level, or the frames of a Python traceback whose last line names the error.
    private static bool LeadsToError(ReadOnlySpan<byte> previous)
    {
        if (previous[0] is (byte)' ' or (byte)'\t')
        {
            var inner = previous[Math.Max(0, previous.IndexOfAnyExcept(Blanks))..];
            return !inner.StartsWith("at "u8) && !inner.StartsWith("["u8) && !inner.EndsWith(","u8);
        }
        if (IsErrorClass(previous)) return false;
        var head = previous[..Math.Min(previous.Length, 120)];
        foreach (var level in ErrorLevels)
        {
            if (HasWord(head, level)) return true;
        }
        return false;
    }

    private static bool HasWord(ReadOnlySpan<byte> text, string word)
    {
        for (var at = 0; at + word.Length <= text.Length; at++)
        {
            var same = true;
            for (var i = 0; i < word.Length && same; i++) same = AsciiFold.Fold(text[at + i]) == word[i];
            if (same && (at == 0 || !char.IsAsciiLetterOrDigit((char)text[at - 1])) && (at + word.Length == text.Length || !char.IsAsciiLetterOrDigit((char)text[at + word.Length])))
                return true;
        }
        return false;
    }

    private static ReadOnlySpan<byte> TrimEnd(ReadOnlySpan<byte> line)
    {
        while (!line.IsEmpty && line[^1] is (byte)'\r' or (byte)' ' or (byte)'\t') line = line[..^1];
        return line;
    }

    private static bool Digit(byte b) => b is >= (byte)'0' and <= (byte)'9';
}
