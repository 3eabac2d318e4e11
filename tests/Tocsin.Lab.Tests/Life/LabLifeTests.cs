using System.Diagnostics;
using System.Text.Json.Nodes;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Tests.Life;

public sealed class LabLifeTests
{
    [Fact]
    public async Task A_lab_comes_up_tells_its_state_takes_verbs_heals_and_leaves_nothing()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var lab = new LabProgram();
        var up = await lab.RunAsync(["lab", "up"], cancel);
        Assert.True(up.Code == 0, up.Error + up.Out);
        Assert.StartsWith("LAB ", up.Out, StringComparison.Ordinal);

        var twice = await lab.RunAsync(["lab", "up"], cancel);
        Assert.Equal(3, twice.Code);
        Assert.Contains("already runs", twice.Error, StringComparison.Ordinal);

        var status = JsonNode.Parse((await lab.RunAsync(["lab", "status", "--format", "json"], cancel)).Out)!;
        Assert.True(status["healthy"]!.GetValue<bool>());
        Assert.True(status["memoryMegabytes"]!.GetValue<double>() < 400, status.ToJsonString());

        Assert.Equal(0, (await lab.RunAsync(["lab", "service", "scale", "orion-backend", "0", "--env", "staging"], cancel)).Code);
        var broken = JsonNode.Parse((await lab.RunAsync(["lab", "status", "--format", "json"], cancel)).Out)!["broken"]!.AsArray();
        Assert.Equal("service scale orion-backend 0", Assert.Single(broken)!["what"]!.ToString());
        Assert.Equal(1, (await lab.RunAsync(["lab", "status", "--exit-code"], cancel)).Code);
        Assert.Equal(0, (await lab.RunAsync(["lab", "heal"], cancel)).Code);

