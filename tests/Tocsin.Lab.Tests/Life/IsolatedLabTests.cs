using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Tocsin.Lab.Components;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Tests.Life;

public sealed class IsolatedLabTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task An_isolated_lab_is_reached_over_its_own_device_drops_what_is_blocked_and_leaves_nothing()
    {
        Need();
        var cancel = TestContext.Current.CancellationToken;
        await using var lab = new LabProgram();
        var up = await lab.RunAsync(["lab", "up", "--isolated"], cancel);
        Assert.True(up.Code == 0, up.Error + up.Out);
        var state = new LabFolder(lab.Folder).Running()!;
        Assert.StartsWith("http://10.", state.Endpoint, StringComparison.Ordinal);
        var alb = state.Environments[0].Components["alb"];
        Assert.StartsWith("10.", alb.Host, StringComparison.Ordinal);
        Assert.Equal(200, await GetAsync(state, "/health", cancel));
        Assert.DoesNotContain(Isolation.Namespace(lab.Folder), await OutputAsync("ip", ["netns", "list"], cancel), StringComparison.Ordinal);

        if (Firewall.Usable)
        {
            var blocked = await lab.RunAsync(["lab", "component", "block", "alb", "--env", "production"], cancel);
            Assert.True(blocked.Code == 0, blocked.Error);
            Assert.Equal("no answer", await ConnectAsync(alb, TimeSpan.FromSeconds(2)));
            Assert.Equal("connected", await ConnectAsync(state.Environments[1].Components["alb"], Patience));
            Assert.Equal(0, (await lab.RunAsync(["lab", "heal"], cancel)).Code);
        }
        Assert.Equal("connected", await ConnectAsync(alb, Patience));
        Assert.Equal("refused", await ConnectAsync(alb with { Port = 81 }, Patience));

        Assert.Equal(0, (await lab.RunAsync(["lab", "down"], cancel)).Code);
        Assert.Empty(await LeftAsync(lab.Folder, cancel));
    }

    [Fact]
    public async Task A_killed_isolated_lab_takes_its_namespace_device_and_route_with_it_and_the_next_one_starts()
    {
        Need();
        var cancel = TestContext.Current.CancellationToken;
        await using var lab = new LabProgram();
        Assert.Equal(0, (await lab.RunAsync(["lab", "up", "--isolated"], cancel)).Code);
        Assert.NotEmpty(await LeftAsync(lab.Folder, cancel));
        Process.GetProcessById(new LabFolder(lab.Folder).Running()!.Pid).Kill();
        await Tests.Runtime.Wait.UntilAsync(() => lab.Processes().Count == 0 && LeftAsync(lab.Folder, cancel).GetAwaiter().GetResult().Count == 0, "processes, device and route of the killed lab are gone");

        Assert.Equal(0, (await lab.RunAsync(["lab", "up", "--isolated"], cancel)).Code);
        Assert.Equal(0, (await lab.RunAsync(["lab", "down"], cancel)).Code);
        Assert.Empty(await LeftAsync(lab.Folder, cancel));
    }

    [Fact]
    public async Task Ctrl_C_ends_an_isolated_lab_in_the_foreground_with_its_namespace()
    {
        Need();
        var cancel = TestContext.Current.CancellationToken;
        await using var lab = new LabProgram();
        using var process = lab.Start(["lab", "up", "--foreground", "--isolated"]);
        await Tests.Runtime.Wait.UntilAsync(() => new LabFolder(lab.Folder).Running() is not null, "the lab runs");
        Assert.Equal(process.Id, new LabFolder(lab.Folder).Running()!.Pid);
        using var interrupt = Process.Start("kill", ["-INT", process.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await process.WaitForExitAsync(cancel);
        Assert.Equal(0, process.ExitCode);
        Assert.Empty(lab.Processes());
        Assert.Empty(await LeftAsync(lab.Folder, cancel));
    }

    [Fact]
    public async Task Two_isolated_labs_take_networks_of_their_own()
    {
        Need();
        var cancel = TestContext.Current.CancellationToken;
        await using var one = new LabProgram();
        await using var two = new LabProgram();
        Assert.Equal(0, (await one.RunAsync(["lab", "up", "--isolated"], cancel)).Code);
        Assert.Equal(0, (await two.RunAsync(["lab", "up", "--isolated"], cancel)).Code);
        var states = new[] { one, two }.Select(l => new LabFolder(l.Folder).Running()!).ToList();
        Assert.NotEqual(states[0].Endpoint, states[1].Endpoint);
        foreach (var state in states) Assert.Equal(200, await GetAsync(state, "/health", cancel));
        Assert.Equal(0, (await two.RunAsync(["lab", "down"], cancel)).Code);
        Assert.Equal(200, await GetAsync(states[0], "/health", cancel));
    }

    [Fact]
    public async Task Where_namespaces_are_forbidden_it_is_said_and_nothing_is_left()
    {
        Need();
        var cancel = TestContext.Current.CancellationToken;
        await using var lab = new LabProgram();
        var start = new ProcessStartInfo("setpriv", ["--bounding-set=-sys_admin", "--inh-caps=-sys_admin", "dotnet", Path.Combine(AppContext.BaseDirectory, "tocsin.dll"), "lab", "up", "--isolated"]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["TOCSIN_LAB"] = lab.Folder;
        using var process = Process.Start(start)!;
        var error = await process.StandardError.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        Assert.Equal(3, process.ExitCode);
        Assert.Contains("the lab's network could not be made: ip ", error, StringComparison.Ordinal);
        Assert.Empty(await LeftAsync(lab.Folder, cancel));
    }

    [Fact]
    public async Task Without_root_isolation_is_refused_in_a_sentence()
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "this is root");
        await using var lab = new LabProgram();
        var up = await lab.RunAsync(["lab", "up", "--isolated"], TestContext.Current.CancellationToken);
        Assert.Equal(3, up.Code);
        Assert.Contains("lab up --isolated needs root", up.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""[{"dst":"default"},{"dst":"192.168.0.0/16"}]""", false)]
    [InlineData("""[{"dst":"10.40.0.0/15"}]""", true)]
    [InlineData("""[{"type":"local","dst":"10.42.0.1"}]""", true)]
    [InlineData("""[{"dst":"10.0.0.0/8"}]""", true)]
    [InlineData("""[{"dst":"10.44.0.0/16"}]""", false)]
    public void A_network_to_which_the_machine_has_a_route_is_taken(string routes, bool taken) =>
        Assert.Equal(taken, Isolation.Taken(routes).Exists(r => Isolation.Overlap(r, IPNetwork.Parse("10.40.0.0/14"))));

    private static void Need()
    {
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "a network namespace needs root");
        Isolation.Require();
    }

    // Names, devices and routes of the folder's lab, as this machine lists them.
    private static async Task<List<string>> LeftAsync(string folder, CancellationToken cancel)
    {
        var all = await OutputAsync("ip", ["netns", "list"], cancel) + await OutputAsync("ip", ["-o", "link"], cancel) + await OutputAsync("ip", ["-4", "route"], cancel);
        return [.. all.Split('\n').Where(l => l.Contains(Isolation.Namespace(folder), StringComparison.Ordinal) || l.Contains(Isolation.Outer(folder), StringComparison.Ordinal))];
    }

    private static async Task<string> OutputAsync(string program, IEnumerable<string> arguments, CancellationToken cancel)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync(cancel);
        await process.WaitForExitAsync(cancel);
        return output;
    }

    private static async Task<int> GetAsync(LabState state, string path, CancellationToken cancel)
    {
        var place = state.Environments[0];
        using var http = new HttpClient { Timeout = Patience };
        using var request = new HttpRequestMessage(HttpMethod.Get, $"http://{place.Components["alb"].Host}:{place.Components["alb"].Port}{path}");
        request.Headers.Host = place.Hosts.First(h => h.Value is "fastify-nova").Key;
        using var response = await http.SendAsync(request, cancel);
        return (int)response.StatusCode;
    }

    private static async Task<string> ConnectAsync(LabAddress to, TimeSpan limit)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        using var until = new CancellationTokenSource(limit);
        try
        {
            await socket.ConnectAsync(IPAddress.Parse(to.Host), to.Port, until.Token);
            return "connected";
        }
        catch (OperationCanceledException)
        {
            return "no answer";
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionRefused)
        {
            return "refused";
        }
    }
}
