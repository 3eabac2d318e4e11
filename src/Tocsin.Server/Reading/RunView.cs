using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Core.Response.Playbooks;

namespace Tocsin.Server.Reading;

/// <summary>A playbook as a list shows it.</summary>
/// <param name="Because">What speaks for it; empty: nobody asked.</param>
public sealed record PlaybookSummary(string Id, string Title, string About, Severity? Severity, string Because)
{
    public static PlaybookSummary Of(Playbook book, string because) => new(book.Id, book.Title, book.About, book.Severity, because);
}

/// <summary>One step as it stands in a run.</summary>
/// <param name="Due">By when it is to be over; null: it has no time box.</param>
/// <param name="OnWay">Whether the way that was decided so far leads to it.</param>
/// <param name="Waits">Why it cannot begin now; empty: it can, or it is over.</param>
public sealed record StepView(
    string Id,
    int Number,
    string Title,
    StepKind Kind,
    string Who,
    StepStatus Status,
    string Holder,
    Instant? At,
    string Result,
    Instant? Due,
    bool Overdue,
    bool OnWay,
    string Waits,
    bool Gate,
    string Text,
    string Expect,
    ImmutableArray<string> Probes,
    string Action,
    string Service,
    string Verify,
    string Template,
    ImmutableArray<string> Ways)
{
    public bool IsOver => Status is StepStatus.Done or StepStatus.Skipped;

    public static StepView Of(PlaybookRun run, PlaybookStep step, ImmutableArray<PlaybookStep> way, Instant now)
    {
        var state = run.Of(step.Id);
        var due = step.Within is { } within ? run.Started + within : (Instant?)null;
        var onWay = way.Any(w => w.Id == step.Id);
        return new StepView(
            step.Id, step.Number, step.Title, step.Kind, step.Who, state.Status, state.Holder, state.Status == StepStatus.Open && state.Holder.Length == 0 ? null : state.At, state.Text,
            due, due < now && onWay && !state.IsOver && run.Ended is null, onWay, state.IsOver || run.Ended is not null ? "" : run.Hindrance(step) ?? "", step.Gate,
            step.Text, step.Expect, step.Probes, step.Action, step.Service, step.Verify, step.Template, [.. step.Branches.Select(b => b.When)]);
    }
}

/// <summary>One run of a playbook, as pages and programs see it.</summary>
/// <param name="Undecided">More may come behind a decision that is still to be made.</param>
/// <param name="Ended">Why it ended; null: it runs.</param>
public sealed record RunView(string Id, long Version, IncidentId? Incident, string Playbook, string Title, string Digest, string Intro, string Environment, Instant Started, bool Ordered, bool Undecided, string? Ended, ImmutableArray<StepView> Steps)
{
    public int Over => Steps.Count(s => s.OnWay && s.IsOver);

    public int Known => Steps.Count(s => s.OnWay);

    public static RunView Of(PlaybookRun run, Instant now)
    {
        var way = run.Way;
        return new RunView(run.Id, run.Version, run.Incident, run.Playbook.Id, run.Playbook.Title, run.Playbook.Digest, run.Playbook.Intro, run.Environment, run.Started, run.Playbook.Ordered, run.IsUndecided, run.Ended, [.. run.Playbook.Steps.Select(s => StepView.Of(run, s, way, now))]);
    }

    /// <summary>What this person is at, else what could be taken next.</summary>
    public StepView? Current(string by) =>
        Steps.FirstOrDefault(s => s.Status == StepStatus.Held && s.Holder == by) ?? Steps.FirstOrDefault(s => s.OnWay && s.Waits.Length == 0 && s.Status == StepStatus.Open) ?? Steps.FirstOrDefault(s => s.OnWay && s.Waits.Length == 0 && s.Status == StepStatus.Failed);
}
