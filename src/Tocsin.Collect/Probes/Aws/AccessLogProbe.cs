using System.Collections.Immutable;
using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using System.Xml;
using System.Xml.Linq;
using NodaTime.Text;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>The load balancer's access log in S3, where it is on: who made an error, the target or the load balancer. It comes in files of five minutes.</summary>
internal static class AccessLogProbe
{
    private const int MostFiles = 12;
    // Unpacked, of one file; a busy load balancer writes several at a time.
    private const int MostBytes = 8 * 1024 * 1024;
    private static readonly InstantPattern Day = InstantPattern.CreateWithInvariantCulture("uuuu/MM/dd");
    private static readonly InstantPattern Minute = InstantPattern.CreateWithInvariantCulture("uuuuMMdd'T'HHmm'Z'");

    public static IEnumerable<Probe> For(AwsGround ground, ServiceView view)
    {
        if (view.Service.Fields.GetValueOrDefault("ingress") is not "alb") return [];
        return [ground.Probe("alb.accessLog", view.Subject, "s3", (s, c) => LookAsync(ground, view, s, c), "ecs:DescribeServices", "elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeLoadBalancerAttributes", "s3:ListBucket", "s3:GetObject")];
    }

    private static async Task LookAsync(AwsGround ground, ServiceView view, Sighting sighting, CancellationToken cancel)
    {
        var groups = await view.GroupsAsync(sighting, cancel);
        var arns = groups.Select(g => g.Text("TargetGroupArn") ?? "").ToHashSet(StringComparer.Ordinal);
        var balancer = groups.SelectMany(g => g.Texts("LoadBalancerArns")).FirstOrDefault(a => a.Contains(":loadbalancer/app/", StringComparison.Ordinal))
            ?? throw new CouldNotLook(ObservationStatus.NotConfigured, $"{view.Service.Name} stands behind no application load balancer");
        var attributes = (await ground.AskAsync(sighting, "elasticloadbalancing", "DescribeLoadBalancerAttributes", new JsonObject { ["LoadBalancerArn"] = balancer }, cancel)).Items("Attributes").ToDictionary(a => a.Text("Key") ?? "", a => a.Text("Value") ?? "", StringComparer.Ordinal);
        if (attributes.GetValueOrDefault("access_logs.s3.enabled") is not "true" || attributes.GetValueOrDefault("access_logs.s3.bucket") is not { Length: > 0 } bucket)
            throw new CouldNotLook(ObservationStatus.NotConfigured, "the load balancer writes no access log");
        var lines = new List<AccessLogLine>();
        foreach (var key in await KeysAsync(ground, bucket, attributes.GetValueOrDefault("access_logs.s3.prefix") ?? "", balancer, sighting, cancel))
            lines.AddRange(Lines(await ground.Calls.ObjectAsync(sighting, ground.Map.Region, "GetObject", $"{bucket}/{key}", [], cancel), sighting));
        var host = view.Service.Fields.GetValueOrDefault("host");
        Tell(lines.FindAll(l => l.At >= ground.Since && (arns.Contains(l.Group) || (l.Group.Length == 0 && l.Host == host))), Idle(attributes), sighting);
    }

    private static double Idle(Dictionary<string, string> attributes) =>
        double.TryParse(attributes.GetValueOrDefault("idle_timeout.timeout_seconds"), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) ? seconds : 60;

    private static void Tell(List<AccessLogLine> lines, double idle, Sighting sighting)
    {
        if (lines.Count == 0)
        {
            sighting.Empty();
            return;
        }
        var own = lines.FindAll(l => l.IsOwn && l.Status >= 500);
        foreach (var code in new[] { 502, 503, 504 }) sighting.Fact($"elb{code}", own.Count(l => l.Status == code));
        var bad = own.FindAll(l => l.Status is 502 or 504);
        if (bad.Exists(l => l.Target is not null)) sighting.Fact("targetReset", bad.Exists(l => l.Target is not null && l.TargetSeconds is null));
        sighting.Fact("noTarget", own.Exists(l => l.Target is null));
        sighting.Fact("fixedResponse", own.Exists(l => l.Actions.Contains("fixed-response", StringComparison.Ordinal)));
        // A request that the load balancer gave up took its whole idle timeout.
        sighting.Fact("slowShare", Math.Round(100.0 * lines.Count(l => l.TargetSeconds > idle / 2 || (l.IsOwn && l.Status == 504)) / lines.Count, 1));
        if (own.Count > 0) sighting.Since(own.Max(l => l.At));
    }

    // Each file is named by its day and by the minute at which it ends.
    private static async Task<List<string>> KeysAsync(AwsGround ground, string bucket, string prefix, string balancer, Sighting sighting, CancellationToken cancel)
    {
        var parts = balancer.Split(':');
        var id = balancer[(balancer.IndexOf("loadbalancer/", StringComparison.Ordinal) + "loadbalancer/".Length)..].Replace('/', '.');
        var keys = new List<string>();
        foreach (var at in new[] { ground.Since, ground.Now }.DistinctBy(Day.Format, StringComparer.Ordinal))
        {
            var folder = $"{(prefix.Length == 0 ? "" : prefix.TrimEnd('/') + "/")}AWSLogs/{parts[4]}/elasticloadbalancing/{parts[3]}/{Day.Format(at)}/";
            var own = $"{folder}{parts[4]}_elasticloadbalancing_{parts[3]}_{id}_";
            var query = new SortedDictionary<string, string>(StringComparer.Ordinal) { ["list-type"] = "2", ["prefix"] = own, ["start-after"] = own + (at == ground.Since ? Minute.Format(at) : "") };
            keys.AddRange(Keys(await ground.Calls.ObjectAsync(sighting, ground.Map.Region, "ListBucket", bucket, query, cancel)));
        }
        if (keys.Count > MostFiles) sighting.Lacks($"the access log has {keys.Count} files in this time; the newest {MostFiles} were read");
        return [.. keys.TakeLast(MostFiles)];
    }

    private static IEnumerable<string> Keys(byte[] answer)
    {
        try
        {
            return XDocument.Load(new MemoryStream(answer)).Descendants().Where(e => e.Name.LocalName is "Key").Select(e => e.Value).ToList();
        }
        catch (XmlException e)
        {
            throw new CouldNotLook(ObservationStatus.Failed, $"S3 lists the bucket in something that is not XML: {e.Message}", e);
        }
    }

    private static ImmutableArray<AccessLogLine> Lines(byte[] packed, Sighting sighting)
    {
        var bytes = new byte[MostBytes];
        try
        {
            using var zip = new GZipStream(new MemoryStream(packed), CompressionMode.Decompress);
            var length = zip.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (length == bytes.Length) sighting.Lacks("a file of the access log is larger than is read");
            return [.. Encoding.UTF8.GetString(bytes, 0, length).Split('\n').Select(AccessLogLine.Of).OfType<AccessLogLine>()];
        }
        catch (InvalidDataException e)
        {
            sighting.Lacks($"a file of the access log is not packed as gzip: {e.Message}");
            return [];
        }
    }
}
