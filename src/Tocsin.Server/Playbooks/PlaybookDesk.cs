using System.Collections.Immutable;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response.Playbooks;
using Tocsin.Server.Incidents;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Playbooks;

/// <summary>What became of a command about a run.</summary>
public abstract record RunOutcome
{
    public sealed record Done(PlaybookRun Run, ImmutableArray<string> Happened) : RunOutcome;

    /// <summary>It was so already.</summary>
    public sealed record Nothing(PlaybookRun Run, string Why) : RunOutcome;

    public sealed record Refused(string Why) : RunOutcome;

    /// <summary>There is no such run or incident.</summary>
    public sealed record Unknown(string Id) : RunOutcome;

    /// <summary>It has moved on since the version that the command was meant for.</summary>
    public sealed record Stale(PlaybookRun Run) : RunOutcome;
}

/// <summary>
/// Runs of playbooks: held, decided by Core, kept. With a run's events stand or fall their lines in the incident's timeline, so that whoever looks at the
/// incident sees them, and working on a step is work on the incident.
/// </summary>
public sealed class PlaybookDesk(Database database, IncidentDesk incidents, PlaybookShelf shelf, TimeProvider time)
{
    public const string Kind = "run";

    /// <summary>The text, with all names, is frozen into the first event.</summary>
    public async Task<RunOutcome> StartAsync(IncidentId id, string playbook, string service, string by, CancellationToken cancel) => await database.WriteAsync(
        async (s, c) =>
        {
            PlaybookRun? started = null;
            var line = "";
            var outcome = await incidents.DecideAsync(
                s,
                id,
                null,
                (incident, now) =>
                {
                    if (shelf.Fill(playbook, incident.Environment, service, out var problem) is not { } book) return new Decision.Refuse(problem);
                    var run = Guid.CreateVersion7(time.GetUtcNow()).ToString();
                    var decided = PlaybookDecisions.Start(book, run, id, incident.Environment, by, now);
                    if (decided is not PlaybookDecision.Accept { Events: [PlaybookStarted start] }) return new Decision.Refuse(decided is PlaybookDecision.Refuse refuse ? refuse.Why : "nothing to start");
                    started = PlaybookRun.Start(start);
                    line = PlaybookWords.Of(start, book);
                    return IncidentDecisions.Decide(incident, new IncidentCommand.Record(by, run, [line]), now);
                },
                c);
            if (outcome is not Outcome.Done) return Of(outcome);
            var first = new PlaybookStarted(started!.Started, by, started.Id, id, started.Environment, started.Playbook);
            await Streams.AppendAsync(s, null, new StreamRow { Id = started.Id, Kind = Kind, Incident = id.Number, State = "running", Title = started.Playbook.Title }, [StreamForms.Runs.Write(first)], c);
            return new RunOutcome.Done(started, [line]);
        },
        cancel);

    /// <param name="command">Given the run as it is held; null where it does not say which step is meant.</param>
    /// <param name="expected">Null: whatever version it is at.</param>
    public async Task<RunOutcome> DoAsync(string run, Func<PlaybookRun, RunCommand?> command, int? expected, CancellationToken cancel) => await database.WriteAsync(
        async (s, c) =>
        {
            if (await Streams.HoldAsync(s, run, c) is not { Kind: Kind } row || await ReadAsync(s, run, c) is not { } held) return new RunOutcome.Unknown(run);
            if (expected is { } version && version != held.Version) return new RunOutcome.Stale(held);
            if (command(held) is not { } wanted) return new RunOutcome.Refused("you are at no step of it: take one, or name the step");
            return PlaybookDecisions.Decide(held, wanted, time.Now()) switch
            {
                PlaybookDecision.Refuse refuse => new RunOutcome.Refused(refuse.Why),
                PlaybookDecision.Nothing nothing => new RunOutcome.Nothing(held, nothing.Why),
                var accepted => await KeepAsync(s, row, held, wanted.By, accepted.Events, c),
            };
        },
        cancel);

