using System.Text;
using NodaTime;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Probes;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;
using Tocsin.Lab.Aws.S3;

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

    private static async Task<List<Observation>> LookAsync(TestLab lab, Func<string, bool> wanted, string service)
    {
        using var caller = new AwsCaller(new AwsCallerOptions { Login = AwsLogin.Keys(lab.Host.State.AccessKeyId, lab.Host.State.SecretAccessKey), Endpoint = new Uri(lab.Host.State.Endpoint) });
        var platform = lab.Host.Options.Platform;
        var map = new PlatformMap(platform, platform.Environments[0]);
        var now = SystemClock.Instance.GetCurrentInstant();
        var ground = new AwsGround(map, new AwsCalls(caller, TimeProvider.System, Cancel), [platform.Service(service)!], now + Duration.FromHours(2), now - Duration.FromHours(2), ReadsSecretValues: true) { Texts = new EvidenceTexts() };
        var all = new List<Observation>();
        await foreach (var result in new ProbeRunner(Facts, TimeProvider.System, new ProbeLimits { Run = Duration.FromSeconds(30) }).RunAsync([.. AwsProbes.For(ground).Where(p => wanted(p.Name))], Cancel)) all.Add(result.Observation);
        return all;
    }
}
