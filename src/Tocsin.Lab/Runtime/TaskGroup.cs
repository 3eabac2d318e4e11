using System.Globalization;

namespace Tocsin.Lab.Runtime;

/// <summary>The control group of one task, if there is one: its processes, whatever session they fled to, and whether the kernel killed for memory.</summary>
internal sealed class TaskGroup(string? folder)
{
    private const int RemovalTries = 100;
    private static readonly TimeSpan BetweenTries = TimeSpan.FromMilliseconds(20);

    public string? Folder { get; } = folder;

    public string? ProcessesFile => Folder is null ? null : Path.Combine(Folder, "cgroup.procs");

    public List<int> Processes() =>
        [.. Lines("cgroup.procs").Select(l => int.TryParse(l, NumberStyles.None, CultureInfo.InvariantCulture, out var pid) ? pid : 0).Where(p => p > 0)];

    /// <summary>Version 1 counts in memory.oom_control, version 2 in memory.events; both in a line <c>oom_kill N</c>.</summary>
    public bool KilledForMemory() =>
        Lines("memory.oom_control").Concat(Lines("memory.events")).Any(l => l.StartsWith("oom_kill ", StringComparison.Ordinal) && l is not "oom_kill 0");

    /// <summary>A group can be removed when its last process is wholly gone, which is a moment after its end.</summary>
    public async Task RemoveAsync(CancellationToken cancel)
    {
        for (var tries = 0; !TryRemove() && tries < RemovalTries; tries++) await Task.Delay(BetweenTries, cancel);
    }

    public bool TryRemove()
    {
        try
        {
            if (Folder is not null && Directory.Exists(Folder)) Directory.Delete(Folder);
            return true;
        }
        catch (Exception busy) when (busy is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private IEnumerable<string> Lines(string file)
    {
        try
        {
            return Folder is null ? [] : File.ReadAllLines(Path.Combine(Folder, file));
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}
