using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Server.Incidents;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Notify;

/// <summary>A turn that began, as it is kept.</summary>
public sealed record TurnRow(string Id, string Schedule, string Person, string Backup, long Began, long Until, long? Confirmed, long? Told);

/// <summary>A turn on call that began, and whether whoever has it can be reached.</summary>
/// <param name="Backup">Who is told where nobody confirmed by <paramref name="Until"/>.</param>
/// <param name="Told">When the backup was told; null: not.</param>
public sealed record Turn(string Id, string Schedule, string Person, string Backup, Instant Began, Instant Until, Instant? Confirmed, Instant? Told)
{
    internal static Turn Of(TurnRow row) => new(row.Id, row.Schedule, row.Person, row.Backup, Micros.At(row.Began), Micros.At(row.Until), row.Confirmed is { } c ? Micros.At(c) : null, row.Told is { } t ? Micros.At(t) : null);
}

/// <summary>
/// Asks whoever's turn begins, over all their real channels, to say that they can be reached. Where nobody says so in time, the backup that response.yaml names is told:
/// a person decides then who takes the turn. Each turn once, whatever restarts.
/// </summary>
public sealed class TurnStarts(Database database, PlanSource plan, TimeProvider time)
{
    private const string Columns = "id, schedule, person, backup, began, until, confirmed, told";

    // A server that was away that much longer than the answer may take asks no more: the turn is old by then.
    private static readonly Duration Late = Duration.FromMinutes(10);
    private readonly HashSet<string> asked = new(StringComparer.Ordinal);

    /// <summary>Gives how many people were asked or told.</summary>
    public async Task<int> CheckAsync(CancellationToken cancel)
    {
        var (now, done) = (time.Now(), 0);
        foreach (var turn in Begun(plan.Now.Roster, now).Where(t => !asked.Contains(t.Id)).ToList())
        {
            done += await database.WriteAsync((s, c) => AskAsync(s, turn, now, c), cancel);
            asked.Add(turn.Id);
        }
        if (!plan.Now.Roster.Schedules.Values.Any(s => s.Ready is not null)) return done;
        var at = Micros.Of(now);
        var silent = await database.ReadAsync((s, c) => s.QueryAsync<TurnRow>($"select {Columns} from turns where began > @since and until <= @at and confirmed is null and told is null order by began", new { at, since = Micros.Of(now - Duration.FromDays(1)) }, c), cancel);
        foreach (var row in silent) done += await database.WriteAsync((s, c) => TellAsync(s, row, now, c), cancel);
        return done;
    }

    public async Task<List<Turn>> NewestAsync(CancellationToken cancel) =>
        (await database.ReadAsync((s, c) => s.QueryAsync<TurnRow>($"select {Columns} from turns order by began desc, id limit 50", null, c), cancel)).ConvertAll(Turn.Of);

    public async Task<Turn?> OneAsync(string id, CancellationToken cancel) =>
        await database.ReadAsync((s, c) => s.FirstAsync<TurnRow>($"select {Columns} from turns where id = @id", new { id }, c), cancel) is { } row ? Turn.Of(row) : null;

    /// <summary>They can be reached. Late is better than never, and a second time changes nothing.</summary>
    public async Task<Turn?> ConfirmAsync(string id, CancellationToken cancel)
    {
        await database.WriteAsync(
            async (s, c) =>
            {
                var at = Micros.Of(time.Now());
                if (await s.ExecuteAsync("update turns set confirmed = @at where id = @id and confirmed is null", new { id, at }, c) == 0) return;
                var row = (await s.FirstAsync<TurnRow>($"select {Columns} from turns where id = @id", new { id }, c))!;
                await AuditChain.AppendAsync(s, [new AuditEntry(at, row.Person, "turn confirmed", row.Schedule, "", "")], c);
            },
            cancel);
        return await OneAsync(id, cancel);
    }

    /// <summary>Turns that began so recently that whoever has them is asked.</summary>
    public static IEnumerable<Turn> Begun(Roster roster, Instant now) =>
        from schedule in roster.Schedules.Values
        where schedule.Ready is not null
        let since = now - schedule.Ready!.Within - Late
        from shift in schedule.Shifts(new Interval(since, now + Duration.FromTicks(1)))
        where shift.When.Start > since && shift.When.Start <= now
        let id = string.Create(System.Globalization.CultureInfo.InvariantCulture, $"turn/{schedule.Id}/{shift.Person}/{shift.When.Start.ToUnixTimeSeconds()}")
        select new Turn(id, schedule.Id, shift.Person, schedule.Ready!.Backup, shift.When.Start, shift.When.Start + schedule.Ready.Within, null, null);

    private async Task<int> AskAsync(Session s, Turn turn, Instant now, CancellationToken cancel)
    {
        var until = Instant.Max(turn.Until, now + Duration.FromMinutes(1));
        var made = await s.InsertAsync("turns", Columns, [[turn.Id, turn.Schedule, turn.Person, turn.Backup, Micros.Of(turn.Began), Micros.Of(until), null, null]], "on conflict (id) do nothing", cancel);
        if (made == 0) return 0;
        var words = new PageWords($"Your turn in {turn.Schedule} has begun: say by {Words.Hour(until)} that you can be reached. Nothing is wrong.", $"Without an answer {turn.Backup} is told.");
        await SendAsync(s, turn.Id, turn.Person, "turn", words, now, cancel);
        await AuditChain.AppendAsync(s, [new AuditEntry(Micros.Of(now), "", "turn asked", turn.Person, turn.Schedule, "")], cancel);
        return 1;
    }

    private async Task<int> TellAsync(Session s, TurnRow row, Instant now, CancellationToken cancel)
    {
        if (await s.ExecuteAsync("update turns set told = @at where id = @Id and confirmed is null and told is null", new { row.Id, at = Micros.Of(now) }, cancel) == 0) return 0;
        var words = new PageWords($"{row.Person} has not said that pages reach them: their turn in {row.Schedule} began at {Words.Hour(Micros.At(row.Began))}. You are the backup.", "Reach them, or take the turn over on the page On call.");
        await SendAsync(s, $"{row.Id}/backup", row.Backup, "update", words, now, cancel);
        await AuditChain.AppendAsync(s, [new AuditEntry(Micros.Of(now), "", "turn not confirmed", row.Person, $"{row.Backup} was told", "")], cancel);
        return 1;
    }

    // By all that reaches them: which of it works is what is asked.
    private async Task SendAsync(Session s, string id, string person, string purpose, PageWords words, Instant now, CancellationToken cancel)
    {
        var channels = plan.Now.Roster.People.GetValueOrDefault(person)?.Addresses.Select(a => a.Channel).Distinct(StringComparer.Ordinal) ?? [];
        await s.InsertAsync("outbox", OutboxRows.Columns, [.. channels.Select(x => OutboxRows.Row(0, 0, $"{id}/{x}", $"{id}/{x}", purpose, person, x, Severity.P2, id, words, now))], "on conflict (id) do nothing", cancel);
    }
}
