using System.Runtime.InteropServices;

namespace Tocsin.Core.Signals;

/// <summary>A time of day as read; not yet known to be possible.</summary>
[StructLayout(LayoutKind.Auto)]
internal record struct Clock(int Hour, int Minute, int Second, int Nanosecond);

/// <summary>Reads the parts of a written time from the front of a text. A part that is not there leaves the reader where it was.</summary>
internal ref struct LogTimeText(ReadOnlySpan<byte> text)
{
    private const int FirstYear = 1970;
    private const int LastYear = 2199;
    private const int FractionDigits = 9;

    private ReadOnlySpan<byte> rest = text;

    public readonly bool StartsWithDigit => !rest.IsEmpty && IsDigit(rest[0]);

    private static ReadOnlySpan<byte> Months => "janfebmaraprmayjunjulaugsepoctnovdec"u8;

    private static ReadOnlySpan<byte> Weekdays => "montuewedthufrisatsun"u8;

    public static bool IsDigit(byte b) => b is >= (byte)'0' and <= (byte)'9';

    public static bool IsWord(byte b) => IsDigit(b) || (b | 0x20) is >= 'a' and <= 'z';

    public static EventTime? ToTime(int year, int month, int day, Clock clock, int offsetMinutes)
    {
        var possible = year is >= FirstYear and <= LastYear && month is >= 1 and <= 12 && day >= 1 && day <= DateTime.DaysInMonth(year, month)
            && clock is { Hour: <= 23, Minute: <= 59, Second: <= 59 };
        if (!possible)
            return null;
        var second = new DateTime(year, month, day, clock.Hour, clock.Minute, clock.Second, DateTimeKind.Utc).AddMinutes(-offsetMinutes);
        return new EventTime(EventTime.FromUtc(second).Nanoseconds + clock.Nanosecond);
    }

    /// <summary>A number of so many digits, and no more digits after it.</summary>
    public bool Number(int least, int most, out int value)
    {
        value = 0;
        var length = 0;
        while (length < rest.Length && length <= most && IsDigit(rest[length]))
            value = (value * 10) + (rest[length++] - '0');
        if (length < least || length > most)
            return false;
        rest = rest[length..];
        return true;
    }

    public bool Is(byte expected)
    {
        if (rest.IsEmpty || rest[0] != expected)
            return false;
        rest = rest[1..];
        return true;
    }

    public bool OneOf(ReadOnlySpan<byte> expected, out byte found)
    {
        found = 0;
        if (rest.IsEmpty || !expected.Contains(rest[0]))
            return false;
        found = rest[0];
        rest = rest[1..];
        return true;
    }

    /// <summary>Blanks, among them the narrow no-break space that Node 20 writes before PM.</summary>
    public bool Blanks()
    {
        var length = 0;
        while (length < rest.Length)
        {
            if (rest[length] == ' ')
                length++;
            else if (rest[length..].StartsWith("\u202f"u8))
                length += 3;
            else if (rest[length..].StartsWith("\u00a0"u8))
                length += 2;
            else
                break;
        }

        rest = rest[length..];
        return length > 0;
    }

    public bool Month(out int month)
    {
        month = Name(Months) + 1;
        return month > 0;
    }

    public bool Weekday() => Name(Weekdays) >= 0;

    /// <summary>21:49:40.</summary>
    public bool Clock(out Clock clock)
    {
        clock = default;
        if (!Number(1, 2, out var hour) || !Is((byte)':') || !Number(2, 2, out var minute) || !Is((byte)':') || !Number(2, 2, out var second))
            return false;
        clock = new(hour, minute, second, 0);
        return true;
    }

    /// <summary>.123 or ,123456789; digits beyond nanoseconds are dropped.</summary>
    public void Fraction(ref Clock clock)
    {
        if (rest.Length < 2 || rest[0] is not ((byte)'.' or (byte)',') || !IsDigit(rest[1]))
            return;
        var length = 1;
        var nanoseconds = 0;
        for (; length < rest.Length && IsDigit(rest[length]); length++)
        {
            if (length <= FractionDigits)
                nanoseconds = (nanoseconds * 10) + (rest[length] - '0');
        }

        for (var digits = length - 1; digits < FractionDigits; digits++)
            nanoseconds *= 10;
        clock.Nanosecond = nanoseconds;
        rest = rest[length..];
    }

    /// <summary>AM or PM, if there is one; false where the hour does not fit it.</summary>
    public bool HalfDay(ref Clock clock)
    {
        var before = rest;
        Blanks();
        if (rest.Length < 2 || (rest[1] | 0x20) != 'm' || (rest[0] | 0x20) is not ('a' or 'p') || (rest.Length > 2 && IsWord(rest[2])))
        {
            rest = before;
            return true;
        }

        var afternoon = (rest[0] | 0x20) == 'p';
        rest = rest[2..];
        if (clock.Hour is < 1 or > 12)
            return false;
        clock.Hour = (clock.Hour % 12) + (afternoon ? 12 : 0);
        return true;
    }

    /// <summary>The year that C's asctime and Apache's error log put last.</summary>
    public bool TrailingYear(out int year)
    {
        var before = rest;
        if (Blanks() && Number(4, 4, out year))
            return true;
        rest = before;
        year = 0;
        return false;
    }

    /// <summary>Minutes east of UTC: Z, +hh:mm, +hhmm, +hh, or those but the last after a blank; 0 where there is none.</summary>
    public int Zone()
    {
        var spaced = rest.Length > 1 && rest[0] == ' ';
        var zone = spaced ? rest[1..] : rest;
        if (zone.Length < 3 || zone[0] is not ((byte)'+' or (byte)'-'))
            return 0;
        var reader = new LogTimeText(zone[1..]);
        if (reader.Number(4, 4, out var both))
            return Offset(zone[0], both / 100, both % 100);
        if (!reader.Number(2, 2, out var hours))
            return 0;
        if (reader.Is((byte)':') && reader.Number(2, 2, out var minutes))
            return Offset(zone[0], hours, minutes);
        return spaced ? 0 : Offset(zone[0], hours, 0);
    }

    private static int Offset(byte sign, int hours, int minutes)
    {
        if (hours > 14 || minutes > 59)
            return 0;
        return (sign == '-' ? -1 : 1) * ((hours * 60) + minutes);
    }

    private int Name(ReadOnlySpan<byte> names)
    {
        if (rest.Length < 3 || (rest.Length > 3 && IsWord(rest[3])))
            return -1;
        for (var at = 0; at < names.Length; at += 3)
        {
            if ((rest[0] | 0x20) == names[at] && (rest[1] | 0x20) == names[at + 1] && (rest[2] | 0x20) == names[at + 2])
            {
                rest = rest[3..];
                return at / 3;
            }
        }

        return -1;
    }
}
