using System.Globalization;
using NodaTime;
using NodaTime.Text;

namespace Tocsin.Core.Response;

/// <summary>Times as people read them.</summary>
public static class Words
{
    private static readonly InstantPattern Minutes = InstantPattern.CreateWithInvariantCulture("uuuu-MM-dd HH:mm'Z'");
    private static readonly ZonedDateTimePattern Wall = ZonedDateTimePattern.CreateWithInvariantCulture("ddd uuuu-MM-dd HH:mm", null);

    public static string Time(Instant at) => Minutes.Format(at);

    /// <summary>Only hour and minute, in UTC.</summary>
    public static string Hour(Instant at) => at.ToString("HH:mm'Z'", CultureInfo.InvariantCulture);

    public static string Local(Instant at, DateTimeZone zone) => Wall.Format(at.InZone(zone));

    /// <summary>Such as 45s, 15m, 2h 30m, 3d.</summary>
    public static string Length(Duration time)
    {
        var total = (long)time.TotalSeconds;
        var parts = new[] { (total / 86400, "d"), (total / 3600 % 24, "h"), (total / 60 % 60, "m"), (total % 60, "s") };
        var shown = parts.Where(p => p.Item1 > 0).Take(2).Select(p => p.Item1.ToString(CultureInfo.InvariantCulture) + p.Item2);
        return total <= 0 ? "0m" : string.Join(' ', shown);
    }

    public static string List(IEnumerable<string> names) => string.Join(", ", names) is { Length: > 0 } all ? all : "nobody";
}
