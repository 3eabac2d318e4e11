using System.Diagnostics;
using Tocsin.Lab.Components;
using Tocsin.Lab.Host;
using Tocsin.Lab.Tests.Life;

namespace Tocsin.Lab.Tests.Components;

public sealed class FullLifeTests
{
    [Fact]
    public async Task A_killed_full_lab_leaves_no_process_no_data_and_no_packet_filter()
    {
        FullLab.Need();
        var cancel = TestContext.Current.CancellationToken;
        await using var lab = new LabProgram();
        await using var other = await TestLab.StartFullAsync(20, cancel);
        var up = await lab.RunAsync(["lab", "up", "--full"], cancel);
        Assert.True(up.Code == 0, up.Error + up.Out);
        Assert.Contains("components", up.Out, StringComparison.Ordinal);
        if (Firewall.Usable) Assert.Equal(0, (await lab.RunAsync(["lab", "component", "block", "redis"], cancel)).Code);
        var variables = (await lab.RunAsync(["lab", "env"], cancel)).Out;
        Assert.Contains("export TOCSIN_LAB_PRODUCTION_AURORA_PASSWORD=", variables, StringComparison.Ordinal);

        Process.GetProcessById(new LabFolder(lab.Folder).Running()!.Pid).Kill();
        await Runtime.Wait.UntilAsync(() => lab.Processes().Count == 0, "every server of the killed lab is gone");
        await Runtime.Wait.UntilAsync(() => !Directory.Exists(ComponentFolder.Of(lab.Folder)), "their data is gone");
        if (Firewall.Usable) Assert.DoesNotContain(Firewall.TableOf(lab.Folder), (await FullLab.RunAsync("nft", ["list", "tables"])).Text, StringComparison.Ordinal);

        // The lab beside it went on.
        Assert.True((await other.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(60), cancel)).Healthy);
        Assert.Equal(WireGuard.WhyNot() is null ? 11 : 10, other.Host.Status().Components.Count);
    }

    [Fact]
    public async Task The_core_profile_says_that_it_has_no_servers()
    {
        await using var lab = await Shared.LabAsync(TestContext.Current.CancellationToken);
        var refused = Assert.Throws<LabException>(() => Verbs.VerbTable.Run(lab.Lab.Host, Verbs.VerbRequest.Read("component stop aurora", "production", "test")));
        Assert.Contains("tocsin lab up --full", refused.Message, StringComparison.Ordinal);
    }
}
