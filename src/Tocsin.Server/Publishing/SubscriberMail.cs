using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using Tocsin.Core.Response;
using Tocsin.Server.Access;
using Tocsin.Server.Notify;
using Tocsin.Server.Notify.Http;
using Tocsin.Server.Notify.Webhook;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Publishing;

/// <summary>Takes what subscribers get from the outbox to their addresses. A webhook reaches no private network, as no channel does.</summary>
public sealed class SubscriberMail : IDisposable
{
    private readonly Subscribers subscribers;
    private readonly Links links;
    private readonly HttpClient http;
    private readonly HttpSend send;
    private readonly IChannel? mail;
    private readonly TimeProvider time;

    public SubscriberMail(Subscribers subscribers, Links links, ServerOptions options)
    {
        (this.subscribers, this.links, time) = (subscribers, links, options.Time);
        var guard = new OutgoingGuard(options.AllowNetworks);
        http = guard.CreateClient();
        var setup = new ChannelSetup("subscribers", options.Subscribers.MailSettings, n => n.StartsWith('$') ? options.Variable(n[1..]) : n, http, guard, options.Time, options.Write);
        send = new HttpSend(setup);
        mail = options.Subscribers.Mail?.Invoke(setup);
    }

    public static bool Is(OutboxRow row) => row.Purpose is Subscribers.Change or Subscribers.Asking;

    public async Task<SendResult> SendAsync(OutboxRow row, CancellationToken cancel)
    {
        if (await subscribers.FindAsync(row.Person, cancel) is not { } to) return new SendResult.Refused("it is no subscriber any more");
        if (row.Purpose is Subscribers.Change && to.State is not "confirmed") return new SendResult.Refused("it is not confirmed");
        return to.Kind is "webhook" ? await PostAsync(row, to, cancel) : await MailAsync(row, to, cancel);
    }

    public void Dispose() => http.Dispose();

    private async Task<SendResult> MailAsync(OutboxRow row, Subscriber to, CancellationToken cancel)
    {
        if (mail is null) return new SendResult.Refused("this server sends no mail to subscribers");
        var asks = row.Purpose is Subscribers.Asking;
        var last = asks ? $"Confirm: {links.Subscription("confirm", to.Id).AbsoluteUri}" : $"No more of these: {links.Subscription("unsubscribe", to.Id).AbsoluteUri}";
        var more = string.Join("\n\n", new[] { row.More, last }.Where(t => t.Length > 0));
        return await mail.SendAsync(new OutgoingPage(PagePurpose.Update, row.Key, (int)row.Attempts, "Status", "mail", "", to.Address, Severity.P3, row.First, more, asks ? null : Page(row), null, Micros.At(row.Decided)), cancel);
    }

    private Task<SendResult> PostAsync(OutboxRow row, Subscriber to, CancellationToken cancel)
    {
        var body = SmallJson.Text(Body(row, to));
        var secret = subscribers.Secret(to);
        return send.PostAsync(to.Address, Fill, answer => HttpSend.Usual(answer, ""), cancel);

        void Fill(HttpRequestMessage request)
        {
            var at = time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
            request.Headers.TryAddWithoutValidation("webhook-id", row.Key);
            request.Headers.TryAddWithoutValidation("webhook-timestamp", at);
            // Who has not confirmed has no secret yet.
            if (row.Purpose is Subscribers.Change) request.Headers.TryAddWithoutValidation("webhook-signature", WebhookChannel.Signature(WebhookChannel.Key(secret)!, row.Key, at, body));
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }
    }

    private JsonObject Body(OutboxRow row, Subscriber to)
    {
        var asks = row.Purpose is Subscribers.Asking;
        return new JsonObject
        {
            ["type"] = asks ? "subscription.asked" : "status.changed",
            ["timestamp"] = Micros.At(row.Decided).ToString("uuuu-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
            ["data"] = asks
                ? new JsonObject { ["text"] = row.More, ["confirm"] = links.Subscription("confirm", to.Id).AbsoluteUri }
                : new JsonObject { ["id"] = row.Key, ["title"] = row.First, ["text"] = row.More, ["link"] = Page(row).AbsoluteUri, ["unsubscribe"] = links.Subscription("unsubscribe", to.Id).AbsoluteUri },
        };
    }

    private Uri Page(OutboxRow row) => new(links.Address, row.Subject);
}
