using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tocsin.Server.Access;
using Tocsin.Server.Actions;
using Tocsin.Server.Api;
using Tocsin.Server.Clock;
using Tocsin.Server.Incidents;
using Tocsin.Server.Ingest;
using Tocsin.Server.Notify;
using Tocsin.Server.Playbooks;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;
using Tocsin.Server.Watch;
using Tocsin.Server.Web;

namespace Tocsin.Server;

/// <summary>One running server. What cannot start says what to change, and leaves nothing behind.</summary>
public sealed class ServerHost : IAsyncDisposable
{
    private const string DatabaseFile = "tocsin.db";
    private readonly WebApplication running;
    private readonly Database store;

    private ServerHost(WebApplication app, Database database, Uri address, string? invitation)
    {
        (running, store, Address) = (app, database, address);
        Invitation = invitation is null ? null : Part<Links>().Invitation(invitation);
    }

    /// <summary>Where it listens.</summary>
    public Uri Address { get; }

    /// <summary>At the first start the link by which somebody becomes its administrator; once.</summary>
    public Uri? Invitation { get; }

    /// <summary>A part of the server, such as a read model.</summary>
    public T Part<T>()
        where T : notnull => running.Services.GetRequiredService<T>();

    /// <summary>Every address it answers at.</summary>
    public IReadOnlyList<Endpoint> Endpoints => [.. ((IEndpointRouteBuilder)running).DataSources.SelectMany(d => d.Endpoints)];

    public static Database Open(ServerOptions options)
    {
        if (options.Postgres is { } connection) return Database.Postgres(connection, options.Step);
        Directory.CreateDirectory(options.DataFolder);
        return Database.Sqlite(Path.Combine(options.DataFolder, DatabaseFile), options.Step);
    }

    /// <summary>One that a server made before; whether it did, <see cref="Schema.CheckAsync"/> tells.</summary>
    public static Database OpenExisting(ServerOptions options)
    {
        var file = Path.Combine(options.DataFolder, DatabaseFile);
        return options.Postgres is not null || File.Exists(file) ? Open(options) : throw Schema.NoneAt(file);
    }

    public static async Task<ServerHost> StartAsync(ServerOptions options, ILoggerFactory logging, CancellationToken cancel)
    {
        if (options.Live) Ready(options);
        var database = Open(options);
        try
        {
            await Schema.BringAsync(database, Migration.All, Micros.Of(options.Time.Now()), cancel);
            var key = await Secrets.SigningKeyAsync(database, cancel);
            var invitation = await new Accounts(database, options.Time).FirstInvitationAsync(cancel);
            var app = Build(options, database, key, logging);
            await app.Services.GetRequiredService<Outbox>().ReleaseAsync(cancel);
            await app.Services.GetRequiredService<ActionDesk>().ReleaseAsync(cancel);
            await app.Services.GetRequiredService<PlanChanges>().LoadAsync(cancel);
            await app.StartAsync(cancel);
            var address = new Uri(app.Urls.First());
            app.Services.GetRequiredService<Links>().Address = options.PublicAddress ?? address;
            return new ServerHost(app, database, address, invitation);
        }
        catch
        {
            await database.DisposeAsync();
            throw;
        }
    }

    public Task WaitAsync(CancellationToken cancel) => running.WaitForShutdownAsync(cancel);

    public async ValueTask DisposeAsync()
    {
        await running.StopAsync(CancellationToken.None);
        await running.DisposeAsync();
        await store.DisposeAsync();
    }

    // Live is promised only where everybody whom a P0 calls can be reached.
    private static void Ready(ServerOptions options)
    {
        var found = options.Lacks(options.Plan);
        if (found.Count > 0) throw new ServerSetupException($"--live needs everybody to be reachable, as tocsin oncall check and the variables of this process tell:\n  {string.Join("\n  ", found)}");
    }

    private static WebApplication Build(ServerOptions options, Database database, byte[] key, ILoggerFactory logging)
    {
        var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { ApplicationName = typeof(ServerHost).Assembly.GetName().Name, ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseUrls(options.Listen).ConfigureKestrel(k =>
        {
            k.AddServerHeader = false;
            k.Limits.MaxRequestBodySize = options.MostBytes;
            k.Limits.MaxRequestHeadersTotalSize = 16 * 1024;
            k.Limits.KeepAliveTimeout = TimeSpan.FromMinutes(2);
        });
        builder.Services.AddSingleton(logging);
        Parts.Add(builder.Services, options, database, key);
        if (options.Loops) builder.Services.AddHostedService(s => s.GetRequiredService<ClockLoop>()).AddHostedService(s => s.GetRequiredService<Diagnoses>()).AddHostedService(s => s.GetRequiredService<ActionRunner>());
        if (options is { Loops: true, Watch: not null }) builder.Services.AddHostedService(s => s.GetRequiredService<WatchLoop>());
        if (options is { Loops: true, Web.Drill: not null }) builder.Services.AddHostedService(s => s.GetRequiredService<PlaybookLooks>());
        builder.Services.AddHostedService(s => s.GetRequiredService<ChangeFeed>()).AddHostedService(s => s.GetRequiredService<PlanChanges>());
        builder.Services.Configure<HostOptions>(h => h.ShutdownTimeout = TimeSpan.FromSeconds(10));
        Parts.AddApi(builder.Services);
        Site.Add(builder.Services, key);
        var app = builder.Build();
        Parts.Connect(app.Services);
        app.UseStatusCodePages();
        app.UseMiddleware<Failures>();
        app.UseRouting();
        app.UseMiddleware<Door>();
        app.UseMiddleware<Gate>();
        Map(app);
        return app;
    }

    // In the order of the flow: signals come in, incidents are answered, the rest looks on.
    private static void Map(WebApplication app)
    {
        IntakeApi.Map(app);
        var api = app.MapGroup("/api/v1");
        IncidentApi.Map(api);
        PlaybookApi.Map(api);
        PublishingApi.Map(api);
        PostMortemApi.Map(api);
        LookApi.Map(api);
        DrillApi.Map(api);
        ActionApi.Map(api);
        WatchApi.Map(api);
        AccessApi.Map(api);
        LookApi.MapPublic(app);
        Site.Map(app);
        app.MapOpenApi("/api/v1/openapi.json").NeedsNobody("describes the interface, and holds no data");
    }
}
