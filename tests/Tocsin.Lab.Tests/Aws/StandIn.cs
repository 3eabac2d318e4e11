using System.Diagnostics;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using NodaTime;
using Tocsin.Lab.Aws;
using Tocsin.Lab.Aws.Acm;
using Tocsin.Lab.Aws.Cache;
using Tocsin.Lab.Aws.Ecr;
using Tocsin.Lab.Aws.Iam;
using Tocsin.Lab.Aws.Metrics;
using Tocsin.Lab.Aws.Network;
using Tocsin.Lab.Aws.Rds;
using Tocsin.Lab.Aws.S3;
using Tocsin.Lab.Aws.Scaling;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Tests.Aws;

/// <summary>What a command printed.</summary>
public sealed record Printed(int Exit, string Out, string Error)
{
    public override string ToString() => $"exit {Exit}\n{Out}\n{Error}";
}

/// <summary>A small world behind the front door, for whoever calls it in process.</summary>
public static class SmallWorld
{
    public const string Staging = "ap-southeast-1";
    public const string AdminKey = "AKIALABADMIN00000000";
    public const string AdminSecret = "lab-admin-secret-0123456789";
    public const string ReaderKey = "AKIALABREADER0000000";
    public const string ReaderSecret = "lab-reader-secret-012345678";

    public static LabWorld Build(LabClock clock)
    {
        var world = new LabWorld(clock, [Staging, "ap-south-1"]);
        var now = clock.Now;
        Who(world.Iam, "admin", AdminKey, AdminSecret, """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}""", now);
        Who(world.Iam, "reader", ReaderKey, ReaderSecret, """{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"secretsmanager:DescribeSecret","Resource":"*"},{"Effect":"Deny","Action":"rds:*","Resource":"*"}]}""", now);
        var role = new Principal("tocsin-probe", true, now)
        {
            Trust = Policy.Read($$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::{{LabIds.Account}}:root"},"Action":"sts:AssumeRole"}]}""").Document,
        };
        role.Inline["probe"] = Policy.Read("""{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":["ecr:*","secretsmanager:*"],"Resource":"*"}}""");
        world.Iam.Principals[role.Name] = role;
        Fill(world, world.Regions[Staging], now);
        return world;
    }

    private static void Who(IamState iam, string name, string key, string secret, string policy, Instant now)
    {
        var user = new Principal(name, false, now);
        user.Inline["all"] = Policy.Read(policy);
        iam.Principals[name] = user;
        iam.Keys[key] = new AccessKey(key, secret, name, now);
    }

    private static void Fill(LabWorld world, LabRegion region, Instant now)
    {
        region.Secrets.Create("zelly/fastify-nova/env", """{"PORT":"3000"}""", now);
        region.Secrets.Create("zelly/orion/env", "{}", now);
        region.Images.Create("zelly/fastify-nova", now).Push("staging-12345678", new Image("sha256:" + new string('a', 64), now, 4096, ["node", "server.js"], new Dictionary<string, string>(StringComparer.Ordinal) { ["NODE_ENV"] = "production" }));
        var cluster = region.Rds.Add(new RdsCluster("zelly-aurora-staging", region.Name, "zellymaster", now - Duration.FromDays(30)));
        region.Rds.AddInstance("zelly-aurora-staging-1", cluster, now, publicly: true);
        FillNetwork(region.Network, now);
        region.Certificates.Certificates.Add(new Certificate(region.Name, ["api.zelly.in", "*.zelly.in"], now, region.Clock.Elapsed));
        region.Cache.Groups["zelly-redis"] = new ReplicationGroup("zelly-redis", region.Name, now);
        region.Scaling.Targets.Add(new ScalableTarget("ecs", "service/zelly-staging/fastify-nova", "ecs:service:DesiredCount", now) { Min = 1, Max = 2 });
        for (var i = 0; i < 10; i++) region.Metrics.Put(MetricName.Of("AWS/ECS", "CPUUtilization", ("ClusterName", "zelly-staging"), ("ServiceName", "fastify-nova")), MetricPoint.Of(now - Duration.FromSeconds(30 + i), 10 * (i + 1)));
        var logs = world.Buckets.Create("zelly-alb-logs", region.Name, now);
        foreach (var hour in new[] { "a", "b", "c" }) world.Buckets.Put(logs, new StoredObject($"alb/2026/{hour}.log.gz", Encoding.UTF8.GetBytes("line " + hour), now, "application/x-gzip"));
        world.Buckets.Put(logs, new StoredObject("top & <odd> ü.txt", [1, 2, 3], now, "text/plain"));
    }

