using System.Collections.Immutable;
using NodaTime;

namespace Tocsin.Lab.Runtime;

/// <summary>
/// One container of a task as it is to be run. <see cref="Name"/> is unique within the lab. The process gets <see cref="Environment"/>, PATH and the lab's
/// mark (<see cref="LabMark"/>), and nothing else. <see cref="Output"/> gets one line at a time, never two at once, and does not throw.
/// </summary>
public sealed record TaskLaunch(string Name, ImmutableArray<string> Command, string WorkingFolder, Action<string> Output)
{
    public ImmutableDictionary<string, string> Environment { get; init; } = ImmutableDictionary<string, string>.Empty;

    /// <summary>Unlimited when none.</summary>
    public int? MemoryMegabytes { get; init; }
}

/// <summary>How a task ended: <see cref="Code"/> is the main process's, 128 and the signal's number when a signal ended it.</summary>
public sealed record TaskExit(int Code, bool OutOfMemory, Instant At);

/// <summary>A container that runs, or what the runtime said when it could not start.</summary>
public abstract record TaskStart
{
    private TaskStart()
    {
    }

    public sealed record Started(TaskProcess Process) : TaskStart;

    /// <param name="Why">The innermost part of a runtime's text, such as <c>exec: "nod": executable file not found in $PATH</c>.</param>
    public sealed record Refused(string Why) : TaskStart;
}
