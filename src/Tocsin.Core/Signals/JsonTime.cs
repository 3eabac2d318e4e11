namespace Tocsin.Core.Signals;

/// <summary>
/// The time key of a JSON log line. Walks the text itself instead of parsing it: lines come cut off, and most are not needed beyond
/// their first keys.
/// </summary>
internal static class JsonTime
{
    public static EventTime? Find(ReadOnlySpan<byte> json, EventTime reference)
    {
        var depth = 0;
        for (var at = 0; at < json.Length; at++)
        {
            switch (json[at])
            {
                case (byte)'{' or (byte)'[':
                    depth++;
                    break;
                case (byte)'}' or (byte)']':
                    if (--depth == 0)
                        return null;
                    break;
                case (byte)'"':
                    var end = StringEnd(json, at + 1);
                    if (end < 0)
                        return null;
                    if (depth == 1 && IsTimeKey(json[(at + 1)..end]) && ReadValue(json, end + 1, reference) is { } time)
                        return time;
                    at = end;
                    break;
            }
        }

        return null;
    }

    private static bool IsTimeKey(ReadOnlySpan<byte> key) => key.Length switch
    {
        2 => key.SequenceEqual("ts"u8) || key.SequenceEqual("@t"u8),
        4 => key.SequenceEqual("time"u8),
        8 => key.SequenceEqual("datetime"u8),
        9 => key.SequenceEqual("timestamp"u8),
        10 => key.SequenceEqual("@timestamp"u8),
        _ => false,
    };

    private static EventTime? ReadValue(ReadOnlySpan<byte> json, int at, EventTime reference)
    {
        var rest = json[at..].TrimStart(" \t"u8);
        if (rest.IsEmpty || rest[0] != ':')
            return null;
        rest = rest[1..].TrimStart(" \t"u8);
        if (rest.IsEmpty)
            return null;
        if (rest[0] != '"')
            return EpochTime.Parse(rest[..EpochTime.NumberLength(rest)]);
        var end = StringEnd(rest, 1);
        return end < 0 ? null : LogTime.FindInText(rest[1..Math.Min(end, LogTime.Head)], reference);
    }

    /// <summary>Where the closing quote stands, or -1.</summary>
    private static int StringEnd(ReadOnlySpan<byte> json, int at)
    {
        while (at < json.Length)
        {
            var hit = json[at..].IndexOfAny((byte)'"', (byte)'\\');
            if (hit < 0)
                return -1;
            at += hit;
            if (json[at] == '"')
                return at;
            at += 2;
        }

        return -1;
    }
}
