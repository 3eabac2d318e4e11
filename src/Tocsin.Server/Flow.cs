using System.Collections.Immutable;
using System.Diagnostics;
using Tocsin.Core.Incidents;
using Tocsin.Server.Incidents;
using Tocsin.Server.Ingest;
using Tocsin.Server.Telemetry;

namespace Tocsin.Server;

/// <summary>A look at what an incident is about: its evidence comes down to a diagnosis, or to nothing where it could not look.</summary>
public delegate Task<AttachedDiagnosis?> Diagnosing(Incident incident, CancellationToken cancel);

/// <summary>
/// The way of the data: signals, match, diagnose, incident, respond, post-mortem. It is the order to read in and not one to wait in: a signal that passes
/// its paging rule opens the incident and pages in one transaction, and the diagnosis comes later as an event of the same incident.
/// </summary>
public sealed class Flow(Recogniser recogniser, WebhookSignals webhook, Inbox inbox, SignalQueue queue, Diagnoses diagnoses, TimeProvider time)
{
    /// <summary>signals: a report in the generic form. It is kept before the sender hears that it was taken.</summary>
    public async Task<(Receipted? Taken, string Problem)> TakeReportAsync(IntakeKey key, string? senderKey, ReadOnlyMemory<byte> body, CancellationToken cancel)
    {
        using var span = Traces.Start("take report", ActivityKind.Server);
        var (signals, problem) = webhook.Read(body.Span, key);
        span?.SetTag("tocsin.signals", signals.Count);
        return problem.Length > 0 ? (null, problem) : (await inbox.KeepAsync(Kept.Report(key, senderKey, body), signals, cancel), "");
    }

    /// <summary>signals, match: log lines. The matcher sees them as they came; the errors it knows are kept, redacted.</summary>
    public async Task<(Receipted Taken, long Lines)> TakeLinesAsync(IntakeKey key, string? senderKey, ReadOnlyMemory<byte> body, LinesOf of, CancellationToken cancel)
    {
        using var span = Traces.Start("take lines", ActivityKind.Server);
        var (signals, lines) = recogniser.Lines(body, of.Environment, of.Service, Storage.Micros.Now(time));
        span?.SetTag("tocsin.lines", lines).SetTag("tocsin.signals", signals.Count);
        return (await inbox.KeepAsync(Kept.Lines(key, senderKey, body, signals), signals, cancel), lines);
    }

    /// <summary>signals: what Tocsin sees by itself, such as the watch.</summary>
    public Task<Receipted> TakeAsync(string source, ImmutableArray<Signal> signals, CancellationToken cancel) => inbox.KeepAsync(Kept.Own(source), signals, cancel);

    /// <summary>incident, respond: places the oldest signal. With the incident's events stand the pages that follow; the sender takes them from there.</summary>
    public async Task<int> RunAsync(CancellationToken cancel)
    {
        using var span = Traces.Start("place signal");
        if (await queue.NextAsync(cancel) is not var (_, placed))
        {
            span.Forget();
            return 0;
        }
        span?.SetTag("tocsin.state", placed.State).SetTag("tocsin.incident", placed.Incident?.ToString());
        // diagnose: beside the pages, never before them.
        if (placed is { State: "opened" or "reopened", Incident: { } id }) diagnoses.Begin(id);
        return 1;
    }

    // post-mortem: its due dates are deadlines of the incident, and the clock minds them as it minds all others.
}
