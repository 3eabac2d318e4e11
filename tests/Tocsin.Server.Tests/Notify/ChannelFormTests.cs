using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Tocsin.Core.Catalog;
using Tocsin.Core.Response;
using Tocsin.Server.Notify;
using Tocsin.Server.Notify.Webhook;

namespace Tocsin.Server.Tests.Notify;

/// <summary>What each channel sends, and what it makes of its receiver's own words.</summary>
public sealed class ChannelFormTests
{
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task PagerDuty_gets_an_event_that_it_can_tell_from_its_repetition()
    {
        await using var receiver = new FakeReceiver().Expect(202, """{"status":"success","message":"Event processed","dedup_key":"INC-12/3"}""").Expect(202, "{}");
        var channel = SomePage.Channel("pagerduty", $"events: \"{receiver.Address}/v2/enqueue\"");
        Assert.Equal("INC-12/3", Assert.IsType<SendResult.Taken>(await channel.SendAsync(SomePage.To("R0UTINGKEY"), cancel)).Reference);
        Assert.IsType<SendResult.Taken>(await channel.SendAsync(SomePage.To("R0UTINGKEY") with { Purpose = PagePurpose.Ended }, cancel));
        var sent = Json(receiver, 0);
        Assert.Equal(("POST", "/v2/enqueue"), (receiver.Received[0].Method, receiver.Received[0].Path));
        Assert.Equal(("R0UTINGKEY", "INC-12/3", "trigger"), (Text(sent, "routing_key"), Text(sent, "dedup_key"), Text(sent, "event_action")));
        var payload = sent["payload"]!;
        Assert.Equal(("P1 production storefront since 03:00Z: app.example answers 502", "INC-12", "error", "2026-11-22T03:00:00.000Z"), (Text(payload, "summary"), Text(payload, "source"), Text(payload, "severity"), Text(payload, "timestamp")));
        Assert.Equal(("resolve", "INC-12/3"), (Text(Json(receiver, 1), "event_action"), Text(Json(receiver, 1), "dedup_key")));
        Assert.True(channel.KeepsAlarm);
    }

    [Fact]
    public async Task PagerDuty_says_why_it_refuses()
    {
        await using var receiver = new FakeReceiver().Expect(400, """{"status":"invalid event","message":"Event object is invalid","errors":["Length of 'routing_key' is incorrect (should be 32 characters)"]}""");
        var result = await SomePage.Channel("pagerduty", $"events: \"{receiver.Address}\"").SendAsync(SomePage.To("short"), cancel);
        Assert.Equal("answered 400: Event object is invalid; Length of 'routing_key' is incorrect (should be 32 characters)", Assert.IsType<SendResult.Refused>(result).Why);
        Assert.Equal("there is no integration key", Assert.IsType<SendResult.Refused>(await SomePage.Channel("pagerduty").SendAsync(SomePage.To(""), cancel)).Why);
    }

    [Fact]
    public async Task Ntfy_gets_a_message_with_a_button_that_replaces_its_repetition()
    {
        await using var receiver = new FakeReceiver().Expect(200, """{"id":"sPs71M8A2T","event":"message"}""").Expect(200, "{}");
        var channel = SomePage.Channel("ntfy", $"{{ server: \"{receiver.Address}\", token: $SECRET }}");
        Assert.Equal("sPs71M8A2T", Assert.IsType<SendResult.Taken>(await channel.SendAsync(SomePage.To("night-topic"), cancel)).Reference);
        await channel.SendAsync(SomePage.To($"{receiver.Address}/own-topic") with { Severity = Severity.P0, Attempt = 2 }, cancel);
        var (first, second) = (Json(receiver, 0), Json(receiver, 1));
        Assert.Equal(("/", $"Bearer {SomePage.Secret}"), (receiver.Received[0].Path, receiver.Received[0].Headers["Authorization"]));
        Assert.Equal(("night-topic", "INC-12_3", 4), (Text(first, "topic"), Text(first, "sequence_id"), (int)first["priority"]!));
        Assert.Equal(("own-topic", "INC-12_3", 5), (Text(second, "topic"), Text(second, "sequence_id"), (int)second["priority"]!));
        var button = first["actions"]![0]!;
        Assert.Equal(("http", "POST", "https://tocsin.example/ack/abcdef"), (Text(button, "action"), Text(button, "method"), Text(button, "url")));
    }

