using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Incidents;

/// <summary>Where commands come in: reads the incident, lets Core decide, and keeps what happened. The one way by which people and signals change an incident.</summary>
public sealed class IncidentDesk(Database database, Journal journal, PlanSource plan, TimeProvider time)
{
    /// <param name="wanted">Its id is given here.</param>
    public Task<Outcome> DeclareAsync(Declaration wanted, string by, CancellationToken cancel) =>
        database.WriteAsync((s, c) => DeclareAsync(s, wanted, by, c), cancel);

    /// <summary>As above, within a transaction of the caller's. Whoever is to be paged at once is paged with the declaration, not a tick later.</summary>
    public async Task<Outcome> DeclareAsync(Session s, Declaration wanted, string by, CancellationToken cancel)
    {
        var now = time.Now();
        var decision = IncidentDecisions.Declare(wanted with { Id = await journal.NextIdAsync(s, cancel) }, plan.Now.Policy, by, now);
        if (decision is not Decision.Accept accept) return new Outcome.Refused(decision is Decision.Refuse refuse ? refuse.Why : "nothing to declare");
        var started = Append.Start(accept.Events).After;
        var whole = Append.Start([.. accept.Events, .. IncidentClock.Tick(started, plan.Duty, now)]);
        await journal.AppendAsync(s, [whole], cancel);
        return new Outcome.Done(whole.After, whole.Events);
    }

    public Task<Outcome> DoAsync(IncidentId id, IncidentCommand command, int? expected, CancellationToken cancel) =>
        DecideAsync(id, expected, (incident, now) => IncidentDecisions.Decide(incident, command, now), cancel);

    /// <summary>The next step of the escalation comes now.</summary>
    public Task<Outcome> EscalateAsync(IncidentId id, string by, string why, int? expected, CancellationToken cancel) =>
        DecideAsync(id, expected, (incident, now) => IncidentClock.Escalate(incident, plan.Duty, by, why, now), cancel);

    public Task<Outcome> MergeAsync(IncidentId child, IncidentId parent, string by, CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) =>
            {
                if (child == parent) return new Outcome.Refused("an incident cannot be merged into itself");
                // Always in the order of their numbers, so that two merges cannot wait for each other.
                var held = new List<Incident>();
                foreach (var id in new[] { child, parent }.OrderBy(i => i.Number))
                {
                    if (await journal.HoldAsync(s, id, c) is not { } incident) return new Outcome.Unknown(id);
                    held.Add(incident);
                }
                var (one, other) = (held.Find(i => i.Id == child)!, held.Find(i => i.Id == parent)!);
                var decided = IncidentMerge.Merge(one, other, by, time.Now());
                if (decided.One is Decision.Refuse refuse) return new Outcome.Refused(refuse.Why);
                var append = Append.Of(other, decided.Other.Events);
                await journal.AppendAsync(s, [Append.Of(one, decided.One.Events), append], c);
                await MoveAsync(s, child, parent, one.Fingerprints, c);
                return (Outcome)new Outcome.Done(append.After, append.Events);
            },
            cancel);

    public Task<Outcome> SplitAsync(IncidentId parent, ImmutableArray<string> fingerprints, string title, string by, CancellationToken cancel) =>
        database.WriteAsync(
            async (s, c) =>
            {
                // First the number, then the incident: the way of every transaction that needs both.
                var id = await journal.NextIdAsync(s, c);
                if (await journal.HoldAsync(s, parent, c) is not { } from) return new Outcome.Unknown(parent);
                var now = time.Now();
                var wanted = new Declaration(id, title, from.Environment, from.Service, "", "", new SuggestedSeverity(from.Severity, $"split off {from.Id}"), from.Facts, null, null);
                var decided = IncidentMerge.Split(from, fingerprints, wanted, plan.Now.Policy, by, now);
                if (decided.One is Decision.Refuse refuse) return new Outcome.Refused(refuse.Why);
                var start = Append.Start(decided.Other.Events);
                await journal.AppendAsync(s, [Append.Of(from, decided.One.Events), start], c);
                await MoveAsync(s, parent, id, fingerprints, c);
                return (Outcome)new Outcome.Done(start.After, start.Events);
            },
            cancel);

    // By them the next signal of the same kind finds its incident: where they stayed behind, it would open another one and page again.
    private static async Task MoveAsync(Session s, IncidentId from, IncidentId to, ImmutableArray<string> fingerprints, CancellationToken cancel)
    {
        foreach (var fingerprint in fingerprints)
        {
            var move = new { fingerprint, from = from.Number, to = to.Number };
            await s.ExecuteAsync(
                """
                insert into fingerprints (fingerprint, incident, entry, service, count, first, last)
                select fingerprint, @to, entry, service, count, first, last from fingerprints where incident = @from and fingerprint = @fingerprint
                on conflict (fingerprint, incident) do update set count = fingerprints.count + excluded.count,
                  first = case when excluded.first < fingerprints.first then excluded.first else fingerprints.first end, last = case when excluded.last > fingerprints.last then excluded.last else fingerprints.last end
                """,
                move,
                cancel);
            await s.ExecuteAsync("delete from fingerprints where incident = @from and fingerprint = @fingerprint", move, cancel);
        }
    }

    /// <summary>Holds an incident, decides and keeps, within a transaction of the caller's.</summary>
    public async Task<Outcome> DecideAsync(Session s, IncidentId id, int? expected, Func<Incident, Instant, Decision> decide, CancellationToken cancel)
    {
        if (await journal.HoldAsync(s, id, cancel) is not { } incident) return new Outcome.Unknown(id);
        if (expected is { } version && version != incident.Version) return new Outcome.Stale(incident);
        switch (decide(incident, time.Now()))
        {
            case Decision.Refuse refuse: return new Outcome.Refused(refuse.Why);
            case Decision.Nothing nothing: return new Outcome.Nothing(incident, nothing.Why);
            case var accepted:
                var append = Append.Of(incident, accepted.Events);
                await journal.AppendAsync(s, [append], cancel);
                return new Outcome.Done(append.After, append.Events);
        }
    }

    /// <summary>Commands of several incidents in one transaction of the caller's; a refused one changes nothing. All are held first, in the order of their numbers, and appended together.</summary>
    public async Task DecideAsync(Session s, IReadOnlyList<(IncidentId Id, IncidentCommand Command)> commands, CancellationToken cancel)
    {
        if (commands.Count == 0) return;
        var now = time.Now();
        var held = await journal.HoldAllAsync(s, [.. commands.Select(c => c.Id.Number).Distinct().Order().Select(n => (long)n)], cancel);
        var appends = held.ConvertAll(before =>
        {
            var after = before;
            var events = ImmutableArray.CreateBuilder<IncidentEvent>();
            foreach (var (_, command) in commands.Where(c => c.Id == before.Id))
            {
                var decided = IncidentDecisions.Decide(after, command, now).Events;
                events.AddRange(decided);
                after = after.With(decided);
            }
            return new Append(before, after, events.ToImmutable());
        });
        await journal.AppendAsync(s, appends, cancel);
    }

    private Task<Outcome> DecideAsync(IncidentId id, int? expected, Func<Incident, Instant, Decision> decide, CancellationToken cancel) =>
        database.WriteAsync((s, c) => DecideAsync(s, id, expected, decide, c), cancel);
}
