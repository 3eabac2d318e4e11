using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Incidents;

namespace Tocsin.Core.Response.StatusPages;

/// <param name="Set">As an operator set it; open reports may make it worse.</param>
public sealed record PublicComponent(string Id, string Name, string About, ComponentState Set);

public sealed record ReportUpdate(Instant At, ReportStage Stage, string Text);

/// <summary>One report to the public, with everything that was said in it.</summary>
/// <param name="Incident">Never shown.</param>
public sealed record PublicReport(int Number, string Title, IncidentId? Incident, ImmutableArray<string> Components, ComponentState Impact, ImmutableArray<ReportUpdate> Updates)
{
    public ReportStage Stage => Updates[^1].Stage;

    public bool IsOpen => Stage != ReportStage.Resolved;

    public Instant Opened => Updates[0].At;

    public Instant Changed => Updates[^1].At;
}

/// <summary>The public status page: what its events add up to.</summary>
public sealed record StatusPage
{
    public static readonly StatusPage Empty = new();

    public int Version { get; init; }
    public ImmutableArray<PublicComponent> Components { get; init; } = [];

    /// <summary>The oldest first.</summary>
    public ImmutableArray<PublicReport> Reports { get; init; } = [];

    public IEnumerable<PublicReport> Open => Reports.Where(r => r.IsOpen);

    /// <summary>The worst of what was set and of what open reports say.</summary>
    public ComponentState StateOf(PublicComponent component) =>
        Open.Where(r => r.Components.Contains(component.Id, StringComparer.Ordinal)).Select(r => r.Impact).Append(component.Set).Max();

    public ComponentState Worst => Components.Select(StateOf).Concat(Open.Select(r => r.Impact)).DefaultIfEmpty(ComponentState.Operational).Max();

    public PublicReport? Report(int number) => Reports.FirstOrDefault(r => r.Number == number);

    public PublicReport? OpenOf(IncidentId incident) => Open.LastOrDefault(r => r.Incident == incident);

    public static StatusPage Of(IEnumerable<StatusEvent> events) => events.Aggregate(Empty, (page, e) => page.With(e));

    public StatusPage With(StatusEvent e)
    {
        var next = e switch
        {
            ComponentNamed n => this with { Components = Components.Any(c => c.Id == n.Component) ? Change(n.Component, c => c with { Name = n.Name, About = n.About }) : Components.Add(new PublicComponent(n.Component, n.Name, n.About, ComponentState.Operational)) },
            ComponentRemoved r => this with { Components = Components.RemoveAll(c => c.Id == r.Component) },
            ComponentSet s => this with { Components = Change(s.Component, c => c with { Set = s.State }) },
            ReportOpened o => this with { Reports = Reports.Add(new PublicReport(o.Number, o.Title, o.Incident, o.Components, o.Impact, [new ReportUpdate(o.At, o.Stage, o.Text)])) },
            ReportUpdated u => this with { Reports = [.. Reports.Select(r => r.Number == u.Number ? r with { Impact = u.Impact, Updates = r.Updates.Add(new ReportUpdate(u.At, u.Stage, u.Text)) } : r)] },
            _ => throw new ArgumentOutOfRangeException(nameof(e), e, "unknown event"),
        };
        return next with { Version = Version + 1 };
    }

    private ImmutableArray<PublicComponent> Change(string id, Func<PublicComponent, PublicComponent> change) => [.. Components.Select(c => c.Id == id ? change(c) : c)];
}
