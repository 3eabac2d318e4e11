using System.Globalization;
using Tocsin.Lab.Faults;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Tests.Faults;

/// <summary>
/// Every fault is injected, seen from outside, explained and healed. By default a sample in random order; with TOCSIN_CAMPAIGN=all every fault in order, each
/// mended by its own fix, and then every fault in random order. TOCSIN_SEED repeats an order; TOCSIN_FAULTS names those to run.
/// </summary>
public sealed class CampaignTests
{
    private const double Scale = 20;
    private const int Sample = 20;

    [Fact]
    public async Task Faults_land_are_explained_and_are_healed()
    {
        var cancel = TestContext.Current.CancellationToken;
        var all = Environment.GetEnvironmentVariable("TOCSIN_CAMPAIGN") is "all";
        var seed = int.TryParse(Environment.GetEnvironmentVariable("TOCSIN_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next(1_000_000);
        Console.WriteLine($"seed {seed}");
        var named = Environment.GetEnvironmentVariable("TOCSIN_FAULTS")?.Split(',');
        var faults = ShippedFaults.All.Faults.Where(f => named is null || named.Contains(f.Id, StringComparer.Ordinal)).ToArray();
        var shuffled = (Fault[])faults.Clone();
        new Random(seed).Shuffle(shuffled);
        await using var lab = await TestLab.StartAsync(Scale, cancel);
        await lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(90), cancel);
        using var client = LabClient.Connect(lab.Folder);
        var campaign = new Campaign(lab, client);
        if (all) await campaign.RunAsync(faults, byOwnFix: true, cancel);
        await campaign.RunAsync(all || named is not null ? shuffled : shuffled.Take(Sample), byOwnFix: false, cancel);
        Assert.True(campaign.Wrong.Count == 0, $"seed {seed}:\n{string.Join('\n', campaign.Wrong)}");
    }
}
