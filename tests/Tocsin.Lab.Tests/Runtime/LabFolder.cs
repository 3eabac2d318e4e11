using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Globalization;
using Tocsin.Lab.Runtime;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Tests.Runtime;

/// <summary>A lab's folder of one test, with its memory limits and a clock; at the end nothing of it is left.</summary>
internal sealed class LabFolder : IAsyncDisposable
{
    private static int tasks;

    public LabFolder(bool groups = true)
    {
        Path = Directory.CreateTempSubdirectory("tocsin-lab-").FullName;
        Limits = groups ? MemoryLimits.For(Path) : MemoryLimits.WithoutGroups(Path);
    }

    public string Path { get; }

    public MemoryLimits Limits { get; }

    public LabClock Clock { get; } = new(TimeProvider.System, 1);

    public ConcurrentQueue<string> Lines { get; } = new();

    public TaskProcess Start(params string[] command) => Start(command, memory: null);

    public TaskProcess Start(string[] command, int? memory, ImmutableDictionary<string, string>? environment = null) =>
        Assert.IsType<TaskStart.Started>(TaskProcess.Start(Launch(command, memory, environment), Limits, Clock)).Process;

    public string Refusal(string folder, params string[] command) =>
        Assert.IsType<TaskStart.Refused>(TaskProcess.Start(Launch(command) with { WorkingFolder = folder }, Limits, Clock)).Why;

    public TaskLaunch Launch(string[] command, int? memory = null, ImmutableDictionary<string, string>? environment = null) =>
        new(string.Create(CultureInfo.InvariantCulture, $"task-{Interlocked.Increment(ref tasks)}"), [.. command], Path, Lines.Enqueue)
        {
            MemoryMegabytes = memory,
            Environment = environment ?? ImmutableDictionary<string, string>.Empty,
        };

    public async ValueTask DisposeAsync()
    {
        await Strays.CleanAsync(Path, CancellationToken.None);
        Clock.Dispose();
        Directory.Delete(Path, recursive: true);
    }
}
