using System.Collections.Frozen;

namespace Tocsin.Collect.Aws;

/// <summary>How a service of AWS is spoken to.</summary>
public enum AwsProtocol
{
    /// <summary>JSON 1.1, the operation in <c>X-Amz-Target</c>.</summary>
    Json,

    /// <summary>A form with <c>Action</c> and <c>Version</c>; lists as <c>Name.member.1</c>; answers in XML.</summary>
    Query,

    /// <summary>As Query, with lists as <c>Name.1</c>.</summary>
    Ec2,

    /// <summary>A GET of a path, as S3 has it.</summary>
    Rest,
}

/// <summary>
/// One service: the name in the signature's scope, how it is spoken to, and what goes with each call: the target's prefix for JSON, the API's version for the
/// forms. <see cref="Host"/> is the first part of its host name where that differs from the name.
/// </summary>
public sealed record AwsEndpoint(string Name, AwsProtocol Protocol, string Mark)
{
    public string? Host { get; init; }

    /// <summary>Before the colon of its actions in IAM.</summary>
    public string Prefix => Name is "monitoring" ? "cloudwatch" : Name;

    /// <summary>One endpoint for the whole world, signed for us-east-1.</summary>
    public bool Global { get; init; }

    private static readonly FrozenDictionary<string, AwsEndpoint> Known = new[]
    {
        new AwsEndpoint("ecs", AwsProtocol.Json, "AmazonEC2ContainerServiceV20141113"),
        new AwsEndpoint("logs", AwsProtocol.Json, "Logs_20140328"),
        new AwsEndpoint("secretsmanager", AwsProtocol.Json, "secretsmanager"),
        new AwsEndpoint("ecr", AwsProtocol.Json, "AmazonEC2ContainerRegistry_V20150921") { Host = "api.ecr" },
        new AwsEndpoint("cloudtrail", AwsProtocol.Json, "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101"),
        new AwsEndpoint("acm", AwsProtocol.Json, "CertificateManager"),
        new AwsEndpoint("servicequotas", AwsProtocol.Json, "ServiceQuotasV20190624"),
        new AwsEndpoint("application-autoscaling", AwsProtocol.Json, "AnyScaleFrontendService"),
        new AwsEndpoint("elasticloadbalancing", AwsProtocol.Query, "2015-12-01"),
        new AwsEndpoint("rds", AwsProtocol.Query, "2014-10-31"),
        new AwsEndpoint("elasticache", AwsProtocol.Query, "2015-02-02"),
        new AwsEndpoint("monitoring", AwsProtocol.Query, "2010-08-01"),
        new AwsEndpoint("sts", AwsProtocol.Query, "2011-06-15"),
        new AwsEndpoint("iam", AwsProtocol.Query, "2010-05-08") { Global = true },
        new AwsEndpoint("ec2", AwsProtocol.Ec2, "2016-11-15"),
        new AwsEndpoint("s3", AwsProtocol.Rest, ""),
    }.ToFrozenDictionary(s => s.Name, StringComparer.Ordinal);

    public static IReadOnlyCollection<string> Names => Known.Keys;

    public static AwsEndpoint? Find(string name) => Known.GetValueOrDefault(name);

    internal Uri Address(string region)
    {
        var suffix = region.StartsWith("cn-", StringComparison.Ordinal) ? "amazonaws.com.cn" : "amazonaws.com";
        return new Uri(Global ? $"https://{Host ?? Name}.{suffix}/" : $"https://{Host ?? Name}.{region}.{suffix}/");
    }
}
