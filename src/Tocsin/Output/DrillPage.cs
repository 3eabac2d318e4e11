using System.Globalization;
using System.Text;
using Tocsin.Cli.Commands.Diagnose;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Platforms;
using Tocsin.Server.Actions;

namespace Tocsin.Cli.Output;

/// <summary>The document of a drill: the five steps for each service, then what they come down to.</summary>
internal static class DrillPage
{
    private static readonly (string Title, string[] Probes)[] Steps =
    [
        ("Logs", ["app.logs"]),
        ("Service events", ["ecs.service", "ecs.events", "ecs.tasks"]),
        ("Stopped tasks", ["ecs.stoppedTasks", "ecs.image"]),
        ("Secrets", ["aws.secret", "aws.permission"]),
        ("Compare", ["ecs.taskDefinition", "aws.cloudtrail"]),
    ];

    public static string Of(DrillOutcome outcome)
    {
        var page = new StringBuilder();
        Heading(page, outcome);
        foreach (var service in Ordered(outcome)) Service(page, outcome, service);
        Shared(page, outcome);
        new DiagnosisPage(outcome).Write(page);
        Calls(page, outcome);
        return page.ToString();
    }

    private static void Heading(StringBuilder page, DrillOutcome outcome)
    {
        var services = outcome.Bundle.Services.IsEmpty ? "all services" : string.Join(", ", outcome.Bundle.Services);
        page.Append(CultureInfo.InvariantCulture, $"# Drill of {MarkdownSafe.Text(services)} in {MarkdownSafe.Text(outcome.Bundle.Environment)}\n\n");
        if (outcome.Lab) page.Append("> **LAB** This is the failure lab on this machine, and no real account.\n\n");
        if (outcome.Account.Length > 0) page.Append(CultureInfo.InvariantCulture, $"Account {MarkdownSafe.Code(outcome.Account)}, region {MarkdownSafe.Code(outcome.Region)}, asked at {MarkdownSafe.Code(outcome.Endpoint)}. ");
        page.Append(CultureInfo.InvariantCulture, $"{outcome.Diagnosis.Coverage.Evidence} of {outcome.Diagnosis.Coverage.Tried} looks are evidence");
        if (outcome.Seconds > 0) page.Append(CultureInfo.InvariantCulture, $"; {outcome.Seconds:0.0} s");
        page.Append(CultureInfo.InvariantCulture, $".\n\n**{outcome.Diagnosis.Verdict}**: {Headline(outcome)}\n\n");
    }

    // A look that asks several things has several reasons in one; none is told twice.
    private static IEnumerable<string> Reasons(DiagnosisReport diagnosis)
    {
        var all = diagnosis.Missing.Select(m => m.Why).Where(w => w.Length > 0).Distinct(StringComparer.Ordinal).ToList();
        return all.Where(w => !all.Exists(o => o.Length < w.Length && w.Contains(o, StringComparison.Ordinal)));
    }

    private static string Headline(DrillOutcome outcome) => outcome.Diagnosis switch
    {
        { Verdict: Verdict.Healthy, Past.IsEmpty: true } => "nothing that was looked at is wrong.",
        { Verdict: Verdict.Healthy } healthy => $"nothing that was looked at is wrong now. Over is {string.Join(", ", Over(healthy))}.",
        { Verdict: Verdict.Blind } => $"could not look. {MarkdownSafe.Text(string.Join("; ", Reasons(outcome.Diagnosis).Take(3)))}",
        { Verdict: Verdict.NoKnownCause } unknown => $"something is wrong, and no cause of the reference explains it. {string.Join("; ", unknown.Unexplained.Take(3).Select(f => $"{MarkdownSafe.Text(f.Subject.ToString())}: {MarkdownSafe.Text(f.Because)} ({MarkdownSafe.Code(f.What)})"))}.",
        { Causes: [var first, ..] all } => string.Join("; ", all.Select(c => $"{MarkdownSafe.Code(c.Id)} at {MarkdownSafe.Text(c.At.ToString())}")) + $". {MarkdownSafe.Text(first.Title)}",
        { Rivals: [var first, ..] } => $"several causes are possible, first {MarkdownSafe.Code(first.Id)}: {MarkdownSafe.Text(first.Title)}",
        _ => "several causes are possible.",
    };

