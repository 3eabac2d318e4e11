using System.ComponentModel;
using System.Diagnostics;
using NodaTime;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Runtime;

/// <summary>
/// One container of a task as a real process in a session of its own. As in a container the main process's end is the end of all that it started: whatever
/// outlives it is killed, also what fled into another session.
/// </summary>
public sealed class TaskProcess : IAsyncDisposable
{
    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    // $0 is the group's list of processes or empty; the shell joins it and becomes the command, so that not one page is counted elsewhere.
    private const string Join = "if [ -n \"$0\" ]; then echo $$ > \"$0\" || exit 126; fi; ";
    private static readonly TimeSpan WatchEvery = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan KillEvery = TimeSpan.FromMilliseconds(10);

    // A process that no list shows may still hold a pipe; nobody waits for it any longer.
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(5);

    private readonly TaskLaunch launch;
    private readonly MemoryLimits limits;
    private readonly LabClock clock;
    private readonly TaskGroup group;
    private readonly Process process;
    private readonly Lock output = new();
    private bool overdrawn;

    private TaskProcess(TaskLaunch launch, MemoryLimits limits, LabClock clock, TaskGroup group, Process process)
    {
        this.launch = launch;
        this.limits = limits;
        this.clock = clock;
        this.group = group;
        this.process = process;
        Pid = process.Id;
        Exited = RunAsync(CancellationToken.None);
    }

    public int Pid { get; }

    /// <summary>Done when every process of the task is gone, its last line was given out and its group is removed.</summary>
    public Task<TaskExit> Exited { get; }

    public static TaskStart Start(TaskLaunch launch, MemoryLimits limits, LabClock clock)
    {
        var path = launch.Environment.GetValueOrDefault("PATH") ?? Environment.GetEnvironmentVariable("PATH") ?? DefaultPath;
        if (CommandLookup.WhyNot(launch, path) is { } why) return new TaskStart.Refused(why);
        TaskGroup? opened = null;
        try
        {
            opened = limits.Open(launch.Name, launch.MemoryMegabytes);
            var main = Process.Start(StartInfo(launch, limits.LabFolder, path, opened))!;
            return new TaskStart.Started(new TaskProcess(launch, limits, clock, opened, main));
        }
        catch (Exception refused) when (refused is Win32Exception or IOException or UnauthorizedAccessException)
        {
            opened?.TryRemove();
            return new TaskStart.Refused(refused.Message);
        }
    }

    /// <summary>Asks the main process to end, and kills all of it when it has not after <paramref name="stopTimeout"/>.</summary>
    public async Task<TaskExit> StopAsync(Duration stopTimeout, CancellationToken cancel)
    {
        if (!process.HasExited) Signals.SendTerminate(Pid);
        using var waiting = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var limit = clock.Delay(stopTimeout, waiting.Token);
        if (await Task.WhenAny(Exited, limit) == limit)
        {
            cancel.ThrowIfCancellationRequested();
            Kill();
        }
        await waiting.CancelAsync();
        return await Exited.WaitAsync(cancel);
    }

    /// <summary>Kills every process of the task at once, as <c>kill -9</c> on its host would.</summary>
    public void Kill()
    {
        if (!process.HasExited) Signals.SendKill(Pid);
        foreach (var pid in Living()) Signals.SendKill(pid);
    }

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        Kill();
        await Exited;
        process.Dispose();
    }

    private static ProcessStartInfo StartInfo(TaskLaunch launch, string labFolder, string path, TaskGroup group)
    {
        // The shell exports a PWD of its own, which no container has.
        var script = launch.Environment.ContainsKey("PWD") ? Join : Join + "unset PWD; ";
        var info = new ProcessStartInfo("/bin/sh", ["-c", script + "exec /usr/bin/setsid -- \"$@\"", group.ProcessesFile ?? "", .. launch.Command])
        {
            WorkingDirectory = launch.WorkingFolder,
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        info.Environment.Clear();
        info.Environment["PATH"] = path;
        foreach (var (name, value) in launch.Environment.Concat(LabMark.Of(labFolder, launch.Name))) info.Environment[name] = value;
        return info;
    }

    private async Task<TaskExit> RunAsync(CancellationToken cancel)
    {
        process.StandardInput.Close();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var watch = group.Folder is null && launch.MemoryMegabytes is { } limit ? WatchAsync(limit * 1024L * 1024, ending.Token) : Task.CompletedTask;
        var lines = Task.WhenAll(ReadAsync(process.StandardOutput.BaseStream, ending.Token), ReadAsync(process.StandardError.BaseStream, ending.Token));
        await process.WaitForExitAsync(cancel);
        var at = clock.Now;
        await KillAllAsync(cancel);
        ending.CancelAfter(LastWords);
        await lines;
        await ending.CancelAsync();
        await watch;
        var outOfMemory = overdrawn || group.KilledForMemory();
        await group.RemoveAsync(cancel);
        return new TaskExit(process.ExitCode, outOfMemory, at);
    }

    private async Task ReadAsync(Stream stream, CancellationToken cancel)
    {
        var buffer = new byte[32 * 1024];
        var cutter = new LineCutter(Give);
        try
        {
            while (await stream.ReadAsync(buffer, cancel) is > 0 and var read) cutter.Add(buffer.AsSpan(0, read));
        }
        catch (Exception over) when (over is OperationCanceledException or IOException)
        {
            stream.Close();
        }
        cutter.End();
    }

    private void Give(string line)
    {
        lock (output) launch.Output(line);
    }

    private async Task WatchAsync(long limit, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            if (ProcessTable.Tree(Pid).Sum(ProcessTable.OwnMemory) > limit && !process.HasExited)
            {
                overdrawn = true;
                Kill();
                return;
            }
            await Task.Delay(WatchEvery, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task KillAllAsync(CancellationToken cancel)
    {
        for (var left = Living(); left.Count > 0; left = Living())
        {
            left.ForEach(p => Signals.SendKill(p));
            await Task.Delay(KillEvery, cancel);
        }
    }

    private List<int> Living() =>
        group.Folder is not null ? group.Processes() : [.. ProcessTable.Session(Pid).Union(ProcessTable.Marked(limits.LabFolder, launch.Name))];
}
