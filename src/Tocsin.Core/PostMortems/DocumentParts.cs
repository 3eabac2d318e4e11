using System.Collections.Immutable;
using System.Globalization;
using NodaTime;
using Tocsin.Core.Response;

namespace Tocsin.Core.PostMortems;

/// <summary>A part of the document, before it is Markdown or HTML.</summary>
internal abstract record DocumentPart
{
    public sealed record Heading(string Text) : DocumentPart;

    /// <param name="Open">A question that a person answers.</param>
    public sealed record Paragraph(string Text, bool Open) : DocumentPart;

    public sealed record Field(string Name, string Value, bool Open) : DocumentPart;

    /// <param name="Name">Empty: a bullet without one.</param>
    public sealed record Bullet(string Name, string Text, bool Open) : DocumentPart;

    public sealed record Table(ImmutableArray<string> Head, ImmutableArray<ImmutableArray<string>> Rows) : DocumentPart;
}

/// <summary>The template of the incident guide, every heading in its order, filled with what is known.</summary>
internal static class DocumentParts
{
    public static string Title(PostMortem document) => $"Incident Post-Mortem: {document.Account.Title}";

    public static IEnumerable<DocumentPart> Of(PostMortem document, bool everyEvent) =>
        [.. Head(document), .. Impact(document), .. Timeline(document, everyEvent), .. Cause(document), .. Lessons(document), .. Response(document)];

    private static IEnumerable<DocumentPart> Head(PostMortem document)
    {
        var account = document.Account;
        yield return Field("Date", Date(account.Times.ImpactStart));
        yield return Field("Severity", account.Worst == account.Severity ? account.Severity.ToString() : $"{account.Worst}, at its end {account.Severity}");
        yield return Field("Duration", Lasted(account));
        yield return Field("Author", document.Text.Author, "[name]");
        yield return Field("Status", document.Text.Status.ToString().ToUpperInvariant());
        yield return Field("Incident", account.Id);
        if (account.DocumentDue is { } due) yield return Field("Due", $"{Words.Time(due)}");
        yield return new DocumentPart.Heading("Summary");
        yield return Paragraph(document.Text.Summary, $"[1–3 sentences: what broke, what users saw, the root cause. Known so far: {account.Title}{(account.Diagnosis is { } found ? $"; the diagnosis says {found.Verdict}: {found.Cause}" : "")}]");
    }

    private static IEnumerable<DocumentPart> Impact(PostMortem document)
    {
        yield return new DocumentPart.Heading("Impact");
        yield return Bulleted("Users affected", document.UsersAffected, "[number or percentage]");
        yield return Bulleted("Revenue impact", document.Text.Revenue, document.Account.Impact.Revenue ? "[revenue was reported as impacted: an estimate if known]" : "[estimate if known]");
        yield return Bulleted("Services affected", string.Join(", ", document.Services), "[list]");
        yield return Bulleted("Detection method", document.Detection, $"[user report or internal discovery? {document.Account.DeclaredBy} declared it]");
        yield return Bulleted("Environment", document.Account.Environment, "");
    }

    private static IEnumerable<DocumentPart> Timeline(PostMortem document, bool everyEvent)
    {
        yield return new DocumentPart.Heading("Timeline (all times UTC)");
        var day = default(LocalDate);
        var rows = ImmutableArray.CreateBuilder<ImmutableArray<string>>();
        foreach (var line in document.Account.Timeline.Where(l => l.Key || everyEvent))
        {
            var date = line.At.InUtc().Date;
            rows.Add([date == day ? Clock(line.At) : $"{Date(line.At)} {Clock(line.At)}", line.Text]);
            day = date;
        }
        yield return new DocumentPart.Table(["Time", "Event"], rows.ToImmutable());
    }

    private static IEnumerable<DocumentPart> Cause(PostMortem document)
    {
        var (account, text) = (document.Account, document.Text);
        yield return new DocumentPart.Heading("Root Cause");
        yield return Paragraph(text.RootCause, "[technical: what actually went wrong]");
        if (account.Diagnosis is { } found)
        {
            yield return Bulleted("Diagnosis", $"{found.Verdict}: {found.Cause}", "");
            if (found.NextStep.Length > 0) yield return Bulleted("Its next step", found.NextStep, "");
            if (found.Bundle.Length > 0) yield return Bulleted("Evidence", $"bundle {found.Bundle}", "");
        }
        foreach (var error in account.Errors) yield return Bulleted("Seen", string.Create(CultureInfo.InvariantCulture, $"{(error.Entry.Length > 0 ? error.Entry : "a signal")} at {error.Service}, {error.Count} times ({error.Fingerprint})"), "");
        yield return new DocumentPart.Heading("Contributing Factors");
        foreach (var part in List(text.Factors, "[a condition that made it possible, or made it worse]")) yield return part;
    }

    private static IEnumerable<DocumentPart> Lessons(PostMortem document)
    {
        var (account, text) = (document.Account, document.Text);
        yield return new DocumentPart.Heading("What Went Well");
        foreach (var part in List(text.WentWell, "[something that worked during the response]")) yield return part;
        yield return new DocumentPart.Heading("What Went Poorly");
        foreach (var part in List(text.WentPoorly, "[something that slowed us down]")) yield return part;
        yield return new DocumentPart.Heading("Action Items");
        yield return Items(account, text);
        yield return new DocumentPart.Heading("Lessons Learned");
        yield return Paragraph(text.Lessons, "[1–2 paragraphs: what the team learned]");
    }

