using System.Collections.Immutable;
using System.Diagnostics;
using Tocsin.Core.Platforms;
using Tocsin.Lab.Aws.Metrics;
using Tocsin.Lab.Host;
using Tocsin.Lab.Platform;
using Tocsin.Lab.Runtime;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Components;

/// <summary>What components need of the lab around them.</summary>
internal sealed record ComponentGround(LabWorld World, LabNetwork Network, LabAuthority Authority, MemoryLimits Limits, LabDns Dns, LabOptions Options)
{
    public string LabFolder => Limits.LabFolder;

    public LabFull Full => Options.Lab.Full;

    /// <summary>Deploys a service of an environment anew.</summary>
    public required Action<string, string> Redeploy { get; init; }

    /// <summary>A variable's value with the lab's places in it filled in, for an environment.</summary>
    public required Func<string, string, string> Filled { get; init; }

    public PlatformEnvironment Environment(string name) => Options.Platform.Environment(name)!;

    public LabRegion Region(string environment) => World.Regions[Environment(environment).Fields["region"]];

    /// <summary>Tells CloudWatch what is so now.</summary>
    public void Tell(string environment, IReadOnlyList<MetricReading> readings)
    {
        lock (World.Gate) foreach (var one in readings) Region(environment).Metrics.Put(one.Name, MetricPoint.Of(World.Clock.Now, one.Value));
    }
}

/// <summary>One number of a component for CloudWatch.</summary>
internal sealed record MetricReading(MetricName Name, double Value);

/// <summary>Where components keep their data: within the lab's folder, gone with the lab.</summary>
internal static class ComponentFolder
{
    public static string Of(string labFolder) => Path.Combine(labFolder, "components");

    /// <summary>As everything of the lab's folder only for its owner.</summary>
    public static void Create(string path)
    {
        if (OperatingSystem.IsWindows()) return;
        Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }
}

/// <summary>
/// One real part that stands behind the services, on an address of its own at its usual port. Its changes come one at a time; whatever changes it is
/// remembered until <see cref="RestoreAsync"/> has put it back. Errors are <see cref="LabException"/>s in a sentence.
/// </summary>
internal abstract class Component(ComponentGround ground, string environment, string name, int port) : IAsyncDisposable
{
    /// <summary>On the wall.</summary>
    protected static readonly TimeSpan StartLimit = TimeSpan.FromSeconds(30);

    private readonly SemaphoreSlim turn = new(1, 1);
    private readonly Dictionary<string, string> settings = new(StringComparer.Ordinal);
    private bool touched;
    private volatile bool restoring;

    public string Name { get; } = name;

    /// <summary>The environment whose it is; what all share belongs to the first.</summary>
    public string Environment { get; } = environment;

    public string Address { get; } = ground.Network.Component(environment, name);

    public int Port { get; } = port;

    public virtual bool Datagrams => false;

    public Way Way => new(Environment, Name, Address, Port, Datagrams);

    /// <summary>One for all environments.</summary>
    public virtual bool Shared => false;

    public virtual string? User => null;

    public virtual string? Password => null;

    /// <summary>As whom Tocsin reads here, where that is not the services' login.</summary>
    public virtual string? Reader => null;

    public string Version { get; protected set; } = "";

    /// <summary>Milliseconds on the wall from its last start until it was ready.</summary>
    public double StartedInMs { get; private set; }

    public TimeSpan Delay { get; private set; }

    public virtual string State => !IsRunning ? "down" : Delay > TimeSpan.Zero ? "slow" : settings.Count > 0 ? "changed" : "up";

    /// <summary>As it was when the platform was healthy.</summary>
    public virtual bool Healthy => IsRunning && Delay == TimeSpan.Zero && settings.Count == 0 && !restoring;

    public virtual bool TakesCommands => false;

    protected ComponentGround Ground { get; } = ground;

    protected string Folder => Path.Combine(ComponentFolder.Of(Ground.LabFolder), $"{Environment}-{Name}");

