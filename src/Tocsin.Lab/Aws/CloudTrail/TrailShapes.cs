using System.Text.Json.Nodes;
using Tocsin.Lab.Aws.Iam;
using Tocsin.Lab.Wire;

namespace Tocsin.Lab.Aws.CloudTrail;

/// <summary>An event as LookupEvents answers it, with the record that S3 would hold as text in it.</summary>
internal static class TrailShapes
{
    // Which members of a call name a resource, and of which type. An event may name several.
    private static readonly Dictionary<string, string> Types = new(StringComparer.OrdinalIgnoreCase)
    {
        ["cluster"] = "AWS::ECS::Cluster",
        ["clusterName"] = "AWS::ECS::Cluster",
        ["service"] = "AWS::ECS::Service",
        ["serviceName"] = "AWS::ECS::Service",
        ["taskDefinition"] = "AWS::ECS::TaskDefinition",
        ["family"] = "AWS::ECS::TaskDefinition",
        ["task"] = "AWS::ECS::Task",
        ["SecretId"] = "AWS::SecretsManager::Secret",
        ["repositoryName"] = "AWS::ECR::Repository",
        ["logGroupName"] = "AWS::Logs::LogGroup",
        ["UserName"] = "AWS::IAM::User",
        ["RoleName"] = "AWS::IAM::Role",
        ["RoleArn"] = "AWS::IAM::Role",
        ["PolicyName"] = "AWS::IAM::Policy",
        ["AccessKeyId"] = "AWS::IAM::AccessKey",
        ["DBClusterIdentifier"] = "AWS::RDS::DBCluster",
        ["DBClusterSnapshotIdentifier"] = "AWS::RDS::DBClusterSnapshot",
        ["SnapshotIdentifier"] = "AWS::RDS::DBClusterSnapshot",
        ["SourceDBClusterIdentifier"] = "AWS::RDS::DBCluster",
        ["InstanceId"] = "AWS::EC2::Instance",
        ["GroupId"] = "AWS::EC2::SecurityGroup",
        ["RouteTableId"] = "AWS::EC2::RouteTable",
        ["CertificateArn"] = "AWS::ACM::Certificate",
        ["TargetGroupArn"] = "AWS::ElasticLoadBalancingV2::TargetGroup",
        ["LoadBalancerArn"] = "AWS::ElasticLoadBalancingV2::LoadBalancer",
        ["Bucket"] = "AWS::S3::Bucket",
    };

    public static JsonObject Of(TrailEvent e, IamState iam) => new()
    {
        ["EventId"] = e.Id,
        ["EventName"] = e.Call.Operation,
        ["ReadOnly"] = e.ReadOnly ? "true" : "false",
        ["AccessKeyId"] = e.Call.Caller.AccessKeyId,
        ["EventTime"] = AwsTime.Epoch(e.At),
        ["EventSource"] = Source(e),
        ["Username"] = UserName(e),
        ["Resources"] = Resources(e).Array(r => new JsonObject { ["ResourceType"] = r.Type, ["ResourceName"] = r.Name }),
        ["CloudTrailEvent"] = Record(e, iam).ToJsonString(),
    };

    public static string Source(TrailEvent e) => e.Call.Service + ".amazonaws.com";

    /// <summary>A user's name, of a role the session's.</summary>
    public static string UserName(TrailEvent e) => e.Call.Caller.Arn.Split('/')[^1];

    public static IEnumerable<(string Type, string Name)> Resources(TrailEvent e)
    {
        // Secrets Manager, ECR and others call the new thing only Name.
        foreach (var (member, value) in e.Request)
        {
            var type = member is "Name" && e.Call.Service is "secretsmanager" ? "AWS::SecretsManager::Secret" : Types.GetValueOrDefault(member);
            if (type is null) continue;
            foreach (var one in value is JsonArray list ? list : [value?.DeepClone()])
            {
                if (one is JsonValue name) yield return (type, name.ToString());
            }
        }
    }

    private static JsonObject Record(TrailEvent e, IamState iam) => new JsonObject
    {
        ["eventVersion"] = "1.08",
        ["userIdentity"] = Identity(e, iam),
        ["eventTime"] = AwsTime.Iso(e.At)[..19] + "Z",
        ["eventSource"] = Source(e),
        ["eventName"] = e.Call.Operation,
        ["awsRegion"] = AwsProduct.All[e.Call.Service].Global ? "us-east-1" : e.Call.Region,
        ["sourceIPAddress"] = e.Call.SourceIp,
        ["userAgent"] = e.Call.UserAgent,
    }.With("errorCode", e.ErrorCode).With("errorMessage", e.ErrorMessage).Put("requestParameters", e.Request.Count == 0 ? null : Lower(e.Request)).Put("responseElements", Lower(e.Response))
        .With("requestID", e.Call.RequestId).With("eventID", e.Id).With("readOnly", e.ReadOnly).With("eventType", "AwsApiCall").With("managementEvent", true)
        .With("recipientAccountId", LabIds.Account).With("eventCategory", "Management");

    private static JsonObject Put(this JsonObject record, string name, JsonNode? value)
    {
        record[name] = value;
        return record;
    }

    private static JsonObject Identity(TrailEvent e, IamState iam)
    {
        var caller = e.Call.Caller;
        var principal = iam.Principals.GetValueOrDefault(caller.UserName);
        var identity = new JsonObject
        {
            ["type"] = principal?.IsRole == true ? "AssumedRole" : "IAMUser",
            ["principalId"] = principal?.IsRole == true ? $"{principal.Id}:{UserName(e)}" : principal?.Id,
            ["arn"] = caller.Arn,
            ["accountId"] = caller.Account,
            ["accessKeyId"] = caller.AccessKeyId,
        };
        if (principal?.IsRole != true) return identity.With("userName", caller.UserName);
        identity["sessionContext"] = new JsonObject
        {
            ["sessionIssuer"] = new JsonObject { ["type"] = "Role", ["principalId"] = principal.Id, ["arn"] = principal.Arn, ["accountId"] = caller.Account, ["userName"] = principal.Name },
            ["attributes"] = new JsonObject { ["mfaAuthenticated"] = "false" },
        };
        return identity;
    }

    // CloudTrail writes members lowerCamel, also DBClusterIdentifier as dBClusterIdentifier. What names a list's elements is ours.
    private static JsonNode? Lower(JsonNode? node)
    {
        if (node is JsonArray list) return list.Array(Lower);
        if (node is not JsonObject members) return node?.DeepClone();
        var lower = new JsonObject();
        foreach (var (name, value) in members)
        {
            var plain = name.Split('>')[0];
            lower[plain.Length == 0 ? plain : char.ToLowerInvariant(plain[0]) + plain[1..]] = Lower(value);
        }
        return lower;
    }
}
