using System.Collections.Concurrent;

namespace Tocsin.Lab.Tests.Aws;

/// <summary>Commands that change nothing, typed as an operator types them: what the CLI prints and how it ends.</summary>
public sealed class CliTests(StandIn lab) : IClassFixture<StandIn>
{
    private static readonly (string Command, int Exit, string[] Words)[] Table =
    [
        ("secretsmanager get-secret-value --secret-id zelly/fastify-nova/env --query SecretString --output text", 0, ["""{"PORT":"3000"}"""]),
        ("secretsmanager describe-secret --secret-id zelly/fastify-nova/env", 0, ["AWSCURRENT", "VersionIdsToStages", "secret:zelly/fastify-nova/env-"]),
        ("secretsmanager list-secrets --page-size 1 --query SecretList[].Name --output text", 0, ["zelly/fastify-nova/env", "zelly/orion/env"]),
        ("secretsmanager list-secrets --filters Key=name,Values=zelly/o --query SecretList[].Name --output text", 0, ["zelly/orion/env"]),
        ("secretsmanager get-secret-value --secret-id nope", 254, ["An error occurred (ResourceNotFoundException) when calling the GetSecretValue operation: Secrets Manager can't find the specified secret."]),
        ("ecr describe-images --repository-name zelly/fastify-nova --image-ids imageTag=staging-12345678", 0, ["imageDigest", "imagePushedAt"]),
        ("ecr describe-images --repository-name zelly/fastify-nova --image-ids imageTag=prod-0", 254, ["(ImageNotFoundException)", "The image with imageId {imageDigest:'null', imageTag:'prod-0'} does not exist within the repository with name 'zelly/fastify-nova' in the registry with id '000000000000'"]),
        ("ecr list-images --repository-name nope", 254, ["(RepositoryNotFoundException)", "The repository with name 'nope' does not exist in the registry with id '000000000000'"]),
        ("ecr get-authorization-token --query authorizationData[0].proxyEndpoint", 0, ["dkr.ecr.ap-southeast-1"]),
        ("rds describe-db-clusters --db-cluster-identifier zelly-aurora-staging", 0, ["\"MasterUsername\": \"zellymaster\"", "\"MaxCapacity\": 2.0", "LatestRestorableTime", "\"IsClusterWriter\": true"]),
        ("rds describe-db-clusters --db-cluster-identifier nope", 254, ["(DBClusterNotFoundFault)", "DBCluster nope not found."]),
        ("rds describe-db-instances --filters Name=db-cluster-id,Values=zelly-aurora-staging --query DBInstances[].[DBInstanceStatus,PubliclyAccessible] --output text", 0, ["available\tTrue"]),
        ("ec2 describe-instances --filters Name=tag:Name,Values=zelly-click* Name=instance-state-name,Values=running --query Reservations[].Instances[].PrivateIpAddress --output text", 0, ["10.1.1.20"]),
        ("ec2 describe-instances --filters Name=tag:Name,Values=other --query Reservations --output text", 0, []),
        ("ec2 describe-instances --instance-ids i-0123456789abcdef0", 254, ["(InvalidInstanceID.NotFound)", "The instance ID 'i-0123456789abcdef0' does not exist"]),
        ("ec2 describe-security-groups --filters Name=group-name,Values=aurora --query SecurityGroups[0].IpPermissions[0].[FromPort,IpRanges[0].CidrIp] --output text", 0, ["3306\t10.1.0.0/16"]),
        ("ec2 describe-route-tables --query RouteTables[0].Routes[].[DestinationCidrBlock,State]", 0, ["0.0.0.0/0", "active"]),
        ("ec2 describe-nat-gateways --query NatGateways[0].[State,NatGatewayAddresses[0].PublicIp] --output text", 0, ["available\t203.0.113.8"]),
        ("ec2 describe-addresses --public-ips 203.0.113.7 --query Addresses[0].AllocationId", 0, ["eipalloc-"]),
        ("ec2 describe-security-groups --filters Name=nonsense,Values=x", 254, ["(InvalidParameterValue)", "The filter 'nonsense' is invalid"]),
        ("ec2 describe-vpcs --dry-run", 254, ["(DryRunOperation)", "Request would have succeeded, but DryRun flag is set."]),
        ("iam list-users --query Users[].UserName --output text", 0, ["admin\treader"]),
        ("iam get-role-policy --role-name tocsin-probe --policy-name probe --query PolicyDocument.Statement.Effect", 0, ["Allow"]),
        ("iam get-role --role-name nope", 254, ["(NoSuchEntity)", "The role with name nope cannot be found."]),
        ("iam simulate-principal-policy --policy-source-arn arn:aws:iam::000000000000:user/reader --action-names secretsmanager:DescribeSecret rds:DescribeDBClusters ecs:ListTasks --query EvaluationResults[].EvalDecision --output text", 0, ["allowed\texplicitDeny\timplicitDeny"]),
        ("iam put-role-policy --role-name tocsin-probe --policy-name bad --policy-document '{\"Statement\":[{\"Effect\":\"Allow\"}]}'", 254, ["(MalformedPolicyDocument)"]),
        ("sts get-caller-identity --query [Account,Arn] --output text", 0, ["000000000000\tarn:aws:iam::000000000000:user/admin"]),
        ("acm list-certificates --query CertificateSummaryList[].Status --output text", 0, ["PENDING_VALIDATION"]),
        ("acm describe-certificate --certificate-arn arn:aws:acm:ap-southeast-1:000000000000:certificate/00000000-0000-0000-0000-000000000000", 254, ["(ResourceNotFoundException)", "Could not find certificate"]),
        ("service-quotas get-service-quota --service-code fargate --quota-code L-3032A538 --query Quota.QuotaName", 0, ["Fargate On-Demand vCPU resource count"]),
        ("service-quotas list-service-quotas --service-code nope", 254, ["(NoSuchResourceException)"]),
        ("cloudwatch list-metrics --namespace AWS/ECS --query Metrics[0].MetricName", 0, ["CPUUtilization"]),
        ("cloudwatch get-metric-statistics --namespace AWS/ECS --metric-name CPUUtilization --dimensions Name=ClusterName,Value=zelly-staging Name=ServiceName,Value=fastify-nova --start-time 2020-01-01T00:00:00Z --end-time 2020-01-03T00:00:00Z --period 60 --statistics Average", 254, ["(InvalidParameterCombination)", "You have requested up to 2,880 datapoints, which exceeds the limit of 1,440."]),
        ("cloudwatch get-metric-data --start-time 2026-01-01T00:00:00Z --end-time 2026-01-02T00:00:00Z --metric-data-queries Id=e1,Expression=1+1", 254, ["(ValidationError)", "metric math"]),
        ("application-autoscaling describe-scalable-targets --service-namespace ecs --query ScalableTargets[0].[MinCapacity,MaxCapacity] --output text", 0, ["1\t2"]),
        ("elasticache describe-replication-groups --query ReplicationGroups[0].[TransitEncryptionEnabled,AuthTokenEnabled,NodeGroups[0].PrimaryEndpoint.Port] --output text", 0, ["True\tTrue\t6379"]),
        ("elasticache describe-cache-clusters --show-cache-node-info --query CacheClusters[0].CacheNodes[0].CacheNodeStatus", 0, ["available"]),
        ("elasticache describe-replication-groups --replication-group-id nope", 254, ["(ReplicationGroupNotFoundFault)", "ReplicationGroup nope not found."]),
        ("s3 ls s3://zelly-alb-logs/", 0, ["PRE alb/", "top & <odd> ü.txt"]),
        ("s3api list-objects-v2 --bucket zelly-alb-logs --prefix alb/ --page-size 1 --query Contents[].Key --output text", 0, ["alb/2026/a.log.gz", "alb/2026/b.log.gz", "alb/2026/c.log.gz"]),
        ("s3 cp s3://zelly-alb-logs/alb/2026/b.log.gz -", 0, ["line b"]),
        ("s3api head-object --bucket zelly-alb-logs --key nope", 254, ["(404)"]),
        ("s3api get-object --bucket nope --key x /dev/null", 254, ["(NoSuchBucket)", "The specified bucket does not exist"]),
        ("s3api get-bucket-location --bucket zelly-alb-logs", 0, ["ap-southeast-1"]),
        ("ecr create-repository --repository-name zelly/x", 254, ["(UnknownOperationException)", "is not part of this lab"]),
    ];

    [Fact]
    public async Task The_CLI_prints_what_AWS_would_print()
    {
        var wrong = new ConcurrentBag<string>();
        await Parallel.ForEachAsync(Table, new ParallelOptions { MaxDegreeOfParallelism = 2, CancellationToken = TestContext.Current.CancellationToken }, async (row, cancel) =>
        {
            var printed = await lab.Aws(row.Command, cancel);
            var text = printed.Out + printed.Error;
            if (printed.Exit != row.Exit || Array.Exists(row.Words, w => !text.Contains(w, StringComparison.Ordinal))) wrong.Add($"aws {row.Command}\n{printed}");
        });
        Assert.True(wrong.IsEmpty, string.Join("\n---\n", wrong));
    }
}
