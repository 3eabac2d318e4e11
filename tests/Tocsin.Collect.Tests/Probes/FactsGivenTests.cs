using System.Text.RegularExpressions;
using Tocsin.Core.Catalog;

namespace Tocsin.Collect.Tests.Probes;

/// <summary>A rule on a fact that no probe gives never speaks. So each fact has a probe that names it, or a reason why none can.</summary>
public sealed partial class FactsGivenTests
{
    private const string NeedsLogin = "only a login of a real user would show it, and a probe writes no session";

    /// <summary>What no probe gives, and why.</summary>
    private static readonly Dictionary<string, string> NotGiven = new(StringComparer.Ordinal)
    {
        ["session.check.cookieSet"] = NeedsLogin,
        ["session.check.cookieDomainMatches"] = NeedsLogin,
        ["session.check.survivesSecondRequest"] = NeedsLogin,
        ["session.check.survivesOtherTask"] = NeedsLogin,
        ["webhook.check.rawBodyKept"] = "nobody keeps the raw bytes of a delivery, and a made-up delivery would be taken for a real one",
        ["webhook.check.addressMatches"] = "subscriptions are told to each shop's own access token only",
        ["cloudflare.pages.commitBuildsLocally"] = "nothing is built where Tocsin runs; a person answers it",
        ["cloudflare.worker.exceptionsPerMinute"] = "Cloudflare counts them in its GraphQL analytics, which is not asked yet; its tail makes a session there",
        ["cloudflare.worker.startedWithDeployment"] = "as cloudflare.worker.exceptionsPerMinute",
        ["redis.key.versionsDiffer"] = "a worker does not write its version into Redis, only the producer does",
        ["aws.network.endpointsComplete"] = "VPC endpoints are not asked yet",
        ["aws.instance.statusCheck"] = "instance status checks are not asked yet",
        ["app.logs.errorsTimesUsual"] = "the hour before is not read yet: it costs a second reading of each log",
    };

    [Fact]
    public void Each_fact_is_given_by_a_probe_or_has_a_reason()
    {
        var given = Given();
        Assert.Equal([], [.. All().Where(f => !given.Contains(f) && !NotGiven.ContainsKey(f))]);
    }

    [Fact]
    public void What_is_said_not_to_be_given_is_a_fact_and_is_not_given()
    {
        var (given, all) = (Given(), All().ToHashSet(StringComparer.Ordinal));
        Assert.Equal([], [.. NotGiven.Keys.Where(f => !all.Contains(f) || given.Contains(f))]);
    }

    private static IEnumerable<string> All() => FactTable.Parse(File.ReadAllText(Path.Combine(Root, "catalog", "observations.yaml")), "observations.yaml").Value!.Facts.Keys;

    // A probe's file names its facts as texts; facts of several probes that share a walk stand in the file of the walk.
    private static HashSet<string> Given()
    {
        var files = Directory.EnumerateFiles(Path.Combine(Root, "src", "Tocsin.Collect"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText).ToList();
        var probes = files.SelectMany(f => Probe().Matches(f)).Select(m => m.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
        var facts = files.SelectMany(f => Word().Matches(f)).Select(m => m.Groups[1].Value).ToHashSet(StringComparer.Ordinal);
        // $"elb{code}" gives these three.
        if (files.Exists(f => f.Contains("$\"elb{", StringComparison.Ordinal))) facts.UnionWith(["elb502", "elb503", "elb504"]);
        return [.. All().Where(f => probes.Contains(f[..f.LastIndexOf('.')]) && facts.Contains(f[(f.LastIndexOf('.') + 1)..]))];
    }

    private static string Root { get; } = Find();

    private static string Find()
    {
        var folder = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "Tocsin.slnx"))) folder = folder.Parent ?? throw new InvalidOperationException("no repository above the tests");
        return folder.FullName;
    }

    [GeneratedRegex("\"([a-z]+[a-zA-Z0-9]*\\.[a-zA-Z]+)\"", RegexOptions.CultureInvariant)]
    private static partial Regex Probe();

    [GeneratedRegex("\"([a-z][a-zA-Z0-9]*)\"", RegexOptions.CultureInvariant)]
    private static partial Regex Word();
}
