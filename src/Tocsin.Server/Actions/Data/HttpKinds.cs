using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NodaTime;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Collect.Probes.Servers;
using Tocsin.Collect.Wire;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Server.Actions.Data;

/// <summary>Requests of actions to what speaks HTTP: sent once.</summary>
internal static class HttpDoor
{
    public static async Task<HttpSeen> AskAsync(ServerGround servers, HttpQuestion question, Place? place, CancellationToken cancel)
    {
        var settings = place is null ? servers.Web() : servers.Target(place);
        return await HttpWalk.AskAsync(question, settings with { Limit = Duration.FromSeconds(10) }, cancel);
    }

    /// <summary>What was answered; a refusal in words where it was not good.</summary>
    public static JsonNode? Result(HttpSeen seen, string what)
    {
        if (!seen.IsDone) throw new ActionRefused($"{what}: {seen.Code} at {WireFailure.Text(seen.Stage)}: {seen.Words}");
        if (seen.Status >= 300) throw new ActionRefused($"{what} answers {seen.Status.ToString(CultureInfo.InvariantCulture)}: {AwsCalling.Short(seen.Body)}");
        return Tree.Object(seen.Body);
    }

    /// <summary>How a call ended: what never connected, or was refused, was not done; a lost answer or 5xx may have been.</summary>
    public static CallResult Ended(HttpSeen seen, string done)
    {
        if (seen.IsDone && seen.Status < 300) return CallResult.Done(done);
        var words = seen.IsDone ? $"answered {seen.Status.ToString(CultureInfo.InvariantCulture)}: {AwsCalling.Short(seen.Body)}" : $"{seen.Code} at {WireFailure.Text(seen.Stage)}";
        return (seen.IsDone && seen.Status < 500) || seen.Stage < WireStage.Ask ? CallResult.Failed(words) : CallResult.Unknown(words);
    }
}

/// <summary>clickhouse.applySchema: tables that are missing are made; a statement that could touch what is there is refused.</summary>
public sealed partial class ApplySchema : ActionKind
{
    private const string Component = "clickhouse";
    private const string Missing = "missing tables";

    public override string Id => "clickhouse.applySchema";

    public override string Target => "the analytics component";

    public override bool NeedsTarget => false;

    public override ImmutableArray<ActionArgument> Arguments => [new("schema", "the text of the schema file: CREATE DATABASE and CREATE TABLE with IF NOT EXISTS", Required: true)];

    public override Duration Patience => Duration.FromSeconds(30);

    public override async Task<ActionDraft> DraftAsync(ActionGround ground, ActionOrder order, CancellationToken cancel)
    {
        var statements = Comment().Replace(order.Value("schema")!, " ").Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (Array.Find(statements, s => !Allowed().IsMatch(s)) is { } other) throw new ActionRefused($"only CREATE … IF NOT EXISTS is run, not: {AwsCalling.Short(other)}");
        var tables = statements.Select(s => Allowed().Match(s)).Where(m => m.Groups["table"].Success).Select(m => m.Groups["table"].Value).ToList();
        if (tables.Count == 0) throw new ActionRefused("the schema makes no table");
        var missing = await MissingAsync(ground, tables, cancel);
        if (missing.Length == 0) throw new ActionRefused($"every table is there: {string.Join(", ", tables)}");
        return new ActionDraft(Component, $"missing: {string.Join(", ", missing)}", $"made: {string.Join(", ", missing)}; tables that are there stay as they are", [.. statements.Select(s => new PlannedCall(Component, "create", ActionOrder.None.Add("sql", JsonValue.Create(s).ToJsonString(AwsCalling.Plain))))], Facts(missing));
    }

    public override async Task<ImmutableSortedDictionary<string, string>> FactsAsync(ActionGround ground, ActionPlan plan, CancellationToken cancel) => Facts(await MissingAsync(ground, Tables(plan), cancel));

    public override async Task<CallResult> CallAsync(ActionGround ground, ActionRun run, int call, ImmutableSortedDictionary<string, string> values, CancellationToken cancel) => HttpDoor.Ended(await SendAsync(ground, HttpMethod.Post, Sql(run.Plan.Calls[call]), cancel), "the statement was taken");

    public override async Task<CallResult> ReadBackAsync(ActionGround ground, ActionRun run, int call, CancellationToken cancel)
    {
        if (Allowed().Match(Sql(run.Plan.Calls[call])) is not { } m || !m.Groups["table"].Success) return CallResult.Done("read back: it changes nothing a second time");
        return (await MissingAsync(ground, [m.Groups["table"].Value], cancel)).Length == 0 ? CallResult.Done("read back: the table is there") : CallResult.Failed("read back: the table is missing");
    }

    public override async Task<Verification> VerifyAsync(ActionGround ground, ActionRun run, CancellationToken cancel)
    {
        var missing = await MissingAsync(ground, Tables(run.Plan), cancel);
        return missing.Length == 0 ? Verification.Yes($"there: {string.Join(", ", Tables(run.Plan))}") : Verification.No($"missing: {string.Join(", ", missing)}");
    }

