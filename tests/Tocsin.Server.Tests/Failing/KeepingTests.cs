using System.Text.Json;
using Tocsin.Server.Incidents;
using Tocsin.Server.Reading;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Tests.Failing;

/// <summary>What is let go of and what stays, what is handed to other programs, and a plan that is changed while the server runs.</summary>
public sealed class KeepingTests(PostgresServer postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task What_came_in_goes_after_its_time_and_the_incident_and_its_proof_stay(string database)
    {
        await using var world = await TestWorld.StartAsync(await Databases.ConnectionAsync(database, postgres, Cancel));
        var intake = await world.IntakeAsync();
        await world.PostAsync($"{intake}/webhook", new { title = "Checkout fails", service = "checkout", severity = "P1" });
        await world.SettleAsync();
        var retention = world.Host.Part<Retention>();
        Assert.Equal(0, await retention.CheckAsync(Cancel));
        world.Time.Advance(TimeSpan.FromDays(31));
        Assert.Equal(2, await retention.CheckAsync(Cancel));
        Assert.Equal(0, await CountAsync(world, "select (select count(*) from signals) + (select count(*) from intake)"));
        Assert.Equal(3, await CountAsync(world, "select count(*) from outbox"));
        world.Time.Advance(TimeSpan.FromDays(400));
        Assert.True(await retention.CheckAsync(Cancel) >= 3);
        Assert.Equal(0, await CountAsync(world, "select count(*) from outbox"));
        Assert.Equal(1, await CountAsync(world, "select count(*) from incidents"));
        Assert.Equal("", (await world.Host.Part<AuditTrail>().VerifyAsync(Cancel)).Problem);
    }

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task An_export_holds_what_happened_and_nothing_that_opens_a_door(string database)
    {
        await using var world = await TestWorld.StartAsync(await Databases.ConnectionAsync(database, postgres, Cancel));
        var intake = await world.IntakeAsync();
        await world.PostAsync($"{intake}/webhook", new { title = "Checkout fails", service = "checkout", severity = "P1" });
        await world.SettleAsync();
        var text = new StringWriter();
        var lines = await Export.WriteAsync(world.Host.Part<Database>(), text, Cancel);
        var all = text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        Assert.Equal(lines, all.Count);
        Assert.Equal(["incident", "event", "page", "signal", "audit"], all.Select(l => l.GetProperty("kind").GetString()!).Distinct());
        Assert.Equal("2026-11-23T05:00:00Z", all[0].GetProperty("declared").GetString());
        Assert.Equal(3, all.Count(l => l.GetProperty("kind").GetString() == "page"));
        Assert.DoesNotContain(world.AdminToken, text.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain(intake.Split('/')[^1], text.ToString(), StringComparison.Ordinal);
        var digests = await world.Host.Part<Database>().ReadAsync((s, c) => s.QueryAsync<string>("select digest from tokens union all select digest from intake_keys union all select password from accounts union all select value from secrets", null, c), Cancel);
        Assert.All(digests.Where(d => d.Length > 0), d => Assert.DoesNotContain(d, text.ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task Pages_are_not_promised_where_an_address_is_in_no_variable()
    {
        string? None(string name) => name.StartsWith("FOUNDER_2", StringComparison.Ordinal) || name is "ENGINEER_1_PHONE" ? null : $"address-of-{name}";
        var refused = await Assert.ThrowsAsync<ServerSetupException>(() => TestWorld.SqliteAsync(o => o with { Variable = None }));
        Assert.Contains("founder-2 can be reached by nothing: $FOUNDER_2_PHONE, $FOUNDER_2_MESSAGE are not set", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("engineer", refused.Message, StringComparison.Ordinal);
        await using var quiet = await TestWorld.SqliteAsync(o => o with { Variable = None, Live = false });
        // Somebody who can be reached by another way is named and holds nothing up.
        await using var world = await TestWorld.SqliteAsync(o => o with { Variable = n => n is "ENGINEER_1_PHONE" ? null : $"address-of-{n}" });
        Assert.Contains("engineer-1 cannot be reached by phone: $ENGINEER_1_PHONE is not set", world.Options.Warnings());
    }

    [Fact]
    public async Task A_newer_plan_holds_at_once_and_one_that_pages_nobody_is_refused()
    {
        await using var world = await TestWorld.SqliteAsync();
        var (reload, plan) = (world.Host.Part<PlanReload>(), world.Host.Part<PlanSource>());
        var before = plan.Now;
        var empty = before with { Roster = before.Roster with { People = before.Roster.People.SetItem("lead", before.Roster.People["lead"] with { Addresses = [] }) } };
        Assert.StartsWith("somebody could not be paged by it: ", await reload.TakeAsync(empty, Cancel), StringComparison.Ordinal);
        Assert.Same(before, plan.Now);
        var strange = before with { Policy = before.Policy with { Channels = before.Policy.Channels.Add("fax", before.Policy.Channels["push"] with { Id = "fax" }) } };
        Assert.Equal("channels are set up at the start: restart for fax", await reload.TakeAsync(strange, Cancel));
        var schedule = before.Roster.Schedules["primary"];
        var moved = before with { Roster = before.Roster with { Schedules = before.Roster.Schedules.SetItem("primary", schedule with { Rotations = [schedule.Rotations[0] with { People = ["engineer-3"] }] }) } };
        Assert.Equal("", await reload.TakeAsync(moved, Cancel));
        await world.DeclareAsync("Checkout is broken", "P1");
        Assert.Contains(world.Sent, p => p.Person == "engineer-3");
        Assert.Contains(await world.Host.Part<AuditTrail>().NewestAsync(null, "", 20, Cancel), r => r.What == "response plan reloaded");
    }

    private static Task<long> CountAsync(TestWorld world, string sql) => world.Host.Part<Database>().ReadAsync((s, c) => s.FirstAsync<long>(sql, null, c), Cancel);
}
