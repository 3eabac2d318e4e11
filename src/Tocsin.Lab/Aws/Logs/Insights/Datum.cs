using System.Globalization;
using NodaTime;
using NodaTime.Text;

namespace Tocsin.Lab.Aws.Logs.Insights;

internal enum DatumKind
{
    Missing,
    Text,
    Number,
    Flag,
    Time,
}

/// <summary>A value in a query. A text that reads as a number is a number wherever one is asked; a time is ms since 1970 in <see cref="Value"/>.</summary>
internal readonly record struct Datum(DatumKind Kind, double Value, string? Words)
{
    public static readonly Datum Missing = default;

    private static readonly InstantPattern Shown = InstantPattern.CreateWithInvariantCulture("uuuu'-'MM'-'dd' 'HH':'mm':'ss'.'fff");

    public bool IsMissing => Kind == DatumKind.Missing;

    public static Datum Of(string? text) => text is null ? Missing : new(DatumKind.Text, 0, text);

    public static Datum Of(double number) => double.IsFinite(number) ? new(DatumKind.Number, number, null) : Missing;

    public static Datum Of(bool flag) => new(DatumKind.Flag, flag ? 1 : 0, null);

    /// <summary>A time outside of what can be written as a date is a plain number.</summary>
    public static Datum Time(double ms) => ms is > -62_135_596_800_000 and < 253_402_300_800_000 ? new(DatumKind.Time, ms, null) : Of(ms);

    public double? Number => Kind switch
    {
        DatumKind.Number or DatumKind.Time => Value,
        DatumKind.Text => Parsed(),
        _ => null,
    };

    /// <summary>Whether a filter lets it pass.</summary>
    public bool Holds => Kind switch
    {
        DatumKind.Flag or DatumKind.Number => Value != 0,
        DatumKind.Text => string.Equals(Words, "true", StringComparison.OrdinalIgnoreCase) || Parsed() is { } n && n != 0,
        _ => false,
    };

    /// <summary>As it is answered and as functions of text see it; null when missing.</summary>
    public string? Text => Kind switch
    {
        DatumKind.Text => Words,
        DatumKind.Flag => Value != 0 ? "1" : "0",
        DatumKind.Time => Shown.Format(Instant.FromUnixTimeMilliseconds((long)Value)),
        DatumKind.Number => Written(Value),
        _ => null,
    };

    public bool Same(Datum other) =>
        Number is { } a && other.Number is { } b ? a.Equals(b) : !IsMissing && !other.IsMissing && string.Equals(Text, other.Text, StringComparison.Ordinal);

    /// <summary>Missing first, then numbers by size, then texts by their signs.</summary>
    public int Beside(Datum other) => (Number, other.Number) switch
    {
        ({ } a, { } b) => a.CompareTo(b),
        ({ }, null) => other.IsMissing ? 1 : -1,
        (null, { }) => IsMissing ? -1 : 1,
        _ => string.CompareOrdinal(Text, other.Text),
    };

    private double? Parsed() => double.TryParse(Words, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number) ? number : null;

    // Without exponents as far as a decimal reaches, four digits behind the point as AWS writes averages.
    private static string Written(double number) => Math.Abs(number) < 1e15 && Math.Abs(number) is 0 or >= 1e-4
        ? ((decimal)number).ToString("0.####", CultureInfo.InvariantCulture)
        : number.ToString("R", CultureInfo.InvariantCulture);
}
