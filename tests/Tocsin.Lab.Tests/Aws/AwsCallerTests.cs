using System.Net;
using System.Net.Sockets;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using NodaTime;
using Tocsin.Collect.Aws;
using Tocsin.Lab.Aws.Iam;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Tests.Aws;

/// <summary>The caller that probes use, against the stand-in, and against servers that answer as AWS never would.</summary>
public sealed class AwsCallerTests(StandIn lab) : IClassFixture<StandIn>
{
    private const string Region = SmallWorld.Staging;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private AwsCallerOptions Options => new() { Endpoint = new Uri(lab.Url), Login = AwsLogin.Keys(SmallWorld.AdminKey, SmallWorld.AdminSecret), Limit = Duration.FromSeconds(30) };

    [Fact]
    public async Task Each_protocol_gives_the_tree_that_AWS_documents()
    {
        using var aws = new AwsCaller(Options);
        Assert.Equal("zelly/orion/env", (await aws.AskAsync("secretsmanager", Region, "DescribeSecret", new JsonObject { ["SecretId"] = "zelly/orion/env" }, Cancel))["Name"]!.ToString());
        var clusters = await aws.AskAsync("rds", Region, "DescribeDBClusters", new JsonObject { ["DBClusterIdentifier"] = "zelly-aurora-staging" }, Cancel);
        Assert.Contains("zellymaster", clusters.ToJsonString(), StringComparison.Ordinal);
        var vpcs = await aws.AskAsync("ec2", Region, "DescribeVpcs", new JsonObject { ["VpcId"] = new JsonArray(lab.Region.Network.Vpcs[0].Id) }, Cancel);
        Assert.Equal("10.1.0.0/16", vpcs["vpcSet"]![0]!["cidrBlock"]!.ToString());
        Assert.Equal("arn:aws:iam::000000000000:user/admin", (await aws.AskAsync("sts", Region, "GetCallerIdentity", [], Cancel))["Arn"]!.ToString());
    }

