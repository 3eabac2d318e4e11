using System.Runtime.InteropServices;

namespace Tocsin.Lab.Runtime;

/// <summary>Signals to processes; one that is gone already is no error.</summary>
internal static class Signals
{
    private const int Terminate = 15;
    private const int Kill = 9;
    private const int Continue = 18;
    private const int Stop = 19;

    public static bool SendTerminate(int pid) => Send(pid, Terminate) == 0;

    public static bool SendKill(int pid) => Send(pid, Kill) == 0;

    public static bool SendStop(int pid) => Send(pid, Stop) == 0;

    public static bool SendContinue(int pid) => Send(pid, Continue) == 0;

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Send(int pid, int signal);
}
