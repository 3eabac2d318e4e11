using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Tocsin.Collect.Files;
using Tocsin.Core.Incidents;
using Tocsin.Core.Matching;
using Tocsin.Core.Platforms;
using Tocsin.Core.Response;
using Tocsin.Server;
using Tocsin.Server.Access;
using Tocsin.Server.Ingest;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;
using Tocsin.Server.Web;

namespace Tocsin.WebBench;

/// <summary>A server with as many incidents and events as asked for, and somebody who is signed in to it.</summary>
internal sealed class World(ServerHost host, string folder, string cookie) : IAsyncDisposable
{
    private const int Batch = 250;
    private const int StillOpen = 60;
    private const int Signals = 200_000;
    private const string Password = "correct horse battery";
    private static readonly string[] Services = ["core-api", "storefront", "customer-panel", "fastify-nova", "shopify-worker"];

    public ServerHost Host => host;

    /// <summary>As a browser sends it.</summary>
    public string Cookie => cookie;

    public HttpClient Client() => new(new SocketsHttpHandler { UseCookies = false, AutomaticDecompression = DecompressionMethods.None, MaxConnectionsPerServer = int.MaxValue })
    {
        BaseAddress = host.Address,
        DefaultRequestHeaders = { { "Cookie", cookie } },
        Timeout = Timeout.InfiniteTimeSpan,
    };

    public static async Task<World> StartAsync(string? postgres, int incidents, int eventsEach, CancellationToken cancel)
    {
        var folder = Directory.CreateTempSubdirectory("tocsin-bench-").FullName;
        var reference = CatalogFiles.Read([new CatalogRoot("catalog", Shipped: true)]);
        var platform = Directory.GetDirectories("platforms").Order(StringComparer.Ordinal).First();
        var options = new ServerOptions
        {
            Plan = ResponseReader.Parse(await File.ReadAllTextAsync(Path.Combine(platform, "response.yaml"), cancel), "response.yaml").Value!,
            Matching = MatchSet.Build(reference.Entries.Select(e => e.Entry)),
            Platform = PlatformReader.Parse(await File.ReadAllTextAsync(Path.Combine(platform, "platform.yaml"), cancel), "platform.yaml").Value!,
            DataFolder = folder,
            Postgres = postgres,
            Listen = "http://127.0.0.1:0",
            Web = new WebOptions { Reference = reference, Drill = (_, _, _, _) => throw new NotSupportedException("nothing to look at"), Compare = (_, _, _) => throw new NotSupportedException("nothing to look at"), Check = (_, _, _) => throw new NotSupportedException("nothing to look at") },
        };
        await SeedAsync(options, incidents, eventsEach, cancel);
        var host = await ServerHost.StartAsync(options, NullLoggerFactory.Instance, cancel);
        var accounts = host.Part<Accounts>();
        await accounts.AcceptAsync(host.Invitation!.Segments[^1], Password, cancel);
        return new World(host, folder, $"{Gate.Cookie}={await accounts.LogInAsync("admin", Password, cancel)}");
    }

    public async ValueTask DisposeAsync()
    {
        await host.DisposeAsync();
        Directory.Delete(folder, recursive: true);
    }

    private static bool seeded;

