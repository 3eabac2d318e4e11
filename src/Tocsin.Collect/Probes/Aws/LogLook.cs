using System.Collections.Immutable;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NodaTime;

namespace Tocsin.Collect.Probes.Aws;

/// <param name="Json">What it is as JSON; null where it is something else.</param>
internal sealed record ReadLine(LogEvent Event, JsonObject? Json);

/// <summary>What a service's own log says: which lines are known errors is the matcher's matter, what else they show is told here.</summary>
internal static partial class LogLook
{
    private const double SlowMs = 1000;
    private const double NotFound = 404;
    private const int Enough = 3;

    // Pino's number of the level error.
    private const double ErrorLevel = 50;

    public static IEnumerable<Probe> For(AwsGround ground, ServiceView view)
    {
        if (view.Service.Fields.ContainsKey("logGroup")) yield return ground.Probe("app.logs", view.Subject, "logs", (s, c) => LookAsync(ground, view, s, c), "logs:FilterLogEvents") with { Limit = Duration.FromSeconds(8) };
    }

    /// <summary>The events since the drill's beginning.</summary>
    public static Task<LogPage> LinesAsync(AwsGround ground, string group, Sighting sighting, CancellationToken cancel) =>
        LogPages.ReadAsync(new JsonObject { ["logGroupName"] = group, ["startTime"] = ground.Since.ToUnixTimeMilliseconds() }, q => ground.AskAsync(sighting, "logs", "FilterLogEvents", q, cancel), cancel);

    /// <summary>The ids of the tasks that run; a stream is named by its task.</summary>
    public static async Task<IReadOnlySet<string>> RunningAsync(ServiceView view, Sighting sighting, CancellationToken cancel) =>
        (await view.RunningAsync(sighting, cancel)).Select(t => (t.Text("taskArn") ?? "").LastPart()).ToHashSet(StringComparer.Ordinal);

    public static bool IsOf(IReadOnlySet<string> tasks, string stream) => tasks.Contains(stream[(stream.LastIndexOf('/') + 1)..]);

    public static bool SaysReady(string line) => Ready().IsMatch(line);

    private static async Task LookAsync(AwsGround ground, ServiceView view, Sighting sighting, CancellationToken cancel)
    {
        var page = await LinesAsync(ground, view.Service.Fields["logGroup"], sighting, cancel);
        IReadOnlySet<string> running = ImmutableHashSet<string>.Empty;
        await EcsProbes.PartAsync(sighting, async _ => running = await RunningAsync(view, sighting, cancel), cancel);
        ground.Texts.AddLog(view.Subject, view.Service.Fields["logGroup"], page.Events, s => IsOf(running, s));
        page.Tell(sighting);
        if (page.Events.Length == 0) sighting.Empty();
        var lines = Read(page.Events);
        Requests(ground, view, lines, sighting);
        var health = view.Service.Fields.GetValueOrDefault("health", "/health");
        sighting.Since(WorksSince(lines, health));
        FailingLook.Look(lines, health, sighting);
        sighting.Fact("slowQueries", page.Events.Count(e => SlowQuery().IsMatch(e.Text)));
        await EcsProbes.PartAsync(sighting, _ => EndAsync(ground, view, page.Events, sighting, cancel), cancel);
    }

    /// <summary>Each event once.</summary>
    internal static ImmutableArray<ReadLine> Read(ImmutableArray<LogEvent> events) => [.. events.Select(e => new ReadLine(e, e.Text.StartsWith('{') ? Tree.Object(e.Text) : null))];

