namespace Tocsin.Lab.Runtime;

/// <summary>Finds a container's command as its runtime does, so that a missing one is told apart from a program that ends with 127.</summary>
internal static class CommandLookup
{
    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>The words of runc (libcontainer's and Go's os/exec) for what keeps the command from starting; none when it can.</summary>
    public static string? WhyNot(TaskLaunch launch, string path)
    {
        if (!Directory.Exists(launch.WorkingFolder)) return $"chdir to cwd (\"{launch.WorkingFolder}\") set in config.json failed: no such file or directory";
        if (launch.Command.IsDefaultOrEmpty || launch.Command[0].Length == 0) return "no command specified";
        var command = launch.Command[0];
        if (!command.Contains('/', StringComparison.Ordinal)) return IsIn(path, launch, command) ? null : $"exec: \"{command}\": executable file not found in $PATH";
        var file = Path.Combine(launch.WorkingFolder, command);
        if (Directory.Exists(file)) return $"exec: \"{command}\": is a directory";
        if (!File.Exists(file)) return $"exec: \"{command}\": stat {command}: no such file or directory";
        return MayRun(file) ? null : $"exec: \"{command}\": permission denied";
    }

    private static bool IsIn(string path, TaskLaunch launch, string command) =>
        path.Split(':').Select(p => Path.Combine(launch.WorkingFolder, p, command)).Any(f => File.Exists(f) && MayRun(f));

    private static bool MayRun(string file) => !OperatingSystem.IsWindows() && (File.GetUnixFileMode(file) & Executable) != UnixFileMode.None;
}
