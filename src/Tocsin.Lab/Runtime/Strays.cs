namespace Tocsin.Lab.Runtime;

/// <summary>What a lab leaves behind when it is killed before it can clean up.</summary>
public static class Strays
{
    private static readonly TimeSpan BetweenRounds = TimeSpan.FromMilliseconds(20);

    /// <summary>
    /// Ends every process of the lab in this folder and removes its groups, its packet filter, its namespace and its components' data; says how many were ended. A process of another lab, and whoever asks, is never
    /// touched. Only while no host runs this lab: its tasks would be strays too.
    /// </summary>
    public static async Task<int> CleanAsync(string labFolder, CancellationToken cancel)
    {
        var folder = LabMark.Folder(labFolder);
        var ended = new HashSet<int>();
        for (var left = Left(folder); left.Count > 0; left = Left(folder))
        {
            ended.UnionWith(left.Where(Signals.SendKill));
            await Task.Delay(BetweenRounds, cancel);
        }
        foreach (var groups in MemoryLimits.Existing(folder)) await RemoveAsync(groups, cancel);
        await Components.Firewall.RemoveAsync(folder, cancel);
        await Host.Isolation.RemoveAsync(folder, cancel);
        Components.WireGuard.RemoveSockets(folder);
        if (Directory.Exists(Components.ComponentFolder.Of(folder))) Directory.Delete(Components.ComponentFolder.Of(folder), recursive: true);
        return ended.Count;
    }

    /// <summary>Removes the groups of a lab that ended in order; groups that still hold a process stay.</summary>
    internal static async Task RemoveAsync(string groups, CancellationToken cancel)
    {
        foreach (var group in Directory.GetDirectories(groups)) await new TaskGroup(group).RemoveAsync(cancel);
        await new TaskGroup(groups).RemoveAsync(cancel);
    }

    private static List<int> Left(string folder) => [.. ProcessTable.Marked(folder).Union(Grouped(folder))];

    private static IEnumerable<int> Grouped(string folder) =>
        MemoryLimits.Existing(folder).SelectMany(Directory.GetDirectories).SelectMany(g => new TaskGroup(g).Processes());
}
