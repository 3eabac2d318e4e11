namespace Tocsin.Lab.Aws.Quotas;

/// <summary>One quota: what AWS gives by default and what this region has.</summary>
public sealed class Quota(string service, string serviceName, string code, string name, double standard)
{
    public string Service { get; } = service;

    public string ServiceName { get; } = serviceName;

    public string Code { get; } = code;

    public string Name { get; } = name;

    public double Default { get; } = standard;

    public double Value { get; set; } = standard;
}

/// <summary>Quotas that the platform can run into.</summary>
public sealed class QuotaState
{
    public const string FargateVcpu = "L-3032A538";

    public List<Quota> Quotas { get; } =
    [
        new("fargate", "AWS Fargate", FargateVcpu, "Fargate On-Demand vCPU resource count", 6),
        new("ecs", "Amazon Elastic Container Service (Amazon ECS)", "L-21C621EB", "Clusters per account", 10_000),
        new("ecs", "Amazon Elastic Container Service (Amazon ECS)", "L-9EF96962", "Services per cluster", 5_000),
        new("elasticloadbalancing", "Elastic Load Balancing (ELB)", "L-53DA6B97", "Application Load Balancers per Region", 50),
        new("rds", "Amazon Relational Database Service (Amazon RDS)", "L-952B80B8", "DB clusters", 40),
        new("ec2", "Amazon Elastic Compute Cloud (Amazon EC2)", "L-0263D0A3", "EC2-VPC Elastic IPs", 5),
        new("acm", "AWS Certificate Manager (ACM)", "L-F141DD1D", "ACM certificates", 2_500),
    ];

    public Quota? Find(string service, string code) => Quotas.Find(q => q.Service == service && q.Code == code);
}
