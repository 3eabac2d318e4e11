using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Server.Storage;

/// <summary>How the events of actions stand in the database; the same contract as <see cref="EventJson"/>.</summary>
internal static class ActionJson
{
    private static readonly (string Name, Type Type)[] Kinds =
    [
        ("planned", typeof(ActionPlanned)), ("approved", typeof(ActionApproved)), ("glass-broken", typeof(GlassBroken)), ("withdrawn", typeof(ActionWithdrawn)), ("held-back", typeof(ActionHeldBack)),
        ("started", typeof(ActionStarted)), ("call-begun", typeof(CallBegun)), ("call-ended", typeof(CallEnded)), ("ended", typeof(ActionEnded)), ("verified", typeof(ActionVerified)), ("settled", typeof(ActionSettled)), ("rechecked", typeof(ActionRechecked)),
    ];

    private static readonly ImmutableDictionary<string, Type> Types = Kinds.ToImmutableDictionary(k => k.Name, k => k.Type, StringComparer.Ordinal);
    private static readonly ImmutableDictionary<Type, string> Names = Kinds.ToImmutableDictionary(k => k.Type, k => k.Name);
    private static readonly JsonSerializerOptions Form = JsonForm.Options();

    public static string NameOf(ActionEvent e) => Names[e.GetType()];

    public static string Write(ActionEvent e) => JsonSerializer.Serialize(e, e.GetType(), Form);

    public static ActionEvent Read(string type, string body) =>
        Types.TryGetValue(type, out var known) ? (ActionEvent)JsonSerializer.Deserialize(body, known, Form)! : throw new SchemaException($"the database holds an event \"{type}\" of an action, which this program does not know: start the newer program");
}

/// <summary>The events of all actions, with the row of the list and of the audit log.</summary>
internal static class ActionJournal
{
    // A claim that is not renewed for so long is another's to take.
    private const long Claim = 60L * Micros.PerSecond;

    private const int MostOfIncident = 500;

    /// <summary>Before the id, as the audit log names an action.</summary>
    public const string Subject = "action/";

    internal sealed record Stored(string Action, long Version, long At, string Type, string Person, string Body);

    private sealed record Row(string Action, string Type, string Body);

    /// <summary>What a row of the audit log vouches for.</summary>
    public static Task<List<Stored>> PartAsync(Session s, string id, long from, long to, CancellationToken cancel) =>
        s.QueryAsync<Stored>("select action, version, at, type, person, body from action_events where action = @id and version between @from and @to order by version", new { id, from, to }, cancel);

    public static string DigestOf(IEnumerable<Stored> rows) =>
        AuditChain.Digest(rows.SelectMany(r => new[] { r.Action, r.Version.ToString(CultureInfo.InvariantCulture), r.At.ToString(CultureInfo.InvariantCulture), r.Type, r.Person, r.Body }));

    public static async Task<ActionRun?> ReadAsync(Session s, string id, CancellationToken cancel) => (await ReadAllAsync(s, "action = @id", new { id }, cancel)).FirstOrDefault();

    /// <summary>As above, and nobody else appends to it until the transaction ends.</summary>
    public static async Task<ActionRun?> HoldAsync(Session s, string id, CancellationToken cancel) =>
        await s.FirstAsync<string>($"select id from actions where id = @id{s.Dialect.ForUpdate}", new { id }, cancel) is null ? null : await ReadAsync(s, id, cancel);

    /// <param name="where">About the columns of a.</param>
    public static Task<List<ActionRun>> ListAsync(Session s, string where, object? args, int most, CancellationToken cancel) =>
        ReadAllAsync(s, $"action in (select a.id from actions a where {where} order by a.planned desc limit {most.ToString(CultureInfo.InvariantCulture)})", args, cancel);

    /// <summary>Every plan for an incident, the newest <see cref="MostOfIncident"/> of them.</summary>
    public static Task<List<ActionRun>> OfIncidentAsync(Session s, IncidentId incident, CancellationToken cancel) => ListAsync(s, "a.incident = @Number", new { Number = (long)incident.Number }, MostOfIncident, cancel);

    /// <summary>What guards need to know of other plans.</summary>
    public static async Task<ImmutableArray<PastAction>> PastAsync(Session s, long since, CancellationToken cancel) =>
        [.. (await ListAsync(s, "a.started is not null and (a.started > @since or a.state in ('running', 'unknown'))", new { since }, 1000, cancel)).Select(r => r.Past).OfType<PastAction>()];

