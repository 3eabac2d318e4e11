using System.Globalization;
using System.Text;
using Tocsin.Core.Signals;

namespace Tocsin.Cli.Commands;

/// <summary>The time a reader asked for. What carries no time is inside: it cannot be told to be outside.</summary>
internal sealed record TimeWindow(EventTime? Since, EventTime? Until)
{
    private static readonly string[] Minutes = ["yyyy-MM-dd'T'HH:mm", "yyyy-MM-dd'T'HH:mm'Z'", "yyyy-MM-dd HH:mm"];

    public bool Holds(EventTime? time) => time is not { } at || ((Since is not { } since || at >= since) && (Until is not { } until || at <= until));

    public static bool TryParse(string? since, string? until, EventTime now, out TimeWindow window, out string problem)
    {
        window = new TimeWindow(null, null);
        problem = "";
        if (!TryParseOne(since, now, out var from)) problem = Wrong("--since", since!);
        else if (!TryParseOne(until, now, out var to)) problem = Wrong("--until", until!);
        else if (from > to) problem = "--since is later than --until";
        else window = new TimeWindow(from, to);
        return problem.Length == 0;
    }

    private static string Wrong(string option, string text) =>
        $"{option} {text}: a time is expected (2026-11-21T20:00:00Z, \"2026-11-21 20:00:00\", 20:00 of today in UTC) or an age (30m, 2h, 1d)";

    private static bool TryParseOne(string? text, EventTime now, out EventTime? time)
    {
        time = null;
        if (text is null) return true;
        if (text.Length > 1 && double.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var amount))
        {
            double? seconds = text[^1] switch { 's' => amount, 'm' => amount * 60, 'h' => amount * 3600, 'd' => amount * 86400, _ => null };
            if (seconds is { } age and < 1e10) time = now - TimeSpan.FromSeconds(age);
            if (time is not null) return true;
        }
        if (TimeOnly.TryParseExact(text, ["HH:mm", "HH:mm:ss"], CultureInfo.InvariantCulture, DateTimeStyles.None, out var clock))
        {
            time = EventTime.FromUtc(DateTime.SpecifyKind(now.Utc.Date, DateTimeKind.Utc).Add(clock.ToTimeSpan()));
            return true;
        }
        if (DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var date))
        {
            time = EventTime.FromUtc(date.ToDateTime(TimeOnly.MinValue, DateTimeKind.Utc));
            return true;
        }
        if (DateTimeOffset.TryParseExact(text, Minutes, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var minute))
        {
            time = EventTime.From(minute);
            return true;
        }
        time = LogTime.Find(Encoding.UTF8.GetBytes(text), now);
        return time is not null;
    }
}
