namespace Tocsin.Core.Signals;

/// <summary>
/// Finds the time that a log line carries, so that lines from different programs can be put in order and matched within a window. Works
/// on raw bytes and allocates nothing.
/// </summary>
/// <remarks>
/// The first time that reads as one wins. Only the first <see cref="Head"/> bytes are looked at; in a JSON line only the named keys of the
/// outermost object, within the first <see cref="JsonHead"/> bytes: a date in a message is not the time of the line. A time without
/// a zone is UTC, since containers run in UTC; so is one with a zone's letters other than UTC, GMT or Z. Years outside 1970–2199
/// are no log times (Go prints year 1 for "never").
/// </remarks>
public static class LogTime
{
    /// <summary>How far into a line a time may start, in bytes.</summary>
    public const int Head = 256;

    /// <summary>How far into a JSON line its time key may stand, in bytes.</summary>
    public const int JsonHead = 4096;

    private const byte Escape = 0x1b;

    /// <summary>The line's time, or null where it has none or an impossible one.</summary>
    /// <param name="line">The line as it was read, with or without a prefix of Docker, Kubernetes or Compose.</param>
    /// <param name="reference">When the line was read: syslog's times have no year, and are taken as the last such day up to a day later.</param>
    public static EventTime? Find(ReadOnlySpan<byte> line, EventTime reference)
    {
        var head = line[..Math.Min(line.Length, Head)];
        var json = head.IndexOf("{\""u8);
        if (json < 0)
            json = head.IndexOf("{ \""u8);
        var text = json < 0 ? head : head[..json];
        if (FindInText(text, reference) is { } time)
            return time;
        return json < 0 ? null : JsonTime.Find(line[json..Math.Min(line.Length, JsonHead)], reference);
    }

    /// <summary>The first time of a text; also for the value of a JSON key.</summary>
    internal static EventTime? FindInText(ReadOnlySpan<byte> text, EventTime reference)
    {
        if (EpochTime.AtStart(text) is { } epoch)
            return epoch;
        for (var at = 0; at < text.Length; at++)
        {
            if (text[at] == Escape)
            {
                // A colour's code ends in a letter that would otherwise join the time's first digit.
                while (at + 1 < text.Length && (text[at] | 0x20) is < 'a' or > 'z')
                    at++;
                continue;
            }

            if (!LogTimeText.IsWord(text[at]))
                continue;
            var reader = new LogTimeText(text[at..]);
            if (ReadAt(ref reader, reference) is { } time)
                return time;
            while (at + 1 < text.Length && LogTimeText.IsWord(text[at + 1]))
                at++;
        }

        return null;
    }

    private static EventTime? ReadAt(ref LogTimeText text, EventTime reference)
    {
        if (!text.StartsWithDigit)
            return ReadNamed(ref text, reference);
        var start = text;
        if (ReadYearFirst(ref text) is { } iso)
            return iso;
        text = start;
        if (ReadMonthFirst(ref text) is { } american)
            return american;
        text = start;
        return ReadDayFirst(ref text);
    }

    /// <summary>2026-11-21T21:49:40.123Z, 2026/11/21 21:24:54, 2026.11.21 21:21:37.264512.</summary>
    private static EventTime? ReadYearFirst(ref LogTimeText text)
    {
        if (!text.Number(4, 4, out var year) || !text.OneOf("-/."u8, out var sign) || !text.Number(2, 2, out var month) || !text.Is(sign)
            || !text.Number(2, 2, out var day) || !text.OneOf("Tt _"u8, out _) || !text.Clock(out var clock))
            return null;
        text.Fraction(ref clock);
        return LogTimeText.ToTime(year, month, day, clock, text.Zone());
    }

    /// <summary>Nest's 11/21/2026, 9:08:20 PM.</summary>
    private static EventTime? ReadMonthFirst(ref LogTimeText text)
    {
        if (!text.Number(1, 2, out var month) || !text.Is((byte)'/') || !text.Number(1, 2, out var day) || !text.Is((byte)'/')
            || !text.Number(4, 4, out var year))
            return null;
        text.Is((byte)',');
        if (!text.Blanks() || !text.Clock(out var clock))
            return null;
        text.Fraction(ref clock);
        return text.HalfDay(ref clock) ? LogTimeText.ToTime(year, month, day, clock, text.Zone()) : null;
    }

    /// <summary>21/Nov/2026:21:49:40 +0000 (Apache, nginx, HAProxy), 21 Nov 2026 21:10:00.942 (Redis, RFC 1123).</summary>
    private static EventTime? ReadDayFirst(ref LogTimeText text)
    {
        if (!text.Number(1, 2, out var day) || !text.OneOf("/ -"u8, out var sign) || !text.Month(out var month) || !text.Is(sign)
            || !text.Number(4, 4, out var year) || !text.OneOf(": "u8, out _) || !text.Clock(out var clock))
            return null;
        text.Fraction(ref clock);
        return LogTimeText.ToTime(year, month, day, clock, text.Zone());
    }

    /// <summary>Sat, 21 Nov 2026 21:21:12 GMT; Sat Nov 21 21:21:12 2026; syslog's Nov 21 22:38:04.</summary>
    private static EventTime? ReadNamed(ref LogTimeText text, EventTime reference)
    {
        var hasWeekday = text.Weekday();
        if (hasWeekday)
        {
            text.Is((byte)',');
            if (!text.Blanks())
                return null;
            if (text.StartsWithDigit)
                return ReadDayFirst(ref text);
        }

        if (!text.Month(out var month) || !text.Blanks() || !text.Number(1, 2, out var day))
            return null;
        text.Is((byte)',');
        if (!text.Blanks())
            return null;
        var afterDay = text;
        var hasYear = text.Number(4, 4, out var year) && text.Blanks();
        if (!hasYear)
            text = afterDay;
        if (!text.Clock(out var clock))
            return null;
        text.Fraction(ref clock);
        if (!hasYear && hasWeekday)
            hasYear = text.TrailingYear(out year);
        return hasYear ? LogTimeText.ToTime(year, month, day, clock, text.Zone()) : WithoutYear(month, day, clock, reference);
    }

    /// <summary>The last such day that is not more than a day after the reference; a 29 February may be eight years back.</summary>
    private static EventTime? WithoutYear(int month, int day, Clock clock, EventTime reference)
    {
        var limit = reference + TimeSpan.FromDays(1);
        var latest = limit.Utc.Year;
        for (var year = latest; year >= latest - 8; year--)
        {
            if (LogTimeText.ToTime(year, month, day, clock, offsetMinutes: 0) is { } time && time <= limit)
                return time;
        }

        return null;
    }
}
