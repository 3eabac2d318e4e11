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
        var clock = world.Host.Part<DueIncidents>();
        // The first channel has not taken the page after a minute: one page to each engineer by the next one.
        var first = await TickAsync(world, clock, TimeSpan.FromSeconds(61));
        Assert.Equal(Many, await PagesAsync(world, first.Before));
        // The second has not either, and the engineer on call is asked again after ten minutes: three pages for each.
        var second = await TickAsync(world, clock, TimeSpan.FromSeconds(599));
        var desk = world.Host.Part<IncidentDesk>();
        await desk.DoAsync(new IncidentId(1), new IncidentCommand.Note("lead", "warm"), null, Cancel);
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < 20; i++) Assert.IsType<Outcome.Done>(await desk.DoAsync(new IncidentId(2 + i), new IncidentCommand.Acknowledge("lead"), null, Cancel));
        var change = watch.Elapsed / 20;
        var pages = await PagesAsync(world, second.Before);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{database}: {Many} due escalations decided and enqueued in {first.Took.TotalMilliseconds:0} ms ({first.Processor.TotalMilliseconds:0} ms of processor time here), the code still cold; then {pages} pages of as many incidents in {second.Took.TotalMilliseconds:0} ms ({second.Processor.TotalMilliseconds:0} ms); a change of state among them takes {change.TotalMilliseconds:0.0} ms"));
        Assert.True(first.Took + second.Took < TimeSpan.FromSeconds(60), $"{first.Took} and {second.Took}");
        Assert.True(change < TimeSpan.FromSeconds(2), change.ToString());
    }

    private static async Task<(TimeSpan Took, TimeSpan Processor, Instant Before)> TickAsync(TestWorld world, DueIncidents clock, TimeSpan by)
    {
        var before = world.Now;
        world.Time.Advance(by);
        var (watch, processor) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        var moved = 0;
        while (await clock.TickAsync(Cancel) is > 0 and var some) moved += some;
        Assert.Equal(Many, moved);
        return (watch.Elapsed, Environment.CpuUsage.TotalTime - processor, before);
    }

    private static Task<long> PagesAsync(TestWorld world, Instant after) =>
        world.Host.Part<Database>().ReadAsync((s, c) => s.FirstAsync<long>("select count(*) from outbox where decided > @after", new { after = Micros.Of(after) }, c), Cancel);

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
