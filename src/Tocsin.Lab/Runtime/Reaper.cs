using System.Diagnostics;

namespace Tocsin.Lab.Runtime;

/// <summary>
/// A small shell that outlives the lab's host by a moment. It reads a pipe whose other end only the host holds: however the host ends, SIGKILL included,
/// the pipe ends with it, and the shell then ends every process of the lab and removes its groups, its packet filter and its components' data. It leads a session of its own, so that what strikes the
/// host's terminal or process group does not strike it.
/// </summary>
public sealed class Reaper : IAsyncDisposable
{
    // Three quiet rounds: a task between fork and exec shows its mark only after it.
    internal const string Script = """
        exec > /dev/null 2>&1
        trap '' INT HUP TERM QUIT
        lab=$1 groups=$2 table=$3 vpn=$4 quiet=0
        while read -r _; do :; done
        while [ $quiet -lt 3 ]; do
          quiet=$((quiet + 1))
          for file in $(grep -lszxF -e "TOCSIN_LAB=$lab" /proc/[0-9]*/environ); do
            pid=${file#/proc/}; pid=${pid%/environ}
            if [ "$pid" != $$ ] && grep -qsz '^TOCSIN_LAB_PROCESS=' "$file" && kill -9 "$pid"; then quiet=0; fi
          done
          if [ -n "$groups" ]; then
            for pid in $(cat "$groups"/*/cgroup.procs); do kill -9 "$pid" && quiet=0; done
          fi
          sleep 0.05
        done
        if [ -n "$groups" ]; then find "$groups" -depth -type d -exec rmdir {} \; ; fi
        if [ -n "$table" ]; then nft delete table inet "$table"; fi
        rm -rf -- "$lab/components"
        rm -f -- /var/run/wireguard/"$vpn"-*.sock
        """;

    private readonly Process shell;

    private Reaper(Process shell) => this.shell = shell;

    public int Pid => shell.Id;

    public static Reaper Start(MemoryLimits limits)
    {
        var info = new ProcessStartInfo("/usr/bin/setsid", ["/bin/sh", "-c", Script, "tocsin-reaper", limits.LabFolder, limits.Groups ?? "", Components.Firewall.Usable ? Components.Firewall.TableOf(limits.LabFolder) : "", Components.WireGuard.Prefix(limits.LabFolder)])
        {
            WorkingDirectory = "/",
            UseShellExecute = false,
            RedirectStandardInput = true,
        };
        info.Environment.Clear();
        info.Environment["PATH"] = "/usr/sbin:/usr/bin:/sbin:/bin";
        return new Reaper(Process.Start(info)!);
    }

    /// <summary>An orderly end takes the same way: what is left is ended, then the shell goes.</summary>
    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        shell.StandardInput.Close();
        await shell.WaitForExitAsync();
        shell.Dispose();
    }
}
