using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Server.Notify;
using Tocsin.Server.Reading;

namespace Tocsin.Server.Tests;

/// <summary>What is said to people: rooms by the outbox, the public by its own words alone.</summary>
public sealed class PublishingTests(PostgresServer postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task An_update_is_kept_with_its_promise_and_reaches_the_room_in_the_rooms_own_words(string database)
    {
        await using var world = await WorldAsync(database);
        var id = await world.DeclareAsync("Checkout is broken", "P0");
        var draft = await world.GetAsync($"/api/v1/incidents/{id}/message");
        var text = draft.GetProperty("draft").GetProperty("text").GetString()!;
        Assert.StartsWith("🚨 P0 INCIDENT — Checkout is broken\nStatus: INVESTIGATING\nStarted: 2026-11-23 05:00 UTC\nImpact: [", text, StringComparison.Ordinal);
        Assert.DoesNotContain("CC:", text, StringComparison.Ordinal);
        Assert.StartsWith("https://wa.me/?text=", draft.GetProperty("whatsAppLink").GetString(), StringComparison.Ordinal);
        Assert.EndsWith("CC: @everyone", draft.GetProperty("whatsApp").GetString(), StringComparison.Ordinal);
        var before = world.Sent.Count;
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/incidents/{id}/send", new { text, template = "p0", call = true, nextBy = NodaTime.Text.InstantPattern.ExtendedIso.Format(world.Now + Duration.FromMinutes(20)) })).StatusCode);
        await world.SettleAsync();
        var sent = Assert.Single(world.Sent.Skip(before), p => p.Purpose == PagePurpose.Update);
        Assert.Equal(("incidents", "", "🚨 P0 INCIDENT — Checkout is broken"), (sent.Channel, sent.Person, sent.First));
        Assert.EndsWith("CC: <!channel>", sent.More, StringComparison.Ordinal);
        var detail = await world.GetAsync($"/api/v1/incidents/{id}");
        Assert.Equal(NodaTime.Text.InstantPattern.ExtendedIso.Format(world.Now + Duration.FromMinutes(20)), detail.GetProperty("summary").GetProperty("updateBy").GetString());
        Assert.Contains(detail.GetProperty("timeline").EnumerateArray(), e => e.GetProperty("text").GetString() == "the update reached incidents");
        Assert.Equal("", (await world.Host.Part<AuditTrail>().VerifyAsync(Cancel)).Problem);
    }

    [Fact]
    public async Task A_room_that_does_not_take_it_is_named_in_the_timeline_and_one_in_doubt_is_tried_again()
    {
        await using var world = await WorldAsync("sqlite");
        var id = await world.DeclareAsync("Checkout is broken", "P1");
        var tries = 0;
        world.Phone.Answer = p => p.Purpose != PagePurpose.Update ? new SendResult.Taken(Receipt.Accepted, "") : ++tries == 1 ? new SendResult.InDoubt("no answer") : new SendResult.Refused("the room is gone");
        await world.PostAsync($"/api/v1/incidents/{id}/send", new { text = "We roll back" });
        await world.AdvanceAsync(Duration.FromSeconds(10));
        Assert.Equal(2, tries);
        var updates = world.Sent.Where(p => p.Purpose == PagePurpose.Update).ToList();
        Assert.Single(updates.Select(u => u.IdempotencyKey).Distinct(StringComparer.Ordinal));
        Assert.Contains((await world.GetAsync($"/api/v1/incidents/{id}")).GetProperty("timeline").EnumerateArray(), e => e.GetProperty("text").GetString() == "the update did NOT reach incidents: the room is gone");
        Assert.Equal(HttpStatusCode.Conflict, (await world.PostAsync($"/api/v1/incidents/{id}/send", new { text = "x", rooms = new[] { "nowhere" } })).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await world.PostAsync($"/api/v1/incidents/{id}/send", new { text = " " })).StatusCode);
    }

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task What_was_not_published_never_appears_in_public(string database)
    {
        await using var world = await WorldAsync(database);
        string[] secret = ["Canary-title", "Canary-note", "Canary-update", "Canary-resolve", "Canary-step", "Canary-cause", "fastify-nova", "engineer-", "INC-", "production", "admin", "zelly", "Zelly"];
        var id = (await (await world.PostAsync("/api/v1/incidents", new { title = "Canary-title", severity = "P0", service = "fastify-nova" })).Content.ReadFromJsonAsync<JsonElement>(Cancel)).GetProperty("incident").GetProperty("id").GetString();
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync("/api/v1/status-page/components", new { name = "Online shops", about = "What customers see" })).StatusCode);
        await world.PostAsync($"/api/v1/incidents/{id}/note", new { text = "Canary-note" });
        await world.PostAsync($"/api/v1/incidents/{id}/playbooks", new { playbook = "p0-a" });
        await PublishAsync(world, id!, "Canary-update", "investigating", "Shops answer slowly");
        world.Time.Advance(TimeSpan.FromMinutes(5));
        var open = await PublicAsync(world, secret);
        Assert.All(open, t => Assert.Contains("Shops answer slowly", t, StringComparison.Ordinal));
        Assert.Contains("Degraded", open[0], StringComparison.Ordinal);
        await PublishAsync(world, id!, "Canary-update two", "resolved", "Shops are well again");
        await world.PostAsync($"/api/v1/incidents/{id}/resolve", new { text = "Canary-resolve" });
        world.Time.Advance(TimeSpan.FromMinutes(5));
        var ended = await PublicAsync(world, secret);
        Assert.Contains("Everything works", ended[0], StringComparison.Ordinal);
        Assert.Contains((await world.GetAsync($"/api/v1/incidents/{id}")).GetProperty("timeline").EnumerateArray(), e => e.GetProperty("text").GetString() == "admin tells the public (report 1, resolved): Shops are well again");
        Assert.Equal("", (await world.Host.Part<AuditTrail>().VerifyAsync(Cancel)).Problem);
    }

    [Fact]
    public async Task A_component_is_as_bad_as_the_worst_that_is_said_of_it()
    {
        await using var world = await WorldAsync("sqlite");
        await world.PostAsync("/api/v1/status-page/components", new { name = "Online shops" });
        Assert.Equal(HttpStatusCode.Conflict, (await world.PostAsync("/api/v1/status-page/components", new { name = "online SHOPS" })).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync("/api/v1/status-page/components/online-shops/state", new { state = "maintenance" })).StatusCode);
        Assert.Equal("maintenance", await StateAsync(world));
        await world.PostAsync("/api/v1/status-page/reports", new { title = "Payments fail", text = "We look", impact = "majorOutage", components = new[] { "online-shops" } });
        Assert.Equal("majorOutage", await StateAsync(world));
        Assert.Equal(HttpStatusCode.Conflict, (await world.Http.DeleteAsync("/api/v1/status-page/components/online-shops", Cancel)).StatusCode);
        await world.PostAsync("/api/v1/status-page/reports/1/updates", new { text = "Over", stage = "resolved" });
        Assert.Equal("maintenance", await StateAsync(world));
        Assert.Equal(HttpStatusCode.Conflict, (await world.PostAsync("/api/v1/status-page/reports/1/updates", new { text = "Again", stage = "investigating" })).StatusCode);
        Assert.Equal(HttpStatusCode.Conflict, (await world.PostAsync("/api/v1/status-page/reports", new { title = "x", text = "y", components = new[] { "nothing" } })).StatusCode);
    }

    [Fact]
    public async Task The_public_page_is_kept_by_browsers_for_a_moment_and_asked_by_its_tag()
    {
        await using var world = await WorldAsync("sqlite");
        using var stranger = new HttpClient { BaseAddress = world.Host.Address };
        var first = await stranger.GetAsync("/status", Cancel);
        Assert.Equal("public, max-age=10", first.Headers.CacheControl!.ToString());
        using var again = new HttpRequestMessage(HttpMethod.Get, "/status");
        again.Headers.IfNoneMatch.Add(first.Headers.ETag!);
        Assert.Equal(HttpStatusCode.NotModified, (await stranger.SendAsync(again, Cancel)).StatusCode);
        await world.PostAsync("/api/v1/status-page/reports", new { title = "<b>Payments</b> & more", text = "We look\u0001 <script>alert(1)</script>" });
        var page = await stranger.GetStringAsync("/status", Cancel);
        Assert.Contains("&lt;b&gt;Payments&lt;/b&gt;", page, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>alert", page, StringComparison.Ordinal);
        var feed = System.Xml.Linq.XDocument.Parse(await stranger.GetStringAsync("/status.rss", Cancel));
        Assert.Equal("Investigating: <b>Payments</b> & more", feed.Descendants("item").Single().Element("title")!.Value);
        Assert.Equal(HttpStatusCode.NotFound, (await stranger.GetAsync("/status/7", Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await stranger.GetAsync("/status/1", Cancel)).StatusCode);
    }

    [Fact]
    public void In_Slack_only_the_line_that_calls_people_calls_them()
    {
        var page = Tocsin.Server.Tests.Notify.SomePage.To("https://hooks.example/x") with { Purpose = PagePurpose.Update, Person = "", AcknowledgeLink = null, First = "<!channel> P0", More = "Impact: <!channel> and <@U1>\nCC: <!channel> <@U1> <!subteam^S1> <https://elsewhere.example>" };
        var blocks = Tocsin.Server.Notify.Slack.SlackChannel.Message(page, "channel")["blocks"]!.AsArray();
        Assert.Equal("*&lt;!channel&gt; P0*", blocks[0]!["text"]!["text"]!.GetValue<string>());
        Assert.Equal("Impact: &lt;!channel&gt; and &lt;@U1&gt;\nCC: <!channel> <@U1> <!subteam^S1> &lt;https://elsewhere.example&gt;", blocks[1]!["text"]!["text"]!.GetValue<string>());
    }

    [Fact]
    public async Task Only_a_commander_speaks_to_the_public()
    {
        await using var world = await WorldAsync("sqlite");
        var id = await world.DeclareAsync("Checkout is broken", "P1");
        using var rita = world.Client(await world.TokenAsync("rita", "responder", "respond"));
        Assert.Equal(HttpStatusCode.OK, (await rita.PostAsync($"/api/v1/incidents/{id}/send", JsonContent.Create(new { text = "We roll back" }), Cancel)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await rita.PostAsync($"/api/v1/incidents/{id}/send", JsonContent.Create(new { text = "We roll back", @public = new { title = "a", text = "b" } }), Cancel)).StatusCode);
        Assert.DoesNotContain("\"title\"", await world.Http.GetStringAsync("/status.json", Cancel), StringComparison.Ordinal);
    }

    private async Task<TestWorld> WorldAsync(string database) => await TestWorld.StartAsync(await Databases.ConnectionAsync(database, postgres, Cancel));

    private static async Task PublishAsync(TestWorld world, string id, string text, string stage, string told) =>
        Assert.Equal(HttpStatusCode.OK, (await world.PostAsync($"/api/v1/incidents/{id}/send", new { text, template = "p0", @public = new { title = "Slow shops", text = told, stage, impact = "degraded", components = new[] { "online-shops" } } })).StatusCode);

    private static async Task<List<string>> PublicAsync(TestWorld world, string[] secret)
    {
        using var stranger = new HttpClient { BaseAddress = world.Host.Address };
        var texts = new List<string>();
        foreach (var path in new[] { "/status", "/status/1", "/status.rss", "/status.json" })
        {
            var text = await stranger.GetStringAsync(path, Cancel);
            texts.Add(text.Replace(world.Host.Address.ToString(), "", StringComparison.Ordinal));
            Assert.All(secret, s => Assert.DoesNotContain(s, texts[^1], StringComparison.Ordinal));
        }
        return texts;
    }

    private static async Task<string> StateAsync(TestWorld world)
    {
        using var stranger = new HttpClient { BaseAddress = world.Host.Address };
        world.Time.Advance(TimeSpan.FromSeconds(2));
        return JsonDocument.Parse(await stranger.GetStringAsync("/status.json", Cancel)).RootElement.GetProperty("components")[0].GetProperty("state").GetString()!;
    }
}
