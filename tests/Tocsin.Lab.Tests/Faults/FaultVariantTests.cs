using Tocsin.Lab.Faults;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Tests.Faults;

public sealed class FaultVariantTests
{
    private static readonly Fault Cookie = ShippedFaults.All.Find("session-cookie-withheld");

    [Fact]
    public void Names_are_what_the_command_line_takes()
    {
        Assert.Equal(["plain", "noop", "recovered", "red-herring", "denied", "two"], FaultVariants.Names);
        Assert.All(FaultVariants.Names, n => Assert.Equal(n, FaultVariants.Name(FaultVariants.Of(n))));
        Assert.Contains("red-herring", Assert.Throws<LabException>(() => FaultVariants.Of("red-hering")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_seed_gives_the_same_second_fault_again_and_it_touches_nothing_of_the_first()
    {
        var platform = ShippedFaults.Ground.Platform;
        System.Collections.Immutable.ImmutableHashSet<string> Reach(Fault f) => FaultReach.Of(f, platform, "production", new Dictionary<string, string>(StringComparer.Ordinal));
        Fault Second(int seed) => FaultVariants.Second(Cookie, ShippedFaults.All.Faults, Reach, "production", LabProfile.Core, seed);
        foreach (var seed in Enumerable.Range(0, 40))
        {
            Assert.Equal(Second(seed).Id, Second(seed).Id);
            Assert.False(FaultReach.Overlap(Reach(Cookie), Reach(Second(seed))));
        }
        Assert.True(Enumerable.Range(0, 40).Select(s => Second(s).Id).Distinct(StringComparer.Ordinal).Count() > 5);
    }

    [Fact]
    public void Whoever_needs_the_core_api_is_reached_by_its_fault()
    {
        var reach = FaultReach.Of(ShippedFaults.All.Find("firebase-absent"), ShippedFaults.Ground.Platform, "staging", new Dictionary<string, string>(StringComparer.Ordinal));
        Assert.Contains("staging/fastify-nova", reach);
        Assert.Contains("staging/storefront", reach);
        Assert.DoesNotContain("staging/orion-backend", reach);
    }

    [Theory]
    [InlineData("alb-503-scaled-to-zero", "permission deny lab-operator ")]
    [InlineData("pages-lock-file", "component set cloudflare token=revoked")]
    [InlineData("worker-binding-missing", "component set cloudflare token=revoked")]
    [InlineData("acm-too-early", "permission deny lab-operator acm:ListCertificates")]
    [InlineData("jobs-wait-paused", "component set redis reader=refused")]
    [InlineData("worker-core-api-gone", "permission deny lab-operator ecs:DescribeServices")]
    public void What_is_taken_away_is_what_shows_the_fault(string fault, string line) => Assert.StartsWith(line, FaultVariants.Denial(ShippedFaults.All.Find(fault), 1), StringComparison.Ordinal);

    [Theory]
    [InlineData("aurora-stalled")]
    [InlineData("redis-clients-full")]
    [InlineData("subdomain-half-applied")]
    [InlineData("webhooks-worker-hung")]
    public void What_is_seen_on_the_way_to_a_server_cannot_be_denied(string id)
    {
        var fault = ShippedFaults.All.Find(id);
        Assert.Contains("no permission shows it", FaultVariants.WhyNot(fault, FaultVariant.Denied), StringComparison.Ordinal);
        Assert.Contains($"{id} cannot be denied", Assert.Throws<LabException>(() => FaultVariants.Denial(fault, 1)).Message, StringComparison.Ordinal);
        Assert.Null(FaultVariants.WhyNot(fault, FaultVariant.Recovered));
    }

    [Fact]
    public async Task Each_variant_leaves_the_platform_as_it_says()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var lab = await TestLab.StartAsync(20, cancel);
        await lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(90), cancel);
        using var client = LabClient.Connect(lab.Folder);
        async Task<(bool AsOrdered, int Landed, StatusReport After)> Play(FaultVariant variant)
        {
            using var scene = new FaultScene(client, lab.Folder, ShippedFaults.Ground.Platform, ShippedFaults.All, new SceneOrder(Cookie, "production") { Variant = variant, Seed = 5 }, TimeProvider.System);
            await scene.BreakAsync(cancel);
            var landings = await scene.LandAsync(cancel);
            await scene.AfterwardsAsync(cancel);
            var after = await client.StatusAsync(cancel);
            await client.HealAsync(cancel);
            await lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(90), cancel);
            return (scene.AsOrdered(landings), landings.Count(l => l.Landed), after);
        }
        var noop = await Play(FaultVariant.Noop);
        Assert.True(noop.AsOrdered && noop.Landed == 0 && noop.After.Broken.Count == 0);
        var recovered = await Play(FaultVariant.Recovered);
        Assert.True(recovered.AsOrdered && recovered.Landed == 1 && recovered.After.Healthy && recovered.After.Broken.Count == 0);
        var herring = await Play(FaultVariant.RedHerring);
        Assert.True(herring.AsOrdered && herring.Landed == 1);
        var denied = await Play(FaultVariant.Denied);
        Assert.Contains(denied.After.Broken, b => b.By == "session-cookie-withheld (denied)" && b.What.Contains("permission deny lab-operator", StringComparison.Ordinal));
        var two = await Play(FaultVariant.Two);
        Assert.True(two.AsOrdered && two.Landed == 2);
        Assert.Equal(2, two.After.Broken.Select(b => b.By).Distinct(StringComparer.Ordinal).Count());
    }
}