    protected abstract bool IsRunning { get; }

    public Task StartAsync(CancellationToken cancel) => InTurnAsync(() => IsRunning ? Task.CompletedTask : LaunchTimedAsync(cancel), cancel);

    public Task StopAsync(CancellationToken cancel) => InTurnAsync(() => EndAsync(atOnce: false, cancel), cancel);

    public Task KillAsync(CancellationToken cancel) => InTurnAsync(() => EndAsync(atOnce: true, cancel), cancel);

    /// <summary>Lets it answer only about every <paramref name="delay"/>, on the wall, since its clients' own time limits count so; zero ends it.</summary>
    public Task SlowAsync(TimeSpan delay, CancellationToken cancel) => InTurnAsync(() => SetDelayAsync(delay, cancel), cancel);

    public Task SetAsync(IReadOnlyList<(string Key, string Value)> changes, CancellationToken cancel) => InTurnAsync(
        async () =>
        {
            Require();
            foreach (var (key, value) in changes)
            {
                var was = await ChangeAsync(key, value, cancel);
                settings.TryAdd(key, was);
                if (settings[key] == value) settings.Remove(key);
            }
        },
        cancel);

    /// <summary>Runs a command by the server's own client and gives what it said.</summary>
    public async Task<string> ExecAsync(IReadOnlyList<string> words, CancellationToken cancel)
    {
        var said = "";
        await InTurnAsync(
            async () =>
            {
                Require();
                touched = true;
                said = await CommandAsync(words, cancel);
            },
            cancel);
        return said;
    }

    /// <summary>Back to how it was: running, quick, with its first settings; with its first data where a command may have changed them.</summary>
    public async Task RestoreAsync(CancellationToken cancel)
    {
        await InTurnAsync(() => PutBackAsync(cancel), cancel);
        restoring = false;
    }

    /// <summary>From now on it is not healthy until it was restored.</summary>
    public void Restoring() => restoring = true;

    /// <summary>What CloudWatch is told of it: null where it does not run.</summary>
    public async Task<IReadOnlyList<MetricReading>?> MeasureAsync(CancellationToken cancel)
    {
        if (!IsRunning || restoring) return null;
        var unasked = Unasked();
        // It would answer late or only by being woken, and whoever asks would wait with it.
        if (Delay > TimeSpan.Zero || !await turn.WaitAsync(TimeSpan.Zero, cancel)) return unasked;
        try
        {
            return [.. unasked, .. await ReadingsAsync(cancel)];
        }
        catch (LabException)
        {
            // No reading of its own is what a server leaves that takes no connection.
            return unasked;
        }
        finally
        {
            turn.Release();
        }
    }

