using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Incidents;

namespace Tocsin.Core.Response.StatusPages;

/// <summary>What someone wants of the status page.</summary>
public abstract record StatusCommand(string By)
{
    /// <param name="Component">Empty: a new one.</param>
    public sealed record Name(string By, string Component, string Title, string About) : StatusCommand(By);

    public sealed record Remove(string By, string Component) : StatusCommand(By);

    public sealed record Set(string By, string Component, ComponentState State) : StatusCommand(By);

    public sealed record Open(string By, string Title, IncidentId? Incident, ImmutableArray<string> Components, ComponentState Impact, ReportStage Stage, string Text) : StatusCommand(By);

    public sealed record Update(string By, int Number, ReportStage Stage, ComponentState Impact, string Text) : StatusCommand(By);
}

/// <summary>Whether a command holds, and what follows. Pure.</summary>
public static class StatusDecisions
{
    public const int MostTitle = 200;
    public const int MostText = 4000;
    private const int MostComponents = 60;

    public static Decided<StatusEvent> Decide(StatusPage page, StatusCommand command, Instant now) => command switch
    {
        _ when command.By.Length == 0 => No("only a person speaks to the public"),
        StatusCommand.Name name => Named(page, name, now),
        StatusCommand.Remove remove => Known(page, remove.Component) ?? (page.Open.Any(r => r.Components.Contains(remove.Component, StringComparer.Ordinal)) ? No("an open report is about it") : Yes(new ComponentRemoved(now, remove.By, remove.Component))),
        StatusCommand.Set set => Known(page, set.Component) ?? (page.Components.First(c => c.Id == set.Component).Set == set.State ? new Decided<StatusEvent>.Nothing("it is so already") : Yes(new ComponentSet(now, set.By, set.Component, set.State))),
        StatusCommand.Open open => Opened(page, open, now),
        StatusCommand.Update update => Updated(page, update, now),
        _ => throw new ArgumentOutOfRangeException(nameof(command), command, "unknown command"),
    };

    private static Decided<StatusEvent> Named(StatusPage page, StatusCommand.Name name, Instant now)
    {
        if (Wrong(name.Title, "a name as the public knows it", MostTitle) is { } wrong) return wrong;
        if (name.About.Length > MostTitle) return No($"what it is for has {MostTitle} characters at most");
        if (name.Component.Length > 0) return Known(page, name.Component) ?? Yes(new ComponentNamed(now, name.By, name.Component, name.Title, name.About));
        if (page.Components.Any(c => string.Equals(c.Name, name.Title, StringComparison.OrdinalIgnoreCase))) return No($"there is a component \"{name.Title}\" already");
        return page.Components.Length >= MostComponents ? No($"a page has {MostComponents} components at most") : Yes(new ComponentNamed(now, name.By, NewId(page, name.Title), name.Title, name.About));
    }

    private static Decided<StatusEvent> Opened(StatusPage page, StatusCommand.Open open, Instant now)
    {
        if (Wrong(open.Title, "a title for the public", MostTitle) is { } title) return title;
        if (Wrong(open.Text, "a text for the public", MostText) is { } text) return text;
        if (open.Incident is { } incident && page.OpenOf(incident) is { } stands) return No($"report {stands.Number} tells of {incident} already: update it");
        if (open.Components.Select(c => Known(page, c)).FirstOrDefault(k => k is not null) is { } unknown) return unknown;
        return Yes(new ReportOpened(now, open.By, page.Reports.Select(r => r.Number).DefaultIfEmpty().Max() + 1, open.Title, open.Incident, open.Components, open.Impact, open.Stage, open.Text));
    }

    private static Decided<StatusEvent> Updated(StatusPage page, StatusCommand.Update update, Instant now)
    {
        if (page.Report(update.Number) is not { } report) return No($"there is no report {update.Number.ToString(System.Globalization.CultureInfo.InvariantCulture)}");
        if (!report.IsOpen) return No("it is resolved: what is new is a new report");
        return Wrong(update.Text, "a text for the public", MostText) ?? Yes(new ReportUpdated(now, update.By, update.Number, update.Stage, update.Impact, update.Text));
    }

    private static Decided<StatusEvent>? Known(StatusPage page, string component) => page.Components.Any(c => c.Id == component) ? null : No($"there is no component \"{component}\"");

    private static Decided<StatusEvent>? Wrong(string text, string what, int most) =>
        string.IsNullOrWhiteSpace(text) ? No($"it needs {what}") : text.Length > most ? No($"it has {most} characters at most") : null;

    // What stands in addresses and forms; never derived from a name of the platform.
    private static string NewId(StatusPage page, string name)
    {
        var plain = string.Concat(name.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')).Trim('-');
        var id = plain.Length > 0 ? plain : "component";
        for (var i = 2; page.Components.Any(c => c.Id == id); i++) id = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{(plain.Length > 0 ? plain : "component")}-{i}");
        return id;
    }

    private static Decided<StatusEvent> Yes(StatusEvent e) => Decided<StatusEvent>.One(e);

    private static Decided<StatusEvent> No(string why) => Decided<StatusEvent>.No(why);
}
