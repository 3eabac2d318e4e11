using System.Diagnostics;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Cli.Tests.Processes;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Probes;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;
using Tocsin.Lab.Aws.Iam;

namespace Tocsin.Lab.Tests.Probes;

/// <summary>The printed policy is enforced by the lab: exactly it lets every probe look, and an action that is missing is named.</summary>
public sealed class PolicyTests
{
    private const string Person = "tocsin-reader";
    private static readonly FactTable Facts = FactTable.Parse(File.ReadAllText(Path.Combine(TestLab.Root, "catalog", "observations.yaml")), "observations.yaml").Value!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Exactly_the_printed_policy_lets_every_probe_look_and_a_missing_action_is_named()
    {
        await using var lab = await TestLab.StartAsync(20, Cancel);
        await lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(60), Cancel);
        var document = (JsonObject)JsonNode.Parse(await PrintedAsync())!;
        var all = await LookAsync(lab, document);
        Assert.Empty(all.Where(o => o.Status is ObservationStatus.Denied || o.Note.Contains("is denied", StringComparison.Ordinal)).Select(o => $"{o.Name}: {o.Note}"));
        foreach (var action in new[] { "ecs:DescribeServices", "ecs:ListTasks", "secretsmanager:DescribeSecret", "elasticloadbalancing:DescribeTargetHealth", "rds:DescribeDBClusters", "ecr:DescribeImages", "acm:ListCertificates" })
        {
            var seen = await LookAsync(lab, Without(document, action));
            Assert.True(seen.Exists(o => o.Note.Contains(action, StringComparison.Ordinal)), $"without {action} no look names it: {string.Join(" | ", seen.Where(o => o.Note.Length > 0).Select(o => $"{o.Name}: {o.Note}"))}");
        }
    }

    private static JsonObject Without(JsonObject document, string action)
    {
        var copy = (JsonObject)document.DeepClone();
        foreach (var statement in copy["Statement"]!.AsArray())
        {
            var actions = statement!["Action"]!.AsArray();
            if (actions.FirstOrDefault(a => a!.ToString() == action) is { } found) actions.Remove(found);
        }
        Assert.NotEqual(document.ToJsonString(), copy.ToJsonString());
        return copy;
    }

    private static async Task<string> PrintedAsync()
    {
        var start = ProgramUnderTest.Start(["platform", "policy", "--read", "--account", "000000000000", "--platform", Path.Combine(TestLab.Root, "platforms", "zelly")]);
        start.RedirectStandardOutput = true;
        using var process = Process.Start(start)!;
        var text = await process.StandardOutput.ReadToEndAsync(Cancel);
        await process.WaitForExitAsync(Cancel);
        Assert.Equal(0, process.ExitCode);
        return text;
    }

    private static async Task<List<Observation>> LookAsync(TestLab lab, JsonObject document)
    {
        var key = new AccessKey("AKIALABREADER0000000", "LABreader", Person, Instant.FromUnixTimeSeconds(0));
        lock (lab.Host.World.Gate)
        {
            var principal = new Principal(Person, isRole: false, Instant.FromUnixTimeSeconds(0));
            principal.Inline["read"] = Policy.Read(document.ToJsonString());
            lab.Host.World.Iam.Principals[Person] = principal;
            lab.Host.World.Iam.Keys[key.Id] = key;
        }
        using var caller = new AwsCaller(new AwsCallerOptions { Login = AwsLogin.Keys(key.Id, key.Secret), Endpoint = new Uri(lab.Host.State.Endpoint) });
        var platform = lab.Host.Options.Platform;
        var map = new PlatformMap(platform, platform.Environments[0]);
        var now = SystemClock.Instance.GetCurrentInstant();
        var ground = new AwsGround(map, new AwsCalls(caller, TimeProvider.System, Cancel), map.Services, now, now - Duration.FromMinutes(15), ReadsSecretValues: true) { Texts = new EvidenceTexts() };
        var all = new List<Observation>();
        await foreach (var result in new ProbeRunner(Facts, TimeProvider.System, new ProbeLimits { Run = Duration.FromSeconds(30) }).RunAsync([.. AwsProbes.For(ground)], Cancel)) all.Add(result.Observation);
        return all;
    }
}
