using System.Globalization;
using System.Text.Json.Nodes;
using Tocsin.Core.Catalog;
using Tocsin.Core.Response;
using Tocsin.Server.Notify.Http;

namespace Tocsin.Server.Notify.PagerDuty;

/// <summary>PagerDuty's Events API v2. The address is an integration key; the page's key is the dedup_key, so that an attempt made again rings nobody twice.</summary>
/// <remarks>https://developer.pagerduty.com/docs/events-api-v2-overview</remarks>
internal sealed class PagerDutyChannel(HttpSend send, Room room, string events) : IChannel
{
    private const string Everywhere = "https://events.pagerduty.com/v2/enqueue";
    private const string Europe = "https://events.eu.pagerduty.com/v2/enqueue";

    public static readonly ChannelKind Kind = new(
        "pagerduty",
        new Shape.Map(
            "PagerDuty",
            [
                new Key("region", new Shape.Text("Where the account is", ["us", "eu"])),
                Room.Setting,
                new Key("events", new Shape.Text("Another address of the Events API, such as a gateway's", Pattern: "https?://.+")),
            ]),
        s => new PagerDutyChannel(new HttpSend(s), Room.Of(s), s.Settings.Has("events") ? s.Settings.Text("events") : s.Settings.Text("region") is "eu" ? Europe : Everywhere));

    public bool KeepsAlarm => true;

    public Task<SendResult> SendAsync(OutgoingPage page, CancellationToken cancel)
    {
        page = room.Fill(page);
        if (page.Address.Length == 0) return Task.FromResult<SendResult>(new SendResult.Refused("there is no integration key"));
        return send.PostAsync(events, r => r.Content = SmallJson.Content(Event(page)), a => Read(a, page), cancel);
    }

    internal static JsonObject Event(OutgoingPage page)
    {
        var told = new JsonObject { ["routing_key"] = page.Address, ["dedup_key"] = page.IdempotencyKey, ["event_action"] = page.Purpose is PagePurpose.Ended ? "resolve" : "trigger" };
        if (page.Purpose is PagePurpose.Ended) return told;
        told["client"] = "Tocsin";
        if (page.Link is { } link)
        {
            told["client_url"] = link.AbsoluteUri;
            told["links"] = new JsonArray(new JsonObject { ["href"] = link.AbsoluteUri, ["text"] = page.Subject });
        }
        told["payload"] = new JsonObject
        {
            ["summary"] = page.First,
            ["source"] = page.Subject,
            ["severity"] = Severity(page.Severity),
            ["timestamp"] = page.At.ToString("uuuu-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
            ["class"] = page.Purpose is PagePurpose.Test ? "drill" : "page",
            ["custom_details"] = new JsonObject { ["more"] = page.More, ["acknowledge"] = page.AcknowledgeLink?.AbsoluteUri ?? "" },
        };
        return told;
    }

    private static SendResult Read(HttpAnswer answer, OutgoingPage page)
    {
        var json = answer.Json;
        if (answer.Status is 202 or 200) return new SendResult.Taken(Receipt.Accepted, SmallJson.Of(json, "dedup_key"));
        var errors = json?["errors"] is JsonArray list ? list.OfType<JsonValue>().Select(e => e.ToString()) : [];
        var why = string.Join("; ", errors.Prepend(SmallJson.Of(json, "message")).Where(w => w.Length > 0));
        return HttpSend.Usual(answer, SmallJson.Words(why, page.Address));
    }

    private static string Severity(Severity severity) => severity switch
    {
        Core.Response.Severity.P0 => "critical",
        Core.Response.Severity.P1 => "error",
        Core.Response.Severity.P2 => "warning",
        _ => "info",
    };
}
