using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Lab.Aws.Acm;

namespace Tocsin.Lab.Tests.Aws;

/// <summary>What one command changes, the next one sees.</summary>
public sealed class CliStoryTests(StandIn lab) : IClassFixture<StandIn>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private async Task<JsonNode> Ok(string command)
    {
        var printed = await lab.Aws(command, Cancel);
        Assert.True(printed.Exit == 0, $"aws {command}\n{printed}");
        return JsonNode.Parse(printed.Out.Length == 0 ? "{}" : printed.Out)!;
    }

    private async Task Fails(string command, string words)
    {
        var printed = await lab.Aws(command, Cancel);
        Assert.Equal(254, printed.Exit);
        Assert.Contains(words, printed.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_deleted_secret_cannot_be_read_until_it_is_restored_and_is_gone_after_its_window()
    {
        await Ok("secretsmanager create-secret --name zelly/new/env --secret-string a");
        await Fails("secretsmanager create-secret --name zelly/new/env --secret-string b", "The operation failed because the secret zelly/new/env already exists.");
        await Ok("secretsmanager put-secret-value --secret-id zelly/new/env --secret-string b");
        Assert.Equal("a", (await Ok("secretsmanager get-secret-value --secret-id zelly/new/env --version-stage AWSPREVIOUS"))["SecretString"]!.ToString());
        await Ok("secretsmanager delete-secret --secret-id zelly/new/env --recovery-window-in-days 7");
        await Fails("secretsmanager get-secret-value --secret-id zelly/new/env", "(InvalidRequestException) when calling the GetSecretValue operation: You can't perform this operation on the secret because it was marked for deletion.");
        await Ok("secretsmanager restore-secret --secret-id zelly/new/env");
        await Ok("secretsmanager delete-secret --secret-id zelly/new/env --recovery-window-in-days 7");
        lab.World.Clock.Step(Duration.FromDays(8));
        await Fails("secretsmanager describe-secret --secret-id zelly/new/env", "(ResourceNotFoundException)");
    }

    [Fact]
    public async Task A_snapshot_becomes_available_and_is_restored_to_a_new_cluster()
    {
        var snapshot = await Ok("rds create-db-cluster-snapshot --db-cluster-identifier zelly-aurora-staging --db-cluster-snapshot-identifier before-fix");
        Assert.Equal("creating", snapshot["DBClusterSnapshot"]!["Status"]!.ToString());
        lab.World.Clock.Step(Duration.FromMinutes(3));
        await Ok("rds restore-db-cluster-from-snapshot --db-cluster-identifier copy --snapshot-identifier before-fix --engine aurora-mysql");
        await Fails("rds restore-db-cluster-to-point-in-time --source-db-cluster-identifier zelly-aurora-staging --db-cluster-identifier later --restore-to-time 2099-01-01T00:00:00Z", "cannot be restored to a time later than");
        Assert.Equal("modifying", (await Ok("rds modify-db-cluster --db-cluster-identifier zelly-aurora-staging --serverless-v2-scaling-configuration MinCapacity=0.5,MaxCapacity=4 --apply-immediately"))["DBCluster"]!["Status"]!.ToString());
        lab.World.Clock.Step(Duration.FromMinutes(11));
        Assert.All((await Ok("rds describe-db-clusters"))["DBClusters"]!.AsArray(), c => Assert.Equal("available", c!["Status"]!.ToString()));
    }

    [Fact]
    public async Task An_image_is_given_another_tag_by_its_manifest()
    {
        var manifest = (await Ok("ecr batch-get-image --repository-name zelly/fastify-nova --image-ids imageTag=staging-12345678"))["images"]![0]!["imageManifest"]!.ToString();
        await Ok($"ecr put-image --repository-name zelly/fastify-nova --image-tag latest --image-manifest '{manifest}'");
        await Fails($"ecr put-image --repository-name zelly/fastify-nova --image-tag latest --image-manifest '{manifest}'", "(ImageAlreadyExistsException)");
        Assert.Equal(2, (await Ok("ecr describe-images --repository-name zelly/fastify-nova"))["imageDetails"]![0]!["imageTags"]!.AsArray().Count);
    }

    [Fact]
    public async Task A_security_group_a_route_and_a_host_can_be_changed_and_CloudTrail_says_by_whom()
    {
        var (group, table, host) = (lab.Region.Network.Groups[0].Id, lab.Region.Network.RouteTables[0].Id, lab.Region.Network.Instances[0].Id);
        await Ok($"ec2 authorize-security-group-ingress --group-id {group} --protocol tcp --port 8123 --cidr 10.9.0.0/16");
        await Fails($"ec2 authorize-security-group-ingress --group-id {group} --protocol tcp --port 8123 --cidr 10.9.0.0/16", "(InvalidPermission.Duplicate) when calling the AuthorizeSecurityGroupIngress operation: the specified rule \"peer: 10.9.0.0/16, TCP, from port: 8123, to port: 8123, ALLOW\" already exists");
        await Ok($"ec2 revoke-security-group-ingress --group-id {group} --protocol tcp --port 8123 --cidr 10.9.0.0/16");
        await Ok($"ec2 delete-route --route-table-id {table} --destination-cidr-block 0.0.0.0/0");
        await Fails($"ec2 delete-route --route-table-id {table} --destination-cidr-block 0.0.0.0/0", "(InvalidRoute.NotFound)");
        await Ok($"ec2 stop-instances --instance-ids {host}");
        lab.World.Clock.Step(Duration.FromMinutes(1));
        Assert.Equal("stopped", (await Ok($"ec2 describe-instances --instance-ids {host}"))["Reservations"]![0]!["Instances"]![0]!["State"]!["Name"]!.ToString());
        var found = (await Ok("cloudtrail lookup-events --lookup-attributes AttributeKey=EventName,AttributeValue=DeleteRoute"))["Events"]!.AsArray();
        Assert.Equal(2, found.Count);
        var record = JsonNode.Parse(found[1]!["CloudTrailEvent"]!.ToString())!;
        Assert.Equal(("admin", "0.0.0.0/0", "127.0.0.1"), (record["userIdentity"]!["userName"]!.ToString(), record["requestParameters"]!["destinationCidrBlock"]!.ToString(), record["sourceIPAddress"]!.ToString()));
        Assert.Equal("InvalidRoute.NotFound", JsonNode.Parse(found[0]!["CloudTrailEvent"]!.ToString())!["errorCode"]!.ToString());
        Assert.Contains("aws-cli", record["userAgent"]!.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_assumed_role_may_what_its_policy_and_the_sessions_allow()
    {
        const string Role = "arn:aws:iam::000000000000:role/tocsin-probe";
        var session = (await Ok($"sts assume-role --role-arn {Role} --role-session-name look --policy '{{\"Statement\":[{{\"Effect\":\"Allow\",\"Action\":\"ecr:*\",\"Resource\":\"*\"}}]}}'"))["Credentials"]!;
        (string, string)[] keys = [("AWS_ACCESS_KEY_ID", session["AccessKeyId"]!.ToString()), ("AWS_SECRET_ACCESS_KEY", session["SecretAccessKey"]!.ToString()), ("AWS_SESSION_TOKEN", session["SessionToken"]!.ToString())];
        Assert.Contains("assumed-role/tocsin-probe/look", (await lab.Aws("sts get-caller-identity", Cancel, keys)).Out, StringComparison.Ordinal);
        Assert.Equal(0, (await lab.Aws("ecr describe-repositories", Cancel, keys)).Exit);
        Assert.Contains("no session policy allows the secretsmanager:GetSecretValue action", (await lab.Aws("secretsmanager get-secret-value --secret-id zelly/orion/env", Cancel, keys)).Error, StringComparison.Ordinal);
        Assert.Contains("InvalidClientTokenId", (await lab.Aws("sts get-caller-identity", Cancel, [.. keys[..2], ("AWS_SESSION_TOKEN", "wrong")])).Error, StringComparison.Ordinal);
        (string, string)[] reader = [("AWS_ACCESS_KEY_ID", SmallWorld.ReaderKey), ("AWS_SECRET_ACCESS_KEY", SmallWorld.ReaderSecret)];
        Assert.Contains($"(AccessDenied) when calling the AssumeRole operation: User: arn:aws:iam::000000000000:user/reader is not authorized to perform: sts:AssumeRole on resource: {Role}", (await lab.Aws($"sts assume-role --role-arn {Role} --role-session-name look", Cancel, reader)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_new_access_key_signs_until_it_is_made_inactive()
    {
        var key = (await Ok("iam create-access-key --user-name reader"))["AccessKey"]!;
        (string, string)[] keys = [("AWS_ACCESS_KEY_ID", key["AccessKeyId"]!.ToString()), ("AWS_SECRET_ACCESS_KEY", key["SecretAccessKey"]!.ToString())];
        Assert.Equal(0, (await lab.Aws("sts get-caller-identity", Cancel, keys)).Exit);
        await Fails("iam create-access-key --user-name reader", "(LimitExceeded) when calling the CreateAccessKey operation: Cannot exceed quota for AccessKeysPerUser: 2");
        await Ok($"iam update-access-key --user-name reader --access-key-id {key["AccessKeyId"]} --status Inactive");
        Assert.Contains("(UnrecognizedClientException)", (await lab.Aws("ecr describe-repositories", Cancel, keys)).Error, StringComparison.Ordinal);
        Assert.Equal("sts", (await Ok($"iam get-access-key-last-used --access-key-id {key["AccessKeyId"]}"))["AccessKeyLastUsed"]!["ServiceName"]!.ToString());
    }

    [Fact]
    public async Task A_certificate_is_issued_half_an_hour_after_its_record_is_right_and_not_proxied()
    {
        // Lab time stands anywhere here: the other stories step it.
        var certificate = new Certificate(lab.Region.Name, ["shop.zelly.in", "*.shop.zelly.in"], lab.World.Clock.Now, lab.World.Clock.Elapsed);
        lab.Region.Certificates.Certificates.Add(certificate);
        var proxied = true;
        lab.Region.Certificates.Dns = name => certificate.Domains.Find(d => d.RecordName == name) is { } d ? new DnsRecordView(d.RecordValue, proxied) : null;
        async Task<string> Status() => (await Ok($"acm describe-certificate --certificate-arn {certificate.Arn}"))["Certificate"]!["Status"]!.ToString();
        Assert.Equal("PENDING_VALIDATION", await Status());
        lab.World.Clock.Step(Duration.FromHours(1));
        Assert.Equal("PENDING_VALIDATION", await Status());
        proxied = false;
        Assert.Equal("PENDING_VALIDATION", await Status());
        lab.World.Clock.Step(Duration.FromMinutes(31));
        Assert.Equal("ISSUED", await Status());
    }

    [Fact]
    public async Task A_metric_that_was_put_is_read_and_an_object_that_was_put_comes_back()
    {
        await Ok("cloudwatch put-metric-data --namespace Lab --metric-data MetricName=Age,Value=5,Timestamp=2026-01-01T00:00:10Z MetricName=Age,Value=7,Timestamp=2026-01-01T00:00:20Z");
        var point = (await Ok("cloudwatch get-metric-statistics --namespace Lab --metric-name Age --start-time 2026-01-01T00:00:00Z --end-time 2026-01-01T00:10:00Z --period 60 --statistics Average Maximum --extended-statistics p50"))["Datapoints"]![0]!;
        Assert.Equal((6.0, 7.0), (point["Average"]!.GetValue<double>(), point["Maximum"]!.GetValue<double>()));
        var file = Path.GetTempFileName();
        try
        {
            await File.WriteAllTextAsync(file, "äöü & more", Cancel);
            Assert.Equal(0, (await lab.Aws($"s3 cp {file} 's3://zelly-alb-logs/put/a b+c%20ü.txt'", Cancel)).Exit);
            Assert.Equal("äöü & more", (await lab.Aws("s3 cp 's3://zelly-alb-logs/put/a b+c%20ü.txt' -", Cancel)).Out);
        }
        finally
        {
            File.Delete(file);
        }
    }
}
