using System.Globalization;
using System.Numerics;
using System.Runtime.InteropServices;
using System.Text;

namespace Tocsin.Lab.Aws.Logs;

/// <summary>Where an event stands in its group: by its time, and among equals by arrival. Nothing moves once it is stored.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct LogPosition(long Timestamp, long Arrival) : IComparable<LogPosition>
{
    public static readonly LogPosition End = new(long.MaxValue, long.MaxValue);

    public LogPosition Next => new(Timestamp, Arrival + 1);

    public static LogPosition At(long timestamp) => new(timestamp, 0);

    /// <summary>The place behind everything that bears this time.</summary>
    public static LogPosition Behind(long timestamp) => timestamp == long.MaxValue ? End : new(timestamp + 1, 0);

    public int CompareTo(LogPosition other)
    {
        var byTime = Timestamp.CompareTo(other.Timestamp);
        return byTime != 0 ? byTime : Arrival.CompareTo(other.Arrival);
    }

    public static bool operator <(LogPosition left, LogPosition right) => left.CompareTo(right) < 0;

    public static bool operator >(LogPosition left, LogPosition right) => left.CompareTo(right) > 0;

    public static bool operator <=(LogPosition left, LogPosition right) => left.CompareTo(right) <= 0;

    public static bool operator >=(LogPosition left, LogPosition right) => left.CompareTo(right) >= 0;
}

/// <summary>A stored event; times in ms since 1970, the message as its UTF-8 bytes inside the store's block.</summary>
public readonly record struct LogEvent(LogPosition Position, long Ingested, string Stream, ReadOnlyMemory<byte> Bytes)
{
    public long Timestamp => Position.Timestamp;

    public string Message => Encoding.UTF8.GetString(Bytes.Span);
}

/// <summary>
/// The ids that AWS gives to events: 56 digits that sort by time. In AWS's the milliseconds stand above bit 144; what is below is the lab's own:
/// the group's number and the arrival, so that an id is also a place to read on from.
/// </summary>
public static class EventIds
{
    private const int TimeAt = 144;
    private const int GroupAt = 64;
    private const int Digits = 56;

    public static string Of(long group, LogPosition position) =>
        ((new BigInteger(Math.Max(0, position.Timestamp)) << TimeAt) + (new BigInteger(group) << GroupAt) + position.Arrival)
        .ToString(CultureInfo.InvariantCulture).PadLeft(Digits, '0');

    public static bool TryParse(string text, out long group, out LogPosition position)
    {
        group = 0;
        position = default;
        if (text.Length is < Digits or > Digits + 8 || !text.All(char.IsAsciiDigit)) return false;
        var id = BigInteger.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);
        var time = id >> TimeAt;
        var number = (id >> GroupAt) & long.MaxValue;
        var arrival = id & ulong.MaxValue;
        if (time > long.MaxValue || arrival > long.MaxValue) return false;
        group = (long)number;
        position = new LogPosition((long)time, (long)arrival);
        return true;
    }
}
