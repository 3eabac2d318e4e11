using System.Diagnostics;
using System.Globalization;
using Tocsin.Lab.Runtime;

namespace Tocsin.Lab.Tests.Runtime;

public sealed class StraysTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // A host in bash: it holds the pipe, starts the reaper as the lab does, and starts tasks that carry the lab's mark, one in a session of its own.
    private const string Host = """
        exec 3> >(exec setsid sh -c "$1" tocsin-reaper "$2" "$3" 3>&-)
        export TOCSIN_LAB="$2"
        for i in 1 2; do TOCSIN_LAB_PROCESS=task-$i setsid sleep 600 3>&- & done
        if [ -n "$3" ]; then mkdir -p "$3/one"; TOCSIN_LAB_PROCESS=task-3 sh -c 'echo $$ > "$0"; exec sleep 600' "$3/one/cgroup.procs" 3>&- & fi
        echo up
        read -r _
        """;

    [Fact]
    public async Task A_host_killed_with_SIGKILL_leaves_no_process_and_no_group()
    {
        await using var lab = new LabFolder();
        using var host = Start("bash", "-c", Host, "host", Reaper.Script, lab.Path, lab.Limits.Groups ?? "");
        Assert.Equal("up", await host.StandardOutput.ReadLineAsync(Cancel));
        var expected = lab.Limits.Groups is null ? 2 : 3;
        await Wait.UntilAsync(() => ProcessTable.Marked(lab.Path).Count == expected, "the tasks run");
        host.Kill();
        await host.WaitForExitAsync(Cancel);
        await Wait.UntilAsync(() => ProcessTable.Marked(lab.Path).Count == 0, "the reaper ended the tasks");
        await Wait.UntilAsync(() => lab.Limits.Groups is null || !Directory.Exists(lab.Limits.Groups), "the reaper removed the groups");
        await Wait.UntilAsync(() => !ProcessTable.All().Any(p => IsReaper(p, lab.Path)), "the reaper itself went");
    }

    [Fact]
    public async Task The_reaper_ends_in_order_with_its_owner_and_takes_the_tasks_along()
    {
        await using var lab = new LabFolder();
        var task = lab.Start("sleep", "600");
        await using (Reaper.Start(lab.Limits))
        {
            Assert.False(task.Exited.IsCompleted);
        }
        Assert.Equal(137, (await task.Exited).Code);
    }

    [Fact]
    public async Task No_task_holds_the_reaper_s_pipe_open()
    {
        await using var lab = new LabFolder();
        await using var before = lab.Start("sleep", "600");
        await using var reaper = Reaper.Start(lab.Limits);
        await using var after = lab.Start("sleep", "600");
        await Wait.UntilAsync(() => IsAsleep(before.Pid) && IsAsleep(after.Pid), "the tasks run");
        var pipe = Target($"/proc/{reaper.Pid}/fd/0");
        Assert.StartsWith("pipe:", pipe, StringComparison.Ordinal);
        Assert.DoesNotContain(pipe, FilesOf(before.Pid).Concat(FilesOf(after.Pid)));
    }

    [Fact]
    public async Task The_next_start_ends_what_a_killed_lab_left_and_nothing_else()
    {
        await using var lab = new LabFolder();
        await using var other = new LabFolder();
        await using var left = lab.Start("bash", "-c", "setsid -f sleep 600; sleep 600");
        await using var stays = other.Start("sleep", "600");
        using var shell = Start("env", $"TOCSIN_LAB={lab.Path}", "sleep", "600");
        try
        {
            await Wait.UntilAsync(() => ProcessTable.Marked(lab.Path) is { Count: 2 } marked && marked.All(IsAsleep), "the task and what it forked run, and nothing else will");
            Assert.InRange(await Strays.CleanAsync(lab.Path, Cancel), 1, 2);
            Assert.Equal(137, (await left.Exited).Code);
            Assert.Empty(ProcessTable.Marked(lab.Path));
            Assert.False(stays.Exited.IsCompleted);
            Assert.False(shell.HasExited, "a person's shell in which the lab was chosen is no part of it");
            Assert.Equal(0, await Strays.CleanAsync(lab.Path, Cancel));
        }
        finally
        {
            shell.Kill();
        }
    }

    [Fact]
    public void Where_groups_lie_follows_from_the_mounts_and_the_lab_s_folder()
    {
        string[] mounts = ["cgroup /sys/fs/cgroup/cpu,cpuacct cgroup rw,cpu,cpuacct 0 0", "cgroup /cg/memory cgroup rw,relatime,memory 0 0", "proc /proc proc rw 0 0"];
        var (kind, groups) = Assert.Single(MemoryLimits.Candidates(mounts, "/tmp/a"));
        Assert.Equal(MemoryLimitKind.CgroupV1, kind);
        Assert.StartsWith("/cg/memory/tocsin-lab-", groups, StringComparison.Ordinal);
        Assert.NotEqual(groups, MemoryLimits.Candidates(mounts, "/tmp/b").Single().Groups);
    }

    private static Process Start(string command, params string[] arguments) =>
        Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false })!;

    private static IEnumerable<string> FilesOf(int pid) => Directory.GetFiles($"/proc/{pid}/fd").Select(Target);

    private static string Target(string link) => File.ResolveLinkTarget(link, returnFinalTarget: false)?.Name ?? "";

    private static bool IsAsleep(int pid) => Said(pid, "comm").Trim() == "sleep";

    private static bool IsReaper(int pid, string folder) =>
        Said(pid, "cmdline") is var line && line.Contains("tocsin-reaper", StringComparison.Ordinal) && line.Contains(folder, StringComparison.Ordinal);

    private static string Said(int pid, string file)
    {
        try
        {
            return File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{pid}/{file}"));
        }
        catch (IOException)
        {
            return "";
        }
    }
}
