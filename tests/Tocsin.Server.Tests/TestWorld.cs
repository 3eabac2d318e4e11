using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using NodaTime;
using Tocsin.Collect.Files;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;
using Tocsin.Core.Platforms;
using Tocsin.Core.Response;
using Tocsin.Core.Response.Playbooks;
using Tocsin.Server.Clock;
using Tocsin.Server.Ingest;
using Tocsin.Server.Notify;
using Tocsin.Server.PostMortems;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Tests;

/// <summary>A whole server over HTTP, with a clock that is moved and channels that keep what they are given.</summary>
internal sealed class TestWorld : IAsyncDisposable
{
    public static readonly string Root = Find();
    public static readonly Instant Start = Instant.FromUtc(2026, 11, 23, 5, 0);
    private static readonly Lazy<MatchSet> Catalog = new(() => MatchSet.Build(CatalogFiles.ReadEntries([new CatalogRoot(Path.Combine(Root, "catalog"), Shipped: true)]).Entries));
    private static readonly string Data = Path.Combine(Root, "platforms", "zelly");
    private static readonly Lazy<ImmutableArray<Playbook>> Books = new(() => [.. Directory.EnumerateFiles(Path.Combine(Data, "playbooks"), "*.md").Order(StringComparer.Ordinal).Select(f => PlaybookReader.Parse(File.ReadAllText(f), f, Path.GetFileNameWithoutExtension(f)).Value!)]);
    private static readonly Lazy<ImmutableDictionary<string, CommunicationTemplate>> Templates = new(() => Directory.EnumerateFiles(Path.Combine(Data, "templates"), "*.md").ToImmutableDictionary(f => Path.GetFileNameWithoutExtension(f)!, f => CommunicationTemplate.Parse(File.ReadAllText(f), f).Value!, StringComparer.Ordinal));
    private readonly string folder;
    private readonly TestLog log = new();
    private readonly ILoggerFactory logging;

    private TestWorld(string folder)
    {
        this.folder = folder;
        logging = LoggerFactory.Create(b => b.AddProvider(log).SetMinimumLevel(LogLevel.Information).AddFilter("Microsoft", LogLevel.Warning));
    }

    public ServerHost Host { get; private set; } = null!;

    public HttpClient Http { get; private set; } = null!;

    public FakeTime Time { get; } = new(Start.ToDateTimeOffset());

    public FakeChannel Phone { get; } = new();

    public TestLog Log => log;

    /// <summary>What goes wrong is the subject of the test: errors in the log do not fail it.</summary>
    public bool ExpectsErrors { get; set; }

    public ServerOptions Options { get; private set; } = null!;

    public string AdminToken { get; private set; } = "";

    public Instant Now => Instant.FromDateTimeOffset(Time.GetUtcNow());

    public IReadOnlyList<OutgoingPage> Sent => Phone.Sent;

    public static Task<TestWorld> SqliteAsync(Func<ServerOptions, ServerOptions>? change = null) => StartAsync(null, change);

    public static async Task<TestWorld> StartAsync(string? postgres, Func<ServerOptions, ServerOptions>? change = null, Stream? backup = null)
    {
        var world = new TestWorld(Directory.CreateTempSubdirectory("tocsin-server-").FullName);
        var options = new ServerOptions
        {
            Plan = Unasked(Plan()),
            Matching = Catalog.Value,
            Platform = PlatformReader.Parse(File.ReadAllText(Path.Combine(Root, "platforms", "zelly", "platform.yaml")), "platform.yaml").Value!,
            DataFolder = world.folder,
            Postgres = postgres,
            Listen = "http://127.0.0.1:0",
            Live = true,
            Kinds = [.. new[] { "pagerduty", "webhook", "ntfy", "slack" }.Select(k => new ChannelKind(k, new Shape.Map("a fake", []), _ => world.Phone))],
            Variable = name => $"address-of-{name}",
            Time = world.Time,
            Playbooks = Books.Value,
            Templates = Templates.Value,
            Loops = false,
        };
        world.Options = change?.Invoke(options) ?? options;
        if (backup is not null)
        {
            await using var empty = ServerHost.Open(world.Options);
            await Backup.RestoreAsync(empty, backup, 0, TestContext.Current.CancellationToken);
        }
        await world.StartAsync();
        return world;
    }

    /// <summary>The shipped response plan with addresses that need no variables.</summary>
    public static ResponsePlan Plan() => ResponseReader.Parse(File.ReadAllText(Path.Combine(Root, "platforms", "zelly", "response.yaml")), "response.yaml").Value!;