    public override string CommandOf(PlannedCall call, ActionPlace place) => $"clickhouse-client --host HOST --query \"{Sql(call)}\"";

    private static List<string> Tables(ActionPlan plan) => [.. plan.Calls.Select(c => Allowed().Match(Sql(c)).Groups["table"]).Where(g => g.Success).Select(g => g.Value)];

    private static async Task<ImmutableArray<string>> MissingAsync(ActionGround ground, IReadOnlyList<string> tables, CancellationToken cancel)
    {
        var missing = ImmutableArray.CreateBuilder<string>();
        foreach (var table in tables)
        {
            var seen = await SendAsync(ground, HttpMethod.Get, $"EXISTS TABLE {table}", cancel);
            // An unknown database is a missing table too.
            if (!seen.IsDone || (seen.Status >= 300 && !seen.Body.Contains("Code: 81", StringComparison.Ordinal))) HttpDoor.Result(seen, Component);
            if (seen.Body.Trim() is not "1") missing.Add(table);
        }
        return missing.ToImmutable();
    }

    private static Task<HttpSeen> SendAsync(ActionGround ground, HttpMethod method, string sql, CancellationToken cancel)
    {
        var (servers, place) = ground.Doors.Open(Component);
        var address = new UriBuilder(place.Tls ? "https" : "http", place.Host, place.Port, "/", method == HttpMethod.Post ? "" : $"?query={Uri.EscapeDataString(sql)}").Uri;
        return HttpDoor.AskAsync(servers, new HttpQuestion(address) { Method = method, Body = method == HttpMethod.Post ? sql : null, Headers = place.User.Length > 0 ? [("X-ClickHouse-User", place.User), ("X-ClickHouse-Key", place.Password)] : [] }, place, cancel);
    }

    private static string Sql(PlannedCall call) => JsonNode.Parse(call.Arguments["sql"])!.ToString();

    private static ImmutableSortedDictionary<string, string> Facts(ImmutableArray<string> missing) => ActionOrder.None.Add(Missing, string.Join(", ", missing));

    [GeneratedRegex(@"\A\s*CREATE\s+(DATABASE\s+IF\s+NOT\s+EXISTS\s+[A-Za-z0-9_`]+|TABLE\s+IF\s+NOT\s+EXISTS\s+(?<table>[A-Za-z0-9_`.]+)\s*\()", RegexOptions.IgnoreCase | RegexOptions.ExplicitCapture)]
    private static partial Regex Allowed();

    [GeneratedRegex(@"--[^\n]*|/\*.*?\*/", RegexOptions.Singleline)]
    private static partial Regex Comment();
}

/// <summary>cloudflare.unproxyRecord: the validation record that ACM itself asks for becomes DNS-only; no other name can be given.</summary>
public sealed class UnproxyRecord : ActionKind
{
    private const string Component = "cloudflare";
    private const string Proxied = "proxied";
    private const string RecordId = "record";
    private const string Usual = "https://api.cloudflare.com";

    public override string Id => "cloudflare.unproxyRecord";

    public override string Target => "nothing: the record's name is ACM's own";

    public override bool NeedsTarget => false;

    public override Duration Patience => Duration.FromSeconds(30);

    public override async Task<ActionDraft> DraftAsync(ActionGround ground, ActionOrder order, CancellationToken cancel)
    {
        var names = await WantedAsync(ground, cancel);
        if (order.Target.Length > 0 && !names.Contains(order.Target, StringComparer.OrdinalIgnoreCase)) throw new ActionRefused($"ACM asks for no record {order.Target}; it asks for {string.Join(", ", names)}");
        foreach (var name in order.Target.Length > 0 ? [order.Target] : names)
        {
            if (await FindAsync(ground, name, cancel) is { } record && record.IsProxied) return Draft(name, record, proxied: false);
        }
        throw new ActionRefused($"no validation record is proxied: {string.Join(", ", names)}");
    }

    public override async Task<ActionDraft> UndoAsync(ActionGround ground, ActionRun run, CancellationToken cancel) =>
        Draft(run.Plan.Target, await FindAsync(ground, run.Plan.Target, cancel) ?? throw new ActionRefused($"{run.Plan.Target} does not exist any more"), proxied: true);

    public override async Task<ImmutableSortedDictionary<string, string>> FactsAsync(ActionGround ground, ActionPlan plan, CancellationToken cancel) => await FindAsync(ground, plan.Target, cancel) is { } now ? Facts(now) : ActionOrder.None;

    public override async Task<CallResult> CallAsync(ActionGround ground, ActionRun run, int call, ImmutableSortedDictionary<string, string> values, CancellationToken cancel)
    {
        var arguments = run.Plan.Calls[call].Arguments;
        var body = new JsonObject { [Proxied] = JsonNode.Parse(arguments[Proxied]) };
        return HttpDoor.Ended(await SendAsync(ground, HttpMethod.Patch, $"zones/{JsonNode.Parse(arguments["zone"])}/dns_records/{JsonNode.Parse(arguments[RecordId])}", body, cancel), "Cloudflare took the change");
    }