    [Theory]
    [InlineData(403, """{"code":40301,"http":403,"error":"forbidden"}""", typeof(SendResult.Refused))]
    [InlineData(429, """{"code":42901,"http":429,"error":"limit reached: too many requests"}""", typeof(SendResult.TryAgain))]
    [InlineData(507, """{"code":50701,"http":507,"error":"cannot publish to UnifiedPush topic"}""", typeof(SendResult.TryAgain))]
    public async Task Ntfy_says_why_it_refuses(int status, string body, Type expected)
    {
        await using var receiver = new FakeReceiver().Expect(status, body);
        var result = await SomePage.Channel("ntfy", $"server: \"{receiver.Address}\"").SendAsync(SomePage.To("night-topic"), cancel);
        Assert.IsType(expected, result);
        Assert.Contains(Text(JsonNode.Parse(body)!, "error"), SomePage.Why(result), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Slack_gets_blocks_in_which_no_text_calls_anyone()
    {
        await using var receiver = new FakeReceiver().Expect(200, "ok").Expect(200, "ok");
        var channel = SomePage.Channel("slack");
        var page = SomePage.To($"{receiver.Address}/services/T0/B0/XXXXXXXXXXXX") with { Person = "", Severity = Severity.P0, First = "P0 production: <!everyone> & <https://evil.example|click>", AcknowledgeLink = null };
        Assert.IsType<SendResult.Taken>(await channel.SendAsync(page, cancel));
        Assert.IsType<SendResult.Taken>(await channel.SendAsync(page with { Attempt = 2, Purpose = PagePurpose.Test }, cancel));
        var sent = Json(receiver, 0);
        Assert.Equal("<!channel> P0 production: &lt;!everyone&gt; &amp; &lt;https://evil.example|click&gt;", Text(sent, "text"));
        Assert.Equal(["section", "section", "actions", "context"], sent["blocks"]!.AsArray().Select(b => Text(b!, "type")));
        Assert.DoesNotContain("<!", Text(Json(receiver, 1), "text"), StringComparison.Ordinal);
        Assert.Contains("attempt 2", receiver.Received[1].Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(400, "invalid_payload")]
    [InlineData(400, "no_text")]
    [InlineData(403, "action_prohibited")]
    [InlineData(403, "invalid_token")]
    [InlineData(404, "channel_not_found")]
    [InlineData(404, "no_service")]
    [InlineData(410, "channel_is_archived")]
    public async Task Slack_refuses_by_name(int status, string word)
    {
        await using var receiver = new FakeReceiver().Expect(status, word);
        var why = Assert.IsType<SendResult.Refused>(await SomePage.Channel("slack").SendAsync(SomePage.To($"{receiver.Address}/services/T0/B0/XXXXXXXXXXXX"), cancel)).Why;
        Assert.StartsWith(word, why, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_webhook_can_be_verified_as_Standard_Webhooks_say()
    {
        await using var receiver = new FakeReceiver().Expect(200, """{"receipt":"delivered","reference":"call-77"}""");
        var taken = Assert.IsType<SendResult.Taken>(await SomePage.Channel("webhook", "secret: $SECRET").SendAsync(SomePage.To($"{receiver.Address}/call?to=1"), cancel));
        Assert.Equal((Receipt.Delivered, "call-77"), (taken.Receipt, taken.Reference));
        var got = receiver.Received[0];
        Assert.Equal("/call?to=1", got.Path);
        Assert.Equal("INC-12/3", got.Headers["Idempotency-Key"]);
        var key = Convert.FromBase64String(SomePage.Secret["whsec_".Length..]);
        var expected = Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{got.Headers["webhook-id"]}.{got.Headers["webhook-timestamp"]}.{got.Body}")));
        Assert.Equal($"v1,{expected}", got.Headers["webhook-signature"]);
        Assert.Equal(("page.created", "P1", "engineer-1"), (Text(Json(receiver, 0), "type"), Text(Json(receiver, 0)["data"]!, "severity"), Text(Json(receiver, 0)["data"]!, "person")));
    }

    // The example of the specification's reference implementations.
    [Fact]
    public void The_signature_is_that_of_the_reference() => Assert.Equal(
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        WebhookChannel.Signature(WebhookChannel.Key(SomePage.Secret)!, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", """{"test": 2432232314}"""));

    [Fact]
    public async Task A_page_for_a_room_goes_where_the_channel_says()
    {
        await using var receiver = new FakeReceiver().Expect(200, "ok").Expect(200, "{}");
        var page = SomePage.To("") with { Person = "" };
        Assert.IsType<SendResult.Taken>(await SomePage.Channel("slack", $"room: \"{receiver.Address}/services/T0\"").SendAsync(page, cancel));
        Assert.IsType<SendResult.Taken>(await SomePage.Channel("webhook", $"{{ secret: $SECRET, room: \"{receiver.Address}/room\" }}").SendAsync(page, cancel));
        Assert.Equal(["/services/T0", "/room"], receiver.Received.Select(r => r.Path));
        foreach (var kind in ResponseShape.Kinds) Assert.IsType<SendResult.Refused>(await SomePage.Channel(kind, kind switch { "webhook" => "secret: $SECRET", "mail" => "{ host: localhost, from: a@example.com }", _ => "" }).SendAsync(page, cancel));
    }

    [Theory]
    [InlineData("webhook", "secret: $UNSET")]
    [InlineData("webhook", "secret: whsec_not*base64")]
    [InlineData("ntfy", "token: $UNSET")]
    public async Task A_channel_without_its_secret_says_so_and_sends_nothing(string kind, string settings) => Assert.IsType<SendResult.Refused>(await SomePage.Channel(kind, settings).SendAsync(SomePage.To("http://127.0.0.1:9/"), cancel));

    [Theory]
    [InlineData("webhook", "{}", "missing-key")]
    [InlineData("webhook", "{ secret: a, colour: red }", "unknown-key")]
    [InlineData("slack", "mention: everyone", "not-allowed")]
    [InlineData("pagerduty", "region: asia", "not-allowed")]
    [InlineData("mail", "{ host: mail.example, from: nobody }", "wrong-form")]
    public void Settings_are_strict(string kind, string settings, string rule) =>
        Assert.Contains(ShapeCheck.Check(YamlTree.Read(settings, "tocsin.yaml").Value!, ChannelKinds.Of(kind)!.Settings, "tocsin.yaml"), p => p.Rule == rule);

    [Fact]
    public void Every_kind_that_a_policy_may_name_can_be_sent() => Assert.All(ResponseShape.Kinds, k => Assert.NotNull(ChannelKinds.Of(k)));

    [Fact]
    public async Task Whatever_a_page_says_arrives_as_it_was_written()
    {
        var random = new Random(7);
        for (var i = 0; i < 60; i++)
        {
            var first = string.Concat(Enumerable.Range(0, random.Next(1, 60)).Select(_ => Odd[random.Next(Odd.Length)]));
            await using var receiver = new FakeReceiver().Expect(200, "{}").Expect(200, "{}");
            await SomePage.Channel("webhook", "secret: $SECRET").SendAsync(SomePage.To(receiver.Address) with { First = first, More = first }, cancel);
            await SomePage.Channel("ntfy", $"server: \"{receiver.Address}\"").SendAsync(SomePage.To("t") with { First = first, More = "" }, cancel);
            Assert.Equal(first, Text(Json(receiver, 0)["data"]!, "first"));
            Assert.Equal(first, Text(Json(receiver, 1), "message"));
        }
    }

    private static readonly string[] Odd = ["a", " ", "\"", "\\", "<", ">", "&", "{", "}", "'", "ü", "漢", "🚨", "\u202e", "%", "$", "\u0000", "@", ":"];

    private static JsonNode Json(FakeReceiver receiver, int at) => JsonNode.Parse(receiver.Received[at].Body)!;

    private static string Text(JsonNode node, string name) => (string?)node[name] ?? "";
}