        var down = await lab.RunAsync(["lab", "down"], cancel);
        Assert.Equal((0, "LAB is down\n"), (down.Code, down.Out));
        Assert.StartsWith("no lab ran in ", (await lab.RunAsync(["lab", "down"], cancel)).Out, StringComparison.Ordinal);
        Assert.Empty(lab.Processes());
        Assert.Equal(["host.log"], Directory.EnumerateFileSystemEntries(lab.Folder).Select(Path.GetFileName));
    }

    [Fact]
    public void Where_no_lab_ever_was_there_is_nothing_to_clear()
    {
        var folder = new LabFolder(Path.Combine(Path.GetTempPath(), $"tocsin-none-{Environment.ProcessId}"));
        folder.Clear();
        Assert.False(Directory.Exists(folder.Path));
    }

    [Fact]
    public async Task A_killed_lab_leaves_no_process_and_the_next_one_starts_in_its_place()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var lab = new LabProgram();
        Assert.Equal(0, (await lab.RunAsync(["lab", "up"], cancel)).Code);
        var state = new LabFolder(lab.Folder).Running()!;
        Assert.NotEmpty(lab.Processes());
        Process.GetProcessById(state.Pid).Kill();
        await Tests.Runtime.Wait.UntilAsync(() => lab.Processes().Count == 0, "every task of the killed lab is gone");

        var asked = await lab.RunAsync(["lab", "status"], cancel);
        Assert.Equal(3, asked.Code);
        Assert.Contains("no lab runs in", asked.Error, StringComparison.Ordinal);
        Assert.Equal(0, (await lab.RunAsync(["lab", "up"], cancel)).Code);
    }

    [Fact]
    public async Task Two_labs_run_at_once_and_know_nothing_of_each_other()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var one = await TestLab.StartAsync(20, cancel);
        await using var two = await TestLab.StartAsync(20, cancel);
        await one.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(60), cancel);
        await two.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(60), cancel);
        Assert.NotEqual(one.Host.State.Endpoint, two.Host.State.Endpoint);
        await two.DisposeAsync();
        Assert.True((await one.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(60), cancel)).Healthy);
    }

    [Fact]
    public async Task Ctrl_C_ends_a_lab_in_the_foreground_and_all_that_it_started()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var lab = new LabProgram();
        using var process = lab.Start(["lab", "up", "--foreground"]);
        await Tests.Runtime.Wait.UntilAsync(() => lab.Processes().Count > 5, "the tasks run");
        using var interrupt = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await process.WaitForExitAsync(cancel);
        Assert.Equal(0, process.ExitCode);
        Assert.Empty(lab.Processes());
        Assert.Null(new LabFolder(lab.Folder).Running());
    }

    [Fact]
    public async Task An_address_that_is_taken_is_said_and_what_was_started_is_ended()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var lab = new LabProgram();
        var options = TestLab.Options(lab.Folder);
        var network = Tocsin.Lab.World.LabNetwork.Free([.. options.Platform.Environments.Select(e => e.Name)])!;
        using var taken = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Parse(network.Balancer("production")), network.HttpPort);
        taken.Start();
        network.Dispose();
        var refused = await Assert.ThrowsAsync<LabException>(() => LabHost.StartAsync(options, Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance, TimeProvider.System, cancel));
        Assert.Contains("could not listen", refused.Message, StringComparison.Ordinal);
        Assert.Empty(lab.Processes());
    }

    [Fact]
    public async Task A_full_disk_is_said_and_what_was_started_is_ended()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var lab = new LabProgram();
        var disk = Directory.CreateDirectory(Path.Combine(lab.Folder, "disk")).FullName;
        using (var mount = Process.Start(new ProcessStartInfo("mount", ["-t", "tmpfs", "-o", "size=4k", "none", disk]) { RedirectStandardError = true, UseShellExecute = false })!)
        {
            await mount.WaitForExitAsync(cancel);
            Assert.SkipWhen(mount.ExitCode != 0, "a small file system can be mounted only as root");
        }
        try
        {
            await File.WriteAllBytesAsync(Path.Combine(disk, "full"), new byte[4096], cancel);
            var refused = await Assert.ThrowsAsync<LabException>(() => LabHost.StartAsync(TestLab.Options(disk), Microsoft.Extensions.Logging.Abstractions.NullLoggerFactory.Instance, TimeProvider.System, cancel));
            Assert.Contains($"could not write to {disk}", refused.Message, StringComparison.Ordinal);
            Assert.Empty(Tocsin.Lab.Runtime.ProcessTable.Marked(disk));
        }
        finally
        {
            using var unmount = Process.Start("umount", [disk]);
            await unmount.WaitForExitAsync(cancel);
        }
    }

    [Theory]
    [InlineData("account", "279391564627", "verbs change only the lab's own account")]
    [InlineData("endpoint", "https://ecs.ap-south-1.amazonaws.com", "verbs refuse any endpoint but the lab's own")]
    [InlineData("endpoint", "http://10.0.0.5:4566", "verbs refuse any endpoint but the lab's own")]
    public async Task Verbs_refuse_whatever_is_not_the_labs_own(string field, string value, string why)
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var lab = new LabProgram();
        var folder = new LabFolder(lab.Folder);
        var state = new JsonObject
        {
            ["pid"] = Environment.ProcessId,
            ["started"] = LabFolder.StartOf(Environment.ProcessId),
            ["endpoint"] = "http://127.40.0.1:4566",
            ["account"] = "000000000000",
            ["accessKeyId"] = "AKIALAB",
            ["secretAccessKey"] = "LAB",
            ["environments"] = new JsonArray(),
            [field] = value,
        };
        await File.WriteAllTextAsync(folder.StateFile, state.ToJsonString(), cancel);
        var ended = await lab.RunAsync(["lab", "secret", "delete", "fastify-nova"], cancel);
        Assert.Equal(4, ended.Code);
        Assert.Contains(why, ended.Error, StringComparison.Ordinal);
        File.Delete(folder.StateFile);
    }

    [Theory]
    [InlineData("secret delete no-such", "there is no secret 'no-such'; there are: ")]
    [InlineData("service scale fastify-nav 1", "did you mean fastify-nova?")]
    [InlineData("service scale fastify-nova many", "COUNT of lab service scale is a whole number, not 'many'")]
    [InlineData("service scale fastify-nova 1 --env prod", "there is no environment 'prod'; there are: production, staging")]
    [InlineData("service set fastify-nova helth-path=/x", "there is no setting 'helth-path', did you mean health-path?")]
    [InlineData("service set fastify-nova health-path", "'health-path' is not KEY=VALUE")]
    [InlineData("permission deny nobody s3:GetObject", "there is no role or user 'nobody'")]
    [InlineData("permission deny lab-operator nonsense", "'nonsense' is not an action")]
    [InlineData("image delete fastify-nova prod-none", "there is no image tag 'prod-none'")]
    [InlineData("component set moon x=1", "there is no component 'moon'; there are: ")]
    [InlineData("secret unset fastify-nova NO_KEY", "there is no key 'NO_KEY'")]
    public async Task A_wrong_word_is_answered_by_what_there_is(string line, string message)
    {
        await using var lab = await Shared.LabAsync(TestContext.Current.CancellationToken);
        var words = line.Split(' ');
        var at = Array.IndexOf(words, "--env");
        var request = Verbs.VerbRequest.Read(string.Join(' ', at < 0 ? words : words[..at]), at < 0 ? "production" : words[at + 1], "verb");
        var refused = Assert.Throws<LabException>(() => Verbs.VerbTable.Run(lab.Lab.Host, request));
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }
}

/// <summary>One lab for tests that leave it as they found it.</summary>
internal static class Shared
{
    private static readonly SemaphoreSlim Gate = new(1, 1);

    public static async Task<Held> LabAsync(CancellationToken cancel)
    {
        await Gate.WaitAsync(cancel);
        return new Held(await TestLab.StartAsync(50, cancel));
    }

    internal sealed class Held(TestLab lab) : IAsyncDisposable
    {
        public TestLab Lab => lab;

        public async ValueTask DisposeAsync()
        {
            await lab.DisposeAsync();
            Gate.Release();
        }
    }
}
