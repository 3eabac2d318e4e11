using System.Diagnostics;
using System.Globalization;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Server.Clock;
using Tocsin.Server.Incidents;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Tests;

/// <summary>How long things take with many incidents. A small form runs with the tests; <c>./dev speed</c> runs 10,000 and prints.</summary>
public sealed class SpeedTests(PostgresServer postgres)
{
    private static readonly int Many = int.Parse(Environment.GetEnvironmentVariable("TOCSIN_MANY") ?? "500", CultureInfo.InvariantCulture);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task Many_escalations_that_are_due_at_once_are_decided_and_enqueued_together(string database)
    {
        await using var world = await TestWorld.StartAsync(await Databases.ConnectionAsync(database, postgres, Cancel));
        await OpenAsync(world, Many);
        // A server that has just started: it holds none of them in memory, and its code is not warm.
        await world.StopAsync();
        await world.StartAsync();
        var ticks = new List<Ticked>();
        // After a minute the first channel has not taken the page; after ten the engineer on call is asked again; then it is the next channel's turn once more.
        foreach (var seconds in new[] { 61, 599, 61, 599 }) ticks.Add(await TickAsync(world, TimeSpan.FromSeconds(seconds)));
        Assert.Equal(Many, ticks[0].Pages);
        var desk = world.Host.Part<IncidentDesk>();
        await desk.DoAsync(new IncidentId(1), new IncidentCommand.Note("lead", "warm"), null, Cancel);
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 20; i++) Assert.IsType<Outcome.Done>(await desk.DoAsync(new IncidentId(2 + i), new IncidentCommand.Acknowledge("lead"), null, Cancel));
        var change = watch.Elapsed / 20;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{database}: {Many} incidents due at once, all decided and enqueued: in a server that has just started {ticks[0]}; then, as it has run, {string.Join("; ", ticks.Skip(1))}; a change of state among them takes {change.TotalMilliseconds:0.0} ms"));
        Assert.True(ticks.All(t => t.Took < TimeSpan.FromSeconds(60)), string.Join("; ", ticks));
        Assert.True(change < TimeSpan.FromSeconds(2), change.ToString());
    }

    private static async Task<Ticked> TickAsync(TestWorld world, TimeSpan by)
    {
        var clock = world.Host.Part<DueIncidents>();
        var (events, pages) = await CountAsync(world);
        world.Time.Advance(by);
        var (watch, here, there) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime, PostgresServer.Processor());
        var moved = 0;
        while (await clock.TickAsync(Cancel) is > 0 and var some) moved += some;
        var (took, ours, theirs) = (watch.Elapsed, Environment.CpuUsage.TotalTime - here, PostgresServer.Processor() - there);
        Assert.Equal(Many, moved);
        var (eventsAfter, pagesAfter) = await CountAsync(world);
        return new Ticked(eventsAfter - events, pagesAfter - pages, took, ours, theirs);
    }

    private static Task<(long Events, long Pages)> CountAsync(TestWorld world) =>
        world.Host.Part<Database>().ReadAsync((s, c) => s.FirstAsync<(long, long)>("select (select count(*) from events), (select count(*) from outbox)", null, c), Cancel);

    // Processor times of this process, and of the PostgreSQL that the tests started.
    private sealed record Ticked(long Events, long Pages, TimeSpan Took, TimeSpan Here, TimeSpan There)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Events} events and {Pages} pages in {Took.TotalMilliseconds:0} ms ({Here.TotalMilliseconds:0} ms of processor time here, {There.TotalMilliseconds:0} ms in PostgreSQL)");
    }

    // As if they had been declared one by one, only quicker.
    private static async Task OpenAsync(TestWorld world, int count)
    {
        var (journal, plan, store) = (world.Host.Part<Journal>(), world.Host.Part<PlanSource>(), world.Host.Part<Database>());
        for (var start = 1; start <= count; start += 500)
        {
            var appends = Enumerable.Range(start, Math.Min(500, count - start + 1)).Select(n =>
            {
                var id = new IncidentId(n);
                var opened = IncidentDecisions.Declare(new Declaration(id, $"Something {n} fails", "production", $"service-{n}", "", $"f{n}", new SuggestedSeverity(Severity.P1, "test"), new ImpactFacts(), null, null), plan.Now.Policy, "lead", world.Now).Events;
                return Append.Start([.. opened, .. IncidentClock.Tick(Append.Start(opened).After, plan.Duty, world.Now)]);
            }).ToList();
            await store.WriteAsync((s, c) => journal.AppendAsync(s, appends, c), Cancel);
        }
        await store.WriteAsync((s, c) => s.ExecuteAsync("update counters set value = @count where name = 'incident'", new { count }, c), Cancel);
        await store.WriteAsync((s, c) => s.ExecuteAsync("update outbox set state = 'sent', due = 0 where state = 'waiting'", null, c), Cancel);
        Assert.Equal(Duration.Zero, world.Now - TestWorld.Start);
    }
}