    private static void FillNetwork(NetworkState network, Instant now)
    {
        var vpc = new Vpc("zelly-staging", "10.1.0.0/16");
        var subnet = new Subnet("private-a", vpc.Id, "10.1.1.0/24", "ap-southeast-1a", false);
        var group = new SecurityGroup("aurora", vpc.Id, "database");
        var address = new Address("storefront-nlb", "203.0.113.7");
        var nat = new NatGateway("nat-a", vpc.Id, subnet.Id, new Address("nat", "203.0.113.8"), "10.1.0.9", now);
        var table = new RouteTable("private", vpc.Id, vpc.Cidr);
        group.Rules.Add(new SecurityRule(false, "tcp", 3306, 3306, "10.1.0.0/16", null));
        table.Routes.Add(new Route("0.0.0.0/0", nat.Id));
        table.Subnets.Add(subnet.Id);
        network.Vpcs.Add(vpc);
        network.Subnets.Add(subnet);
        network.Groups.Add(group);
        network.Addresses.Add(address);
        network.NatGateways.Add(nat);
        network.RouteTables.Add(table);
        network.Instances.Add(new Ec2Instance("zelly-clickhouse", "10.1.1.20", now) { SubnetId = subnet.Id, VpcId = vpc.Id, SecurityGroups = [group.Id] });
        network.Interfaces.Add(new NetworkInterface("eni-0abc", "ELB net/storefront", vpc.Id, subnet.Id, "10.1.1.30", "network_load_balancer", [group.Id]) { PublicIp = address.PublicIp });
    }
}

/// <summary>The stand-in on a port of its own.</summary>
public sealed class StandIn : IAsyncLifetime
{
    private readonly LabClock clock = new(TimeProvider.System, 1);
    private WebApplication? app;

    public StandIn()
    {
        World = SmallWorld.Build(clock);
        Door = new FrontDoor(World, new OperationTable(AwsOperations.All(World)), NullLogger<FrontDoor>.Instance);
    }

    public LabWorld World { get; }

    public LabRegion Region => World.Regions[SmallWorld.Staging];

    public FrontDoor Door { get; }

    public string Url => app!.Urls.First();

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(k => k.Listen(IPAddress.Loopback, 0));
        app = builder.Build();
        app.Run(Door.Handle);
        await app.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (app is not null) await app.DisposeAsync();
        clock.Dispose();
    }

    /// <summary>Runs <c>aws</c> as an operator would; words in single quotes stay together.</summary>
    public async Task<Printed> Aws(string command, CancellationToken cancel, params (string Name, string Value)[] environment)
    {
        var start = new ProcessStartInfo("/usr/bin/aws") { RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true, UseShellExecute = false };
        start.ArgumentList.Add("--endpoint-url");
        start.ArgumentList.Add(Url);
        foreach (var word in Words(command)) start.ArgumentList.Add(word);
        foreach (var (name, value) in Defaults().Concat(environment)) start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(cancel), process.StandardError.ReadToEndAsync(cancel));
        await process.WaitForExitAsync(cancel);
        return new Printed(process.ExitCode, await output, await error);
    }

    private static IEnumerable<(string Name, string Value)> Defaults() =>
    [
        ("AWS_ACCESS_KEY_ID", SmallWorld.AdminKey), ("AWS_SECRET_ACCESS_KEY", SmallWorld.AdminSecret), ("AWS_DEFAULT_REGION", SmallWorld.Staging),
        ("AWS_EC2_METADATA_DISABLED", "true"), ("AWS_PAGER", ""), ("AWS_CONFIG_FILE", "/dev/null"), ("AWS_SHARED_CREDENTIALS_FILE", "/dev/null"), ("AWS_DEFAULT_OUTPUT", "json"),
    ];

    private static IEnumerable<string> Words(string command) =>
        command.Split('\'').SelectMany((part, i) => i % 2 == 1 ? [part] : part.Split(' ', StringSplitOptions.RemoveEmptyEntries));
}
