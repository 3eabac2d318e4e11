using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tocsin.Lab.Runtime;

/// <summary>Who holds a task to its memory.</summary>
public enum MemoryLimitKind
{
    /// <summary>The kernel, through the memory controller of cgroup version 1.</summary>
    CgroupV1,

    /// <summary>The kernel, through the memory controller of cgroup version 2.</summary>
    CgroupV2,

    /// <summary>The lab itself: it sums the memory of the task's processes and kills them. Slower than the kernel, so a task may overshoot for a moment.</summary>
    Watcher,
}

/// <summary>
/// Memory limits of one lab's tasks. With a memory controller all of the lab's groups lie in one folder whose name follows from the lab's folder, so that
/// whoever cleans up later finds them.
/// </summary>
public sealed class MemoryLimits
{
    private const string Mounts = "/proc/mounts";

    private MemoryLimits(string labFolder, MemoryLimitKind kind, string? groups)
    {
        LabFolder = labFolder;
        Kind = kind;
        Groups = groups;
    }

    public string LabFolder { get; }

    public MemoryLimitKind Kind { get; }

    /// <summary>The folder of the lab's groups; none with the watcher.</summary>
    public string? Groups { get; }

    /// <summary>The best that this machine allows; what may be used is found by trying.</summary>
    public static MemoryLimits For(string labFolder)
    {
        var folder = LabMark.Folder(labFolder);
        foreach (var (kind, groups) in Candidates(File.ReadLines(Mounts), folder))
        {
            if (MayUse(kind, groups)) return new MemoryLimits(folder, kind, groups);
        }
        return WithoutGroups(folder);
    }

    public static MemoryLimits WithoutGroups(string labFolder) => new(LabMark.Folder(labFolder), MemoryLimitKind.Watcher, null);

    /// <summary>Where the groups of a lab may lie, whether or not they do.</summary>
    internal static IEnumerable<(MemoryLimitKind Kind, string Groups)> Candidates(IEnumerable<string> mounts, string labFolder)
    {
        var name = "tocsin-lab-" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(labFolder)))[..16];
        foreach (var mount in mounts.Select(m => m.Split(' ')).Where(m => m.Length > 3))
        {
            if (mount[2] is "cgroup" && mount[3].Split(',').Contains("memory", StringComparer.Ordinal)) yield return (MemoryLimitKind.CgroupV1, Path.Combine(mount[1], name));
            if (mount[2] is "cgroup2" && HasMemory(mount[1])) yield return (MemoryLimitKind.CgroupV2, Path.Combine(mount[1], name));
        }
    }

    internal static IEnumerable<string> Existing(string labFolder) =>
        Candidates(File.ReadLines(Mounts), LabMark.Folder(labFolder)).Select(c => c.Groups).Where(Directory.Exists);

    /// <summary>The group of one task with its limit; throws what the kernel says when it refuses.</summary>
    internal TaskGroup Open(string name, int? megabytes)
    {
        if (Groups is null) return new TaskGroup(null);
        var folder = Path.Combine(Groups, FileName(name));
        Directory.CreateDirectory(folder);
        var group = new TaskGroup(folder);
        if (megabytes is { } limit) Limit(folder, limit * 1024L * 1024);
        return group;
    }

    private static void Limit(string folder, long bytes)
    {
        var text = bytes.ToString(CultureInfo.InvariantCulture);
        if (File.Exists(Path.Combine(folder, "memory.max")))
        {
            File.WriteAllText(Path.Combine(folder, "memory.max"), text);
            WriteIfThere(Path.Combine(folder, "memory.swap.max"), "0");
            return;
        }
        File.WriteAllText(Path.Combine(folder, "memory.limit_in_bytes"), text);
        // Without it a task would swap instead of being killed, on a machine that has swap.
        WriteIfThere(Path.Combine(folder, "memory.memsw.limit_in_bytes"), text);
    }

    private static void WriteIfThere(string path, string text)
    {
        if (File.Exists(path)) File.WriteAllText(path, text);
    }

    private static bool MayUse(MemoryLimitKind kind, string groups)
    {
        try
        {
            Directory.CreateDirectory(groups);
            if (kind == MemoryLimitKind.CgroupV2)
            {
                File.WriteAllText(Path.Combine(Path.GetDirectoryName(groups)!, "cgroup.subtree_control"), "+memory");
                File.WriteAllText(Path.Combine(groups, "cgroup.subtree_control"), "+memory");
            }
            var trial = new TaskGroup(Directory.CreateDirectory(Path.Combine(groups, "trial")).FullName);
            Limit(trial.Folder!, 64L * 1024 * 1024);
            return trial.TryRemove();
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            new TaskGroup(Path.Combine(groups, "trial")).TryRemove();
            new TaskGroup(groups).TryRemove();
            return false;
        }
    }

    private static bool HasMemory(string mount)
    {
        var controllers = Path.Combine(mount, "cgroup.controllers");
        return File.Exists(controllers) && File.ReadAllText(controllers).Split([' ', '\n']).Contains("memory", StringComparer.Ordinal);
    }

    private static string FileName(string name) => string.Concat(name.Select(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' ? c : '-'));
}
