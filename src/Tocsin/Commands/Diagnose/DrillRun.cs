using System.Collections.Immutable;
using System.Diagnostics;
using NodaTime;
using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Probes;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Matching;
using Tocsin.Core.Platforms;

namespace Tocsin.Cli.Commands.Diagnose;

/// <summary>Everything a drill found, for whoever shows it.</summary>
internal sealed record DrillOutcome(EvidenceBundle Bundle, DiagnosisReport Diagnosis, ImmutableArray<Entry> Entries, Platform Platform)
{
    /// <summary>The account that answered, or why none is known.</summary>
    public string Account { get; init; } = "";
    public string Region { get; init; } = "";
    public string Endpoint { get; init; } = "";
    public bool Lab { get; init; }

    /// <summary>From the first question to the verdict.</summary>
    public double Seconds { get; init; }
    public ImmutableArray<CallMade> Calls { get; init; } = [];
    public ImmutableArray<ProbeResult> Results { get; init; } = [];
    public Instant? Since { get; init; }
}

/// <summary>One drill from what was typed to its exit code.</summary>
internal sealed class DrillRun(Settings settings, CatalogStore store, Terminal terminal)
{
    private static readonly Duration UsualSpan = Duration.FromMinutes(15);
    private static readonly Duration CallLimit = Duration.FromSeconds(7);

    // Whose certificates and pages a merchant's domain are.
    private const string DomainRole = "storefront";

    /// <summary>Told what each look gave, as it comes.</summary>
    public Action<ProbeResult> Seen { get; init; } = static _ => { };

    public async Task<int> RunAsync(DrillRequest request, CancellationToken cancel)
    {
        var outcome = request.BundleFrom is { } file ? Replay(file) : await LookAsync(request, cancel);
        if (request.BundleTo is { } to) await File.WriteAllBytesAsync(to, BundleJson.Write(outcome.Bundle), cancel);
        Show(request, outcome);
        return request.CodeOf(outcome.Diagnosis.Verdict);
    }

    public void Show(DrillRequest request, DrillOutcome outcome)
    {
        if (request is { Domain: { } domain, Format: "text" }) DomainText.Write(terminal, domain, outcome.Results);
        terminal.Out.WriteLine(DrillOutput.Write(outcome, request.Format, terminal));
    }

    /// <summary>Looks at a platform as it is now.</summary>
    public async Task<DrillOutcome> LookAsync(DrillRequest request, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        // Beside the platform: whoever waits has two processors.
        var reference = Task.Run(() => store.ForDiagnosis(terminal), cancel);
        var platform = PlatformFile.Load(settings);
        var environment = Environment(platform, request.Environment);
        ImmutableArray<Service> asked = (request.Service ?? (request.Domain is null || request.AllServices ? null : DomainRole)) is { } name ? [Service(platform, name)] : platform.Services;
        var now = SystemClock.Instance.GetCurrentInstant();
        if (!TimeWindow.TryParse(request.Since, null, now, out var window, out var problem)) throw new SettingsException(problem);
        var since = window.Since ?? now - UsualSpan;
        var connection = AwsConnection.For(environment, request.Endpoint, request.Lab);
        using var caller = connection.Caller(CallLimit);
        var (entries, facts) = await reference;
        var surroundings = Surroundings.Of(platform, environment, connection.Lab);
        var scope = new DrillScope(surroundings.Map, asked, now, since);
        var readsValues = platform.Fields.GetValueOrDefault("secretValues") is "shapes";
        var drill = new Drill(scope, facts, MatchSet.Build(entries), TimeProvider.System, g => ServerLooks.For(g, surroundings.Ground(g, readsValues), request.Domain))
        {
            Record = connection.Lab is null ? new StoppedTaskRecord(StateFolder()) : null,
            ReadsSecretValues = readsValues,
        };
        var account = AccountAsync(caller, scope.Map.Region, cancel);
        var progress = terminal.ErrorIsTerminal && !request.Quiet && request.Format is "text";
        await using var results = drill.RunAsync(caller, cancel).GetAsyncEnumerator(cancel);
        var more = results.MoveNextAsync();
        // Made ready while the first answers are under way.
        var catalog = DiagnosisCatalog.Build(entries, facts);
        while (await more)
        {
            Seen(results.Current);
            if (progress) terminal.Error.WriteLine(DrillOutput.Progress(results.Current, terminal));
            more = results.MoveNextAsync();
        }
        var bundle = drill.Bundle(catalog.Digest);
        var who = await account;
        return new DrillOutcome(bundle, Diagnoser.Diagnose(bundle, catalog), entries, platform)
        {
            Account = who,
            Region = scope.Map.Region,
            Endpoint = connection.Endpoint?.ToString() ?? "AWS",
            Lab = connection.Lab is not null || who.All(c => c == '0'),
            Seconds = watch.Elapsed.TotalSeconds,
            Calls = drill.Calls,
            Results = drill.Results,
            Since = since,
        };
    }

    private DrillOutcome Replay(string file)
    {
        var parsed = BundleFile.Read(file);
        var (entries, facts) = store.ForDiagnosis(terminal);
        var catalog = DiagnosisCatalog.Build(entries, facts);
        return new DrillOutcome(parsed, Diagnoser.Diagnose(parsed, catalog), entries, PlatformFile.Load(settings));
    }

    private static async Task<string> AccountAsync(AwsCaller caller, string region, CancellationToken cancel)
    {
        try
        {
            return (await caller.AskAsync("sts", region, "GetCallerIdentity", [], cancel))["Account"]?.ToString() ?? "unknown";
        }
        catch (AwsFailure e)
        {
            return $"unknown ({Refusals.Words(e)})";
        }
    }

    private static PlatformEnvironment Environment(Platform platform, string? name)
    {
        if (name is null) return platform.Environments[0];
        return platform.Environment(name) ?? throw new SettingsException($"--env {name}: {Nearest.Suggest(name, platform.Environments.Select(e => e.Name))}the platform has {string.Join(", ", platform.Environments.Select(e => e.Name))}");
    }

    private static Service Service(Platform platform, string name) =>
        platform.Service(name) ?? platform.Services.FirstOrDefault(s => s.Fields.GetValueOrDefault("alias") == name)
        ?? throw new SettingsException($"there is no service {name}; {Nearest.Suggest(name, platform.Services.Select(s => s.Name))}the platform has {string.Join(", ", platform.Services.Select(s => s.Name))}");

    private static string StateFolder()
    {
        var state = System.Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } xdg ? xdg : Path.Combine(System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile), ".local", "state");
        return Path.Combine(state, "tocsin", "stopped-tasks");
    }
}

/// <summary>A bundle from a file, or the command's end with what is wrong in it.</summary>
internal static class BundleFile
{
    public static EvidenceBundle Read(string file)
    {
        byte[] bytes;
        try
        {
            bytes = File.ReadAllBytes(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"the bundle {file} could not be read: {e.Message}");
        }
        var parsed = BundleReader.Parse(bytes, file);
        return parsed.Value ?? throw new SettingsException(string.Join(System.Environment.NewLine, parsed.Problems));
    }
}
