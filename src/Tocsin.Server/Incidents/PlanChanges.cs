using System.Data.Common;
using Microsoft.Extensions.Hosting;
using NodaTime;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Incidents;

/// <summary>Keeps what people change of the plan on a page, and lays it over the plan: at the start, at each change, and every few seconds for what another node keeps.</summary>
public sealed class PlanChanges(Database database, PlanSource plan, ServerState state, TimeProvider time) : BackgroundService
{
    /// <summary>Of the ids of what is changed on a page.</summary>
    public const string Prefix = "page-";
    private static readonly TimeSpan Look = TimeSpan.FromSeconds(5);
    private static readonly Duration Kept = Duration.FromDays(62);
    private static readonly Duration Longest = Duration.FromDays(366);

    /// <summary>Those that hold now or later, and those of the last two months; the newest last.</summary>
    public Task<List<PlanChangeRow>> AllAsync(CancellationToken cancel) => database.ReadAsync(RowsAsync, cancel);

    public async Task LoadAsync(CancellationToken cancel) => plan.Lay(await AllAsync(cancel));

    /// <summary>Why it was not kept; null: it is kept, and holds.</summary>
    public async Task<string?> AddAsync(PlanChange change, string by, CancellationToken cancel)
    {
        var now = time.Now();
        if (change.When.End <= now) return "its end is past";
        if (change.When.Duration > Longest) return "it lasts a year at most";
        if (change.Refuse(plan.Now) is { } why) return why;
        var kept = change with { Id = $"{Prefix}{Guid.CreateVersion7(time.GetUtcNow()):N}" };
        var row = PlanChangeRow.Of(kept, by, now);
        await database.WriteAsync(
            async (s, c) =>
            {
                await s.ExecuteAsync($"insert into plan_changes ({PlanChangeRow.Columns}) values (@Id, @Kind, @Schedule, @Start, @Finish, @Person, @Other, @About, @Environments, @Services, @MadeBy, @Made, null)", row, c);
                await AuditChain.AppendAsync(s, [new AuditEntry(row.Made, by, $"plan changed: {row.Kind}", row.Schedule.Length > 0 ? row.Schedule : row.About, Told(row), "")], c);
            },
            cancel);
        await LoadAsync(cancel);
        return null;
    }

    /// <summary>Ends one before its time; false where there is none that could be ended.</summary>
    public async Task<bool> EndAsync(string id, string kind, string by, CancellationToken cancel)
    {
        var ended = await database.WriteAsync(
            async (s, c) =>
            {
                var now = Micros.Of(time.Now());
                var done = await s.ExecuteAsync("update plan_changes set ended = @now where id = @id and ended is null and finish > @now and (kind = @kind or (@kind = '' and kind <> 'hold-back'))", new { id, kind, now }, c) == 1;
                if (done) await AuditChain.AppendAsync(s, [new AuditEntry(now, by, "plan change ended", id, "", "")], c);
                return done;
            },
            cancel);
        await LoadAsync(cancel);
        return ended;
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(Look, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (stoppingToken.IsCancellationRequested) return;
            try
            {
                await LoadAsync(stoppingToken);
            }
            catch (DbException e)
            {
                // The plan as it was goes on to hold; the next look comes.
                state.DatabaseFailed(e);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private Task<List<PlanChangeRow>> RowsAsync(Session s, CancellationToken cancel) =>
        s.QueryAsync<PlanChangeRow>($"select {PlanChangeRow.Columns} from plan_changes where finish > @since order by made, id", new { since = Micros.Of(time.Now() - Kept) }, cancel);

    private static string Told(PlanChangeRow row) => $"{row.Person} {row.Other} {row.Environments} {row.Services} {Core.Response.Words.Time(Micros.At(row.Start))} to {Core.Response.Words.Time(Micros.At(row.Finish))}".Trim();
}
