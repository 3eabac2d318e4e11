using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;
using Tocsin.Core.Catalog;
using Tocsin.Core.Response;
using Tocsin.Server.Notify.Http;

namespace Tocsin.Server.Notify.Webhook;

/// <summary>
/// A signed webhook, for a gateway of one's own: a phone, a chat that is not built in. Signed as Standard Webhooks say: HMAC-SHA256 over id, time and body. The
/// page's key is the id, the same at each attempt. The answer may say more than that it was accepted: {"receipt": "delivered", "reference": "…"}.
/// </summary>
/// <remarks>https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md</remarks>
internal sealed class WebhookChannel(HttpSend send, Room room, Func<string?> secret, bool keepsAlarm, TimeProvider time) : IChannel
{
    private const string Prefix = "whsec_";

    public static readonly ChannelKind Kind = new(
        "webhook",
        new Shape.Map(
            "A signed webhook",
            [
                new Key("secret", new Shape.Text("What it is signed by: whsec_ and base64, or any text; best as $NAME of a variable"), Required: true),
                Room.Setting,
                new Key("keepsAlarm", new Shape.Flag("It rings on until it is told that the page is over")),
            ]),
        s => new WebhookChannel(new HttpSend(s), Room.Of(s), () => s.Variable(s.Settings.Text("secret")), s.Settings.Text("keepsAlarm") is "true", s.Time));

    public bool KeepsAlarm => keepsAlarm;

    public Task<SendResult> SendAsync(OutgoingPage page, CancellationToken cancel)
    {
        page = room.Fill(page);
        if (secret() is not { Length: > 0 } signing) return Task.FromResult<SendResult>(new SendResult.Refused("the variable of its secret is not set"));
        if (Key(signing) is not { } key) return Task.FromResult<SendResult>(new SendResult.Refused("its secret begins with whsec_ and is not base64"));
        return send.PostAsync(page.Address, Fill, a => Read(a, page, signing), cancel);

        // The time is of each try: receivers refuse what is older than some minutes.
        void Fill(HttpRequestMessage request)
        {
            var body = SmallJson.Text(Body(page));
            var at = time.GetUtcNow().ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
            request.Headers.TryAddWithoutValidation("webhook-id", page.IdempotencyKey);
            request.Headers.TryAddWithoutValidation("webhook-timestamp", at);
            request.Headers.TryAddWithoutValidation("webhook-signature", Signature(key, page.IdempotencyKey, at, body));
            request.Headers.TryAddWithoutValidation("Idempotency-Key", page.IdempotencyKey);
            request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        }
    }

    internal static string Signature(byte[] key, string id, string at, string body) => $"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"{id}.{at}.{body}")))}";

    internal static byte[]? Key(string secret)
    {
        if (!secret.StartsWith(Prefix, StringComparison.Ordinal)) return Encoding.UTF8.GetBytes(secret);
        var key = new byte[secret.Length];
        return Convert.TryFromBase64String(secret[Prefix.Length..], key, out var length) && length > 0 ? key[..length] : null;
    }

    internal static JsonObject Body(OutgoingPage page) => new()
    {
        ["type"] = page.Purpose switch { PagePurpose.Test => "page.test", PagePurpose.Ended => "page.ended", PagePurpose.Update => "update.posted", _ => "page.created" },
        ["timestamp"] = page.At.ToString("uuuu-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture),
        ["data"] = new JsonObject
        {
            ["id"] = page.IdempotencyKey,
            ["attempt"] = page.Attempt,
            ["subject"] = page.Subject,
            ["severity"] = page.Severity.ToString(),
            ["channel"] = page.Channel,
            ["person"] = page.Person,
            ["first"] = page.First,
            ["more"] = page.More,
            ["link"] = page.Link?.AbsoluteUri,
            ["acknowledge"] = page.AcknowledgeLink?.AbsoluteUri,
        },
    };

    private static SendResult Read(HttpAnswer answer, OutgoingPage page, string signing)
    {
        if (!answer.IsGood) return HttpSend.Usual(answer, SmallJson.Words(SmallJson.Of(answer.Json, "error"), page.Address, signing));
        var receipt = Enum.TryParse<Receipt>(SmallJson.Of(answer.Json, "receipt"), ignoreCase: true, out var named) && Enum.IsDefined(named) ? named : Receipt.Accepted;
        return new SendResult.Taken(receipt, SmallJson.Words(SmallJson.Of(answer.Json, "reference"), page.Address, signing));
    }
}