    // Before the server starts, so that its loops find the database as it would be after years.
    private static async Task SeedAsync(ServerOptions options, int incidents, int eventsEach, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        var now = SystemClock.Instance.GetCurrentInstant();
        await using var database = ServerHost.Open(options);
        // A database of one's own is as new for each size; one that others filled is left as it is, and the bench ends.
        if (seeded && !database.Dialect.OneWriter) await database.WriteAsync((s, c) => s.ExecuteAsync("drop schema public cascade; create schema public", null, c), cancel);
        seeded = true;
        await Schema.BringAsync(database, Migration.All, Micros.Of(now), cancel);
        var journal = new Journal(new EventJson(), _ => false, tracked: false);
        for (var start = 1; start <= incidents; start += Batch)
        {
            var appends = Enumerable.Range(start, Math.Min(Batch, incidents - start + 1)).Select(n => Append.Start(Story(n, incidents, eventsEach, options.Plan.Policy, now))).ToList();
            await database.WriteAsync((s, c) => journal.AppendAsync(s, appends, c), cancel);
        }
        await database.WriteAsync((s, c) => s.ExecuteAsync("update counters set value = @incidents where name = 'incident'", new { incidents }, c), cancel);
        var signals = eventsEach > 50 ? Signals : 200;
        for (var start = 0; start < signals; start += 10_000)
        {
            var rows = Enumerable.Range(start, Math.Min(10_000, signals - start)).Select(n => Row(n, signals, now)).ToList();
            await database.WriteAsync((s, c) => s.InsertAsync("signals", SignalRow.Columns, rows, "", c), cancel);
        }
        // What PostgreSQL does by itself within minutes; of data that grew over years it has long done it.
        if (!database.Dialect.OneWriter) await database.ReadAsync((s, c) => s.ExecuteAsync("vacuum analyze", null, c), cancel);
        var events = await database.ReadAsync((s, c) => s.FirstAsync<long>("select count(*) from events", null, c), cancel);
        Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{database.Dialect.Name}: {incidents} incidents, {events} events, {signals} signals made in {watch.Elapsed.TotalSeconds:0} s"));
    }

    private static ImmutableArray<IncidentEvent> Story(int n, int of, int length, ResponsePolicy policy, Instant now)
    {
        var open = n > of - Math.Min(StillOpen, of / 4);
        var start = now - (open ? Duration.FromMinutes(of - n + 2) : Duration.FromHours(1 + ((of - n) / 2)));
        var severity = (Severity)(1 + (n % 3));
        var events = ImmutableArray.CreateBuilder<IncidentEvent>(length);
        var service = Services[n % Services.Length];
        events.Add(new Declared(start, "lead", new IncidentId(n), $"Something of {service} fails for the {n}th time", "production", service, n % 4 == 0 ? "ecs-exit-137" : "", $"f{n % 500}", new SuggestedSeverity(severity, "measured"), new ImpactFacts(), start, start, policy));
        events.Add(new Acknowledged(start + Duration.FromSeconds(40), "engineer-1"));
        var tail = open ? 0 : 2;
        for (var i = 2; i < length - tail; i++) events.Add(new Noted(start + Duration.FromSeconds(40 + (i / 2)), "engineer-1", string.Create(CultureInfo.InvariantCulture, $"looked at task {i}: nothing in its log but the line of the health check, and the one before it")));
        if (!open)
        {
            events.Add(new Mitigated(start + Duration.FromMinutes(20), "engineer-1", "rolled back to the revision before"));
            events.Add(new Resolved(start + Duration.FromMinutes(25), "engineer-1", "the secret is restored"));
        }
        return events.ToImmutable();
    }

    // Most of them of the last month, some of the last hour.
    private static object?[] Row(int n, int of, Instant now)
    {
        var age = n % 100 == 0 ? Duration.FromSeconds(n % 3600) : Duration.FromSeconds((long)(30.0 * 86_400 * (of - n) / of));
        var known = n % 3 > 0;
        var signal = new Signal(Guid.CreateVersion7(TimeProvider.System.GetUtcNow()).ToString(), now - age, SignalSource.Text, "production", Services[n % Services.Length], known ? "mysql-unreachable" : "", string.Create(CultureInfo.InvariantCulture, $"s{n % 300}"), known ? "MySQL cannot be reached" : "the frobnicator is bent", "Error: connect ECONNREFUSED 10.0.12.34:3306", null, [], null, 1, Ends: false);
        var row = SignalRow.Of(signal, "bench");
        row[^3] = "counted";
        return row;
    }
}