    private static void Requests(AwsGround ground, ServiceView view, ImmutableArray<ReadLine> lines, Sighting sighting)
    {
        var path = view.Service.Fields.GetValueOrDefault("health", "/health");
        var asked = new Dictionary<string, string>(StringComparer.Ordinal);
        var (health, status) = (false, 0d);
        var (all, slow) = (new HashSet<string>(StringComparer.Ordinal), new List<string>());
        var (well, failed) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        foreach (var (line, read) in lines)
        {
            if (read is not { } json) continue;
            var id = $"{line.Stream} {json.Text("reqId")}";
            if (json.Map("req").Text("url") is { } url) asked[id] = url.Split('?')[0];
            var route = asked.GetValueOrDefault(id, "");
            var isHealth = route == path;
            health |= isHealth;
            // What strangers ask for and nobody has is no route.
            if (json.Map("res").Number("statusCode") is { } and not NotFound && route.Length > 0 && !isHealth) all.Add(route);
            if (json.Map("res").Number("statusCode") is { } code && isHealth) status = code;
            if (json.Map("res").Number("statusCode") is { } answer && route.Length > 0 && !isHealth) Note($"{line.Stream} {route}", answer);
            if (json.Number("responseTime") > SlowMs && !isHealth) slow.Add(route);
        }
        // A request that never came to its end is slow too: it has a beginning and no end long after.
        var events = lines.Select(l => l.Event).ToList();
        slow.AddRange(Open(events, ground.Now - Duration.FromMilliseconds(SlowMs * 2)).Select(e => Tree.Object(e.Text).Map("req").Text("url")?.Split('?')[0] ?? "").Where(u => u != path));
        if (failed.Count > 0) sighting.Fact("workedBefore", failed.Overlaps(well));
        sighting.Fact("slowRequests", slow.Count);
        if (slow.Count > 0) sighting.Fact("slowRoutes", string.Join(' ', slow.CountBy(s => s, StringComparer.Ordinal).OrderByDescending(s => s.Value).ThenBy(s => s.Key, StringComparer.Ordinal).Take(5).Select(s => s.Key)));
        all.UnionWith(slow);
        if (slow.Count > 0 && all.Count > 1) sighting.Fact("slowRoutesShare", Math.Round(100.0 * slow.Distinct(StringComparer.Ordinal).Count() / all.Count, 1));
        if (events.Exists(e => e.Text.Contains("ELB-HealthChecker", StringComparison.Ordinal)) || health) sighting.Fact("healthRequests", true);
        if (status > 0) sighting.Fact("healthStatus", status);

        // By task and route. Only what went well before the first failure is of interest.
        void Note(string request, double code)
        {
            if (code >= 500) failed.Add(request);
            else if (code < 400 && !failed.Contains(request)) well.Add(request);
        }
    }

