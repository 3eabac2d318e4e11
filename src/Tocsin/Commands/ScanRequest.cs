using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;
using Tocsin.Collect.Logs;
using Tocsin.Core.Matching;
using Tocsin.Core.Signals;

namespace Tocsin.Cli.Commands;

/// <summary>What a scan is asked for, as typed.</summary>
internal sealed record ScanRequest
{
    public const string DefaultFormat = "text";

    public required string[] Files { get; init; }
    public string Format { get; init; } = DefaultFormat;
    public bool Follow { get; init; }
    public string? Since { get; init; }
    public string? Until { get; init; }
    public string[] Only { get; init; } = [];
    public string[] Except { get; init; } = [];
    public int Context { get; init; }
    public bool GiveExitCode { get; init; }
    public string? Config { get; init; }
    public string[] Catalogs { get; init; } = [];
    public string? Platform { get; init; }
}

/// <summary>One scan from what was typed to its exit code.</summary>
internal static class Scan
{
    public static int Run(ScanRequest request, Terminal terminal)
    {
        var now = EventTime.From(TimeProvider.System.GetUtcNow());
        // Before anything is said: whoever stops at the first word is heard.
        using var stop = new StopSignal();
        if (!TimeWindow.TryParse(request.Since, request.Until, now, out var window, out var problem)) return Usage(problem, terminal);
        if (request.Context is < 0 or > 1000) return Usage("--context takes a whole number from 0 to 1000", terminal);
        if (request.Files.Length == 0 && !Console.IsInputRedirected) return Usage("nothing to scan: name files or folders, or - for standard input", terminal);
        var sources = LogFinder.Find(request.Files.Length == 0 ? [LogSource.StandardInput] : request.Files);
        var entries = new CatalogStore(Settings.Load(request.Config, request.Catalogs, request.Platform)).Entries(terminal);
        if (!EntryFilter.TryApply(entries, request.Only, request.Except, out var wanted, out problem)) return Usage(problem, terminal);
        var options = new StreamOptions(now, request.Context);
        using var output = ScanOutput.Create(request.Format, terminal, options.ContextLines > 0, request.Follow);
        var run = new ScanRun(MatchSet.Build(wanted), options, window, output, terminal);
        var ended = request.Follow ? run.Follow(sources, stop.Token) : run.Read(sources, stop.Token);
        if (ended != ExitCode.Done) return ended;
        return request.GiveExitCode && output.Tally.Total > 0 ? ExitCode.Found : ExitCode.Done;
    }

    private static int Usage(string problem, Terminal terminal)
    {
        terminal.Fail(problem);
        return ExitCode.Usage;
    }
}