    /// <summary>What it does by itself while the lab runs.</summary>
    public virtual Task LiveAsync(CancellationToken cancel) => Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await SetDelayAsync(TimeSpan.Zero, CancellationToken.None);
        await EndAsync(atOnce: true, CancellationToken.None);
        turn.Dispose();
        GC.SuppressFinalize(this);
    }

    protected abstract Task LaunchAsync(CancellationToken cancel);

    protected abstract Task EndAsync(bool atOnce, CancellationToken cancel);

    protected virtual Task DelayAsync(TimeSpan delay, CancellationToken cancel) => Task.CompletedTask;

    /// <summary>What AWS knows of it without asking it.</summary>
    protected virtual IReadOnlyList<MetricReading> Unasked() => [];

    protected virtual Task<IReadOnlyList<MetricReading>> ReadingsAsync(CancellationToken cancel) => Task.FromResult<IReadOnlyList<MetricReading>>([]);

    /// <summary>Changes one setting of the running server and gives its value before.</summary>
    protected virtual Task<string> ChangeAsync(string key, string value, CancellationToken cancel) => throw new LabException($"{Name} has no settings to change");

    protected virtual Task<string> CommandAsync(IReadOnlyList<string> words, CancellationToken cancel) => throw new LabException($"{Name} takes no commands");

    /// <summary>Data goes, so that the next start is the first.</summary>
    protected void Forget()
    {
        foreach (var (service, _) in Ground.Full.Services.Where(s => s.Value.Fills.Contains(Name, StringComparer.Ordinal))) Ground.Redeploy(Environment, service);
        if (Directory.Exists(Folder)) Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Called when it runs again as it did, for what no setting holds.</summary>
    protected virtual Task RestoredAsync(CancellationToken cancel) => Task.CompletedTask;

    protected async Task InTurnAsync(Func<Task> work, CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            await work();
        }
        finally
        {
            turn.Release();
        }
    }

    private void Require()
    {
        if (!IsRunning) throw new LabException($"{Name} of {Environment} does not run; start it with: tocsin lab component start {Name} --env {Environment}");
    }

    private async Task SetDelayAsync(TimeSpan delay, CancellationToken cancel)
    {
        Delay = delay;
        await DelayAsync(delay, cancel);
    }

    private async Task LaunchTimedAsync(CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        await LaunchAsync(cancel);
        StartedInMs = Math.Round(watch.Elapsed.TotalMilliseconds);
    }

    private async Task PutBackAsync(CancellationToken cancel)
    {
        await SetDelayAsync(TimeSpan.Zero, cancel);
        if (touched || (IsRunning && !await SettingsBackAsync(cancel)))
        {
            await EndAsync(atOnce: true, cancel);
            if (touched) Forget();
        }
        touched = false;
        settings.Clear();
        try
        {
            if (!IsRunning) await LaunchTimedAsync(cancel);
            await RestoredAsync(cancel);
        }
        catch (LabException)
        {
            // Its data did not survive what was done to it: it begins anew.
            await EndAsync(atOnce: true, cancel);
            Forget();
            await LaunchTimedAsync(cancel);
            await RestoredAsync(cancel);
        }
    }

    // A server that takes no command any more, full of connections for example, is started anew.
    private async Task<bool> SettingsBackAsync(CancellationToken cancel)
    {
        try
        {
            foreach (var (key, was) in settings) await ChangeAsync(key, was, cancel);
            return true;
        }
        catch (LabException e)
        {
            return e.Message.Length == 0;
        }
    }
}

/// <summary>A component that is a server's process of its own.</summary>
internal abstract class ServerProcess(ComponentGround ground, string environment, string name, int port) : Component(ground, environment, name, port)
{
    private const int LinesKept = 200;
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan Breath = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan StopLimit = TimeSpan.FromSeconds(10);
    private readonly Queue<string> lines = new();
    private TaskProcess? process;
    private CancellationTokenSource? holding;
    private Task held = Task.CompletedTask;

    protected override bool IsRunning => process is { Exited.IsCompleted: false };

    protected virtual string WorkingFolder => Folder;

    protected int? Pid => IsRunning ? process!.Pid : null;

    protected abstract ImmutableArray<string> Command();

    protected virtual ImmutableDictionary<string, string> Variables => ImmutableDictionary<string, string>.Empty;

    /// <summary>Before every start: the folder is there and may hold the data of the last one.</summary>
    protected abstract Task PrepareAsync(bool first, CancellationToken cancel);

    protected abstract Task<bool> IsReadyAsync(CancellationToken cancel);

    /// <summary>At every start, as soon as it is ready.</summary>
    protected virtual Task MendAsync(CancellationToken cancel) => Task.CompletedTask;

    /// <summary>When it runs on new data for the first time.</summary>
    protected virtual Task PopulateAsync(CancellationToken cancel) => Task.CompletedTask;

