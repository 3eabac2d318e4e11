using System.Collections.Concurrent;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using NodaTime;
using NodaTime.Text;
using Tocsin.Lab.Aws;
using Tocsin.Lab.Aws.Ecs;
using Tocsin.Lab.Aws.Elb;
using Tocsin.Lab.Aws.Metrics;
using Tocsin.Lab.Aws.S3;
using Tocsin.Lab.Runtime;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Platform;

/// <summary>Access-log lines that wait for their delivery.</summary>
internal sealed class AccessLogs
{
    private readonly ConcurrentQueue<(string Region, LoadBalancer Balancer, string Line)> waiting = new();

    public void Add(string region, LoadBalancer balancer, AccessLogEntry entry) => waiting.Enqueue((region, balancer, entry.Line()));

    public List<(string Region, LoadBalancer Balancer, string Line)> Take()
    {
        var taken = new List<(string, LoadBalancer, string)>();
        while (waiting.TryDequeue(out var one)) taken.Add(one);
        return taken;
    }
}

/// <summary>What AWS does by itself: states that settle, access logs that are delivered every five minutes, metrics every minute; all in lab time.</summary>
internal sealed class Upkeep(LabWorld world, Balancing balancing, AccessLogs logs, TimeProvider time)
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(200);
    private const double TicksPerSecond = 100;
    private static readonly Duration Delivery = Duration.FromMinutes(5);
    private static readonly Duration Measuring = Duration.FromMinutes(1);
    private static readonly InstantPattern Day = InstantPattern.CreateWithInvariantCulture("uuuu'/'MM'/'dd");
    private static readonly InstantPattern Minute = InstantPattern.CreateWithInvariantCulture("uuuuMMdd'T'HHmm'Z'");
    private readonly Dictionary<string, AlbCounters> seen = new(StringComparer.Ordinal);
    private Dictionary<string, long> ticks = new(StringComparer.Ordinal);
    private long looked = time.GetTimestamp();
    private Duration delivered;
    private Duration measured;

    public async Task RunAsync(CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(Beat, time);
        while (await timer.WaitForNextTickAsync(cancel))
        {
            var now = world.Clock.Elapsed;
            lock (world.Gate) Settle(now);
            if (now - measured >= Measuring)
            {
                measured = now;
                var usage = UsageOfTasks();
                lock (world.Gate) Measure(usage);
            }
            if (now - delivered >= Delivery)
            {
                delivered = now;
                Deliver();
            }
        }
    }

    private void Settle(Duration now)
    {
        foreach (var region in world.Regions.Values)
        {
            region.Rds.Settle(now);
            region.Network.Settle(now);
            region.Certificates.Settle(now, world.Clock.Now);
            region.Secrets.Settle(now);
        }
    }

    private void Deliver()
    {
        foreach (var group in logs.Take().GroupBy(l => (l.Region, l.Balancer)))
        {
            var at = world.Clock.Now;
            var id = group.Key.Balancer.Arn[(group.Key.Balancer.Arn.IndexOf(":loadbalancer/", StringComparison.Ordinal) + ":loadbalancer/".Length)..].Replace('/', '.');
            var key = $"AWSLogs/{LabIds.Account}/elasticloadbalancing/{group.Key.Region}/{Day.Format(at)}/{LabIds.Account}_elasticloadbalancing_{group.Key.Region}_{id}_{Minute.Format(at)}_{group.Key.Balancer.Address}_{LabIds.Mixed(8).ToLowerInvariant()}.log.gz";
            var bytes = Zip(string.Join('\n', group.Select(l => l.Line)) + "\n");
            lock (world.Gate)
            {
                if (group.Key.Balancer.Attributes["access_logs.s3.enabled"] is "true" && world.Buckets.Buckets.GetValueOrDefault(group.Key.Balancer.Attributes["access_logs.s3.bucket"]) is { } bucket)
                    world.Buckets.Put(bucket, new StoredObject(key, bytes, at, "application/octet-stream"));
            }
        }
    }

    private static byte[] Zip(string text)
    {
        using var stream = new MemoryStream();
        using (var zip = new GZipStream(stream, CompressionLevel.Fastest)) zip.Write(Encoding.UTF8.GetBytes(text));
        return stream.ToArray();
    }

    // Bytes, and processors since the last look, by task; read outside the lock: /proc takes its time.
    private Dictionary<string, (long Memory, double Processors)> UsageOfTasks()
    {
        List<EcsTask> running;
        lock (world.Gate) running = [.. world.Regions.Values.SelectMany(r => r.Ecs.Clusters.Values).SelectMany(c => c.Tasks.Values).Where(EcsJson.IsRunning)];
        var at = time.GetTimestamp();
        var seconds = time.GetElapsedTime(looked, at).TotalSeconds;
        looked = at;
        var before = ticks;
        ticks = running.ToDictionary(t => t.Id, t => t.Pids.Sum(ProcessTable.ProcessorTicks), StringComparer.Ordinal);
        return running.ToDictionary(t => t.Id, t => (t.Pids.Sum(ProcessTable.OwnMemory), Math.Max(0, ticks[t.Id] - before.GetValueOrDefault(t.Id)) / TicksPerSecond / seconds), StringComparer.Ordinal);
    }

    private void Measure(Dictionary<string, (long Memory, double Processors)> usage)
    {
        var now = world.Clock.Now;
        foreach (var region in world.Regions.Values)
        {
            foreach (var cluster in region.Ecs.Clusters.Values)
            {
                foreach (var service in cluster.Services.Values) Measure(region, cluster, service, usage, now);
            }
            foreach (var group in region.Elb.TargetGroups.Values.Where(g => g.Protocol is "HTTP")) Measure(region, group, now);
        }
    }

    private static void Measure(LabRegion region, EcsCluster cluster, EcsServiceState service, Dictionary<string, (long Memory, double Processors)> usage, Instant now)
    {
        var own = cluster.Tasks.Values.Where(t => t.Group == $"service:{service.Name}" && usage.ContainsKey(t.Id)).ToList();
        var name = new Func<string, MetricName>(n => MetricName.Of("AWS/ECS", n, ("ClusterName", cluster.Name), ("ServiceName", service.Name)));
        foreach (var task in own)
        {
            var limit = double.Parse(task.Definition.Body["memory"]!.ToString(), CultureInfo.InvariantCulture) * 1024 * 1024;
            region.Metrics.Put(name("MemoryUtilization"), MetricPoint.Of(now, 100 * usage[task.Id].Memory / limit));
            region.Metrics.Put(name("CPUUtilization"), MetricPoint.Of(now, 100 * usage[task.Id].Processors / (double.Parse(task.Definition.Body["cpu"]!.ToString(), CultureInfo.InvariantCulture) / 1024)));
        }
        region.Metrics.Put(name("RunningTaskCount"), MetricPoint.Of(now, own.Count));
    }

    private void Measure(LabRegion region, TargetGroup group, Instant now)
    {
        var balancer = region.Elb.BalancersOf(group).FirstOrDefault();
        if (balancer is null) return;
        var counters = balancing.Counters(group.Arn);
        var before = seen.GetValueOrDefault(group.Arn) ?? AlbCounters.None;
        seen[group.Arn] = counters;
        var dimensions = new[] { ("TargetGroup", group.Arn[(group.Arn.IndexOf(":targetgroup/", StringComparison.Ordinal) + 1)..]), ("LoadBalancer", balancer.Arn[(balancer.Arn.IndexOf(":loadbalancer/", StringComparison.Ordinal) + ":loadbalancer/".Length)..]) };
        void Put(string name, double value, double count = 1) => region.Metrics.Put(MetricName.Of("AWS/ApplicationELB", name, dimensions), MetricPoint.Of(now, value, count));
        Put("RequestCount", counters.Requests - before.Requests);
        // As AWS does it: a count of nothing is not reported.
        foreach (var (code, count) in new[] { ("ELB_5XX", counters.Elb5xx - before.Elb5xx), ("ELB_502", counters.Elb502 - before.Elb502), ("ELB_503", counters.Elb503 - before.Elb503), ("ELB_504", counters.Elb504 - before.Elb504), ("Target_5XX", counters.Target5xx - before.Target5xx) })
        {
            if (count > 0) Put($"HTTPCode_{code}_Count", count);
        }
        if (counters.Responses > before.Responses) Put("TargetResponseTime", (counters.ResponseTime - before.ResponseTime).TotalSeconds / (counters.Responses - before.Responses), counters.Responses - before.Responses);
        Put("HealthyHostCount", group.Targets.Count(t => t.State is "healthy"));
        Put("UnHealthyHostCount", group.Targets.Count(t => t.State is "unhealthy"));
    }
}
