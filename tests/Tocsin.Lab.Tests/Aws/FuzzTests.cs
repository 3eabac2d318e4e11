using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging.Abstractions;
using Tocsin.Lab.Aws;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Tests.Aws;

/// <summary>Whatever comes in, the answer is AWS's. TOCSIN_FUZZ sets how many calls; the seed is printed with a failure.</summary>
public sealed class FuzzTests
{
    private static readonly string[] Odd =
    [
        "", "null", "[]", "{}", "-1", "1e999", "99999999999999999999", "true", "\"\\ud800\"", "\u0000", "💥", "%00", "%", "+", "arn:aws:::", "*", "..", "member.1", "A.1.1.1=x",
        "2026-02-30T00:00:00Z", "0001-01-01", "i-", "sg-", "{\"a\":{\"a\":{\"a\":[[[[]]]]}}}", "\"a\":1,\"a\":2", "10.0.0.0/33", "::/0", "bytes=5-1", "////", "a=b&c", "🤷=%F0%9F", "{\"Statement\":[{\"Effect\":\"Allow\",\"Action\":\"s3:*\",\"Resource\":\"*\",\"Condition\":{\"Odd\":{\"a\":1}}}]}",
    ];

    [Fact]
    public async Task No_request_makes_the_stand_in_fail()
    {
        var count = int.Parse(Environment.GetEnvironmentVariable("TOCSIN_FUZZ") ?? "5000", CultureInfo.InvariantCulture);
        var seed = Environment.GetEnvironmentVariable("TOCSIN_SEED") is { } given ? int.Parse(given, CultureInfo.InvariantCulture) : Random.Shared.Next();
        var random = new Random(seed);
        using var clock = new LabClock(TimeProvider.System, 1);
        var world = SmallWorld.Build(clock);
        var table = new OperationTable(AwsOperations.All(world));
        var door = new FrontDoor(world, table, NullLogger<FrontDoor>.Instance);
        var statuses = new SortedDictionary<int, int>();
        var operations = table.All.ToList();
        for (var i = 0; i < count; i++)
        {
            var operation = operations[random.Next(operations.Count)];
            // The keys must outlive what the calls do to them.
            if (operation.Name is "DeleteAccessKey" or "UpdateAccessKey" or "DeleteUserPolicy" or "PutUserPolicy") continue;
            var (context, what) = Request(operation, world, random);
            await door.Handle(context);
            var answer = Encoding.UTF8.GetString(((MemoryStream)context.Response.Body).ToArray());
            var status = context.Response.StatusCode;
            statuses[status] = statuses.GetValueOrDefault(status) + 1;
            Assert.True(status is >= 200 and < 500 or 501, $"seed {seed}, call {i}: {what}\n{status} {answer}");
            Assert.True(status < 300 || status == 404 || answer.Contains("Code>", StringComparison.Ordinal) || answer.Contains("__type", StringComparison.Ordinal), $"seed {seed}, call {i}: {what}\n{status} {answer}");
        }
        // Some of what is sent must get through to the operations, or nothing was tried.
        Assert.True(statuses.GetValueOrDefault(200) > count / 50, string.Join(", ", statuses));
        TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}: {string.Join(", ", statuses)}");
    }

    private static (DefaultHttpContext Context, string What) Request(Operation operation, LabWorld world, Random random)
    {
        var product = AwsProduct.All[operation.Service];
        var (method, path, query, body) = ("POST", "/", "", "");
        var context = new DefaultHttpContext();
        if (product.Protocol is AwsProtocol.Rest)
        {
            method = Pick(random, ["GET", "PUT", "HEAD", "DELETE", "POST"]);
            path = "/" + Pick(random, ["zelly-alb-logs", "", "%zz", Odd[random.Next(Odd.Length)]]) + Pick(random, ["", "/", "/alb/2026/a.log.gz", "/" + Uri.EscapeDataString(Pick(random, Odd)), "/../x"]);
            path = path.Replace(" ", "", StringComparison.Ordinal).Replace("?", "", StringComparison.Ordinal);
            query = Pick(random, ["", "list-type=2", "list-type=2&max-keys=" + Uri.EscapeDataString(Pick(random, Odd)), "list-type=2&delimiter=%2F&prefix=" + Uri.EscapeDataString(Pick(random, Odd)), "continuation-token=" + Uri.EscapeDataString(Pick(random, Odd)), "acl=", "location="]);
            body = Pick(random, Odd);
            if (random.Next(3) == 0) context.Request.Headers["Range"] = Pick(random, ["bytes=0-3", "bytes=-2", "bytes=99-", "bytes=5-1", "x", "bytes=-"]);
            if (random.Next(3) == 0) context.Request.Headers["x-amz-meta-a"] = Pick(random, Odd);
        }
        else if (product.Protocol is AwsProtocol.Json)
        {
            context.Request.Headers["X-Amz-Target"] = $"{product.Prefix}.{(random.Next(20) == 0 ? Pick(random, Odd) : operation.Name)}";
            body = Mutate(random, "{" + string.Join(',', Members(random).Select(m => $"\"{m}\":{JsonValue(random, world, 0)}")) + "}");
        }
        else
        {
            body = Mutate(random, $"Action={operation.Name}&Version=2010-01-01" + string.Concat(Members(random).Select(m => $"&{m}{Pick(random, ["", "", ".1", ".member.1", ".1.Name", ".Filter.1.Name", ".1.Value.1", ".1.x.2.y.3.z.4.a.5.b.6.c"])}={Uri.EscapeDataString(Text(random, world))}")));
        }
        var bytes = Encoding.UTF8.GetBytes(body);
        context.Request.Method = method;
        context.Request.Path = "/x";
        context.Request.QueryString = new QueryString(query.Length == 0 ? "" : "?" + query);
        context.Features.Get<IHttpRequestFeature>()!.RawTarget = path + context.Request.QueryString;
        context.Request.Body = new MemoryStream(bytes);
        context.Response.Body = new MemoryStream();
        context.Request.Headers.Host = "lab";
        foreach (var (name, value) in Signer.Sign(method, path, query, bytes, "lab", operation.Service, Pick(random, [SmallWorld.Staging, SmallWorld.Staging, SmallWorld.Staging, "mars-1"]), SmallWorld.AdminKey, SmallWorld.AdminSecret, TimeProvider.System.GetUtcNow()))
        {
            context.Request.Headers[name] = random.Next(40) == 0 ? Mutate(random, value) : value;
        }
        return (context, $"{operation.Service} {operation.Name} {method} {path}?{query}\n{body}");
    }

    // Names that the operations ask for, so that the calls get past the first check.
    private static readonly string[] Names =
    [
        "SecretId", "Name", "SecretString", "VersionId", "ClientRequestToken", "MaxResults", "NextToken", "Filters", "Filter", "repositoryName", "imageIds", "imageManifest", "imageTag", "maxResults", "nextToken", "DBClusterIdentifier",
        "DBClusterSnapshotIdentifier", "SnapshotIdentifier", "MasterUserPassword", "ServerlessV2ScalingConfiguration", "RestoreToTime", "SourceDBClusterIdentifier", "MaxRecords", "Marker", "MaxItems", "InstanceId", "GroupId", "IpPermissions",
        "RouteTableId", "DestinationCidrBlock", "GatewayId", "UserName", "RoleName", "PolicyName", "PolicyDocument", "PolicySourceArn", "ActionNames", "ResourceArns", "PolicyInputList", "ContextEntries", "RoleArn", "RoleSessionName",
        "DurationSeconds", "Policy", "CertificateArn", "DomainName", "SubjectAlternativeNames", "ServiceCode", "QuotaCode", "Namespace", "MetricName", "Dimensions", "MetricData", "MetricDataQueries", "StartTime", "EndTime", "Period", "Statistics",
        "ExtendedStatistics", "ServiceNamespace", "ResourceId", "ScalableDimension", "MinCapacity", "MaxCapacity", "SuspendedState", "LookupAttributes", "AttributeKey", "AttributeValue", "Tags", "TagKeys", "RecoveryWindowInDays", "DryRun",
        "Key", "Value", "Values", "imageDigest", "Id", "MetricStat", "Metric", "Stat", "FromPort", "ToPort", "IpProtocol", "IpRanges", "CidrIp", "PolicyArn", "AccessKeyId", "ReplicationGroupId", "CacheClusterId", "StatisticValues", "SampleCount",
    ];

    private static IEnumerable<string> Members(Random random) => random.GetItems(Names, random.Next(7)).Distinct(StringComparer.Ordinal);

    private static string Text(Random random, LabWorld world) => random.Next(3) switch
    {
        0 => Pick(random, Odd),
        1 => Pick(random, ["zelly/fastify-nova/env", "zelly/fastify-nova", "zelly-aurora-staging", "admin", "tocsin-probe", "ecs", "fargate", "AWS/ECS", "CPUUtilization", "1", "60", "tcp", "EventName", "2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", "arn:aws:iam::000000000000:role/tocsin-probe", "p99", "Average"]),
        _ => Pick(random, [world.Regions[SmallWorld.Staging].Network.Groups[0].Id, world.Regions[SmallWorld.Staging].Network.RouteTables[0].Id, world.Regions[SmallWorld.Staging].Network.Instances[0].Id, "staging-12345678", "look"]),
    };

    private static string JsonValue(Random random, LabWorld world, int depth) => random.Next(depth > 3 ? 3 : 6) switch
    {
        0 => Pick(random, ["null", "true", "1", "-1", "1.5", "1e30", "99999999999999999999", "\"\\ud800\""]),
        1 or 2 => System.Text.Json.JsonSerializer.Serialize(Text(random, world)),
        3 => "[" + string.Join(',', Enumerable.Range(0, random.Next(3)).Select(_ => JsonValue(random, world, depth + 1))) + "]",
        _ => "{" + string.Join(',', Members(random).Select(m => $"\"{m}\":{JsonValue(random, world, depth + 1)}")) + "}",
    };

    private static string Mutate(Random random, string text)
    {
        if (random.Next(4) != 0 || text.Length == 0) return text;
        var at = random.Next(text.Length);
        return random.Next(3) switch
        {
            0 => text[..at],
            1 => text[..at] + Pick(random, Odd) + text[at..],
            _ => text[..at] + (char)random.Next(1, 0x300) + text[(at + 1)..],
        };
    }

    private static string Pick(Random random, string[] from) => from[random.Next(from.Length)];
}