    /// <summary>Runs that go on, the newest first.</summary>
    public Task<ImmutableArray<PlaybookRun>> RunningAsync(int most, CancellationToken cancel) => database.ReadAsync(
        async (s, c) =>
        {
            var runs = ImmutableArray.CreateBuilder<PlaybookRun>();
            foreach (var id in await s.QueryAsync<string>($"select id from streams where kind = '{Kind}' and state = 'running' order by begun desc limit @most", new { most }, c))
            {
                if (await ReadAsync(s, id, c) is { } run) runs.Add(run);
            }
            return runs.ToImmutable();
        },
        cancel);

    public Task<PlaybookRun?> ReadAsync(string run, CancellationToken cancel) => database.ReadAsync((s, c) => ReadAsync(s, run, c), cancel);

    /// <summary>All runs of an incident, the first begun first.</summary>
    public Task<ImmutableArray<PlaybookRun>> OfAsync(IncidentId incident, CancellationToken cancel) => database.ReadAsync((s, c) => OfAsync(s, incident, c), cancel);

    /// <summary>The events of all runs of an incident, run by run.</summary>
    public Task<ImmutableArray<PlaybookEvent>> EventsAsync(IncidentId incident, CancellationToken cancel) => database.ReadAsync(
        async (s, c) =>
        {
            var events = ImmutableArray.CreateBuilder<PlaybookEvent>();
            foreach (var row in await Streams.OfIncidentAsync(s, incident, Kind, c)) events.AddRange(await EventsAsync(s, row.Id, c));
            return events.ToImmutable();
        },
        cancel);

    private static async Task<ImmutableArray<PlaybookRun>> OfAsync(Session s, IncidentId incident, CancellationToken cancel)
    {
        var runs = ImmutableArray.CreateBuilder<PlaybookRun>();
        foreach (var row in await Streams.OfIncidentAsync(s, incident, Kind, cancel))
        {
            if (await ReadAsync(s, row.Id, cancel) is { } run) runs.Add(run);
        }
        return runs.ToImmutable();
    }

    private static async Task<PlaybookRun?> ReadAsync(Session s, string run, CancellationToken cancel) => PlaybookRun.Of(await EventsAsync(s, run, cancel));

    private static async Task<ImmutableArray<PlaybookEvent>> EventsAsync(Session s, string run, CancellationToken cancel) => [.. (await Streams.EventsAsync(s, run, cancel)).Select(StreamForms.Runs.Read)];

    private async Task<RunOutcome> KeepAsync(Session s, StreamRow row, PlaybookRun before, string by, ImmutableArray<PlaybookEvent> events, CancellationToken cancel)
    {
        var after = events.Aggregate(before, (r, e) => r.With(e));
        // Who ends a step that nobody held has begun it too: that needs no line of its own.
        ImmutableArray<string> lines = [.. events.Where((e, i) => e is not StepTaken { From.Length: 0 } || i == events.Length - 1).Select(e => PlaybookWords.Of(e, before.Playbook))];
        if (before.Incident is { } incident)
        {
            var outcome = await incidents.DecideAsync(s, incident, null, (i, now) => IncidentDecisions.Decide(i, new IncidentCommand.Record(by is RunCommand.Machine ? "" : by, before.Id, lines), now), cancel);
            if (outcome is not Outcome.Done) return Of(outcome);
        }
        await Streams.AppendAsync(s, row, row with { State = after.Ended is null ? "running" : "ended" }, [.. events.Select(StreamForms.Runs.Write)], cancel);
        return new RunOutcome.Done(after, lines);
    }

    private static RunOutcome Of(Outcome outcome) => outcome switch
    {
        Outcome.Refused refused => new RunOutcome.Refused(refused.Why),
        Outcome.Unknown unknown => new RunOutcome.Unknown(unknown.Id.ToString()),
        _ => throw new ArgumentOutOfRangeException(nameof(outcome), outcome, "an incident that was held can only refuse"),
    };
}
