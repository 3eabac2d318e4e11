using System.Data.Common;
using Microsoft.Extensions.Logging;
using Tocsin.Cli.Commands.Lab;
using Tocsin.Cli.Setup;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Matching;
using Tocsin.Core.Response;
using Tocsin.Server;
using Tocsin.Server.Notify;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;
using Tocsin.Server.Web;

namespace Tocsin.Cli.Commands.Incidents;

/// <summary>The server in this process.</summary>
internal sealed class ServeRun(Settings settings, Terminal terminal)
{
    // The reference is read once, for matching, the watch, the pages and each drill.
    private readonly CatalogStore store = new(settings);
    private const string DefaultData = "tocsin-data";
    private const string LabAccount = "000000000000";

    public async Task<int> RunAsync(ServeRequest request, CancellationToken cancel)
    {
        using var stop = new StopSignal();
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, stop.Token);
        using var logging = LoggerFactory.Create(b => b.SetMinimumLevel(LogLevel.Warning).AddFilter("Microsoft", LogLevel.Error).AddFilter("Tocsin", LogLevel.Information).AddProvider(new HostLog(terminal.Error)));
        try
        {
            var options = Whole(Options(settings, terminal, request), request);
            await using var host = await ServerHost.StartAsync(options, logging, both.Token);
            Welcome(host, options);
            await FollowAsync(host, options, both.Token);
            return ExitCode.Done;
        }
        catch (ServerSetupException e)
        {
            terminal.Fail(e.Message);
            return ExitCode.Refused;
        }
        catch (SchemaException e)
        {
            terminal.Fail(e.Message);
            return ExitCode.Refused;
        }
        catch (DbException e)
        {
            terminal.Fail($"the database cannot be used: {e.Message}");
            return ExitCode.CouldNotLook;
        }
        catch (OperationCanceledException) when (both.IsCancellationRequested)
        {
            return ExitCode.Done;
        }
    }

    private async Task FollowAsync(ServerHost host, ServerOptions options, CancellationToken cancel)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        using var plan = new PlanSignal();
        var following = plan.FollowAsync(settings, terminal, host, options, over.Token);
        try
        {
            await host.WaitAsync(cancel);
        }
        finally
        {
            await over.CancelAsync();
            await following;
        }
    }

    // With all that needs the catalog: what it matches, watches, drills by itself and shows.
    private ServerOptions Whole(ServerOptions options, ServeRequest request)
    {
        var look = new IncidentLook(settings, store, terminal, request, options, Judged);
        return options with
        {
            Live = request.Live,
            Matching = MatchSet.Build(store.Entries(terminal)),
            Watch = request.Watches ? WatchedPlatform.Of(options.Platform, store.Whole, request.Endpoint, request.Lab) : null,
            Diagnose = look.LookAsync,
            Playbooks = Directory.Exists(PlaybookFiles.Folder(settings)) ? PlaybookFiles.Load(settings, terminal) : [],
            Templates = ResponseFile.Templates(settings),
            Subscribers = FromFile(settings, options.Plan.Policy).Subscribers,
            IssueRepository = FromFile(settings, options.Plan.Policy).IssueRepository,
            Actions = ActedPlatform.Of(options.Platform, FromFile(settings, options.Plan.Policy).Actions, request.Endpoint, request.Lab, request.Actions),
            Web = Pages(request) with { Report = look.ReportAsync },
        };
    }

    /// <summary>From tocsin.yaml and what was typed; all that the database alone needs.</summary>
    public static ServerOptions Options(Settings settings, Terminal terminal, ServeRequest request)
    {
        var plan = ResponseFile.Load(settings);
        var from = FromFile(settings, plan.Policy);
        return new ServerOptions
        {
            Plan = plan,
            Matching = MatchSet.Build([]),
            Platform = PlatformFile.Load(settings),
            DataFolder = Path.GetFullPath(request.Data ?? from.Data ?? DefaultData),
            Postgres = Filled(request.Postgres ?? from.Postgres),
            Listen = request.Listen ?? from.Listen ?? ServerOptions.DefaultListen,
            PublicAddress = from.Url,
            Channels = from.Channels,
            AllowNetworks = from.AllowNetworks,
            Proxy = from.Proxy,
            Heartbeat = from.Heartbeat,
            Oidc = from.Oidc,
            Otlp = from.Otlp,
            KeepPages = from.KeepPages ?? NodaTime.Duration.FromDays(400),
            KeepSignals = from.KeepSignals ?? NodaTime.Duration.FromDays(30),
            Write = line =>
            {
                lock (terminal.Out)
                {
                    terminal.Out.WriteLine(line);
                    terminal.Out.Flush();
                }
            },
        };
    }

    // In the lab the pages drill the lab, and say so on each of them.
    private WebOptions Pages(ServeRequest request)
    {
        var looks = new PageLooks(settings, store, request, terminal);
        return new WebOptions
        {
            Reference = store.Whole,
            Account = request.Lab ? LabAccount : "",
            Compare = looks.CompareAsync,
            Check = looks.CheckAsync,
            Judge = Judged,
            Exam = ExamFile.Load(settings.Home),
            Lab = request.Lab ? new LabPageDoor(settings, store, terminal).Open() : null,
            Drill = looks.DrillAsync,
            Tell = looks.TellAsync,
        };
    }

    private DiagnosisReport Judged(EvidenceBundle bundle)
    {
        var (entries, facts) = store.ForDiagnosis(terminal);
        return Diagnoser.Diagnose(bundle, DiagnosisCatalog.Build(entries, facts));
    }

    private static ServerSettings FromFile(Settings settings, ResponsePolicy policy)
    {
        if (settings.Server is not var (map, file)) return ServerSettings.Empty;
        var read = ServerSettings.Read(map, policy, ChannelKinds.All, file);
        return read.Value ?? throw new SettingsException(string.Join(Environment.NewLine, read.Problems));
    }

    private static string? Filled(string? connection)
    {
        if (connection is null || !connection.StartsWith('$')) return connection;
        return Environment.GetEnvironmentVariable(connection[1..]) is { Length: > 0 } value ? value : throw new SettingsException($"the variable {connection} is not set");
    }

    private static string Watched(ServerOptions options)
    {
        if (options.Watch is not { } watch) return "watches nothing: signals come from outside only";
        var (addresses, facts) = (watch.Plan.AddressPace.Every, watch.Plan.RulePace.Every);
        var where = watch.Doors.IsEmpty ? "" : " in the LAB";
        return $"watches {watch.Plan.Addresses.Length} addresses every {Words.Length(addresses)}, {watch.Plan.Rules.Length} rules in {string.Join(" and ", watch.Plan.Environments)} every {Words.Length(facts)}{where}; at most {watch.Plan.CallsPerHour} calls to AWS an hour";
    }

    private void Welcome(ServerHost host, ServerOptions options)
    {
        var database = host.Part<Database>();
        options.Write($"tocsin {host.Address} · {options.Platform.Name} · {database.Dialect.Name} {database.About}");
        options.Write(Watched(options));
        options.Write(options.Live ? "live: pages are sent" : "observing: pages are shown here and none is sent; --live sends them");
        if (options.Live) foreach (var warning in options.Warnings()) options.Write($"note: {warning}");
        if (host.Invitation is { } link) options.Write($"first start: become its administrator, once, by {link}");
        options.Write($"docs: {host.Address}api/v1/openapi.json · health: {host.Address}healthz · end: Ctrl-C");
    }
}
