using System.Collections.Immutable;
using System.Globalization;
using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Core.Response.StatusPages;
using Tocsin.Server.Access;
using Tocsin.Server.Notify.Mail;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Publishing;

/// <summary>How the status page may be read elsewhere.</summary>
/// <param name="Mail">Makes the channel that mail leaves by; null: nobody subscribes by mail.</param>
public sealed record SubscriberSettings(Func<Notify.ChannelSetup, Notify.IChannel>? Mail, YamlDotNet.RepresentationModel.YamlMappingNode MailSettings, bool Webhooks)
{
    public static readonly SubscriberSettings None = new(null, new(), false);

    public bool IsOn => Mail is not null || Webhooks;
}

/// <summary>Who gets every change of the status page.</summary>
/// <param name="Kind">mail or webhook.</param>
/// <param name="State">pending until its owner opened the link that was sent there, then confirmed.</param>
public sealed record Subscriber(string Id, string Kind, string Address, string State);

/// <summary>
/// Subscribers of the status page. An address is told nothing but one link until whoever reads it confirmed; each change is a row of the outbox for each of them, in the
/// transaction of the change, so that it is sent once and no crash loses it. What is sent is what the page says, and nothing else.
/// </summary>
public sealed class Subscribers(Database database, ServerOptions options, Links links, TimeProvider time)
{
    /// <summary>Purposes in the outbox.</summary>
    public const string Change = "status";

    public const string Asking = "status-confirm";

    private const int MostConfirmed = 2000;
    private const int MostAskedInAnHour = 100;
    private const int MostAddress = 500;
    private static readonly Duration Pending = Duration.FromHours(24);

    // Who asks for the same address again is not a way to fill somebody's inbox.
    private static readonly Duration Pause = Duration.FromMinutes(10);

    public SubscriberSettings Settings => options.Subscribers;

    /// <summary>Whether it was taken; the answer is the same whether the address is known already or not.</summary>
    /// <returns>Empty, or what is wrong with it.</returns>
    public Task<string> AskAsync(string kind, string address, CancellationToken cancel)
    {
        address = address.Trim();
        if (Wrong(kind, address) is { } problem) return Task.FromResult(problem);
        return database.WriteAsync(
            async (s, c) =>
            {
                var now = time.Now();
                await s.ExecuteAsync("delete from subscribers where state = 'pending' and asked < @before", new { before = Micros.Of(now - Pending) }, c);
                if (await s.FirstAsync<long>("select count(*) from subscribers where state = 'confirmed'", null, c) >= MostConfirmed) return "there are as many subscribers as this server takes; the RSS feed is open to everybody";
                if (await s.FirstAsync<long>($"select count(*) from outbox where purpose = '{Asking}' and decided > @since", new { since = Micros.Of(now - Duration.FromHours(1)) }, c) >= MostAskedInAnHour) return "too many ask right now; try it again in an hour";
                await KeepAsync(s, kind, address, now, c);
                return "";
            },
            cancel);
    }

    public Task<Subscriber?> FindAsync(string id, CancellationToken cancel) => database.ReadAsync((s, c) => OneAsync(s, id, c), cancel);

    /// <summary>Whether it is confirmed now.</summary>
    public Task<bool> ConfirmAsync(string id, CancellationToken cancel) => database.WriteAsync(
        async (s, c) =>
        {
            var now = Micros.Of(time.Now());
            var confirmed = await s.ExecuteAsync("update subscribers set state = 'confirmed', confirmed = @now where id = @id and state = 'pending' and asked >= @before", new { id, now, before = now - (long)Pending.TotalSeconds * Micros.PerSecond }, c);
            if (confirmed == 1) await AuditChain.AppendAsync(s, [new AuditEntry(now, "", "status subscribed", id, "", "")], c);
            return confirmed == 1 || (await OneAsync(s, id, c))?.State is "confirmed";
        },
        cancel);

    /// <summary>It is gone, with its address.</summary>
    public Task EndAsync(string id, CancellationToken cancel) => database.WriteAsync(
        async (s, c) =>
        {
            if (await s.ExecuteAsync("delete from subscribers where id = @id", new { id }, c) == 1) await AuditChain.AppendAsync(s, [new AuditEntry(Micros.Of(time.Now()), "", "status unsubscribed", id, "", "")], c);
            return true;
        },
        cancel);