    /// <summary>What ended before all was well, each entry at each place once, the newest first.</summary>
    internal static IEnumerable<string> Over(DiagnosisReport diagnosis) =>
        diagnosis.Past.GroupBy(m => (m.Entry, m.Subject.Service, m.Subject.Component)).OrderByDescending(g => g.Max(m => m.Last)).ThenBy(g => g.Key.Entry, StringComparer.Ordinal)
            .Select(g => $"{MarkdownSafe.Code(g.Key.Entry)} at {MarkdownSafe.Text(g.First().Subject.ToString())} (last {g.Max(m => m.Last):HH:mm:ss}Z)");

    // The worst first: by what is wrong at them.
    private static IEnumerable<string> Ordered(DrillOutcome outcome)
    {
        var names = outcome.Bundle.Observations.Where(o => o.Subject.Environment == outcome.Bundle.Environment).Select(o => o.Subject.Service).Where(s => s.Length > 0).Distinct(StringComparer.Ordinal);
        return names.OrderByDescending(n => outcome.Diagnosis.Findings.Count(f => f.Subject.Service == n)).ThenByDescending(n => outcome.Bundle.Services.Contains(n, StringComparer.Ordinal)).ThenBy(n => n, StringComparer.Ordinal);
    }

    private static void Service(StringBuilder page, DrillOutcome outcome, string service)
    {
        var wrong = outcome.Diagnosis.Findings.Count(f => f.Subject.Service == service);
        var seen = outcome.Bundle.Observations.Where(o => o.Subject.Service == service && o.Subject.Environment == outcome.Bundle.Environment).ToList();
        page.Append(CultureInfo.InvariantCulture, $"## {MarkdownSafe.Text(service)}\n\n");
        if (wrong == 0 && outcome.Bundle.Services.Length != 1 && seen.TrueForAll(o => o.IsEvidence || o.Status == ObservationStatus.NotConfigured))
        {
            page.Append(CultureInfo.InvariantCulture, $"Nothing wrong in {seen.Count} looks.\n\n");
            return;
        }
        var number = 0;
        foreach (var (title, probes) in Steps)
        {
            page.Append(CultureInfo.InvariantCulture, $"### {++number}\\. {title}\n\n");
            if (number == 1) Matches(page, outcome, service);
            Look(page, outcome, seen.Where(o => probes.Contains(o.Probe, StringComparer.Ordinal)).OrderBy(o => Array.IndexOf(probes, o.Probe)));
        }
        var rest = seen.Where(o => !Steps.Any(s => s.Probes.Contains(o.Probe, StringComparer.Ordinal))).ToList();
        if (rest.Count == 0) return;
        page.Append("### Around it\n\n");
        Look(page, outcome, rest.OrderBy(o => o.Probe, StringComparer.Ordinal));
    }

    private static void Shared(StringBuilder page, DrillOutcome outcome)
    {
        var shared = outcome.Bundle.Observations.Where(o => o.Subject.Service.Length == 0).OrderBy(o => o.Subject.Component, StringComparer.Ordinal).ThenBy(o => o.Probe, StringComparer.Ordinal).ToList();
        if (shared.Count == 0) return;
        page.Append("## What services share\n\n");
        Look(page, outcome, shared);
    }

    private static void Matches(StringBuilder page, DrillOutcome outcome, string service)
    {
        var found = outcome.Bundle.Matches.Where(m => m.Subject.Service == service).GroupBy(m => m.Entry, StringComparer.Ordinal).OrderByDescending(g => g.Sum(m => m.Count)).ToList();
        foreach (var entry in found)
        {
            var newest = entry.MaxBy(m => m.Last)!;
            page.Append(CultureInfo.InvariantCulture, $"- **{MarkdownSafe.Text(entry.Key)}**, {entry.Sum(m => m.Count)} times, last {newest.Last:HH:mm:ss}Z in {MarkdownSafe.Text(newest.Source)}: {MarkdownSafe.Code(newest.Text)}\n");
        }
        if (found.Count > 0) page.Append('\n');
    }

    private static void Look(StringBuilder page, DrillOutcome outcome, IEnumerable<Observation> looks)
    {
        foreach (var seen in looks)
        {
            var subject = seen.Subject.Service.Length > 0 ? seen.Subject.Item : string.Join('/', new[] { seen.Subject.Component, seen.Subject.Item }.Where(p => p.Length > 0));
            page.Append(CultureInfo.InvariantCulture, $"- {MarkdownSafe.Code(seen.Probe)}{(subject.Length > 0 ? " " + MarkdownSafe.Text(subject) : "")}");
            if (!seen.IsEvidence) page.Append(CultureInfo.InvariantCulture, $" **{Word(seen.Status)}**: {MarkdownSafe.Text(seen.Note)}\n");
            else page.Append(CultureInfo.InvariantCulture, $" {(seen.Facts.IsEmpty ? "nothing there" : MarkdownSafe.Text(string.Join(", ", seen.Facts.Select(f => $"{f.Key} {f.Value}"))))}{(seen.Note.Length > 0 ? $" (not seen: {MarkdownSafe.Text(seen.Note)})" : "")}\n");
            foreach (var wrong in outcome.Diagnosis.Findings.Where(f => f.By == seen.Name && f.Kind != FindingKind.Match)) page.Append(CultureInfo.InvariantCulture, $"  - **{MarkdownSafe.Text(wrong.Because)}**: {MarkdownSafe.Code(wrong.What)}\n");
        }
        page.Append('\n');
    }

