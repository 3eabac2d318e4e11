using System.Net;
using AngleSharp.Dom;
using Tocsin.Core.Platforms;
using Tocsin.Core.Signals.Watching;
using Tocsin.Server.Incidents;
using Tocsin.Server.Notify;
using Tocsin.Server.Reading;
using Tocsin.Server.Watch;
using Tocsin.Server.Web;

namespace Tocsin.Web.Tests;

/// <summary>What the pages around an incident show, and what their forms do.</summary>
public sealed class DeskTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void A_cell_is_as_bad_as_the_worst_thing_in_it_and_what_was_not_seen_is_never_well()
    {
        var platform = PlatformReader.Parse(File.ReadAllText(Path.Combine(TestWorld.Root, "platforms", "zelly", "platform.yaml")), "platform.yaml").Value!;
        var at = TestWorld.Start;
        WatchedThing Thing(string service, string id, Watched known) => new(new WatchSubject(WatchKind.Rule, "production", service, id), known);
        var view = new WatchView(at, null, 0, 0, 0, [], [
            Thing("core-api", "one", new Watched { LastSeen = at }),
            Thing("core-api", "two", new Watched { LastSeen = at, IllSince = at, Says = "no task runs" }),
            Thing("storefront", "one", new Watched { LastSeen = at }),
            Thing("storefront", "two", new Watched { UnseenSince = at, Says = "Denied" }),
            Thing("fastify-nova", "one", new Watched { UnseenSince = at }),
            Thing("aurora", "one", new Watched { LastSeen = at, IllSince = at, Flaps = true }),
            Thing("events-consumer", "one", new Watched { LastSeen = at }),
            Thing("events-consumer", "two", new Watched { UnseenSince = at, Says = "ecs.stoppedTasks.reason is not known" }),
            Thing("redis", "one", new Watched { UnseenSince = at, Says = "redis.server.usedMemoryShare is not known" }),
        ]);
        var grid = HealthGrid.Of(platform, view, []);
        Health Of(string service, string environment) => grid.Rows.First(r => r.Name == service).Cells.First(c => c.Environment == environment).State;
        Assert.Equal(Health.Ill, Of("core-api", "production"));
        Assert.Equal(Health.PartlySeen, Of("storefront", "production"));
        Assert.Equal(Health.Unseen, Of("fastify-nova", "production"));
        Assert.Equal(Health.Flapping, Of("aurora", "production"));
        Assert.Equal(Health.Well, Of("events-consumer", "production"));
        Assert.Equal(Health.Unseen, Of("redis", "production"));
        Assert.Equal(Health.NotWatched, Of("core-api", "staging"));
        Assert.Equal(2, grid.Ill);
        Assert.All(HealthGrid.Of(platform, null, []).Rows, r => Assert.All(r.Cells, c => Assert.Equal(Health.NotWatched, c.State)));
    }

    [Fact]
    public async Task The_first_page_shows_each_service_and_leads_to_its_incident_or_a_drill()
    {
        await using var site = await Site.StartAsync();
        var name = site.World.Options.Platform.Services[0].Name;
        // By its role, as people call it; the platform knows the service's own name.
        var id = await site.DeclareAsync("Checkout answers 502", service: site.World.Options.Platform.Services[0].Role);
        var page = await site.PageAsync("/");
        Assert.NotNull(page.QuerySelector($".health a[href='/incidents/{id}']"));
        Assert.NotNull(page.QuerySelector($".health a[href='/drill?env=staging&service={name}']"));
        Assert.Contains("not watched", page.QuerySelector(".health")!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Two_environments_are_compared_and_what_differs_is_marked_and_explained()
    {
        await using var site = await Site.StartAsync();
        var page = await EndAsync(site, await site.SendAsync("/compare", "/compare", ("left", "staging"), ("right", "production"), ("service", "")), "#compare");
        var text = page.QuerySelector("main")!.TextContent;
        foreach (var said in new[] { "only in staging", "drift", "revision 43 is registered and 41 runs", "not seen", "No difference: storefront" }) Assert.Contains(said, text, StringComparison.Ordinal);
        Assert.Empty(page.QuerySelectorAll("main script"));
        using var same = await site.SendAsync("/compare", "/compare", ("left", "staging"), ("right", "staging"), ("service", ""));
        Assert.Equal(HttpStatusCode.BadRequest, same.StatusCode);
    }

    [Fact]
    public async Task A_checklist_names_what_is_wrong_and_what_would_be_right()
    {
        await using var site = await Site.StartAsync();
        var page = await EndAsync(site, await site.SendAsync("/checklist", "/checklist", ("environment", "production"), ("service", "core-api")), "#checklist");
        Assert.Contains("1 right, 1 wrong, 1 unknown", page.QuerySelector("main")!.TextContent, StringComparison.Ordinal);
        Assert.Contains("32 characters or more", page.QuerySelector(".check-wrong")!.TextContent, StringComparison.Ordinal);
        Assert.Empty(page.QuerySelectorAll("main img"));
    }

    [Fact]
    public async Task Whoever_takes_over_is_paged_until_it_is_ended()
    {
        await using var site = await Site.StartAsync();
        var board = site.World.Host.Part<OnCallBoard>();
        var before = board.People()[0];
        var other = before == "lead" ? "founder-1" : "lead";
        await DoneAsync(site.SendAsync("/oncall", "/oncall/override", ("schedule", "primary"), ("person", other), ("instead", ""), ("from", "2026-11-23T10:00"), ("to", "2026-11-23T20:00")));
        Assert.Equal([other], board.People());
        var page = await site.PageAsync("/oncall");
        Assert.NotEmpty(page.QuerySelectorAll(".calendar .changed"));
        // Kept: it outlives the process.
        await site.World.StopAsync();
        await site.World.StartAsync();
        Assert.Equal([other], site.World.Host.Part<OnCallBoard>().People());
        var id = (await site.World.Host.Part<PlanChanges>().AllAsync(Cancel)).Single().Id;
        Assert.True(await site.World.Host.Part<PlanChanges>().EndAsync(id, "", "admin", Cancel));
        Assert.Equal([before], site.World.Host.Part<OnCallBoard>().People());
        Assert.False(await site.World.Host.Part<PlanChanges>().EndAsync(id, "", "admin", Cancel));
    }

    [Fact]
    public async Task Turns_are_swapped_and_what_cannot_be_is_refused_with_its_reason()
    {
        await using var site = await Site.StartAsync();
        var on = site.World.Host.Part<OnCallBoard>().People()[0];
        await DoneAsync(site.SendAsync("/oncall", "/oncall/swap", ("schedule", "primary"), ("one", on), ("other", "founder-1"), ("from", "2026-11-23T10:00"), ("to", "2026-11-24T10:00")));
        Assert.Equal(["founder-1"], site.World.Host.Part<OnCallBoard>().People());
        foreach (var (from, to, person) in new[] { ("2026-11-23T20:00", "2026-11-23T10:00", "lead"), ("2026-11-20T10:00", "2026-11-21T10:00", "lead"), ("2026-11-23T10:00", "2026-11-23T20:00", "nobody-known"), ("", "", "lead") })
        {
            using var refused = await site.SendAsync("/oncall", "/oncall/override", ("schedule", "primary"), ("person", person), ("from", from), ("to", to));
            Assert.Equal(HttpStatusCode.BadRequest, refused.StatusCode);
            Assert.NotNull((await Site.ReadAsync(refused)).QuerySelector("[role=alert]"));
        }
    }

    [Fact]
    public async Task A_schedule_is_read_by_a_calendar_without_signing_in_and_only_by_its_address()
    {
        await using var site = await Site.StartAsync();
        var address = new Uri((await site.PageAsync("/oncall")).QuerySelectorAll(".command code").Select(c => c.TextContent).First(t => t.Contains("/calendar/", StringComparison.Ordinal)));
        using var stranger = site.Stranger();
        var text = await stranger.GetStringAsync(address.AbsolutePath, Cancel);
        Assert.StartsWith("BEGIN:VCALENDAR", text, StringComparison.Ordinal);
        Assert.Contains("X-TOCSIN-PERSON:engineer-", text, StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.GetAsync(address.AbsolutePath.Replace("primary", "other", StringComparison.Ordinal), Cancel)).StatusCode);
    }

    [Fact]
    public async Task Whether_pages_reach_whoever_has_the_turn_stands_beside_their_name()
    {
        await using var site = await Site.StartAsync(o => o with { Plan = TestWorld.Plan() });
        var starts = site.World.Host.Part<TurnStarts>();
        async Task<string> TurnAsync() => (await site.PageAsync("/oncall")).QuerySelector("li.turn")?.TextContent ?? "";
        Assert.Equal("", await TurnAsync());
        Assert.Contains("within 30m that pages reach them; else Tech lead is told", (await site.PageAsync("/oncall")).QuerySelector("main")!.TextContent, StringComparison.Ordinal);
        await starts.CheckAsync(Cancel);
        Assert.Contains("Second engineer", await TurnAsync(), StringComparison.Ordinal);
        Assert.Contains("was asked, and has until", await TurnAsync(), StringComparison.Ordinal);
        site.World.Time.Advance(TimeSpan.FromMinutes(31));
        await starts.CheckAsync(Cancel);
        Assert.Contains("has not answered; Tech lead was told", await TurnAsync(), StringComparison.Ordinal);
        await starts.ConfirmAsync((await starts.NewestAsync(Cancel))[0].Id, Cancel);
        Assert.Contains("says that pages arrive", await TurnAsync(), StringComparison.Ordinal);
        Assert.Contains("answered late; Tech lead was told", await TurnAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_test_page_leaves_by_the_persons_own_channels_and_the_page_says_how_it_went()
    {
        await using var site = await Site.StartAsync();
        await DoneAsync(site.SendAsync("/oncall", "/oncall/test", ("person", "lead")));
        await site.World.SettleAsync();
        Assert.Contains(site.World.Sent, p => p.First.StartsWith("TEST page for Tech lead", StringComparison.Ordinal));
        async Task<string> TestsAsync() => (await site.PageAsync("/oncall")).GetElementById("tests")!.NextElementSibling!.TextContent;
        Assert.Contains("sent", await TestsAsync(), StringComparison.Ordinal);
        // Each channel is confirmed by its own button, and a look at it is no press.
        using var stranger = site.Stranger();
        var link = new Uri(site.Address, site.World.Sent.First(p => p.Channel == "phone").AcknowledgeLink!.PathAndQuery);
        Assert.Contains("It reached me", await stranger.GetStringAsync(link, Cancel), StringComparison.Ordinal);
        Assert.DoesNotContain("confirmed", await TestsAsync(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.PostAsync(new Uri(link.AbsoluteUri.Replace("phone", "push", StringComparison.Ordinal)), null, Cancel)).StatusCode);
        Assert.Contains("It reached lead by phone", await (await stranger.PostAsync(link, null, Cancel)).Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await stranger.PostAsync(link, null, Cancel)).StatusCode);
        Assert.Single((await TestsAsync()).Split("confirmed at").Skip(1));
        Assert.Single(await site.World.Host.Part<AuditTrail>().NewestAsync(null, "", 20, Cancel), r => r is { What: "test page confirmed", Who: "lead", Detail: "phone" });
    }

    [Fact]
    public async Task Pages_are_held_back_for_a_time_and_an_end_lets_them_go()
    {
        await using var site = await Site.StartAsync();
        await DoneAsync(site.SendAsync("/settings", "/settings/maintenance", ("about", "Aurora is moved"), ("environment", "production"), ("service", "core-api"), ("from", "2026-11-23T10:00"), ("to", "2026-11-23T20:00")));
        Assert.Contains("Aurora is moved", (await site.PageAsync("/")).GetElementById("mutes-title")!.ParentElement!.TextContent, StringComparison.Ordinal);
        await site.DeclareAsync("Checkout answers 502", "P1", "core-api");
        Assert.Empty(site.World.Sent);
        await site.DeclareAsync("Login is broken", "P1", "fastify-nova");
        Assert.NotEmpty(site.World.Sent);
        var id = (await site.PageAsync("/settings")).QuerySelector("form[action='/settings/maintenance/end'] input[name=id]")!.GetAttribute("value")!;
        await DoneAsync(site.SendAsync("/settings", "/settings/maintenance/end", ("id", id)));
        Assert.Null((await site.PageAsync("/settings")).QuerySelector("form[action='/settings/maintenance/end']"));
    }

    [Fact]
    public async Task Somebody_is_invited_shut_out_and_let_in_again_and_the_last_administrator_stays()
    {
        await using var site = await Site.StartAsync();
        using var invited = await site.SendAsync("/settings/people", "/settings/people", ("name", "rita"), ("role", "Responder"), ("person", ""));
        var link = new Uri((await Site.ReadAsync(invited)).QuerySelector(".alert-success code")!.TextContent);
        using var rita = site.Stranger();
        using (var form = new FormUrlEncodedContent([new("password", Site.Password)])) Assert.Equal(HttpStatusCode.OK, (await rita.PostAsync(link.AbsolutePath, form, Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await rita.GetAsync("/", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await rita.GetAsync("/settings", Cancel)).StatusCode);
        var ids = (await site.PageAsync("/settings/people")).QuerySelectorAll("form[action='/settings/people/shut']").Select(f => f.QuerySelector("input[name=id]")!.GetAttribute("value")!).ToList();
        using (var last = await ShutAsync(site, ids[0], "1")) Assert.Contains("last administrator", (await Site.ReadAsync(last)).QuerySelector("[role=alert]")!.TextContent, StringComparison.Ordinal);
        await DoneAsync(ShutAsync(site, ids[1], "1"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await rita.GetAsync("/", Cancel)).StatusCode);
        await DoneAsync(ShutAsync(site, ids[1], "0"));
        Assert.Equal(HttpStatusCode.OK, (await rita.GetAsync("/", Cancel)).StatusCode);
    }

    [Fact]
    public async Task A_token_and_an_intake_key_are_shown_once_work_and_end_when_they_are_revoked()
    {
        await using var site = await Site.StartAsync();
        var account = (await site.PageAsync("/settings/tokens")).QuerySelector("#account option")!.GetAttribute("value")!;
        using var issued = await site.SendAsync("/settings/tokens", "/settings/tokens", ("name", "a script"), ("account", account), ("scope", "read"), ("days", "7"));
        var token = (await Site.ReadAsync(issued)).QuerySelector(".alert-success code")!.TextContent;
        using (var program = site.World.Client(token)) Assert.Equal(HttpStatusCode.OK, (await program.GetAsync("/api/v1/incidents", Cancel)).StatusCode);
        Assert.DoesNotContain(token, (await site.PageAsync("/settings/tokens")).DocumentElement.OuterHtml, StringComparison.Ordinal);
        using var made = await site.SendAsync("/settings/intake", "/settings/intake", ("name", "alarms"), ("environment", "production"), ("service", "core-api"));
        var address = new Uri((await Site.ReadAsync(made)).QuerySelector(".alert-success code")!.TextContent);
        Assert.Contains("nothing came yet", (await site.PageAsync("/settings/intake?part=live")).DocumentElement.TextContent, StringComparison.Ordinal);
        using (var report = await site.World.PostAsync(address.AbsolutePath, new { title = "a test", severity = "P3" })) Assert.Equal(HttpStatusCode.Accepted, report.StatusCode);
        Assert.Contains("last report", (await site.PageAsync("/settings/intake?part=live")).DocumentElement.TextContent, StringComparison.Ordinal);
        var id = (await site.PageAsync("/settings/intake")).QuerySelector("form[action='/settings/intake/revoke'] input[name=id]")!.GetAttribute("value")!;
        await DoneAsync(site.SendAsync("/settings/intake", "/settings/intake/revoke", ("id", id)));
        using var late = await site.World.PostAsync(address.AbsolutePath, new { title = "a test" });
        Assert.Equal(HttpStatusCode.NotFound, late.StatusCode);
    }

    [Fact]
    public async Task A_simulation_says_who_would_be_paged_and_opens_nothing()
    {
        await using var site = await Site.StartAsync();
        var page = await site.PageAsync("/simulate?what=All+services+answer+503&severity=P1&environment=production&after=4&by=lead&hours=2");
        var text = page.QuerySelector("main [role=status]")!.TextContent;
        Assert.Contains("The first person is paged", text, StringComparison.Ordinal);
        Assert.Contains("lead acknowledges", text, StringComparison.Ordinal);
        Assert.Empty(site.World.Sent);
        Assert.Contains("All quiet", (await site.PageAsync("/")).QuerySelector("main")!.TextContent, StringComparison.Ordinal);
        Assert.Equal("All services answer 503", page.QuerySelector("#what")!.GetAttribute("value"));
        await site.PageAsync("/simulate?what=x&after=4&by=nobody", HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task What_no_entry_knows_is_counted_together_and_signals_are_found_by_where_they_went()
    {
        await using var site = await Site.StartAsync();
        var intake = await site.World.IntakeAsync(service: "core-api");
        foreach (var _ in Enumerable.Range(0, 3)) (await site.World.PostAsync($"{intake}/webhook", new { title = "the frobnicator is bent", severity = "P3" })).Dispose();
        await site.World.SettleAsync();
        var unknown = (await site.PageAsync("/signals/unknown")).QuerySelector("main ul")!.TextContent;
        Assert.Contains("×3", unknown, StringComparison.Ordinal);
        Assert.Contains("frobnicator", unknown, StringComparison.Ordinal);
        Assert.Single((await site.PageAsync("/signals?state=opened")).QuerySelectorAll("tbody tr"));
        Assert.Equal(2, (await site.PageAsync("/signals?state=joined&service=core-api")).QuerySelectorAll("tbody tr").Length);
        Assert.Empty((await site.PageAsync("/signals?service=elsewhere")).QuerySelectorAll("tbody tr"));
        using var lines = new StringContent("Error: connect ECONNREFUSED 10.0.12.34:3306\n");
        (await site.World.Http.PostAsync($"{intake}/ndjson", lines, Cancel)).Dispose();
        await site.World.SettleAsync();
        Assert.Contains("mysql-unreachable", (await site.PageAsync("/reports")).QuerySelector("[aria-label^='Noisiest'] tbody")!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fault_is_made_in_the_lab_told_of_and_healed()
    {
        await using var site = await Site.StartAsync();
        using (var broken = await site.SendAsync("/lab", "/lab/inject", ("fault", "secret-gone"), ("environment", "production"))) Assert.Contains("secret deleted", (await Site.ReadAsync(broken)).QuerySelector("main [role=status]")!.TextContent, StringComparison.Ordinal);
        Assert.Contains("not healthy", (await site.PageAsync("/lab?part=live")).DocumentElement.TextContent, StringComparison.Ordinal);
        using (var again = await site.SendAsync("/lab", "/lab/inject", ("fault", "secret-gone"), ("environment", "staging"))) Assert.Equal(HttpStatusCode.Conflict, again.StatusCode);
        using (var nowhere = await site.SendAsync("/lab", "/lab/inject", ("fault", "only-here"), ("environment", "production"))) Assert.Equal(HttpStatusCode.BadRequest, nowhere.StatusCode);
        await DoneAsync(site.SendAsync("/lab", "/lab/heal"));
        Assert.Contains("The lab is healthy", (await site.PageAsync("/lab?part=live")).DocumentElement.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_exam_is_asked_on_the_page_of_the_lab_and_watched()
    {
        await using var site = await Site.StartAsync();
        using (var nothing = await site.SendAsync("/lab", "/lab/exam", ("entry", "mysql-unreachable"), ("environment", "production"))) Assert.Equal(HttpStatusCode.BadRequest, nothing.StatusCode);
        await DoneAsync(site.SendAsync("/lab", "/lab/exam", ("entry", "ecs-exit-137"), ("environment", "staging")));
        await Wait.UntilAsync(async () => (await site.PageAsync("/lab?part=live")).QuerySelector("#exam .busy") is null, "the exam is not over", Cancel);
        var page = await site.PageAsync("/lab?part=live");
        var rows = page.QuerySelectorAll("#exam tbody tr").Select(r => r.TextContent).ToList();
        Assert.Equal(2, rows.Count);
        Assert.Contains("right Confirmed ecs-exit-137/memory-limit", rows[0], StringComparison.Ordinal);
        Assert.Contains("the core profile hides it", rows[1], StringComparison.Ordinal);
        Assert.Contains("1 of 1 right", page.GetElementById("exam-title")!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task One_exam_at_a_time_and_what_waits_when_it_is_ended_is_not_asked()
    {
        var answers = new TaskCompletionSource();
        await using var site = await Site.StartAsync(o => o with { Web = o.Web with { Lab = new FakeLab { Answers = answers.Task }.Door } });
        await DoneAsync(site.SendAsync("/lab", "/lab/exam", ("entry", ""), ("environment", "staging")));
        await Wait.UntilAsync(async () => (await RowsAsync())[0].Contains("is asked now", StringComparison.Ordinal), "nothing is asked", Cancel);
        using (var second = await site.SendAsync("/lab", "/lab/exam", ("entry", ""), ("environment", "staging"))) Assert.Equal(HttpStatusCode.Conflict, second.StatusCode);
        await DoneAsync(site.SendAsync("/lab", "/lab/exam/end"));
        Assert.Contains("not asked: the exam was ended", (await RowsAsync())[1], StringComparison.Ordinal);
        answers.SetResult();
        await Wait.UntilAsync(async () => (await RowsAsync())[0].Contains("right", StringComparison.Ordinal), "the one that was asked has no answer", Cancel);
        Assert.Contains("not asked", (await RowsAsync())[1], StringComparison.Ordinal);

        async Task<List<string>> RowsAsync() => [.. (await site.PageAsync("/lab?part=live")).QuerySelectorAll("#exam tbody tr").Select(r => r.TextContent)];
    }

    [Fact]
    public async Task The_tour_greets_who_is_new_and_is_put_away_for_good()
    {
        await using var site = await Site.StartAsync();
        Assert.NotNull((await site.PageAsync("/")).GetElementById("tour-title"));
        await DoneAsync(site.SendAsync("/", "/tour/end"));
        Assert.Null((await site.PageAsync("/")).GetElementById("tour-title"));
        Assert.NotEmpty((await site.PageAsync("/tour")).QuerySelectorAll("ol.tour li"));
    }

    [Fact]
    public async Task A_room_names_what_else_happened_and_what_they_have_in_common()
    {
        await using var site = await Site.StartAsync();
        var one = await site.DeclareAsync("Checkout answers 502", service: "core-api");
        var other = await site.DeclareAsync("Login is broken", service: "fastify-nova");
        site.World.Time.Advance(TimeSpan.FromHours(2));
        var later = await site.DeclareAsync("Checkout is slow", service: "core-api");
        var page = await site.PageAsync($"/incidents/{later}");
        var related = page.GetElementById("related-title")!.ParentElement!;
        Assert.Contains("the same service", related.TextContent, StringComparison.Ordinal);
        Assert.NotNull(related.QuerySelector($"a[href='/incidents/{one}']"));
        Assert.Null(related.QuerySelector($"a[href='/incidents/{other}']"));
        Assert.Contains("at the same time", (await site.PageAsync($"/incidents/{one}")).GetElementById("related-title")!.ParentElement!.TextContent, StringComparison.Ordinal);
    }

    private static Task<HttpResponseMessage> ShutAsync(Site site, string id, string shut) => site.SendAsync("/settings/people", "/settings/people/shut", ("id", id), ("shut", shut));

    // Follows a look until it has ended.
    private static async Task<IDocument> EndAsync(Site site, HttpResponseMessage begun, string id)
    {
        using var answer = begun;
        Assert.Equal(HttpStatusCode.SeeOther, answer.StatusCode);
        var address = answer.Headers.Location!.ToString();
        for (var tries = 0; tries < 400; tries++)
        {
            var page = await site.PageAsync(address);
            if (page.QuerySelector(id)!.GetAttribute("hx-get") is null) return page;
            await Task.Delay(25, Cancel);
        }
        throw new TimeoutException(address);
    }

    private static async Task DoneAsync(Task<HttpResponseMessage> sent)
    {
        using var answer = await sent;
        Assert.True(answer.StatusCode == HttpStatusCode.SeeOther, await answer.Content.ReadAsStringAsync(Cancel));
    }
}
