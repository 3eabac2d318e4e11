using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Tocsin.Core.Catalog;
using Tocsin.Core.Response;
using Tocsin.Server.Notify.Http;

namespace Tocsin.Server.Notify.Ntfy;

/// <summary>
/// Push messages by ntfy, its public server or one's own. The address is a topic, or a topic with its server. The page's key is the message's sequence id: an
/// attempt made again replaces the message on the phone instead of adding one.
/// </summary>
/// <remarks>https://docs.ntfy.sh/publish/</remarks>
internal sealed class NtfyChannel(HttpSend send, Room room, string server, Func<string?> token) : IChannel
{
    private const string Public = "https://ntfy.sh";

    public static readonly ChannelKind Kind = new(
        "ntfy",
        new Shape.Map(
            "ntfy",
            [
                new Key("server", new Shape.Text("The server's address", Pattern: "https?://.+")),
                Room.Setting,
                new Key("token", new Shape.Text("An access token, best as $NAME of a variable")),
            ]),
        s => new NtfyChannel(new HttpSend(s), Room.Of(s), s.Settings.Has("server") ? s.Settings.Text("server") : Public, () => s.Settings.Has("token") ? s.Variable(s.Settings.Text("token")) : ""));

    public bool KeepsAlarm => false;

    public Task<SendResult> SendAsync(OutgoingPage page, CancellationToken cancel)
    {
        if (token() is not { } secret) return Task.FromResult<SendResult>(new SendResult.Refused("the variable of its token is not set"));
        page = room.Fill(page);
        var (to, topic) = Place(page.Address);
        if (topic.Length == 0) return Task.FromResult<SendResult>(new SendResult.Refused("there is no topic"));
        return send.PostAsync(to, Fill, a => Read(a, page, secret), cancel);

        void Fill(HttpRequestMessage request)
        {
            if (secret.Length > 0) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", secret);
            request.Content = SmallJson.Content(Message(page, topic));
        }
    }

    internal static JsonObject Message(OutgoingPage page, string topic)
    {
        var message = new JsonObject
        {
            ["topic"] = topic,
            ["title"] = page.Subject,
            ["message"] = page.More.Length > 0 ? $"{page.First}\n{page.More}" : page.First,
            ["priority"] = Priority(page.Severity),
            ["tags"] = new JsonArray(page.Purpose is PagePurpose.Test ? "bell" : "rotating_light"),
            ["sequence_id"] = page.IdempotencyKey.Replace('/', '_'),
        };
        if (page.Link is { } link) message["click"] = link.AbsoluteUri;
        var actions = new JsonArray();
        // The phone itself sends the acknowledgement; it need not open a browser at night.
        if (page.AcknowledgeLink is { } button) actions.Add(new JsonObject { ["action"] = "http", ["label"] = "Acknowledge", ["url"] = button.AbsoluteUri, ["method"] = "POST", ["clear"] = true });
        if (page.Link is { } incident) actions.Add(new JsonObject { ["action"] = "view", ["label"] = "Open", ["url"] = incident.AbsoluteUri });
        if (actions.Count > 0) message["actions"] = actions;
        return message;
    }

    private (string To, string Topic) Place(string address)
    {
        if (!Uri.TryCreate(address, UriKind.Absolute, out var whole) || whole.Scheme is not ("http" or "https")) return (server, address);
        return (whole.GetLeftPart(UriPartial.Authority), whole.AbsolutePath.Trim('/'));
    }

    private static SendResult Read(HttpAnswer answer, OutgoingPage page, string secret)
    {
        var json = answer.Json;
        if (answer.IsGood) return new SendResult.Taken(Receipt.Accepted, SmallJson.Of(json, "id"));
        return HttpSend.Usual(answer, SmallJson.Words(SmallJson.Of(json, "error"), page.Address, secret));
    }

    // 5 rings through "do not disturb" where the phone's owner lets it.
    private static int Priority(Severity severity) => severity switch
    {
        Severity.P0 => 5,
        Severity.P1 => 4,
        Severity.P2 => 3,
        _ => 2,
    };
}