    // The question at the start of a turn is the subject of its own tests; in all others it would come beside the pages that they count.
    private static ResponsePlan Unasked(ResponsePlan plan) => plan with { Roster = plan.Roster with { Schedules = plan.Roster.Schedules.ToImmutableDictionary(s => s.Key, s => s.Value with { Ready = null }, StringComparer.Ordinal) } };

    public async Task StartAsync()
    {
        Host = await ServerHost.StartAsync(Options, logging, TestContext.Current.CancellationToken);
        Http = Client(AdminToken);
        if (Host.Invitation is not { } invitation) return;
        var taken = await PostAsync($"/api/v1/invitations/{invitation.Segments[^1]}", new { password = "correct horse battery" });
        AdminToken = (await taken.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("token").GetString()!;
        Http.Dispose();
        Http = Client(AdminToken);
    }

    public HttpClient Client(string token)
    {
        var client = new HttpClient { BaseAddress = Host.Address };
        if (token.Length > 0) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public async Task StopAsync()
    {
        Http.Dispose();
        await Host.DisposeAsync();
    }

    public Task<HttpResponseMessage> PostAsync(string path, object? body) => Http.PostAsync(path, JsonContent.Create(body), TestContext.Current.CancellationToken);

    public async Task<JsonElement> GetAsync(string path)
    {
        var response = await Http.GetAsync(path, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        return await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken);
    }

    public async Task<string> DeclareAsync(string title, string severity)
    {
        var response = await PostAsync("/api/v1/incidents", new { title, severity });
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        await SettleAsync();
        return (await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("incident").GetProperty("id").GetString()!;
    }

    /// <summary>An intake key; with the address to post to.</summary>
    public async Task<string> IntakeAsync(string environment = "production", string service = "")
    {
        var response = await PostAsync("/api/v1/intake-keys", new { name = "test", environment, service });
        Assert.Equal(HttpStatusCode.Created, response.StatusCode);
        return "/in/" + (await response.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("token").GetString();
    }

    public async Task<string> TokenAsync(string name, string role, params string[] scopes)
    {
        var invited = await PostAsync("/api/v1/accounts", new { name, person = "", role });
        Assert.Equal(HttpStatusCode.Created, invited.StatusCode);
        var issued = await PostAsync("/api/v1/tokens", new { account = name, name = "test", scopes });
        Assert.Equal(HttpStatusCode.Created, issued.StatusCode);
        return (await issued.Content.ReadFromJsonAsync<JsonElement>(TestContext.Current.CancellationToken)).GetProperty("token").GetString()!;
    }

    /// <summary>Moves the clock from deadline to deadline, as a server that never sleeps would see it.</summary>
    public async Task AdvanceAsync(Duration by)
    {
        var end = Now + by;
        while (true)
        {
            await SettleAsync();
            var due = await Host.Part<Database>().ReadAsync((s, c) => s.FirstAsync<long?>("select min(t) from (select min(due) as t from incidents where due > @now union all select min(due) from outbox where state = 'waiting' and due > @now union all select min(due) from heartbeats where state = 'armed' and due > @now union all select min(due) from streams where due > @now) as all_due", new { now = Micros.Of(Now) }, c), TestContext.Current.CancellationToken);
            if (due is not { } next || Micros.At(next) > end) break;
            Time.Advance((Micros.At(next) - Now).ToTimeSpan());
        }
        Time.Advance((end - Now).ToTimeSpan());
        await SettleAsync();
    }

    /// <summary>Everything that is due now, until nothing is.</summary>
    public async Task SettleAsync()
    {
        var cancel = TestContext.Current.CancellationToken;
        while (await Host.Part<HeartbeatWatch>().CheckAsync(cancel) + await Host.Part<Flow>().RunAsync(cancel) + await Host.Part<DueIncidents>().TickAsync(cancel) + await Host.Part<ItemReminders>().TickAsync(cancel) + await Host.Part<Sender>().SendDueAsync(cancel) > 0) continue;
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await Host.DisposeAsync();
        logging.Dispose();
        if (Directory.Exists(folder)) Directory.Delete(folder, recursive: true);
        Assert.True(ExpectsErrors || log.Errors.Count == 0, string.Join('\n', log.Errors));
    }

    private static string Find()
    {
        for (var at = AppContext.BaseDirectory; at is not null; at = Path.GetDirectoryName(at))
        {
            if (File.Exists(Path.Combine(at, "Tocsin.slnx"))) return at;
        }
        throw new InvalidOperationException("the repository was not found above the tests");
    }
}
