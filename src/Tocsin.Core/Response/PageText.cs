using System.Runtime.CompilerServices;
using System.Text;
using Tocsin.Core.Incidents;
using Tocsin.Core.Signals;

namespace Tocsin.Core.Response;

/// <summary>What a page says.</summary>
/// <param name="First">At most <see cref="PageText.Most"/> characters: enough to decide whether to get up.</param>
/// <param name="More">Verdict, next step, link; each a line, and only where known.</param>
public sealed record PageWords(string First, string More);

public static class PageText
{
    /// <summary>What a text message holds.</summary>
    public const int Most = 160;

    public static PageWords Of(Incident incident, string link)
    {
        var service = incident.Service.Length > 0 ? $" {incident.Service}" : "";
        var first = $"{incident.Severity} {incident.Environment}{service} since {Words.Hour(incident.Times.ImpactStart)}: {Plain(incident.Title)}";
        var verdict = incident.Diagnosis is { } found ? $"{found.Verdict}: {found.Cause}\n{found.NextStep}" : "";
        return new PageWords(Cut(first), string.Join('\n', $"{verdict}\n{link}".Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)));
    }

    // Redacting costs more than all else of a page, and an incident keeps its title. By the text itself, which goes when its incident does.
    private static readonly ConditionalWeakTable<string, string> Known = [];

    /// <summary>A title may come from a log: no secrets and nothing that a terminal or a chat would obey.</summary>
    public static string Plain(string title) => Known.GetValue(title, Redacted);

    private static string Redacted(string title)
    {
        var text = new StringBuilder();
        foreach (var c in Redactor.WithEmails.Redact(title)) text.Append(char.IsControl(c) ? ' ' : c);
        return text.ToString();
    }

    /// <summary>At most <see cref="Most"/> characters of it.</summary>
    public static string Cut(string text)
    {
        if (text.Length <= Most) return text;
        var length = char.IsHighSurrogate(text[Most - 2]) ? Most - 2 : Most - 1;
        return $"{text[..length].TrimEnd()}…";
    }
}
