using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Server.Incidents;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Ingest;

/// <summary>Where a signal went.</summary>
public sealed record Placed(string State, IncidentId? Incident, string Why);

/// <summary>Decides where a signal belongs, and does it: joins an incident, reopens one, opens one, or only counts.</summary>
/// <param name="watched">How the watched addresses stand.</param>
public sealed class Placement(IncidentDesk desk, PlanSource plan, Recogniser recogniser, Func<WatchedAddresses> watched)
{
    public async Task<Placed> PlaceAsync(Session s, Signal signal, CancellationToken cancel)
    {
        var rule = plan.Now.Policy.Correlation;
        var known = await Neighbours.OfAsync(s, signal, rule, cancel);
        if (signal.Ends) return await EndAsync(s, signal, known, cancel);
        var wanted = await WantedAsync(s, signal, cancel);
        var place = Correlator.Decide(new IncidentSignal(signal.Environment, signal.Service, signal.Entry, signal.Fingerprint, signal.At), known, rule);
        // All hands get an incident of their own, whatever else is open.
        if (wanted.Severity is { Severity: Severity.P0 } && place is Correlation.Join join && !await IsAsync(s, join.Id, Severity.P0, cancel)) place = new Correlation.Open(Storm: false, wanted.Severity.Why);
        return place switch
        {
            Correlation.Join to => await JoinAsync(s, signal, to, wanted.Severity, cancel),
            Correlation.Reopen back when wanted.Severity is not null => await ReopenAsync(s, signal, back, cancel),
            Correlation.Open open when wanted.Severity is { } severity => await OpenAsync(s, signal, open, severity, cancel),
            _ => new Placed("counted", null, wanted.Why),
        };
    }

    // The severity it may open at; null: it only counts.
    private async Task<(SuggestedSeverity? Severity, string Why)> WantedAsync(Session s, Signal signal, CancellationToken cancel)
    {
        var policy = plan.Now.Policy;
        SuggestedSeverity wanted;
        if (signal.Source == SignalSource.Text)
        {
            if (recogniser.Find(signal.Entry) is not { } entry) return (null, "no known error");
            var (severity, why) = await Neighbours.PageAsync(s, signal, entry, cancel);
            if (severity is not { } given) return (null, why);
            // What is not production is never worse than its severity there.
            wanted = signal.Impact.Production ? new(given, why) : new(Severity.P3, $"{why}; not production");
        }
        else
        {
            var facts = signal.Facts.IsEmpty && signal.Users is null ? signal.Impact with { Degraded = true } : signal.Impact;
            wanted = signal.Severity is { } named ? new(named, "as its sender says") : SeverityMatrix.Suggest(facts, policy.MajorUsers);
        }
        var decided = Opening.Decide(wanted, signal.Source, watched(), policy.Opening, signal.At);
        return (decided, decided.Why);
    }

    private async Task<Placed> OpenAsync(Session s, Signal signal, Correlation.Open open, SuggestedSeverity severity, CancellationToken cancel)
    {
        var title = open.Storm ? $"Many errors at once in {signal.Environment}; the first: {signal.Title}" : signal.Title;
        var declaration = new Declaration(default, title, signal.Environment, signal.Service, signal.Entry, signal.Fingerprint, severity, signal.Impact, null, null);
        if (await desk.DeclareAsync(s, declaration, "", cancel) is not Outcome.Done done) return new Placed("counted", null, "it could not be declared");
        await Neighbours.CountAsync(s, signal, done.Incident.Id, cancel);
        if (open.Storm) await s.ExecuteAsync("update incidents set storm = 1 where number = @Number", new { done.Incident.Id.Number }, cancel);
        return new Placed("opened", done.Incident.Id, $"{severity.Severity}: {severity.Why}; {open.Why}");
    }

    private async Task<Placed> JoinAsync(Session s, Signal signal, Correlation.Join to, SuggestedSeverity? severity, CancellationToken cancel)
    {
        if (await Neighbours.CountAsync(s, signal, to.Id, cancel))
            await DoAsync(s, to.Id, new IncidentCommand.AttachMatch("", new AttachedMatch(signal.Entry, signal.Fingerprint, signal.Service, signal.Count)), cancel);
        if (signal.Impact is { } facts && (facts.Revenue || facts.Breach || facts.DataLoss || facts.AllDown || facts.MajorFeature || facts.Users is not null))
            await DoAsync(s, to.Id, new IncidentCommand.ReportImpact("", facts), cancel);
        // It got worse. All hands are another matter, above.
        if (severity is { Severity: not Severity.P0 } worse)
            await desk.DecideAsync(s, to.Id, null, (i, now) => worse.Severity < i.Severity ? IncidentDecisions.Decide(i, new IncidentCommand.ChangeSeverity("", worse.Severity, worse.Why), now) : new Decision.Nothing("it is as bad already"), cancel);
        return new Placed("joined", to.Id, to.Why);
    }

    private async Task<Placed> ReopenAsync(Session s, Signal signal, Correlation.Reopen back, CancellationToken cancel)
    {
        await Neighbours.CountAsync(s, signal, back.Id, cancel);
        if (back.Flapping)
        {
            await DoAsync(s, back.Id, new IncidentCommand.Note("", $"it is back, and pages nobody: {back.Why}"), cancel);
            return new Placed("damped", back.Id, back.Why);
        }
        await DoAsync(s, back.Id, new IncidentCommand.Reopen("", back.Why), cancel);
        return new Placed("reopened", back.Id, back.Why);
    }

    private async Task<Placed> EndAsync(Session s, Signal signal, List<KnownIncident> known, CancellationToken cancel)
    {
        var open = known.Find(i => i.ResolvedAt is null && i.Fingerprints.Contains(signal.Fingerprint, StringComparer.Ordinal));
        if (open is null) return new Placed("ended", null, "no open incident is about it");
        await DoAsync(s, open.Id, new IncidentCommand.Note("", $"the sender says that it is over: {signal.Title}"), cancel);
        return new Placed("ended", open.Id, "noted; a person resolves");
    }

    private Task<Outcome> DoAsync(Session s, IncidentId id, IncidentCommand command, CancellationToken cancel) =>
        desk.DecideAsync(s, id, null, (i, now) => IncidentDecisions.Decide(i, command, now), cancel);

    private static async Task<bool> IsAsync(Session s, IncidentId id, Severity severity, CancellationToken cancel) =>
        await s.FirstAsync<long>("select severity from incidents where number = @Number", new { id.Number }, cancel) == (long)severity;
}
