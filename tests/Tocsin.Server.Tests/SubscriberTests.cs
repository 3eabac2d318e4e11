using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Server.Notify;
using Tocsin.Server.Publishing;
using Tocsin.Server.Reading;
using Tocsin.Server.Storage;
using Tocsin.Server.Tests.Notify;

namespace Tocsin.Server.Tests;

/// <summary>The status page sent to whoever asked for it, and confirmed.</summary>
public sealed partial class SubscriberTests(PostgresServer postgres)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Databases.Both), MemberType = typeof(Databases))]
    public async Task By_mail_each_change_is_sent_once_after_the_link_was_confirmed_and_never_after_the_other_link(string database)
    {
        var mail = new FakeChannel();
        await using var world = await WorldAsync(mail, database);
        Assert.Equal(HttpStatusCode.Accepted, (await AskAsync(world, "mail", "reader@shop.example")).StatusCode);
        Assert.Equal(HttpStatusCode.Accepted, (await AskAsync(world, "mail", "reader@shop.example")).StatusCode);
        await OpenAsync(world, "Checkout is slow", "Orders take longer than usual.");
        await world.SettleAsync();
        // Who has not confirmed gets one message, and it is no update.
        var asked = Assert.Single(mail.Sent);
        Assert.Equal(("reader@shop.example", null), (asked.Address, asked.Link));
        var confirm = Link().Match(asked.More).Value;
        // A mail program that follows links confirms nothing.
        Assert.Equal(HttpStatusCode.OK, (await AnyoneAsync(world, HttpMethod.Get, confirm)).StatusCode);
        await OpenAsync(world, "Search is slow", "It takes longer.");
        await world.SettleAsync();
        Assert.Single(mail.Sent);
        Assert.Equal(HttpStatusCode.OK, (await AnyoneAsync(world, HttpMethod.Post, confirm)).StatusCode);
        var tries = 0;
        mail.Answer = _ => ++tries == 1 ? new SendResult.TryAgain("busy", null) : new SendResult.Taken(Receipt.Accepted, "");
        await OpenAsync(world, "Logins fail", "Some cannot log in.");
        await world.AdvanceAsync(Duration.FromSeconds(30));
        var updates = mail.Sent.Skip(1).ToList();
        Assert.Equal(2, updates.Count);
        Assert.Single(updates.Select(u => u.IdempotencyKey).Distinct(StringComparer.Ordinal));
        Assert.Equal(("Investigating: Logins fail", "/status/3"), (updates[0].First, updates[0].Link!.AbsolutePath));
        Assert.StartsWith("Some cannot log in.", updates[0].More, StringComparison.Ordinal);
        var end = Link().Match(updates[0].More).Value;
        Assert.Equal(HttpStatusCode.OK, (await AnyoneAsync(world, HttpMethod.Get, end)).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await AnyoneAsync(world, HttpMethod.Post, end)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await AnyoneAsync(world, HttpMethod.Post, end)).StatusCode);
        await OpenAsync(world, "It is over", "All is well.");
        await world.SettleAsync();
        Assert.Equal(3, mail.Sent.Count);
        Assert.Equal(0, await world.Host.Part<Database>().ReadAsync((s, c) => s.FirstAsync<long>("select count(*) from subscribers", null, c), Cancel));
        Assert.Equal("", (await world.Host.Part<AuditTrail>().VerifyAsync(Cancel)).Problem);
    }

    [Fact]
    public async Task A_webhook_is_signed_says_nothing_internal_and_reaches_no_private_network()
    {
        await using var receiver = new FakeReceiver().Expect(200, "{}").Expect(200, "{}");
        await using var world = await WorldAsync(new FakeChannel(), "sqlite", IPNetwork.Parse("127.0.0.0/8"));
        Assert.Equal(HttpStatusCode.Accepted, (await AskAsync(world, "webhook", $"{receiver.Address}/hook")).StatusCode);
        await world.SettleAsync();
        var asked = JsonDocument.Parse(Assert.Single(receiver.Received).Body).RootElement;
        Assert.Equal("subscription.asked", asked.GetProperty("type").GetString());
        var confirmed = await AnyoneAsync(world, HttpMethod.Post, asked.GetProperty("data").GetProperty("confirm").GetString()!);
        var secret = Secret().Match(await confirmed.Content.ReadAsStringAsync(Cancel)).Value.Replace("&#x2B;", "+", StringComparison.Ordinal);
        var id = await world.DeclareAsync("fastify-nova answers 503: password=hunter2", "P1");
        await world.PostAsync($"/api/v1/incidents/{id}/send", new { text = "core-api is down, ann rolls back", @public = new { title = "Checkout does not answer", text = "We work on it." } });
        await world.SettleAsync();
        var update = receiver.Received[1];
        Assert.Equal("status.changed", JsonDocument.Parse(update.Body).RootElement.GetProperty("type").GetString());
        foreach (var inner in new[] { "fastify", "core-api", "hunter2", "ann", id }) Assert.DoesNotContain(inner, update.Body, StringComparison.Ordinal);
        var (key, at) = (update.Headers["webhook-id"], update.Headers["webhook-timestamp"]);
        Assert.Equal(Tocsin.Server.Notify.Webhook.WebhookChannel.Signature(Tocsin.Server.Notify.Webhook.WebhookChannel.Key(secret)!, key, at, update.Body), update.Headers["webhook-signature"]);

        await using var guarded = await WorldAsync(new FakeChannel(), "sqlite");
        await AskAsync(guarded, "webhook", $"{receiver.Address}/hook");
        await guarded.SettleAsync();
        Assert.Equal(2, receiver.Received.Count);
        Assert.Contains("private or reserved network", await guarded.Host.Part<Database>().ReadAsync((s, c) => s.FirstAsync<string>("select outcome from outbox where purpose = 'status-confirm'", null, c), Cancel), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_address_or_asks_too_much_is_refused_and_a_link_ends_after_a_day()
    {
        var mail = new FakeChannel();
        await using var world = await WorldAsync(mail, "sqlite");
        foreach (var (kind, address) in new[] { ("mail", "no address"), ("mail", "a@b\r\nBcc: c@d"), ("webhook", "ftp://x.example"), ("webhook", "https://user:pass@x.example"), ("pigeon", "a@b.example"), ("mail", "") })
            Assert.Equal(HttpStatusCode.BadRequest, (await AskAsync(world, kind, address)).StatusCode);
        for (var i = 0; i < 100; i++) Assert.Equal(HttpStatusCode.Accepted, (await AskAsync(world, "mail", $"reader-{i}@shop.example")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await AskAsync(world, "mail", "one-more@shop.example")).StatusCode);
        await world.SettleAsync();
        var confirm = Link().Match(mail.Sent[0].More).Value;
        Assert.Equal(HttpStatusCode.NotFound, (await AnyoneAsync(world, HttpMethod.Post, $"{confirm[..^1]}{(confirm[^1] is '0' ? '1' : '0')}")).StatusCode);
        await world.AdvanceAsync(Duration.FromHours(25));
        Assert.Equal(HttpStatusCode.Gone, (await AnyoneAsync(world, HttpMethod.Post, confirm)).StatusCode);
        await using var off = await TestWorld.SqliteAsync();
        Assert.Equal(HttpStatusCode.BadRequest, (await AskAsync(off, "mail", "reader@shop.example")).StatusCode);
    }

    private async Task<TestWorld> WorldAsync(FakeChannel mail, string database, params IPNetwork[] allowed) =>
        await TestWorld.StartAsync(await Databases.ConnectionAsync(database, postgres, Cancel), o => o with { Subscribers = new SubscriberSettings(_ => mail, new(), Webhooks: true), AllowNetworks = [.. allowed] });

    private static async Task OpenAsync(TestWorld world, string title, string text) => Assert.Equal(HttpStatusCode.OK, (await world.PostAsync("/api/v1/status-page/reports", new { title, text })).StatusCode);

    private static async Task<HttpResponseMessage> AskAsync(TestWorld world, string kind, string address)
    {
        using var anyone = world.Client("");
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>(StringComparer.Ordinal) { ["kind"] = kind, ["address"] = address });
        return await anyone.PostAsync("/status/subscribe", form, Cancel);
    }

    private static async Task<HttpResponseMessage> AnyoneAsync(TestWorld world, HttpMethod method, string address)
    {
        using var anyone = world.Client("");
        using var request = new HttpRequestMessage(method, new Uri(address).AbsolutePath);
        return await anyone.SendAsync(request, Cancel);
    }

    [GeneratedRegex("http://[^ ]+/status/(confirm|unsubscribe)/[^ ]+", RegexOptions.CultureInvariant)]
    private static partial Regex Link();

    [GeneratedRegex("whsec_[A-Za-z0-9/=&#;+]+", RegexOptions.CultureInvariant)]
    private static partial Regex Secret();
}