    private static string Word(ObservationStatus status) => status switch
    {
        ObservationStatus.NotConfigured => "not configured",
        _ => status.ToString().ToLowerInvariant(),
    };

    private static void Calls(StringBuilder page, DrillOutcome outcome)
    {
        if (outcome.Calls.IsEmpty) return;
        page.Append(CultureInfo.InvariantCulture, $"## Calls to AWS\n\n{outcome.Calls.Length} calls, {outcome.Calls.Sum(c => c.Bytes) / 1024} KB: ");
        page.Append(MarkdownSafe.Text(string.Join(", ", outcome.Calls.GroupBy(c => $"{c.Service} {c.Operation}{(c.Region == outcome.Region ? "" : $" in {c.Region}")}", StringComparer.Ordinal).OrderBy(g => g.Key, StringComparer.Ordinal).Select(g => g.Count() == 1 ? g.Key : $"{g.Key} x{g.Count()}"))));
        page.Append(".\n");
    }
}

/// <summary>The diagnosis: causes with what speaks for and against them, what is missing, what to do.</summary>
internal sealed class DiagnosisPage(DrillOutcome outcome)
{
    private const int RivalsShown = 4;

    public void Write(StringBuilder page)
    {
        var diagnosis = outcome.Diagnosis;
        page.Append(CultureInfo.InvariantCulture, $"## Diagnosis: {diagnosis.Verdict}\n\n");
        foreach (var cause in diagnosis.Causes) Cause(page, cause, "###");
        if (!diagnosis.Rivals.IsEmpty)
        {
            page.Append(diagnosis.Causes.IsEmpty ? "### What it may be\n\n" : "### What else was weighed\n\n");
            foreach (var rival in diagnosis.Rivals.Take(RivalsShown)) Brief(page, rival);
            page.Append('\n');
        }
        List(page, "### What follows from it", diagnosis.Consequences.Select(c => $"{MarkdownSafe.Code(c.Id)} at {MarkdownSafe.Text(c.At.ToString())}: {MarkdownSafe.Text(c.Title)}"));
        List(page, "### Ruled out", diagnosis.RuledOut.Select(r => $"{MarkdownSafe.Code(r.Id)}: {MarkdownSafe.Text(r.Why)}"));
        List(page, "### Not explained", diagnosis.Unexplained.Select(f => $"{MarkdownSafe.Code(f.What)} at {MarkdownSafe.Text(f.Subject.ToString())}: {MarkdownSafe.Text(f.Because)}"));
        List(page, "### What is over", DrillPage.Over(diagnosis));
        List(page, "### Could not look", diagnosis.Missing.Where(m => m.Why.Length > 0).GroupBy(m => m.Why, StringComparer.Ordinal).Select(g => $"{string.Join(", ", g.Select(m => MarkdownSafe.Code(m.Asks)).Distinct(StringComparer.Ordinal))}: {MarkdownSafe.Text(g.Key)}"));
        if (diagnosis.Next is { } next)
            page.Append(CultureInfo.InvariantCulture, $"### Next check\n\n{MarkdownSafe.Code(next.Fact)} of {MarkdownSafe.Text(next.Subject.ToString())} would decide: {MarkdownSafe.Text(string.Join("; ", next.Answers.Select(a => $"{a.Value}: {(a.Favours.Length > 0 ? a.Favours : "neither")}")))}{(next.Missing.Length > 0 ? $". It needs: {MarkdownSafe.Text(next.Missing)}" : "")}\n\n");
    }

