using System.Text;
using NodaTime;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Probes;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;
using Tocsin.Lab.Aws.Metrics;
using Tocsin.Lab.Aws.S3;
using Tocsin.Lab.Verbs;

namespace Tocsin.Lab.Tests.Probes;

/// <summary>Probes that ask AWS, against the lab's stand-in of it.</summary>
public sealed class AwsProbeTests
{
    private static readonly FactTable Facts = FactTable.Parse(File.ReadAllText(Path.Combine(TestLab.Root, "catalog", "observations.yaml")), "observations.yaml").Value!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_access_log_in_S3_tells_what_the_load_balancer_answered_itself()
    {
        await using var lab = await TestLab.StartAsync(20, Cancel);
        await lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(60), Cancel);
        Deliver(lab);
        var seen = (await LookAsync(lab, p => p is "alb.accessLog", "fastify-nova"))[0];
        Assert.True(seen.IsEvidence, $"{seen.Status} {seen.Note}");
        Assert.Equal(("1", "1", "1"), (seen.Facts["elb502"], seen.Facts["elb503"], seen.Facts["elb504"]));
        Assert.Equal(("true", "true", "true"), (seen.Facts["targetReset"], seen.Facts["noTarget"], seen.Facts["fixedResponse"]));
    }

    [Fact]
    public async Task Scaling_and_snapshots_are_told_as_AWS_has_them()
    {
        await using var lab = await TestLab.StartAsync(20, Cancel);
        await lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(60), Cancel);
        var all = await LookAsync(lab, p => p is "ecs.scaling" or "rds.snapshots" or "rds.cluster", "fastify-nova");
        var scaling = all.Find(o => o.Probe == "ecs.scaling")!;
        Assert.True(scaling.IsEvidence, scaling.Note);
        Assert.Contains("scales", scaling.Facts.Keys);
        var snapshots = all.Find(o => o.Probe == "rds.snapshots")!;
        Assert.True(snapshots.IsEvidence, snapshots.Note);
        Assert.Contains("count", snapshots.Facts.Keys);
    }

    [Fact]
    public async Task A_revision_that_somebody_went_back_from_is_in_question_no_more()
    {
        await using var lab = await TestLab.StartAsync(20, Cancel);
        await lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(60), Cancel);
        async Task<Observation> SeeAsync(string probe) => (await LookAsync(lab, p => p == probe, "events-consumer"))[0];
        Do(lab, "service deploy events-consumer --image prod-deadbeef");
        await UntilAsync(async () => (await SeeAsync("ecs.stoppedTasks")).Facts.GetValueOrDefault("pullError") is "NOT_FOUND");
        Assert.Equal("false", (await SeeAsync("ecs.image")).Facts["exists"]);
        Do(lab, "service deploy events-consumer --revision previous");
        await lab.UntilAsync(s => s.Services.All(each => each.Healthy), TimeSpan.FromSeconds(60), Cancel);
        Assert.Equal("true", (await SeeAsync("ecs.image")).Facts["exists"]);
        // What was printed before it was well again, and what replaced tasks did until they were gone, is over by then.
        var (service, stopped) = (await SeeAsync("ecs.service"), await SeeAsync("ecs.stoppedTasks"));
        Assert.True(service.Since >= stopped.Since, $"well since {service.Since}, the last sign {stopped.Since}");
    }

    [Fact]
    public async Task What_a_load_balancer_counted_before_its_newest_minutes_is_over()
    {
        await using var lab = await TestLab.StartAsync(20, Cancel);
        await lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(60), Cancel);
        async Task<string?> CountedAsync() => (await LookAsync(lab, p => p is "app.metrics", "fastify-nova"))[0].Facts.GetValueOrDefault("elb502");
        // AWS reports no count of nothing, so the newest count may be an old one.
        Count(lab, "HTTPCode_ELB_502_Count", Duration.FromMinutes(9), 7);
        Count(lab, "RequestCount", Duration.FromMinutes(1), 100);
        Count(lab, "RequestCount", Duration.Zero, 100);
        Assert.Equal("0", await CountedAsync());
        Count(lab, "HTTPCode_ELB_502_Count", Duration.Zero, 3);
        Assert.Equal("3", await CountedAsync());
    }

    private static void Do(TestLab lab, string verb) => VerbTable.Run(lab.Host, VerbRequest.Read(verb, "production", "test"));

    private static async Task UntilAsync(Func<Task<bool>> holds)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (!await holds()) await Task.Delay(100, limit.Token);
    }

    private static void Count(TestLab lab, string metric, Duration ago, double count)
    {
        lock (lab.Host.World.Gate)
        {
            var region = lab.Host.World.Regions["ap-south-1"];
            var group = region.Elb.TargetGroups.Values.First(g => g.Name is "fastify-nova-tg");
            var balancer = region.Elb.BalancersOf(group).First();
            var name = MetricName.Of("AWS/ApplicationELB", metric, ("TargetGroup", group.Arn[(group.Arn.IndexOf(":targetgroup/", StringComparison.Ordinal) + 1)..]), ("LoadBalancer", balancer.Arn[(balancer.Arn.IndexOf(":loadbalancer/", StringComparison.Ordinal) + ":loadbalancer/".Length)..]));
            region.Metrics.Put(name, MetricPoint.Of(lab.Host.World.Clock.Now - ago, count));
        }
    }

    // A file as the load balancer's log delivery puts it: packed, named by the minute at which it ends.
    private static void Deliver(TestLab lab)
    {
        lock (lab.Host.World.Gate)
        {
            var region = lab.Host.World.Regions["ap-south-1"];
            var balancer = region.Elb.Balancers.Values.First(b => b.Type is "application");
            var group = region.Elb.TargetGroups.Values.First(g => g.Name is "fastify-nova-tg").Arn;
            var at = lab.Host.World.Clock.Now;
            string Line(int status, string target, string actions, string of) => $"http {at:uuuu-MM-dd'T'HH:mm:ss'.000000Z'} app/x 127.0.0.1:5000 {target} 0.001 -1 -1 {status} - 34 366 \"GET http://api.zelly.in:80/orders HTTP/1.1\" \"curl\" - - {of} \"Root=1\" \"-\" \"-\" 0 {at:uuuu-MM-dd'T'HH:mm:ss'.000000Z'} \"{actions}\" \"-\" \"-\" \"{target}\" \"-\" \"-\" \"-\" TID_1";
            var text = string.Join('\n', Line(502, "127.0.0.3:3000", "forward", group), Line(504, "127.0.0.3:3000", "forward", group), Line(503, "-", "fixed-response", "-"), "") + "\n";
            var id = balancer.Arn[(balancer.Arn.IndexOf(":loadbalancer/", StringComparison.Ordinal) + ":loadbalancer/".Length)..].Replace('/', '.');
            var account = balancer.Arn.Split(':')[4];
            var key = $"AWSLogs/{account}/elasticloadbalancing/ap-south-1/{at:uuuu/MM/dd}/{account}_elasticloadbalancing_ap-south-1_{id}_{at:uuuuMMdd'T'HHmm'Z'}_127.0.0.1_abcdefgh.log.gz";
            lab.Host.World.Buckets.Put(lab.Host.World.Buckets.Buckets[balancer.Attributes["access_logs.s3.bucket"]], new StoredObject(key, Packed(text), at, "application/octet-stream"));
        }
    }

    private static byte[] Packed(string text)
    {
        using var stream = new MemoryStream();
        using (var zip = new System.IO.Compression.GZipStream(stream, System.IO.Compression.CompressionLevel.Fastest)) zip.Write(Encoding.UTF8.GetBytes(text));
        return stream.ToArray();
    }

    // The lab's time runs ahead of the wall's.
    private static async Task<List<Observation>> LookAsync(TestLab lab, Func<string, bool> wanted, string service)
    {
        using var caller = new AwsCaller(new AwsCallerOptions { Login = AwsLogin.Keys(lab.Host.State.AccessKeyId, lab.Host.State.SecretAccessKey), Endpoint = new Uri(lab.Host.State.Endpoint) });
        var platform = lab.Host.Options.Platform;
        var map = new PlatformMap(platform, platform.Environments[0]);
        var now = lab.Host.World.Clock.Now;
        var ground = new AwsGround(map, new AwsCalls(caller, TimeProvider.System, Cancel), [platform.Service(service)!], now, now - Duration.FromHours(2), ReadsSecretValues: true) { Texts = new EvidenceTexts() };
        var all = new List<Observation>();
        await foreach (var result in new ProbeRunner(Facts, TimeProvider.System, new ProbeLimits { Run = Duration.FromSeconds(30) }).RunAsync([.. AwsProbes.For(ground).Where(p => wanted(p.Name))], Cancel)) all.Add(result.Observation);
        return all;
    }
}
