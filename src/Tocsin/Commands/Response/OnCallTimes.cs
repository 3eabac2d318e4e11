using System.Globalization;
using NodaTime;
using NodaTime.Text;
using Tocsin.Cli.Setup;

namespace Tocsin.Cli.Commands.Response;

/// <summary>Times and lengths of the command line.</summary>
internal static class OnCallTimes
{
    private static readonly string[] Forms = ["uuuu-MM-dd'T'HH:mm:ss'Z'", "uuuu-MM-dd'T'HH:mm'Z'", "uuuu-MM-dd"];

    public static Instant Instant(string? text, string option)
    {
        if (text is null) return SystemClock.Instance.GetCurrentInstant();
        foreach (var form in Forms)
        {
            if (InstantPattern.CreateWithInvariantCulture(form).Parse(text) is { Success: true, Value: var at }) return at;
        }
        throw new SettingsException($"{option} {text}: a time such as 2026-11-22T03:00Z is expected");
    }

    public static Duration Duration(string text, string option)
    {
        var isWhole = int.TryParse(text.AsSpan(0, Math.Max(0, text.Length - 1)), NumberStyles.None, CultureInfo.InvariantCulture, out var amount) && amount < 100_000;
        return (isWhole, text.Length > 0 ? text[^1] : ' ') switch
        {
            (true, 's') => NodaTime.Duration.FromSeconds(amount),
            (true, 'm') => NodaTime.Duration.FromMinutes(amount),
            (true, 'h') => NodaTime.Duration.FromHours(amount),
            (true, 'd') => NodaTime.Duration.FromDays(amount),
            (true, 'w') => NodaTime.Duration.FromDays(amount * 7),
            _ => throw new SettingsException($"{option} {text}: a time such as 90s, 15m, 2h, 3d or 8w is expected"),
        };
    }
}
