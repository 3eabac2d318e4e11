using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tocsin.Core.Catalog;
using Tocsin.Core.Response;
using Tocsin.Server.Notify.Http;

namespace Tocsin.Server.Notify.Slack;

/// <summary>
/// A Slack incoming webhook. The address is the webhook's URL, which is a secret. Slack knows no idempotency key here: a second attempt says that it is one and
/// carries the same key, so that people see the doubling.
/// </summary>
/// <remarks>https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks</remarks>
internal sealed partial class SlackChannel(HttpSend send, Room room, string mention) : IChannel
{
    private const int MostSection = 2900;

    public static readonly ChannelKind Kind = new(
        "slack",
        new Shape.Map("Slack", [Room.Setting, new Key("mention", new Shape.Text("Who is called in the room by a P0", ["channel", "here", "nobody"]))]),
        s => new SlackChannel(new HttpSend(s), Room.Of(s), s.Settings.Has("mention") ? s.Settings.Text("mention") : "channel"));

    public bool KeepsAlarm => false;

    public Task<SendResult> SendAsync(OutgoingPage page, CancellationToken cancel)
    {
        var filled = room.Fill(page);
        return send.PostAsync(filled.Address, r => r.Content = SmallJson.Content(Message(filled, mention)), a => Read(a, filled), cancel);
    }

    internal static JsonObject Message(OutgoingPage page, string mention)
    {
        var call = page is { Severity: Severity.P0, Purpose: PagePurpose.Page, Person: "" } && mention is not "nobody" ? $"<!{mention}> " : "";
        var blocks = new JsonArray(Section($"{call}*{Escaped(page.First)}*"));
        if (page.More.Length > 0) blocks.Add(Section(page.Purpose is PagePurpose.Update ? Calling(Escaped(page.More)) : Escaped(page.More)));
        var buttons = new JsonArray();
        if (page.AcknowledgeLink is { } acknowledge) buttons.Add(Button("acknowledge", "Acknowledge", acknowledge, "primary"));
        if (page.Link is { } link) buttons.Add(Button("open", "Open", link, ""));
        if (buttons.Count > 0) blocks.Add(new JsonObject { ["type"] = "actions", ["elements"] = buttons });
        blocks.Add(new JsonObject { ["type"] = "context", ["elements"] = new JsonArray(new JsonObject { ["type"] = "mrkdwn", ["text"] = Escaped(Footer(page)) }) });
        // What a notification and a screen reader say; the blocks are not read out.
        return new JsonObject { ["text"] = $"{call}{Escaped(page.First)}", ["unfurl_links"] = false, ["unfurl_media"] = false, ["blocks"] = blocks };
    }

    private static string Footer(OutgoingPage page) =>
        page.Attempt > 1 ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{page.IdempotencyKey} · attempt {page.Attempt}, the one before may have arrived too") : page.IdempotencyKey;

    private static SendResult Read(HttpAnswer answer, OutgoingPage page)
    {
        var said = SmallJson.Words(answer.Body, page.Address);
        return (answer.Status, said) switch
        {
            (_, "no_service" or "no_active_hooks" or "invalid_token" or "no_team" or "team_disabled") => new SendResult.Refused($"{said}: the webhook was taken back, or is of another workspace"),
            (_, "channel_not_found" or "channel_is_archived" or "posting_to_general_channel_denied" or "action_prohibited") => new SendResult.Refused($"{said}: the room is gone, or does not take it"),
            (_, "invalid_payload" or "no_text" or "invalid_blocks" or "too_many_attachments") => new SendResult.Refused($"{said}: Slack does not read the message"),
            ( >= 200 and < 300, _) => new SendResult.Taken(Receipt.Accepted, ""),
            _ => HttpSend.Usual(answer, said.Length <= 40 ? said : ""),
        };
    }

    private static JsonObject Section(string text) => new() { ["type"] = "section", ["text"] = new JsonObject { ["type"] = "mrkdwn", ["text"] = text.Length > MostSection ? $"{text[..MostSection]}…" : text } };

    private static JsonObject Button(string id, string label, Uri to, string style)
    {
        var button = new JsonObject { ["type"] = "button", ["action_id"] = id, ["text"] = new JsonObject { ["type"] = "plain_text", ["text"] = label }, ["url"] = to.AbsoluteUri };
        if (style.Length > 0) button["style"] = style;
        return button;
    }

    // In the one line that calls people, and nowhere else, a mention stays one.
    private static string Calling(string text) => string.Join('\n', text.Split('\n').Select(l => l.StartsWith("CC: ", StringComparison.Ordinal) ? Mention().Replace(l, "<$1>") : l));

    [GeneratedRegex("&lt;(!channel|!here|!everyone|!subteam\\^[A-Z0-9]{1,20}|@[A-Z0-9]{1,20})&gt;", RegexOptions.CultureInvariant)]
    private static partial Regex Mention();

    // The three characters by which a text could call people or make links.
    private static string Escaped(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);
}
