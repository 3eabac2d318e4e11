using System.Collections.Immutable;
using System.Diagnostics;
using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;
using Tocsin.Collect.Logs;
using Tocsin.Core.Matching;

namespace Tocsin.Cli.Commands;

/// <summary>One scan under way.</summary>
internal sealed class ScanRun(MatchSet set, StreamOptions options, TimeWindow window, ScanOutput output, Terminal terminal)
{
    private readonly Stopwatch clock = Stopwatch.StartNew();
    private long bytes;
    private long lines;
    private int logs;
    private bool couldAll = true;

    /// <summary>Reads every log to its end. What cannot be read is told, and the others are read all the same.</summary>
    public int Read(ImmutableArray<LogSource> sources, CancellationToken cancel)
    {
        ReadAll(sources, isLive: false, cancel);
        End(cancel.IsCancellationRequested);
        return couldAll && !cancel.IsCancellationRequested ? ExitCode.Done : ExitCode.CouldNotLook;
    }

    /// <summary>Reads what does not grow, then goes on with what does. Being stopped is how that ends.</summary>
    public int Follow(ImmutableArray<LogSource> sources, CancellationToken cancel)
    {
        var grows = sources.Where(s => !s.IsStandardInput && (s.IsMissing || (s.Refusal is null && !LogScan.IsCompressed(s.Path)))).ToList();
        if (grows.Count > 0 && sources.Any(s => s.IsStandardInput))
        {
            terminal.Fail("--follow goes on with files or with standard input, not with both");
            return ExitCode.Usage;
        }
        ReadAll([.. sources.Except(grows)], isLive: true, cancel);
        if (grows.Count > 0)
        {
            using var tail = new LogTail(set, options);
            tail.Follow([.. grows.Select(s => s.Path)], Take, (path, notice) => terminal.Error.WriteLine($"tocsin: {PlainText.Of(path)} {notice}"), cancel);
            bytes += tail.Bytes;
            lines += tail.Lines;
            logs += grows.Count;
        }
        End(stopped: false);
        return couldAll ? ExitCode.Done : ExitCode.CouldNotLook;
    }

    private void ReadAll(ImmutableArray<LogSource> sources, bool isLive, CancellationToken cancel)
    {
        var scan = new LogScan(set, options) { IsLive = isLive };

        // It is not disposed: that would wait for a read that is under way, and a stop shall not.
        Stream? standardInput = null;
        using var progress = terminal.ErrorIsTerminal && !isLive ? new ProgressLine(terminal, clock) : null;
        foreach (var source in sources)
        {
            if (cancel.IsCancellationRequested) break;
            if (source.Refusal is { } refusal) Refuse(source, refusal);
            else Read(scan, source, source.IsStandardInput ? standardInput ??= Console.OpenStandardInput() : null, progress, cancel);
        }
    }

    private void Read(LogScan scan, LogSource source, Stream? standardInput, ProgressLine? progress, CancellationToken cancel)
    {
        var outcome = scan.Read(source, standardInput, m => Take(source.Path, m), progress is null ? null : progress.Show, cancel);
        bytes += outcome.Bytes;
        lines += outcome.Lines;
        logs++;
        progress?.Clear();
        if (outcome.Problem is { } problem) Refuse(source, problem);
        else if (outcome.IsBinary) terminal.Error.WriteLine($"tocsin: {Name(source)}: holds binary data; matched as bytes");
    }

    private void Refuse(LogSource source, string why)
    {
        terminal.Fail($"{Name(source)}: {why}");
        couldAll = false;
    }

    private static string Name(LogSource source) => source.IsStandardInput ? "standard input" : PlainText.Of(source.Path);

    private void End(bool stopped) => output.End(new ScanSummary(bytes, lines, clock.Elapsed.TotalSeconds, logs, stopped));

    private void Take(string source, Match match)
    {
        if (window.Holds(match.Time)) output.Found(source, match);
    }
}