    private void Cause(StringBuilder page, RankedCause cause, string level)
    {
        page.Append(CultureInfo.InvariantCulture, $"{level} {MarkdownSafe.Text(cause.Id)}: {MarkdownSafe.Text(cause.Title)}\n\n");
        var felt = cause.FeltAt.IsEmpty ? "" : $", felt at {string.Join(", ", cause.FeltAt)}";
        page.Append(MarkdownSafe.Text(string.Create(CultureInfo.InvariantCulture, $"{cause.Standing} at {cause.At}{felt}; {cause.Score} decibans{(cause.Lead is { } lead ? $", {lead} before the next" : "")}."))).Append("\n\n");
        List(page, "**For**", cause.For.Select(Claim));
        List(page, "**Against**", cause.Against.Select(Claim));
        List(page, "**Missing**", cause.Missing.Select(m => $"{MarkdownSafe.Text(m.Asks)}: {MarkdownSafe.Text(m.Why)}{(m.By.Length > 0 ? $" ({MarkdownSafe.Text(m.By)})" : "")}"));
        List(page, "**Explains**", cause.Explains.Select(MarkdownSafe.Text));
        List(page, "**Does not explain**", cause.DoesNotExplain.Select(MarkdownSafe.Text));
        List(page, "**It would be another if**", cause.Flips.Select(f => $"{MarkdownSafe.Text(f.If)}: then {MarkdownSafe.Code(f.ThenLeads)}"));
        Fixes(page, cause);
    }

    private static void Brief(StringBuilder page, RankedCause rival)
    {
        var first = rival.For.FirstOrDefault(c => c.Counts);
        page.Append(CultureInfo.InvariantCulture, $"- {MarkdownSafe.Code(rival.Id)} at {MarkdownSafe.Text(rival.At.ToString())}, {MarkdownSafe.Text(rival.Score.ToString(CultureInfo.InvariantCulture))} decibans: {MarkdownSafe.Text(rival.Title)}{(first is null ? "" : $". For: {MarkdownSafe.Text(first.Says)}")}\n");
    }

    private static string Claim(Claim claim)
    {
        var counts = claim.Counts ? "" : ", its group counts once";
        var by = claim.By.Length > 0 ? $" [{claim.By}]" : "";
        return MarkdownSafe.Text(string.Create(CultureInfo.InvariantCulture, $"{claim.Points:+0;-0;0}{counts}: {claim.Says}. {claim.Because}{by}{(claim.Compared.Length > 0 ? $" ({claim.Compared})" : "")}"));
    }

    private void Fixes(StringBuilder page, RankedCause cause)
    {
        var entry = outcome.Entries.FirstOrDefault(e => e.Id == cause.Id.Split('/')[0]);
        var environment = outcome.Platform.Environment(outcome.Bundle.Environment);
        if (entry is null || environment is null) return;
        var service = cause.At.Service.Length > 0 ? cause.At.Service : entry.Service;
        foreach (var (place, fix) in entry.FixesOf(cause.Fixes).Index())
        {
            string Filled(string text) => PlatformNames.Fill(text, outcome.Platform, environment, service);
            page.Append(CultureInfo.InvariantCulture, $"**Fix{(fix.Follows && place > 0 ? $", {Fix.WhenItFollows}" : "")}: {MarkdownSafe.Text(fix.Title)}**\n\n{MarkdownSafe.Text(Filled(fix.Does))}\n\nVerify: {MarkdownSafe.Text(Filled(fix.Verify))}\n\n");
            if (fix.Undo.Length > 0) page.Append(CultureInfo.InvariantCulture, $"Undo: {MarkdownSafe.Text(Filled(fix.Undo))}\n\n");
            if (Plan(ActionOrder.For(fix, cause, environment.Name)) is { } plan) page.Append(CultureInfo.InvariantCulture, $"Plan: {MarkdownSafe.Code(plan)}\n\n");
        }
        page.Append(MarkdownSafe.Text($"The commands: tocsin explain {entry.Id} --env {environment.Name} --service {service}")).Append("\n\n");
    }

    // What only a person knows is left open.
    private static string? Plan(ActionOrder order)
    {
        if (ActionKinds.Planner().Find(order.Action) is not { } kind) return null;
        var asked = kind.Arguments.Where(a => a.Required && !order.Values.ContainsKey(a.Name)).Select(a => $"--set {a.Name}={(a.Secret ? "-" : "…")}");
        var target = order.Target.Length > 0 ? order.Target : kind.NeedsTarget ? "TARGET" : "";
        return string.Join(' ', new[] { "tocsin action plan", order.Action, target, $"--env {order.Environment}" }.Where(w => w.Length > 0).Concat(order.Values.Select(v => $"--set {v.Key}={v.Value}")).Concat(asked));
    }

    private static void List(StringBuilder page, string title, IEnumerable<string> items)
    {
        var all = items.ToList();
        if (all.Count == 0) return;
        page.Append(title).Append("\n\n");
        foreach (var item in all) page.Append("- ").Append(item).Append('\n');
        page.Append('\n');
    }
}
