using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using Amazon.Runtime;
using Amazon.Runtime.Internal;
using Amazon.Runtime.Internal.Auth;
using Amazon.Runtime.Internal.Util;

namespace Tocsin.Lab.Tests.Aws;

/// <summary>Signatures, denials and throttling, in the words of each protocol.</summary>
public sealed class FrontDoorTests(StandIn lab) : IClassFixture<StandIn>
{
    private static readonly HttpClient Http = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private async Task<(HttpStatusCode Status, string Body)> Send(string service, string body, Action<Dictionary<string, string>>? change = null, string key = SmallWorld.AdminKey, string secret = SmallWorld.AdminSecret, TimeSpan skew = default, string? target = null, bool signed = true)
    {
        var uri = new Uri(lab.Url);
        var bytes = Encoding.UTF8.GetBytes(body);
        var headers = new Dictionary<string, string>(Signer.Sign("POST", "/", "", bytes, uri.Authority, service, SmallWorld.Staging, key, secret, TimeProvider.System.GetUtcNow() + skew), StringComparer.Ordinal);
        if (!signed) headers.Clear();
        change?.Invoke(headers);
        using var request = new HttpRequestMessage(HttpMethod.Post, uri) { Content = new ByteArrayContent(bytes) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", target is null ? "application/x-www-form-urlencoded" : "application/x-amz-json-1.1");
        if (target is not null) request.Headers.TryAddWithoutValidation("X-Amz-Target", target);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        using var answer = await Http.SendAsync(request, Cancel);
        return (answer.StatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }

    [Theory]
    [InlineData("ecr", "UnrecognizedClientException", "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories")]
    [InlineData("rds", "InvalidClientTokenId", null)]
    [InlineData("ec2", "AuthFailure", null)]
    public async Task An_unknown_key_is_refused(string service, string code, string? target)
    {
        var (_, body) = await Send(service, target is null ? "Action=DescribeDBClusters&Version=2014-10-31" : "{}", key: "AKIANOBODY0000000000", target: target);
        Assert.Contains(code, body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ecr", "InvalidSignatureException", "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories")]
    [InlineData("rds", "SignatureDoesNotMatch", null)]
    [InlineData("ec2", "AuthFailure", null)]
    public async Task A_wrong_secret_is_refused(string service, string code, string? target)
    {
        var (_, body) = await Send(service, target is null ? "Action=DescribeVpcs&Version=2016-11-15" : "{}", secret: "wrong", target: target);
        Assert.Contains(code, body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_clock_that_is_ten_minutes_off_is_told_so()
    {
        Assert.Contains("Signature expired: ", (await Send("rds", "Action=DescribeDBClusters", skew: TimeSpan.FromMinutes(-10))).Body, StringComparison.Ordinal);
        Assert.Contains("Signature not yet current: ", (await Send("rds", "Action=DescribeDBClusters", skew: TimeSpan.FromMinutes(10))).Body, StringComparison.Ordinal);
        Assert.Contains("DescribeDBClustersResult", (await Send("rds", "Action=DescribeDBClusters", skew: TimeSpan.FromMinutes(-4))).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_call_without_signature_or_with_a_changed_body_is_refused()
    {
        Assert.Contains("Missing Authentication Token", (await Send("ecr", "{}", signed: false, target: "AmazonEC2ContainerRegistry_V20150921.DescribeRepositories")).Body, StringComparison.Ordinal);
        Assert.Contains("SignatureDoesNotMatch", (await Send("rds", "Action=DescribeDBClusters", h => h["Authorization"] = h["Authorization"].Replace("Signature=", "Signature=0", StringComparison.Ordinal))).Body, StringComparison.Ordinal);
        Assert.Contains("Date in Credential scope", (await Send("rds", "Action=DescribeDBClusters", h => h["X-Amz-Date"] = "20200101T000000Z")).Body, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CloudWatch_is_asked_in_JSON_as_newer_clients_do()
    {
        const string Target = "GraniteServiceVersion20100801.";
        var names = JsonNode.Parse((await Send("monitoring", """{"Namespace":"AWS/ECS"}""", target: Target + "ListMetrics")).Body)!["Metrics"]!.AsArray();
        Assert.Contains(names, n => n!["MetricName"]!.ToString() is "CPUUtilization" && n["Dimensions"]!.AsArray().Count > 0);
        await Send("monitoring", """{"Namespace":"Json","MetricData":[{"MetricName":"Age","Value":5,"Timestamp":1767225610}]}""", target: Target + "PutMetricData");
        var read = await Send("monitoring", """{"Namespace":"Json","MetricName":"Age","StartTime":1767225600,"EndTime":1767226200,"Period":60,"Statistics":["Maximum"],"ExtendedStatistics":["p50"]}""", target: Target + "GetMetricStatistics");
        var point = JsonNode.Parse(read.Body)!["Datapoints"]!.AsArray()[0]!;
        Assert.Equal((1767225600m, 5m, 5m), ((decimal)point["Timestamp"]!, (decimal)point["Maximum"]!, (decimal)point["ExtendedStatistics"]!["p50"]!));
        Assert.Contains("MissingParameter", (await Send("monitoring", "{}", target: Target + "GetMetricStatistics")).Body, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("ecr describe-repositories", "An error occurred (AccessDeniedException) when calling the DescribeRepositories operation: User: arn:aws:iam::000000000000:user/reader is not authorized to perform: ecr:DescribeRepositories on resource: arn:aws:ecr:ap-southeast-1:000000000000:repository/* because no identity-based policy allows the ecr:DescribeRepositories action")]
    [InlineData("rds describe-db-clusters", "An error occurred (AccessDenied) when calling the DescribeDBClusters operation: User: arn:aws:iam::000000000000:user/reader is not authorized to perform: rds:DescribeDBClusters on resource: arn:aws:rds:ap-southeast-1:000000000000:cluster:* with an explicit deny in an identity-based policy")]
    [InlineData("ec2 describe-vpcs", "An error occurred (UnauthorizedOperation) when calling the DescribeVpcs operation: You are not authorized to perform this operation.")]
    [InlineData("s3api list-objects-v2 --bucket zelly-alb-logs", "An error occurred (AccessDenied) when calling the ListObjectsV2 operation: ")]
    public async Task A_denial_has_the_words_of_its_protocol(string command, string words)
    {
        var printed = await lab.Aws(command, Cancel, ("AWS_ACCESS_KEY_ID", SmallWorld.ReaderKey), ("AWS_SECRET_ACCESS_KEY", SmallWorld.ReaderSecret));
        Assert.Equal(254, printed.Exit);
        Assert.Contains(words, printed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_CLI_waits_out_a_throttle_and_says_so_when_it_may_not()
    {
        const string Command = "secretsmanager list-secrets";
        const string Operation = "secretsmanager:ListSecrets";
        try
        {
            // One call in a quarter of an hour: a second one comes too early, however slow the machine is.
            lab.Door.Throttle.Set(Operation, 0.001);
            Assert.Equal(0, (await lab.Aws(Command, Cancel)).Exit);
            var once = await lab.Aws(Command, Cancel, ("AWS_MAX_ATTEMPTS", "1"));
            Assert.Equal(254, once.Exit);
            Assert.Contains("An error occurred (ThrottlingException) when calling the ListSecrets operation", once.Error, StringComparison.Ordinal);
            Assert.Contains("Rate exceeded", once.Error, StringComparison.Ordinal);

            // The next token comes in four seconds: repetitions get it.
            lab.Door.Throttle.Set(Operation, 0.25);
            Assert.True(lab.Door.Throttle.Takes("secretsmanager", "ListSecrets", NodaTime.SystemClock.Instance.GetCurrentInstant()));
            Assert.Equal(0, (await lab.Aws(Command, Cancel, ("AWS_MAX_ATTEMPTS", "8"))).Exit);
        }
        finally
        {
            lab.Door.Throttle.Clear();
        }
    }

    [Fact]
    public async Task The_SDKs_own_signer_is_taken()
    {
        var uri = new Uri(lab.Url);
        var content = "{}"u8.ToArray();
        var request = new DefaultRequest(new Nothing(), "SecretsManager")
        {
            HttpMethod = "POST",
            ResourcePath = "/",
            Content = content,
            Endpoint = uri,
            AuthenticationRegion = SmallWorld.Staging,
            DeterminedSigningRegion = SmallWorld.Staging,
            OverrideSigningServiceName = "secretsmanager",
        };
        request.Headers["X-Amz-Target"] = "secretsmanager.ListSecrets";
        request.Headers["Content-Type"] = "application/x-amz-json-1.1";
        var signed = new AWS4Signer().SignRequest(request, new Config { AuthenticationRegion = SmallWorld.Staging, AuthenticationServiceName = "secretsmanager" }, new RequestMetrics(), SmallWorld.AdminKey, SmallWorld.AdminSecret);
        using var message = new HttpRequestMessage(HttpMethod.Post, uri) { Content = new ByteArrayContent(content) };
        message.Headers.TryAddWithoutValidation("Authorization", signed.ForAuthorizationHeader);
        foreach (var (name, value) in request.Headers)
        {
            if (!message.Headers.TryAddWithoutValidation(name, value)) message.Content.Headers.TryAddWithoutValidation(name, value);
        }
        using var answer = await Http.SendAsync(message, Cancel);
        Assert.Contains("SecretList", await answer.Content.ReadAsStringAsync(Cancel), StringComparison.Ordinal);
    }

    private sealed class Nothing : AmazonWebServiceRequest;

    private sealed class Provider : IDefaultConfigurationProvider
    {
        public IDefaultConfiguration GetDefaultConfiguration(Amazon.RegionEndpoint clientRegion, DefaultConfigurationMode? requestedConfigurationMode = null) => new DefaultConfiguration();
    }

    private sealed class Config() : ClientConfig(new Provider())
    {
        public override string ServiceVersion => "2017-10-17";

        public override string UserAgent => "tocsin-tests";

        public override string RegionEndpointServiceName => "secretsmanager";

        public override Amazon.Runtime.Endpoints.Endpoint DetermineServiceOperationEndpoint(Amazon.Runtime.Endpoints.ServiceOperationEndpointParameters parameters) => throw new NotSupportedException("nothing is called through it");
    }
}