    public override async Task<CallResult> ReadBackAsync(ActionGround ground, ActionRun run, int call, CancellationToken cancel) => await HoldsAsync(ground, run, cancel) ? CallResult.Done("read back: so it is") : CallResult.Failed("read back: it is as before");

    public override async Task<Verification> VerifyAsync(ActionGround ground, ActionRun run, CancellationToken cancel) => await HoldsAsync(ground, run, cancel) ? Verification.Yes($"{run.Plan.Target} is {run.Plan.Wanted}") : Verification.No($"{run.Plan.Target} is not {run.Plan.Wanted}");

    public override string CommandOf(PlannedCall call, ActionPlace place) =>
        $"curl -sX PATCH -H \"Authorization: Bearer $CLOUDFLARE_API_TOKEN\" -H 'Content-Type: application/json' {Usual}/client/v4/zones/{JsonNode.Parse(call.Arguments["zone"])}/dns_records/{JsonNode.Parse(call.Arguments[RecordId])} -d '{{\"proxied\":{call.Arguments[Proxied]}}}'";

    private static async Task<bool> HoldsAsync(ActionGround ground, ActionRun run, CancellationToken cancel) => (await FindAsync(ground, run.Plan.Target, cancel))?.IsProxied == (run.Plan.Calls[0].Arguments[Proxied] is "true");

    private static ActionDraft Draft(string name, (string Zone, string Id, bool IsProxied) now, bool proxied) => new(
        name,
        now.IsProxied ? "proxied" : "DNS-only",
        proxied ? "proxied" : "DNS-only",
        [new PlannedCall(Component, "PATCH dns_record", ActionOrder.None.Add("zone", JsonSerializer.Serialize(now.Zone)).Add(RecordId, JsonSerializer.Serialize(now.Id)).Add(Proxied, proxied ? "true" : "false"))],
        Facts(now));

    private static ImmutableSortedDictionary<string, string> Facts((string Zone, string Id, bool IsProxied) now) => ActionOrder.None.Add(RecordId, now.Id).Add(Proxied, now.IsProxied ? "yes" : "no");

    private static async Task<List<string>> WantedAsync(ActionGround ground, CancellationToken cancel)
    {
        var names = new List<string>();
        foreach (var arn in (await ground.AskAsync("acm", "ListCertificates", new JsonObject { ["MaxItems"] = 20 }, cancel)).Items("CertificateSummaryList").Select(c => c.Text("CertificateArn")).OfType<string>())
        {
            var certificate = (await ground.AskAsync("acm", "DescribeCertificate", new JsonObject { ["CertificateArn"] = arn }, cancel)).Map("Certificate");
            names.AddRange(certificate.Items("DomainValidationOptions").Select(o => o.Map("ResourceRecord").Text("Name")?.TrimEnd('.')).OfType<string>());
        }
        return [.. names.Distinct(StringComparer.OrdinalIgnoreCase)];
    }

    private static async Task<(string Zone, string Id, bool IsProxied)?> FindAsync(ActionGround ground, string name, CancellationToken cancel)
    {
        if (Items(await ReadAsync(ground, $"zones?name={Uri.EscapeDataString(ground.Map.BaseDomain)}", cancel)).FirstOrDefault().Text("id") is not { } zone) throw new ActionRefused($"the token sees no zone {ground.Map.BaseDomain}");
        return Items(await ReadAsync(ground, $"zones/{zone}/dns_records?name={Uri.EscapeDataString(name)}", cancel)).FirstOrDefault() is { } record && record.Text("id") is { } id ? (zone, id, record.Flag(Proxied) ?? false) : null;
    }

    private static IEnumerable<JsonObject> Items(JsonNode? answer) => answer.Items("result");

    private static async Task<JsonNode?> ReadAsync(ActionGround ground, string path, CancellationToken cancel) => HttpDoor.Result(await SendAsync(ground, HttpMethod.Get, path, null, cancel), "Cloudflare");

    private static Task<HttpSeen> SendAsync(ActionGround ground, HttpMethod method, string path, JsonObject? body, CancellationToken cancel)
    {
        var servers = ground.Doors.Servers ?? throw new ActionRefused("Cloudflare is not reached from here");
        var token = servers.Setting(Component, DataDoors.ActPassword) ?? servers.Setting(Component, "password") ?? servers.Variable("CLOUDFLARE_API_TOKEN") ?? throw new ActionRefused($"there is no token for Cloudflare: {servers.Name(Component, "password")} or CLOUDFLARE_API_TOKEN");
        var place = servers.Find(Component);
        var root = place is null ? new Uri(Usual) : new UriBuilder(place.IsHere ? "http" : "https", place.Host, place.Port).Uri;
        return HttpDoor.AskAsync(servers, new HttpQuestion(new Uri(root, $"/client/v4/{path}")) { Method = method, Body = body?.ToJsonString(), Headers = [("Authorization", $"Bearer {token}")] }, null, cancel);
    }
}
