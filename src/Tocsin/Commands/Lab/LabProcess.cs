using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Tocsin.Cli.Setup;
using Tocsin.Lab.Host;

namespace Tocsin.Cli.Commands.Lab;

/// <summary>The lab in this very process, until Ctrl-C, SIGTERM or tocsin lab down.</summary>
internal sealed class LabForeground(Terminal terminal)
{
    public async Task<int> RunAsync(LabOptions options, CancellationToken cancel)
    {
        if (options.Isolated && !Isolation.IsInside(options.Folder)) await Isolation.EnterAsync(options.Folder, cancel);
        using var logging = LoggerFactory.Create(b => b.SetMinimumLevel(LogLevel.Warning).AddProvider(new HostLog(terminal.Error)));
        await using var host = await LabHost.StartAsync(options, logging, TimeProvider.System, cancel);
        await using var ended = cancel.Register(host.RequestEnd);
        terminal.Out.WriteLine($"LAB {options.Platform.Name} · account {host.State.Account} · {host.State.Endpoint} · {options.Folder.Path}");
        terminal.Out.Flush();
        await host.Ended;
        return ExitCode.Done;
    }
}

/// <summary>The lab in a process of its own, that outlives this command.</summary>
internal sealed class LabStart(Terminal terminal)
{
    public async Task<int> RunAsync(LabOptions options, IEnumerable<string> sharedArguments, CancellationToken cancel)
    {
        options.Folder.Create();
        options.Folder.RequireFree();
        if (options.Isolated) Isolation.Require();
        var watch = Stopwatch.StartNew();
        using var process = Start(options, sharedArguments);
        try
        {
            while (options.Folder.Running() is null)
            {
                if (process.HasExited) throw new LabException($"the lab did not start: {LastWords(options.Folder)}");
                await Task.Delay(50, cancel);
            }
            using var lab = LabClient.Connect(options.Folder);
            var status = await new LabWait(terminal).HealthyAsync(lab, cancel);
            var memory = string.Create(CultureInfo.InvariantCulture, $"{status.MemoryMegabytes:0} MB");
            terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"LAB {options.Platform.Name} is healthy after {watch.Elapsed.TotalSeconds:0.0} s · {status.Services.Sum(s => s.Running)} tasks{(status.Components.Count > 0 ? $" · {status.Components.Count} components" : "")} · {memory} · {status.Endpoint}"));
            foreach (var one in status.LeftOut) terminal.Out.WriteLine($"    left out: {one}");
            terminal.Out.WriteLine($"    clients: eval \"$(tocsin lab env)\"   state: tocsin lab status   end: tocsin lab down");
            return ExitCode.Done;
        }
        catch
        {
            await LabEnd.RunAsync(options.Folder, CancellationToken.None);
            throw;
        }
    }

    // The program may be run by its own host or by dotnet; the child is run the same way.
    private static Process Start(LabOptions options, IEnumerable<string> sharedArguments)
    {
        var own = Environment.ProcessPath!;
        var program = Path.GetFileNameWithoutExtension(own) is "dotnet" ? new[] { own, Path.Combine(AppContext.BaseDirectory, "tocsin.dll") } : [own];
        string[] arguments = ["lab", "up", "--foreground", "--scale", options.Scale.ToString(CultureInfo.InvariantCulture), .. options.WithTraffic ? Array.Empty<string>() : ["--no-traffic"], .. options.Profile == LabProfile.Full ? ["--full"] : Array.Empty<string>(), .. options.Isolated ? ["--isolated"] : Array.Empty<string>(), .. sharedArguments];
        var start = new ProcessStartInfo("/bin/sh", ["-c", "log=$1; shift; exec setsid -- \"$@\" >>\"$log\" 2>&1 </dev/null", "tocsin-lab", options.Folder.HostLog, .. program, .. arguments]);
        start.Environment[LabFolder.Variable] = options.Folder.Path;
        // The host needs no heap of its own for each processor.
        start.Environment["DOTNET_gcServer"] = "0";
        File.WriteAllText(options.Folder.HostLog, "");
        return Process.Start(start)!;
    }

    private static string LastWords(LabFolder folder) =>
        File.ReadLines(folder.HostLog).LastOrDefault(l => l.Length > 0)?.Replace("tocsin: ", "", StringComparison.Ordinal) is { } words ? words : $"its log {folder.HostLog} is empty";
}

/// <summary>Ends a lab in order, or by force when it does not answer; afterwards nothing of it is left.</summary>
internal static class LabEnd
{
    private static readonly TimeSpan InOrder = TimeSpan.FromSeconds(20);

    public static async Task RunAsync(LabFolder folder, CancellationToken cancel)
    {
        if (folder.Running() is { } state)
        {
            await AskAsync(folder, cancel);
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            limit.CancelAfter(InOrder);
            while (LabFolder.StartOf(state.Pid) == state.Started && !limit.IsCancellationRequested) await Task.Delay(50, cancel);
            if (LabFolder.StartOf(state.Pid) == state.Started) Process.GetProcessById(state.Pid).Kill();
        }
        await Tocsin.Lab.Runtime.Strays.CleanAsync(folder.Path, cancel);
        folder.Clear();
    }

    private static async Task AskAsync(LabFolder folder, CancellationToken cancel)
    {
        try
        {
            using var lab = LabClient.Connect(folder);
            await lab.DownAsync(cancel);
        }
        catch (LabException e)
        {
            // It may be gone by now, or stuck; the caller ends it by its process id.
            _ = e;
        }
    }
}

/// <summary>Waits for a healthy platform and says on a terminal what it still waits for.</summary>
internal sealed class LabWait(Terminal terminal)
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);

    public async Task<StatusReport> HealthyAsync(LabClient lab, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var status = await lab.StatusAsync(cancel);
            if (status.Healthy || watch.Elapsed > Longest)
            {
                if (terminal.ErrorIsTerminal) terminal.Error.Write("\r\e[K");
                return status.Healthy ? status : throw new LabException($"the platform is not healthy after {Longest.TotalMinutes:0} minutes: {Waiting(status)}; tocsin lab status tells more");
            }
            if (terminal.ErrorIsTerminal) terminal.Error.Write($"\r\e[Kwaiting for {Waiting(status)}");
            await Task.Delay(100, cancel);
        }
    }

    private static string Waiting(StatusReport status) => string.Join(", ", status.Services.Where(s => !s.Healthy).Select(s => $"{s.Service} of {s.Environment}").Concat(status.Components.Where(c => !c.Healthy).Select(c => $"{c.Name} of {c.Environment}")).DefaultIfEmpty("what is broken"));
}

/// <summary>The host's own log: one line per message.</summary>
internal sealed class HostLog(TextWriter output) : ILoggerProvider
{
    public ILogger CreateLogger(string categoryName) => new Writer(output);

    public void Dispose() => output.Flush();

    private sealed class Writer(TextWriter output) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            lock (output) output.WriteLine(exception is null ? formatter(state, exception) : $"{formatter(state, exception)}: {exception}");
        }
    }
}