    // What the template does not ask for and the events know.
    private static IEnumerable<DocumentPart> Response(PostMortem document)
    {
        var account = document.Account;
        yield return new DocumentPart.Heading("The Response in Numbers");
        yield return new DocumentPart.Table(
            ["From", "To", "Time"],
            [
                ["start of the harm", "detected", Said(account.ToDetect)],
                ["declared", "acknowledged", Said(account.ToAcknowledge)],
                ["detected", "diagnosed", Said(account.ToDiagnose)],
                ["detected", "mitigated", Said(account.ToMitigate)],
                ["detected", "resolved", Said(account.ToResolve)],
            ]);
        if (!account.Promises.IsEmpty) yield return new DocumentPart.Table(["Promise", "Due", "Outcome"], [.. account.Promises.Select(p => (ImmutableArray<string>)[Said(p.Kind), Words.Time(p.Due), p.Outcome.ToString().ToLowerInvariant()])]);
        if (!account.Pages.IsEmpty) yield return new DocumentPart.Table(["Paged", "Who", "By", "Acknowledged"], [.. account.Pages.Select(p => (ImmutableArray<string>)[$"{Date(p.At)} {Clock(p.At)}", p.Person, p.Channel, p.Acknowledged is { } at ? $"after {Words.Length(at - p.At)}" : "not"])]);
        foreach (var part in Actions(account)) yield return part;
        foreach (var alarm in account.Alarms) yield return Bulleted("Alarm", alarm, "");
    }

    private static IEnumerable<DocumentPart> Actions(IncidentAccount account)
    {
        if (account.Actions.IsEmpty) yield break;
        yield return new DocumentPart.Heading("Actions");
        yield return new DocumentPart.Table(["Action", "Target", "Change", "Planned", "Approved", "Executed", "Outcome", "Verified", "Undo"], [.. account.Actions.Select(Row)]);
    }

    private static ImmutableArray<string> Row(AccountAction a)
    {
        var approved = string.Join("; ", new[] { a.Approved, a.BreakGlass.Length > 0 ? $"alone, the glass was broken by {a.BreakGlass}" : "" }.Where(t => t.Length > 0));
        return [a.Action, a.Target, a.Change, $"{Date(a.Planned)} {Clock(a.Planned)} by {a.By}", approved.Length > 0 ? approved : "nobody", a.Executed is { } at ? $"{Date(at)} {Clock(at)} by {a.StartedBy}" : "not", a.Outcome, a.Verified, a.Undo];
    }

    private static DocumentPart.Table Items(IncidentAccount account, PostMortemText text)
    {
        var due = account.Times.Resolved is { } resolved ? Date(ItemDue.Usual(account.Worst, resolved)) : "[date]";
        ImmutableArray<ImmutableArray<string>> open = [["[preventive measure]", "[name]", due], ["[monitoring improvement]", "[name]", due], ["[documentation update]", "[name]", due]];
        return new DocumentPart.Table(
            ["Action", "Owner", "Due"],
            text.Items.IsEmpty ? open : [.. text.Items.Select(i => (ImmutableArray<string>)[$"{(i.Done ? "✓ " : "")}{i.Text}", i.Owner.Length > 0 ? i.Owner : "[name]", i.Due is { } date ? Date(date) : due])]);
    }

    private static string Lasted(IncidentAccount account)
    {
        var start = account.Times.ImpactStart;
        if (account.Lasted is not Measure.Took { Time: var time }) return $"not ended ({Clock(start)} UTC → …)";
        var end = account.Times.Resolved!.Value;
        var other = start.InUtc().Date == end.InUtc().Date ? "" : $" on {Date(end)}";
        return string.Create(CultureInfo.InvariantCulture, $"{Count((int)time.TotalHours, "hour")} {Count(time.Minutes, "minute")} ({Clock(start)} UTC → {Clock(end)} UTC{other})");
    }

    private static string Count(int count, string what) => string.Create(CultureInfo.InvariantCulture, $"{count} {what}{(count == 1 ? "" : "s")}");

    private static string Said(Measure measure) => measure switch
    {
        Measure.Took took => Words.Length(took.Time),
        Measure.NotYet not => $"– ({not.Why})",
        Measure.NotApplicable none => $"not applicable ({none.Why})",
        Measure.Invalid invalid => $"invalid ({invalid.Why})",
        _ => throw new ArgumentOutOfRangeException(nameof(measure), measure, "unknown measure"),
    };

    private static string Said(PromiseKind kind) => kind switch
    {
        PromiseKind.Acknowledge => "acknowledged",
        PromiseKind.Update => "an update",
        PromiseKind.FixBy => "fixed",
        PromiseKind.PostMortem => "the post-mortem",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "unknown promise"),
    };

    private static IEnumerable<DocumentPart> List(ImmutableArray<string> list, string open) => list.IsEmpty ? [new DocumentPart.Bullet("", open, Open: true)] : list.Select(l => new DocumentPart.Bullet("", l, Open: false));

    private static DocumentPart Field(string name, string value, string open = "") => new DocumentPart.Field(name, value.Length > 0 ? value : open, value.Length == 0);

    private static DocumentPart Bulleted(string name, string value, string open) => new DocumentPart.Bullet(name, value.Length > 0 ? value : open, value.Length == 0);

    private static DocumentPart Paragraph(string text, string open) => new DocumentPart.Paragraph(text.Length > 0 ? text : open, text.Length == 0);

    private static string Date(Instant at) => at.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture);

    private static string Date(LocalDate date) => date.ToString("uuuu-MM-dd", CultureInfo.InvariantCulture);

    private static string Clock(Instant at) => at.ToString("HH:mm", CultureInfo.InvariantCulture);
}