    // Since the first request that went well after the last error, where some did, and no route failed the last time it was asked. Health checks prove too little.
    internal static Instant? WorksSince(ImmutableArray<ReadLine> lines, string health)
    {
        Instant? since = null;
        var (well, failing, routes) = (0, new HashSet<string>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.Ordinal));
        foreach (var (e, line) in lines)
        {
            var request = $"{e.Stream} {line.Text("reqId")}";
            if (line.Map("req").Text("url") is { } url) routes[request] = url.Split('?')[0];
            var route = line.Text("reqId") is not null || line.Map("req") is not null ? routes.GetValueOrDefault(request, "") : "";
            var code = line.Map("res").Number("statusCode");
            if (code >= 500 || IsError(e.Text, line))
            {
                (since, well) = (null, 0);
                if (route.Length > 0) failing.Add(route);
            }
            else if (code < 400 && route.Length > 0)
            {
                failing.Remove(route);
                if (route == health) continue;
                since ??= e.At;
                well++;
            }
        }
        return well >= Enough && failing.Count == 0 ? since : null;
    }

    // Requests that began before and have no end, in the streams that tell of both.
    private static IEnumerable<LogEvent> Open(IEnumerable<LogEvent> events, Instant before)
    {
        foreach (var stream in events.GroupBy(e => e.Stream, StringComparer.Ordinal))
        {
            var open = new Dictionary<string, LogEvent>(StringComparer.Ordinal);
            foreach (var e in stream.Where(e => e.Text.StartsWith('{')))
            {
                if (RequestId().Match(e.Text) is not { Success: true } id) continue;
                if (e.Text.Contains("\"incoming request\"", StringComparison.Ordinal)) open[id.Groups[1].Value] = e;
                else if (e.Text.Contains("\"request completed\"", StringComparison.Ordinal)) open.Remove(id.Groups[1].Value);
            }
            foreach (var left in open.Values.Where(e => e.At < before)) yield return left;
        }
    }

    private static async Task EndAsync(AwsGround ground, ServiceView view, ImmutableArray<LogEvent> events, Sighting sighting, CancellationToken cancel)
    {
        var tasks = await view.TasksAsync(sighting, cancel);
        var newest = tasks.OrderByDescending(t => t.Time("createdAt")).FirstOrDefault();
        if (newest is not null && newest.Time("createdAt") >= ground.Since) sighting.Fact("anyLines", OfTask(events, newest).Any());
        else if (events.Length > 0) sighting.Fact("anyLines", true);
        if (Stopped.InTrouble(tasks, ground.Since).FirstOrDefault() is not { } ended) return;
        var last = OfTask(events, ended).ToList();
        var error = last.Find(e => IsError(e.Text));
        if (last.Count > 0) sighting.Fact("crashText", error is null ? "NONE" : CrashOf(string.Join('\n', last.SkipWhile(e => !ReferenceEquals(e, error)).Take(30).Select(e => e.Text))));
        sighting.Fact("sigterm", last.Exists(e => e.Text.Contains("SIGTERM", StringComparison.Ordinal)));
        if (last.Count > 0) sighting.Fact("requestInFlight", Open(last, Instant.MaxValue).Any());
    }

    private static IEnumerable<LogEvent> OfTask(IEnumerable<LogEvent> events, JsonObject task)
    {
        var id = (task.Text("taskArn") ?? "").LastPart();
        return events.Where(e => id.Length > 0 && e.Stream.EndsWith(id, StringComparison.Ordinal));
    }

    private static bool IsError(string line) => IsError(line, Tree.Object(line));

    internal static bool IsError(string line, JsonObject? json) => json?.Number("level") is { } level ? level >= ErrorLevel : Errors().IsMatch(line);

    internal static string CrashOf(string text) => text switch
    {
        _ when Stopped.Has(text, "heap limit") || Stopped.Has(text, "heap out of memory") => "HEAP_LIMIT",
        _ when Stopped.Has(text, "EADDRINUSE") => "PORT_IN_USE",
        _ when Stopped.Has(text, "ER_ACCESS_DENIED") || Stopped.Has(text, "Access denied for user") => "DB_AUTH",
        _ when Stopped.Has(text, "ECONNREFUSED") || Stopped.Has(text, "ETIMEDOUT") || Stopped.Has(text, "ENOTFOUND") => "CONNECT_REFUSED",
        _ when Stopped.Has(text, "Cannot find module") || Stopped.Has(text, "MODULE_NOT_FOUND") => "MODULE_MISSING",
        _ when Stopped.Has(text, "in JSON at position") || Stopped.Has(text, "is not valid JSON") || Stopped.Has(text, "JSON.parse") => "JSON_SYNTAX",
        _ when Stopped.Has(text, "SyntaxError") => "SOURCE_SYNTAX",
        _ when Stopped.Has(text, "Cannot read properties of undefined") || Stopped.Has(text, "is undefined") => "UNDEFINED_PROPERTY",
        _ when Configuration().IsMatch(text) => "CONFIG_INVALID",
        _ when Stopped.Has(text, "UnhandledPromiseRejection") || Stopped.Has(text, "unhandledRejection") => "UNHANDLED_REJECTION",
        _ => "OTHER",
    };

    [GeneratedRegex(@"\b(listening|ready|started successfully|server started|bootstrap complete)\b", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Ready();

    [GeneratedRegex(@"\b(\w*Error|FATAL|ERROR|\w*Exception|EADDRINUSE)\b|^\s*at .+:\d+:\d+\)?$", RegexOptions.CultureInvariant)]
    private static partial Regex Errors();

    [GeneratedRegex(@"slow quer|Query_time|""query(Ms|Time)"":\s?\d{4,}", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex SlowQuery();

    [GeneratedRegex(@"""reqId"":""?([^"",}]{1,60})", RegexOptions.CultureInvariant)]
    private static partial Regex RequestId();

    [GeneratedRegex(@"(missing|required|not set|is not defined|must be set|unset|invalid).{0,60}(variable|environment|env|config)|(variable|environment|env|config).{0,60}(missing|required|not set|unset|invalid)|process\.env", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Configuration();
}