    /// <summary>One that runs, or waits to be looked at, and that nobody is at; claimed for this node.</summary>
    public static async Task<string?> ClaimAsync(Session s, string node, long now, CancellationToken cancel)
    {
        var id = await s.FirstAsync<string>($"select id from actions where verified = 0 and state in ('running', 'succeeded') and claimed_until < @now order by started limit 1{s.Dialect.ForUpdate}", new { now }, cancel);
        if (id is not null) await s.ExecuteAsync("update actions set claimed_by = @node, claimed_until = @until where id = @id", new { id, node, until = now + Claim }, cancel);
        return id;
    }

    public static Task<int> RenewAsync(Session s, string id, string node, long now, CancellationToken cancel) =>
        s.ExecuteAsync("update actions set claimed_until = @until where id = @id and claimed_by = @node", new { id, node, until = now + Claim }, cancel);

    public static async Task<ActionRun> AppendAsync(Session s, ActionRun? before, ImmutableArray<ActionEvent> events, string node, CancellationToken cancel)
    {
        var after = before is null ? ActionRun.Of(events)! : events.Aggregate(before, (r, e) => r.With(e));
        var now = Micros.Of(events[^1].At);
        var row = new
        {
            after.Id, Version = (long)after.Version, Incident = (long?)after.Incident?.Number, after.Plan.Action, after.Plan.Environment, after.Plan.Target,
            State = after.State.ToString().ToLowerInvariant(), Planned = Micros.Of(after.Plan.MadeAt), Started = after.StartedAt is { } started ? Micros.Of(started) : (long?)null, Ended = after.EndedAt is { } ended ? Micros.Of(ended) : (long?)null,
            // Over: nobody needs to do or look at anything more.
            Verified = after.Verified is not null || after.State is ActionState.Failed or ActionState.Unknown or ActionState.Withdrawn ? 1L : 0L,
            Node = node, Until = now + Claim, Before = (long)(before?.Version ?? 0),
        };
        var saved = before is null
            ? await s.ExecuteAsync("insert into actions (id, version, incident, action, environment, target, state, planned, started, ended, verified, claimed_by, claimed_until) values (@Id, @Version, @Incident, @Action, @Environment, @Target, @State, @Planned, @Started, @Ended, @Verified, '', 0)", row, cancel)
            : await s.ExecuteAsync("update actions set version = @Version, state = @State, started = @Started, ended = @Ended, verified = @Verified, claimed_by = @Node, claimed_until = @Until where id = @Id and version = @Before", row, cancel);
        if (saved != 1) throw new StaleException($"the action {after.Id} has moved on since it was read");
        var version = after.Version - events.Length;
        var stored = events.Select(e => (Version: ++version, At: Micros.Of(e.At), Type: ActionJson.NameOf(e), e.By, Body: ActionJson.Write(e))).ToList();
        await s.InsertAsync("action_events", "action, version, at, type, person, body", stored.ConvertAll(e => new object?[] { after.Id, (long)e.Version, e.At, e.Type, e.By, e.Body }), "", cancel);
        var rows = stored.ConvertAll(e => new Stored(after.Id, e.Version, e.At, e.Type, e.By, e.Body));
        var detail = string.Create(CultureInfo.InvariantCulture, $"events {rows[0].Version}-{rows[^1].Version}");
        await AuditChain.AppendAsync(s, [new AuditEntry(now, rows.Select(r => r.Person).FirstOrDefault(p => p.Length > 0) ?? "", string.Join(' ', rows.Select(r => $"action-{r.Type}").Distinct(StringComparer.Ordinal)), Subject + after.Id, detail, DigestOf(rows))], cancel);
        return after;
    }

    private static async Task<List<ActionRun>> ReadAllAsync(Session s, string where, object? args, CancellationToken cancel)
    {
        var rows = await s.QueryAsync<Row>($"select action, type, body from action_events where {where} order by action, version", args, cancel);
        return [.. rows.GroupBy(r => r.Action, StringComparer.Ordinal).Select(g => ActionRun.Of(g.Select(r => ActionJson.Read(r.Type, r.Body)))).OfType<ActionRun>()];
    }
}