    protected override async Task LaunchAsync(CancellationToken cancel)
    {
        var first = !Directory.Exists(Folder);
        ComponentFolder.Create(Folder);
        await PrepareAsync(first, cancel);
        lock (lines) lines.Clear();
        var launch = new TaskLaunch($"component-{Environment}-{Name}", Command(), WorkingFolder, Keep) { Environment = Variables };
        process = TaskProcess.Start(launch, Ground.Limits, Ground.World.Clock) switch
        {
            TaskStart.Started started => started.Process,
            TaskStart.Refused refused => throw new LabException($"{Name} of {Environment} could not be started: {refused.Why}"),
            _ => throw new UnreachableException(),
        };
        await ReadyAsync(cancel);
        await MendAsync(cancel);
        if (first) await PopulateAsync(cancel);
    }

    protected override async Task EndAsync(bool atOnce, CancellationToken cancel)
    {
        if (process is null) return;
        Thaw();
        if (!atOnce && IsRunning) await process.StopAsync(NodaTime.Duration.FromTimeSpan(StopLimit) * Ground.World.Clock.Scale, cancel);
        await ((IAsyncDisposable)process).DisposeAsync();
        process = null;
    }

    // Stopped and let go in turns: whoever asks waits for the next turn.
    protected override async Task DelayAsync(TimeSpan delay, CancellationToken cancel)
    {
        if (holding is not null)
        {
            await holding.CancelAsync();
            await held;
            holding.Dispose();
            holding = null;
        }
        if (delay <= TimeSpan.Zero) return;
        holding = new CancellationTokenSource();
        held = HoldAsync(delay, holding.Token);
    }

    protected void Freeze()
    {
        if (Pid is { } pid) Signals.SendStop(pid);
    }

    protected void Thaw()
    {
        if (Pid is { } pid) Signals.SendContinue(pid);
    }

    protected Task<ToolResult> RunAsync(string program, ImmutableArray<string> arguments, string input, CancellationToken cancel) =>
        Tool.RunAsync(new ToolCall(Ground.LabFolder, Tool.Find(program) ?? throw new LabException($"the program {program} is missing"), arguments) { Folder = Folder, Input = input, Variables = Variables }, cancel);

    /// <summary>Certificate and key of the lab's authority for its address, as files of its folder.</summary>
    protected async Task CertifyAsync(CancellationToken cancel)
    {
        var (certificate, key) = Ground.Authority.Issue($"{Name}.{Environment}.lab", Address, "localhost");
        await File.WriteAllTextAsync(Path.Combine(Folder, "server.crt"), certificate, cancel);
        await File.WriteAllTextAsync(Path.Combine(Folder, "ca.crt"), Ground.Authority.RootPem, cancel);
        await WritePrivateAsync("server.key", key, cancel);
    }

    protected async Task WritePrivateAsync(string name, string text, CancellationToken cancel)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write, Share = FileShare.Read };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        await using var stream = new FileStream(Path.Combine(Folder, name), options);
        await stream.WriteAsync(System.Text.Encoding.UTF8.GetBytes(text), cancel);
    }

    protected List<string> LastLines()
    {
        lock (lines) return [.. lines];
    }

    private async Task HoldAsync(TimeSpan delay, CancellationToken cancel)
    {
        while (!cancel.IsCancellationRequested)
        {
            Freeze();
            await Task.Delay(delay, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            Thaw();
            await Task.Delay(Breath, cancel).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task ReadyAsync(CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        while (!await IsReadyAsync(cancel))
        {
            if (!IsRunning) throw new LabException($"{Name} of {Environment} ended while it started (code {(await process!.Exited).Code}): {string.Join(" | ", LastLines().TakeLast(3))}");
            if (watch.Elapsed > StartLimit) throw new LabException($"{Name} of {Environment} was not ready within {StartLimit.TotalSeconds:0} s: {string.Join(" | ", LastLines().TakeLast(3))}");
            await Task.Delay(Between, cancel);
        }
    }

    private void Keep(string line)
    {
        lock (lines)
        {
            lines.Enqueue(line);
            if (lines.Count > LinesKept) lines.Dequeue();
        }
    }
}
