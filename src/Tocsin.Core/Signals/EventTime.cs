using System.Globalization;
using System.Runtime.InteropServices;
using NodaTime;

namespace Tocsin.Core.Signals;

/// <summary>
/// The time that a line of a log carries, in nanoseconds since 1970, from 1677 to 2262. The program's own times are NodaTime's; a scan
/// does without them, since the library and what it draws in are a seventh of all its memory and of its start.
/// </summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct EventTime(long Nanoseconds) : IComparable<EventTime>
{
    private const long PerTick = 100;
    private const long PerSecond = 1_000_000_000;

    public static EventTime MinValue => new(long.MinValue);

    public static EventTime FromUnixSeconds(long seconds) => new(seconds * PerSecond);

    public static EventTime From(DateTimeOffset time) => FromUtc(time.UtcDateTime);

    public static EventTime FromUtc(DateTime utc) => new((utc.Ticks - DateTime.UnixEpoch.Ticks) * PerTick);

    public long UnixSeconds => Nanoseconds >= 0 ? Nanoseconds / PerSecond : -((PerSecond - 1 - Nanoseconds) / PerSecond);

    /// <summary>The date and time in UTC, to a tenth of a microsecond.</summary>
    public DateTime Utc => DateTime.UnixEpoch.AddTicks(Nanoseconds / PerTick);

    // An instant beyond the range is the range's end: no log carries it.
    public static implicit operator EventTime(Instant time) => new((long)Int128.Clamp((time - NodaConstants.UnixEpoch).ToInt128Nanoseconds(), long.MinValue, long.MaxValue));

    public static implicit operator Instant(EventTime time) => NodaConstants.UnixEpoch + Duration.FromNanoseconds(time.Nanoseconds);

    public static TimeSpan operator -(EventTime one, EventTime other) => new((one.Nanoseconds - other.Nanoseconds) / PerTick);

    public static EventTime operator -(EventTime time, TimeSpan span) => time + -span;

    public static EventTime operator +(EventTime time, TimeSpan span) => new((long)Int128.Clamp(time.Nanoseconds + (span.Ticks * (Int128)PerTick), long.MinValue, long.MaxValue));

    public static bool operator <(EventTime one, EventTime other) => one.Nanoseconds < other.Nanoseconds;

    public static bool operator >(EventTime one, EventTime other) => one.Nanoseconds > other.Nanoseconds;

    public static bool operator <=(EventTime one, EventTime other) => one.Nanoseconds <= other.Nanoseconds;

    public static bool operator >=(EventTime one, EventTime other) => one.Nanoseconds >= other.Nanoseconds;

    public int CompareTo(EventTime other) => Nanoseconds.CompareTo(other.Nanoseconds);

    /// <summary>RFC 3339 in UTC, with as many digits of a second as there are.</summary>
    public override string ToString()
    {
        var fraction = ((Nanoseconds % PerSecond) + PerSecond) % PerSecond;
        var seconds = DateTime.UnixEpoch.AddSeconds(UnixSeconds).ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture);
        return fraction == 0 ? seconds + "Z" : $"{seconds}.{fraction.ToString("000000000", CultureInfo.InvariantCulture).TrimEnd('0')}Z";
    }
}