    /// <summary>What a change gives to send, for whoever is confirmed.</summary>
    /// <param name="version">The stream's after it: with it each change has a name, and is sent once to each.</param>
    public async Task TellAsync(Session s, StatusPage after, ImmutableArray<StatusEvent> events, long version, CancellationToken cancel)
    {
        if (!Settings.IsOn) return;
        var said = events.Select(e => Said(after, e)).OfType<(string First, string More, string Path)>().ToList();
        if (said.Count == 0) return;
        var now = time.Now();
        var ids = await s.QueryAsync<(string Id, string Kind)>("select id, kind from subscribers where state = 'confirmed' order by id", null, cancel);
        foreach (var (words, number) in said.Select((w, n) => (w, n)))
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"s{version}.{number}");
            await s.InsertAsync("outbox", OutboxRows.Columns, ids.ConvertAll(i => OutboxRows.Row(0, 0, $"{name}/{i.Id}", $"{name}/{i.Id}", Change, i.Id, i.Kind, Severity.P3, words.Path, new PageWords(words.First, words.More), now)), "on conflict (id) do nothing", cancel);
        }
    }

    private sealed record Known(string Id, string State, long Asked);

    private async Task KeepAsync(Session s, string kind, string address, Instant now, CancellationToken cancel)
    {
        var known = await s.FirstAsync<Known>("select id, state, asked from subscribers where kind = @kind and address = @address", new { kind, address }, cancel);
        if (known is { State: "confirmed" } || (known is not null && Micros.At(known.Asked) > now - Pause)) return;
        var id = known?.Id ?? Guid.CreateVersion7(time.GetUtcNow()).ToString("N");
        if (known is null) await s.InsertAsync("subscribers", "id, kind, address, state, asked, confirmed", [[id, kind, address, "pending", Micros.Of(now), null]], "", cancel);
        else await s.ExecuteAsync("update subscribers set asked = @at where id = @id", new { id, at = Micros.Of(now) }, cancel);
        var key = string.Create(CultureInfo.InvariantCulture, $"ask{Micros.Of(now) / Micros.PerSecond}/{id}");
        await s.InsertAsync("outbox", OutboxRows.Columns, [OutboxRows.Row(0, 0, key, key, Asking, id, kind, Severity.P3, "status", new PageWords("Confirm that you want updates of the service status", "Somebody, hopefully you, asked for a message at each change of the status page. Nothing is sent here until the link is opened and confirmed. If it was not you, do nothing."), now)], "", cancel);
    }

    // As the page has it: an event has no field that the public does not see but the incident and the person, which are not used.
    private static (string First, string More, string Path)? Said(StatusPage page, StatusEvent e) => e switch
    {
        ReportOpened o => (Cut($"{PublicWords.Of(o.Stage)}: {o.Title}"), o.Text, string.Create(CultureInfo.InvariantCulture, $"status/{o.Number}")),
        ReportUpdated u when page.Report(u.Number) is { } report => (Cut($"{PublicWords.Of(u.Stage)}: {report.Title}"), u.Text, string.Create(CultureInfo.InvariantCulture, $"status/{u.Number}")),
        ComponentSet c when page.Components.FirstOrDefault(x => x.Id == c.Component) is { } component => (Cut($"{component.Name}: {PublicWords.Of(page.StateOf(component))}"), "", "status"),
        _ => null,
    };

    private static string Cut(string text) => text.Length > PageText.Most ? $"{text[..(PageText.Most - 1)]}…" : text;

    private string? Wrong(string kind, string address)
    {
        if (address.Length is 0 or > MostAddress) return "an address is expected";
        if (kind is "mail") return Settings.Mail is null ? "this server sends no mail" : MailText.IsAddress(address) ? null : "that is no e-mail address";
        if (kind is not "webhook" || !Settings.Webhooks) return "this server does not send to such an address";
        // Who is logged in by an address would have the password kept here.
        return Uri.TryCreate(address, UriKind.Absolute, out var url) && url.Scheme is "https" or "http" && url.UserInfo.Length == 0 ? null : "a webhook is an https address without a name and password in it";
    }

    private static Task<Subscriber?> OneAsync(Session s, string id, CancellationToken cancel) => s.FirstAsync<Subscriber>("select id, kind, address, state from subscribers where id = @id", new { id }, cancel);

    /// <summary>What signs the webhooks of one subscriber; it is told with the confirmation.</summary>
    public string Secret(Subscriber to) => links.Secret($"subscriber\n{to.Id}");
}
