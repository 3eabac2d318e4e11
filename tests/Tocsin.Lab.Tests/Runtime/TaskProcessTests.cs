using System.Collections.Immutable;
using System.Text;
using NodaTime;
using Tocsin.Lab.Runtime;

namespace Tocsin.Lab.Tests.Runtime;

public sealed class TaskProcessTests
{
    private const string EatMemory = "const kept = []; setInterval(() => kept.push(Buffer.alloc(8 << 20, 1)), 5)";
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("exit 0", 0)]
    [InlineData("exit 1", 1)]
    [InlineData("kill -KILL $$", 137)]
    [InlineData("kill -TERM $$", 143)]
    [InlineData("kill -ABRT $$", 134)]
    public async Task The_exit_code_is_the_main_process_s_or_128_and_its_signal(string script, int code)
    {
        await using var lab = new LabFolder();
        await using var task = lab.Start("bash", "-c", script);
        var exit = await task.Exited;
        Assert.Equal(code, exit.Code);
        Assert.False(exit.OutOfMemory);
        Assert.InRange(exit.At, lab.Clock.Now - Duration.FromMinutes(1), lab.Clock.Now);
    }

    [Fact]
    public async Task Node_s_own_heap_limit_ends_it_with_134_and_is_not_the_kernel_s_doing()
    {
        await using var lab = new LabFolder();
        await using var task = lab.Start(["node", "--max-old-space-size=20", "-e", "const a = []; while (true) a.push({ text: 'x'.repeat(10) + a.length })"], 512);
        var exit = await task.Exited;
        Assert.Equal(134, exit.Code);
        Assert.False(exit.OutOfMemory);
        Assert.Contains(lab.Lines, l => l.Contains("JavaScript heap out of memory", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_task_over_its_memory_is_killed_for_it(bool groups)
    {
        await using var lab = new LabFolder(groups);
        await using var task = lab.Start(["node", "-e", EatMemory], 64);
        var exit = await task.Exited;
        Assert.Equal(137, exit.Code);
        Assert.True(exit.OutOfMemory);
    }

    [Fact]
    public async Task A_task_killed_by_hand_was_not_out_of_memory()
    {
        await using var lab = new LabFolder();
        await using var task = lab.Start(["sleep", "600"], 64);
        task.Kill();
        Assert.Equal(new TaskExit(137, false, Instant.MinValue), await task.Exited with { At = Instant.MinValue });
    }

    [Fact]
    public async Task Root_gets_the_kernel_s_limit_where_there_is_a_memory_controller()
    {
        await using var lab = new LabFolder();
        var controlled = File.ReadAllLines("/proc/mounts").Any(m => m.Split(' ') is [_, _, "cgroup", var options, ..] && options.Split(',').Contains("memory"));
        Assert.SkipUnless(controlled && Environment.IsPrivilegedProcess, "no memory controller of version 1, or not root");
        Assert.Equal(MemoryLimitKind.CgroupV1, lab.Limits.Kind);
        await using var task = lab.Start(["sleep", "600"], 64);
        await Wait.UntilAsync(() => File.ReadAllText($"/proc/{task.Pid}/comm").Trim() == "sleep", "the command runs");
        var group = Directory.GetDirectories(lab.Limits.Groups!).Single();
        Assert.Equal("67108864", File.ReadAllText(Path.Combine(group, "memory.limit_in_bytes")).Trim());
        task.Kill();
        await task.Exited;
        Assert.Empty(Directory.GetDirectories(lab.Limits.Groups!));
    }

    [Fact]
    public async Task SIGTERM_is_heard_and_the_task_s_own_code_counts()
    {
        await using var lab = new LabFolder();
        await using var task = lab.Start("node", "-e", "process.on('SIGTERM', () => { console.log('bye'); process.exit(0) }); console.log('up'); setInterval(() => {}, 1000)");
        await Wait.UntilAsync(() => lab.Lines.Contains("up"), "the task is up");
        Assert.Equal(0, (await task.StopAsync(Duration.FromHours(1), Cancel)).Code);
        Assert.Equal(["up", "bye"], lab.Lines);
    }

    [Fact]
    public async Task Without_a_handler_SIGTERM_is_143()
    {
        await using var lab = new LabFolder();
        await using var task = lab.Start("node", "-e", "console.log('up'); setInterval(() => {}, 1000)");
        await Wait.UntilAsync(() => lab.Lines.Contains("up"), "the task is up");
        Assert.Equal(143, (await task.StopAsync(Duration.FromHours(1), Cancel)).Code);
    }

    [Fact]
    public async Task A_task_deaf_to_SIGTERM_is_killed_when_the_stop_timeout_is_over_in_lab_time()
    {
        await using var lab = new LabFolder();
        await using var task = lab.Start("bash", "-c", "trap '' TERM; echo up; while :; do sleep 1; done");
        await Wait.UntilAsync(() => lab.Lines.Contains("up"), "the task is up");
        var stop = task.StopAsync(Duration.FromHours(1), Cancel);
        Assert.False(stop.IsCompleted);
        lab.Clock.Step(Duration.FromHours(2));
        Assert.Equal(137, (await stop).Code);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_a_task_forked_ends_with_it_even_in_a_session_of_its_own(bool groups)
    {
        await using var lab = new LabFolder(groups);
        await using var task = lab.Start("bash", "-c", "sleep 600 & echo $!; setsid -f bash -c 'echo $$; : > fled; exec sleep 600'; until [ -e fled ]; do sleep 0.02; done; exit 3");
        Assert.Equal(3, (await task.Exited).Code);
        Assert.Equal(2, lab.Lines.Count);
        Assert.All(lab.Lines, pid => Assert.False(IsAlive(pid), $"{pid} lives"));
    }

    [Fact]
    public async Task A_task_sees_its_own_variables_and_nothing_of_the_host_s()
    {
        await using var lab = new LabFolder();
        await using var task = lab.Start(["env"], null, ImmutableDictionary<string, string>.Empty.Add("NODE_ENV", "production").Add("EMPTY", ""));
        await task.Exited;
        var names = lab.Lines.Select(l => l.Split('=')[0]).Order(StringComparer.Ordinal);
        Assert.Equal(["EMPTY", "NODE_ENV", "PATH", "TOCSIN_LAB", "TOCSIN_LAB_PROCESS"], names);
        Assert.Contains($"TOCSIN_LAB={lab.Path}", lab.Lines);
    }

    [Fact]
    public async Task A_command_that_is_not_there_is_refused_in_the_runtime_s_words()
    {
        await using var lab = new LabFolder();
        File.WriteAllText(Path.Combine(lab.Path, "plain"), "");
        Assert.Equal("exec: \"nod\": executable file not found in $PATH", lab.Refusal(lab.Path, "nod", "main.js"));
        Assert.Equal("exec: \"./none\": stat ./none: no such file or directory", lab.Refusal(lab.Path, "./none"));
        Assert.Equal("exec: \"./plain\": permission denied", lab.Refusal(lab.Path, "./plain"));
        Assert.Equal("exec: \"/tmp\": is a directory", lab.Refusal(lab.Path, "/tmp"));
        Assert.Equal("chdir to cwd (\"/nowhere\") set in config.json failed: no such file or directory", lab.Refusal("/nowhere", "node"));
        Assert.Empty(Strayed(lab));
    }

    [Fact]
    public async Task A_program_s_own_127_is_an_exit()
    {
        await using var lab = new LabFolder();
        await using var task = lab.Start("bash", "-c", "nod");
        Assert.Equal(127, (await task.Exited).Code);
        Assert.Contains(lab.Lines, l => l.EndsWith("nod: command not found", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Both_streams_are_given_and_the_last_line_needs_no_line_feed()
    {
        await using var lab = new LabFolder();
        await using var task = lab.Start("bash", "-c", "echo one; sleep 0.1; echo two >&2; sleep 0.1; echo; printf three");
        await task.Exited;
        Assert.Equal(["one", "two", "three"], lab.Lines);
    }

    [Fact]
    public void A_line_longer_than_an_event_goes_on_in_the_next_but_not_inside_a_character()
    {
        List<string> lines = [];
        var cutter = new LineCutter(lines.Add);
        var text = "x" + string.Concat(Enumerable.Repeat("é", LineCutter.MaxBytes));
        foreach (var part in Encoding.UTF8.GetBytes(text + "\nend").Chunk(1000)) cutter.Add(part);
        cutter.End();
        Assert.Equal(text, string.Concat(lines[..^1]));
        Assert.Equal("end", lines[^1]);
        Assert.All(lines, l => Assert.InRange(Encoding.UTF8.GetByteCount(l), 1, LineCutter.MaxBytes));
    }

    private static IEnumerable<string> Strayed(LabFolder lab) => lab.Limits.Groups is { } groups && Directory.Exists(groups) ? Directory.GetDirectories(groups) : [];

    private static bool IsAlive(string pid) => File.Exists($"/proc/{pid}/stat") && !File.ReadAllText($"/proc/{pid}/stat").Contains(") Z ", StringComparison.Ordinal);
}