    [Fact]
    public async Task Lists_and_maps_arrive_as_they_were_meant()
    {
        using var aws = new AwsCaller(Options);
        var statistics = await aws.AskAsync(
            "monitoring",
            Region,
            "ListMetrics",
            new JsonObject { ["Namespace"] = "AWS/ECS", ["Dimensions"] = new JsonArray(new JsonObject { ["Name"] = "ServiceName", ["Value"] = "fastify-nova" }) },
            Cancel);
        Assert.Contains("CPUUtilization", statistics.ToJsonString(), StringComparison.Ordinal);
        var hosts = await aws.AskAsync("ec2", Region, "DescribeInstances", new JsonObject { ["Filter"] = new JsonArray(new JsonObject { ["Name"] = "tag:Name", ["Value"] = new JsonArray("zelly-click*") }) }, Cancel);
        Assert.Contains("10.1.1.20", hosts.ToJsonString(), StringComparison.Ordinal);
        var none = await aws.AskAsync("ec2", Region, "DescribeInstances", new JsonObject { ["Filter"] = new JsonArray(new JsonObject { ["Name"] = "tag:Name", ["Value"] = new JsonArray("other") }) }, Cancel);
        Assert.DoesNotContain("10.1.1.20", none.ToJsonString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("secretsmanager", "DescribeSecret", """{"SecretId":"nope"}""", AwsFailureKind.Refused, "ResourceNotFoundException", 400)]
    [InlineData("rds", "DescribeDBClusters", """{"DBClusterIdentifier":"nope"}""", AwsFailureKind.Refused, "DBClusterNotFoundFault", 404)]
    [InlineData("ec2", "DescribeInstances", """{"InstanceId":["i-0123456789abcdef0"]}""", AwsFailureKind.Refused, "InvalidInstanceID.NotFound", 400)]
    [InlineData("ecr", "NoSuchOperation", "{}", AwsFailureKind.Refused, "UnknownOperationException", 400)]
    public async Task A_refusal_has_AWSs_code(string service, string operation, string input, AwsFailureKind kind, string code, int status)
    {
        var failure = await FailsAsync(Options, service, operation, input);
        Assert.Equal((kind, code, status), (failure.Kind, failure.Code, failure.Status));
    }

    [Theory]
    [InlineData("secretsmanager", "GetSecretValue", """{"SecretId":"zelly/orion/env"}""", "AccessDeniedException")]
    [InlineData("rds", "DescribeDBClusters", "{}", "AccessDenied")]
    [InlineData("ec2", "DescribeVpcs", "{}", "UnauthorizedOperation")]
    public async Task A_denial_is_told_apart_in_every_protocol(string service, string operation, string input, string code)
    {
        var failure = await FailsAsync(Options with { Login = AwsLogin.Keys(SmallWorld.ReaderKey, SmallWorld.ReaderSecret) }, service, operation, input);
        Assert.Equal((AwsFailureKind.Denied, code), (failure.Kind, failure.Code));
    }

    [Theory]
    [InlineData("secretsmanager", "ListSecrets", "ExpiredTokenException")]
    [InlineData("rds", "DescribeDBClusters", "ExpiredToken")]
    public async Task Expired_credentials_are_told_apart(string service, string operation, string code)
    {
        const string Id = "ASIALABEXPIRED000000";
        var now = SystemClock.Instance.GetCurrentInstant();
        lab.World.Iam.Keys[Id] = new AccessKey(Id, "expired-secret", "tocsin-probe", now) { Session = new RoleSession("look", "token", now - Duration.FromSeconds(1), null) };
        var failure = await FailsAsync(Options with { Login = AwsLogin.Keys(Id, "expired-secret", "token") }, service, operation, "{}");
        Assert.Equal((AwsFailureKind.Credentials, code), (failure.Kind, failure.Code));
    }

    [Fact]
    public async Task Unknown_and_missing_credentials_are_told_apart()
    {
        var unknown = await FailsAsync(Options with { Login = AwsLogin.Keys("AKIANOBODY0000000000", "x") }, "secretsmanager", "ListSecrets", "{}");
        Assert.Equal((AwsFailureKind.Credentials, "UnrecognizedClientException"), (unknown.Kind, unknown.Code));
        var missing = await FailsAsync(Options with { Login = AwsLogin.Profile("no-such-profile-of-tocsin") }, "secretsmanager", "ListSecrets", "{}");
        Assert.Equal((AwsFailureKind.Credentials, "NoCredentials", 0), (missing.Kind, missing.Code, missing.Status));
    }

    [Theory]
    [InlineData(10, "secretsmanager", "ListSecrets", "InvalidSignatureException", "Signature not yet current: ")]
    [InlineData(-10, "secretsmanager", "ListSecrets", "InvalidSignatureException", "Signature expired: ")]
    [InlineData(-10, "rds", "DescribeDBClusters", "SignatureDoesNotMatch", "Signature expired: ")]
    public async Task A_clock_that_is_off_is_answered_by_AWSs_sentence(int minutes, string service, string operation, string code, string words)
    {
        var failure = await FailsAsync(Options with { Time = new Skewed(TimeSpan.FromMinutes(minutes)) }, service, operation, "{}");
        Assert.Equal((AwsFailureKind.Credentials, code), (failure.Kind, failure.Code));
        Assert.StartsWith(words, failure.Words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Throttling_is_waited_out_and_given_up_in_the_end()
    {
        try
        {
            lab.Door.Throttle.Set("secretsmanager:ListSecrets", 0.001);
            using var aws = new AwsCaller(Options);
            await aws.AskAsync("secretsmanager", Region, "ListSecrets", [], Cancel);
            var failure = await FailsAsync(Options, "secretsmanager", "ListSecrets", "{}");
            Assert.Equal((AwsFailureKind.Throttled, "ThrottlingException", "Rate exceeded"), (failure.Kind, failure.Code, failure.Words));

            // The next token comes in two seconds: enough repetitions get it.
            lab.Door.Throttle.Set("secretsmanager:ListSecrets", 0.5);
            Assert.True(lab.Door.Throttle.Takes("secretsmanager", "ListSecrets", SystemClock.Instance.GetCurrentInstant()));
            using var patient = new AwsCaller(Options with { Tries = 8 });
            Assert.NotNull((await patient.AskAsync("secretsmanager", Region, "ListSecrets", [], Cancel))["SecretList"]);
        }
        finally
        {
            lab.Door.Throttle.Clear();
        }
    }

    [Theory]
    [InlineData(400, """{"__type":"com.amazonaws.x#ThrottlingException","message":"Rate exceeded"}""", 4)]
    [InlineData(429, "", 4)]
    [InlineData(503, "<html>busy</html>", 4)]
    [InlineData(400, """{"__type":"ValidationException","message":"no"}""", 1)]
    [InlineData(404, "not here", 1)]
    public async Task Only_what_may_pass_is_tried_again(int status, string answer, int calls)
    {
        var asked = 0;
        await using var server = await Scripted.StartAsync(_ => (Interlocked.Increment(ref asked) > 0 ? status : 0, answer), Cancel);
        await FailsAsync(Options with { Endpoint = server.Address }, "secretsmanager", "ListSecrets", "{}");
        Assert.Equal(calls, asked);
    }

    [Fact]
    public async Task A_failure_that_passes_is_never_seen()
    {
        var asked = 0;
        await using var server = await Scripted.StartAsync(_ => Interlocked.Increment(ref asked) < 3 ? (500, """{"__type":"InternalFailure"}""") : (200, """{"ok":true}"""), Cancel);
        using var aws = new AwsCaller(Options with { Endpoint = server.Address });
        Assert.True((await aws.AskAsync("secretsmanager", Region, "ListSecrets", [], Cancel))["ok"]!.GetValue<bool>());
        Assert.Equal(3, asked);
    }

    [Theory]
    [InlineData("secretsmanager", "ListSecrets", "<html>captive portal</html>", "the answer is not JSON")]
    [InlineData("secretsmanager", "ListSecrets", "[1]", "the answer is not JSON")]
    [InlineData("rds", "DescribeDBClusters", "captive portal", "the answer is not XML")]
    [InlineData("ec2", "DescribeVpcs", "<html><body>", "the answer is not XML")]
    public async Task What_is_no_answer_of_AWS_is_nobody_reached(string service, string operation, string answer, string words)
    {
        await using var server = await Scripted.StartAsync(_ => (200, answer), Cancel);
        var failure = await FailsAsync(Options with { Endpoint = server.Address }, service, operation, "{}");
        Assert.Equal((AwsFailureKind.Unreachable, "NotAnAnswer"), (failure.Kind, failure.Code));
        Assert.Contains(words, failure.Words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whom_nobody_answers_is_told_where_and_how_long()
    {
        using var closed = new TcpListener(IPAddress.Loopback, 0);
        closed.Start();
        var port = ((IPEndPoint)closed.LocalEndpoint).Port;
        var silent = await FailsAsync(Options with { Endpoint = new Uri($"http://127.0.0.1:{port}"), Limit = Duration.FromMilliseconds(300) }, "secretsmanager", "ListSecrets", "{}");
        Assert.Equal((AwsFailureKind.TimedOut, "no answer within 0.3 s"), (silent.Kind, silent.Words));
        closed.Stop();
        var refused = await FailsAsync(Options with { Endpoint = new Uri($"http://127.0.0.1:{port}") }, "secretsmanager", "ListSecrets", "{}");
        Assert.Equal((AwsFailureKind.Unreachable, 0), (refused.Kind, refused.Status));
        Assert.Contains($"127.0.0.1:{port}", refused.Words, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_that_is_cancelled_is_no_failure_of_AWS()
    {
        using var listening = new TcpListener(IPAddress.Loopback, 0);
        listening.Start();
        using var aws = new AwsCaller(Options with { Endpoint = new Uri($"http://{listening.LocalEndpoint}") });
        using var stop = new CancellationTokenSource(TimeSpan.FromMilliseconds(100));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => aws.AskAsync("secretsmanager", Region, "ListSecrets", [], stop.Token));
    }

    private static async Task<AwsFailure> FailsAsync(AwsCallerOptions options, string service, string operation, string input)
    {
        using var aws = new AwsCaller(options);
        return await Assert.ThrowsAsync<AwsFailure>(() => aws.AskAsync(service, Region, operation, (JsonObject)JsonNode.Parse(input)!, Cancel));
    }

    private sealed class Skewed(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => System.GetUtcNow() + by;
    }

    private sealed class Scripted(LabServer server, Uri address) : IAsyncDisposable
    {
        public Uri Address => address;

        public static async Task<Scripted> StartAsync(Func<HttpContext, (int Status, string Body)> answer, CancellationToken cancel)
        {
            using var free = new TcpListener(IPAddress.Parse("127.0.0.1"), 0);
            free.Start();
            var place = (IPEndPoint)free.LocalEndpoint;
            free.Stop();
            var server = await LabServer.ListenAsync(
                place,
                async context =>
                {
                    var (status, body) = answer(context);
                    context.Response.StatusCode = status;
                    await context.Response.WriteAsync(body, context.RequestAborted);
                },
                cancel);
            return new Scripted(server, new Uri($"http://{place}"));
        }

        public ValueTask DisposeAsync() => server.DisposeAsync();
    }
}
