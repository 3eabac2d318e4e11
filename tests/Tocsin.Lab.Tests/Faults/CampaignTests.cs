using System.Globalization;
using Tocsin.Lab.Faults;
using Tocsin.Lab.Host;
using Tocsin.Lab.Tests.Components;

namespace Tocsin.Lab.Tests.Faults;

/// <summary>
/// Every fault is injected, seen from outside, explained and healed. By default a sample of each profile in random order. With TOCSIN_CAMPAIGN=core or full
/// every fault of that profile in order, each mended by its own fix, and then every one in random order. TOCSIN_SEED repeats an order; TOCSIN_FAULTS names
/// those to run, TOCSIN_ONCE leaves out the first pass, and TOCSIN_RECORD writes what they made the platform say as samples of the catalog.
/// </summary>
public sealed class CampaignTests
{
    private const double Scale = 20;
    private const int Sample = 14;
    private const int FullSample = 4;
    private static readonly TimeSpan Start = TimeSpan.FromSeconds(150);

    [Theory]
    [InlineData(LabProfile.Core)]
    [InlineData(LabProfile.Full)]
    public async Task Faults_land_are_explained_and_are_healed(LabProfile profile)
    {
        var cancel = TestContext.Current.CancellationToken;
        var asked = Environment.GetEnvironmentVariable("TOCSIN_CAMPAIGN");
        Assert.SkipWhen(asked is { Length: > 0 } && !string.Equals(asked, profile.ToString(), StringComparison.OrdinalIgnoreCase), "another profile was asked for");
        if (profile is LabProfile.Full) FullLab.Need();
        if (profile is LabProfile.Full) FullLab.NeedFilter();
        var seed = int.TryParse(Environment.GetEnvironmentVariable("TOCSIN_SEED"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : Random.Shared.Next(1_000_000);
        Console.WriteLine($"{profile}, seed {seed}");
        var named = Environment.GetEnvironmentVariable("TOCSIN_FAULTS") is { Length: > 0 } names ? names.Split(',') : null;
        var faults = ShippedFaults.All.Faults.Where(f => f.Profiles.Contains(profile) && (named is null || named.Contains(f.Id, StringComparer.Ordinal))).ToArray();
        var shuffled = (Fault[])faults.Clone();
        new Random(seed).Shuffle(shuffled);
        // The core profile's own faults are tried there; the sample of the full one is of what only it has.
        if (asked is null && named is null) shuffled = [.. shuffled.Where(f => profile is LabProfile.Core || f.Profiles.Length == 1).Take(profile is LabProfile.Core ? Sample : FullSample)];
        await using var lab = profile is LabProfile.Full ? await TestLab.StartFullAsync(Scale, cancel) : await TestLab.StartAsync(Scale, cancel);
        await lab.UntilAsync(s => s.Healthy, Start, cancel);
        using var client = LabClient.Connect(lab.Folder);
        var harvest = SampleHarvest.Asked(lab.Folder.Path);
        var campaign = new Campaign(lab.Folder, client, harvest);
        if (asked is { Length: > 0 } && Environment.GetEnvironmentVariable("TOCSIN_ONCE") is null) await campaign.RunAsync(faults, byOwnFix: true, cancel);
        await campaign.RunAsync(shuffled, byOwnFix: false, cancel);
        harvest?.Write();
        Assert.True(campaign.Wrong.Count == 0, $"{profile}, seed {seed}:\n{string.Join('\n', campaign.Wrong)}");
    }
}
