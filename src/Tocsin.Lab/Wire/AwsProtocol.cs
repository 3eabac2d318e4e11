namespace Tocsin.Lab.Wire;

/// <summary>How a service writes its calls and answers.</summary>
public enum AwsProtocol
{
    /// <summary>JSON 1.1 by <c>X-Amz-Target</c>.</summary>
    Json,

    /// <summary>A form, answered by XML in a result wrapper.</summary>
    Query,

    /// <summary>A form, answered by XML without wrapper, lists of <c>item</c>.</summary>
    Ec2,

    /// <summary>S3: method and path.</summary>
    Rest,
}

/// <summary>What is fixed about a service: the name that requests are signed for, the protocol, the target's prefix or the XML namespace.</summary>
public sealed record AwsProduct(string Service, AwsProtocol Protocol, string Prefix)
{
    /// <summary>Services of one place in the world have one region's worth of state, whatever region is asked.</summary>
    public bool Global { get; init; }

    /// <summary>The target's prefix by which newer SDKs ask a Query service in JSON; empty where there is none.</summary>
    public string AlsoJson { get; init; } = "";

    /// <summary>As this request asks it.</summary>
    public AwsProduct For(string target) => AlsoJson.Length > 0 && target.StartsWith(AlsoJson + ".", StringComparison.Ordinal) ? this with { Protocol = AwsProtocol.Json, Prefix = AlsoJson } : this;

    public static IReadOnlyDictionary<string, AwsProduct> All { get; } = new[]
    {
        new AwsProduct("ecs", AwsProtocol.Json, "AmazonEC2ContainerServiceV20141113"),
        new AwsProduct("logs", AwsProtocol.Json, "Logs_20140328"),
        new AwsProduct("secretsmanager", AwsProtocol.Json, "secretsmanager"),
        new AwsProduct("ecr", AwsProtocol.Json, "AmazonEC2ContainerRegistry_V20150921"),
        new AwsProduct("cloudtrail", AwsProtocol.Json, "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101"),
        new AwsProduct("acm", AwsProtocol.Json, "CertificateManager"),
        new AwsProduct("servicequotas", AwsProtocol.Json, "ServiceQuotasV20190624"),
        new AwsProduct("application-autoscaling", AwsProtocol.Json, "AnyScaleFrontendService"),
        new AwsProduct("elasticloadbalancing", AwsProtocol.Query, "http://elasticloadbalancing.amazonaws.com/doc/2015-12-01/"),
        new AwsProduct("rds", AwsProtocol.Query, "http://rds.amazonaws.com/doc/2014-10-31/"),
        new AwsProduct("iam", AwsProtocol.Query, "https://iam.amazonaws.com/doc/2010-05-08/") { Global = true },
        new AwsProduct("sts", AwsProtocol.Query, "https://sts.amazonaws.com/doc/2011-06-15/"),
        new AwsProduct("monitoring", AwsProtocol.Query, "http://monitoring.amazonaws.com/doc/2010-08-01/") { AlsoJson = "GraniteServiceVersion20100801" },
        new AwsProduct("elasticache", AwsProtocol.Query, "http://elasticache.amazonaws.com/doc/2015-02-02/"),
        new AwsProduct("ec2", AwsProtocol.Ec2, "http://ec2.amazonaws.com/doc/2016-11-15/"),
        new AwsProduct("s3", AwsProtocol.Rest, "http://s3.amazonaws.com/doc/2006-03-01/"),
    }.ToDictionary(p => p.Service, StringComparer.Ordinal);
}
