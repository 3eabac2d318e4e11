using System.Collections.Immutable;
using System.Globalization;

using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Core.Platforms;
using Tocsin.Lab.Aws;
using Tocsin.Lab.Aws.Ecr;
using Tocsin.Lab.Aws.Ecs;
using Tocsin.Lab.Aws.Elb;
using Tocsin.Lab.Aws.Iam;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Platform;

/// <summary>What the set-up needs beside the platform's own description.</summary>
internal sealed record SetupGround(LabWorld World, EcsEngine Engine, LabNetwork Network, Core.Platforms.Platform Platform, LabDescription Lab, JsonObject SecretTemplate)
{
    /// <summary>Region, group.</summary>
    public required Action<string, string> CreateLogGroup { get; init; }

    /// <summary>Environment for every container, such as where its certificate lies; the environment's name is given.</summary>
    public required Func<string, ImmutableSortedDictionary<string, string>> ContainerEnvironment { get; init; }

    /// <summary>An environment variable's value as the environment's tasks get it: places of the lab in it are filled in.</summary>
    public required Func<string, string, string> Filled { get; init; }

    /// <summary>What new tasks get before a failed health check counts.</summary>
    public Duration HealthGrace { get; init; } = Duration.Zero;
}

/// <summary>
/// Builds the healthy platform into an empty world, as Terraform and the first deployment would: roles, secrets, images, load balancers, task definitions and
/// services, in every environment.
/// </summary>
internal sealed class PlatformSetup(SetupGround ground)
{
    private static readonly Duration ImageAge = Duration.FromDays(3);

    /// <summary>Called once, with the world's lock held.</summary>
    public void Build()
    {
        foreach (var environment in ground.Platform.Environments) Build(environment);
    }

    public static string Image(string registryRegion, string repository, string tag) => $"{LabIds.Account}.dkr.ecr.{registryRegion}.amazonaws.com/{repository}:{tag}";

    private void Build(PlatformEnvironment environment)
    {
        var region = ground.World.Regions[environment.Fields["region"]];
        var cluster = region.Ecs.Clusters[environment.Fields["cluster"]] = new EcsCluster(environment.Fields["cluster"], region.Name);
        var secrets = new LabSecrets(c => ground.Network.Component(environment.Name, c), s => Url(environment, s));
        foreach (var (name, value) in secrets.Fill(ground.SecretTemplate, environment.Name)) region.Secrets.Create(name, value, ground.World.Clock.Now - ImageAge);
        var http = Balancer(environment, region, "application", ground.Network.Balancer(environment.Name), ground.Network.HttpPort, "HTTP");
        var tcp = Balancer(environment, region, "network", ground.Network.ElasticIp(environment.Name), ground.Network.HttpsPort, "TCP");
        foreach (var program in ground.Lab.Programs) Build(environment, region, cluster, program, ground.Platform.Service(program.Service)!, http, tcp);
        http.Listeners.Add(new Listener(http, ground.Network.HttpsPort, "HTTPS"));
        foreach (var rule in http.Listeners[0].Rules) AddRule(http.Listeners[1], rule.Host, rule.TargetGroupArn);
        foreach (var listener in http.Listeners) AddRule(listener, null, null);
    }

    private LoadBalancer Balancer(PlatformEnvironment environment, LabRegion region, string type, string address, int port, string protocol)
    {
        var name = $"{environment.Fields["cluster"]}-{(type is "network" ? "nlb" : "alb")}";
        var balancer = new LoadBalancer(name, region.Name, type, ground.World.Clock.Now) { Address = address };
        balancer.Listeners.Add(new Listener(balancer, port, protocol));
        balancer.Attributes["access_logs.s3.bucket"] = $"{environment.Fields["cluster"]}-alb-logs";
        return region.Elb.Balancers[name] = balancer;
    }

    private void Build(PlatformEnvironment environment, LabRegion region, EcsCluster cluster, LabProgram program, Service service, LoadBalancer http, LoadBalancer tcp)
    {
        ground.CreateLogGroup(region.Name, service.Fields["logGroup"]);
        var tag = Push(environment, program, service);
        var (execution, task) = Roles(environment, region, service);
        var body = Definition(environment, region, program, service, tag, execution, task);
        var definition = TaskDefinitionOperations.Register(region, service.Name, body, $"arn:aws:iam::{LabIds.Account}:user/ci");
        var state = new EcsServiceState(service.Name, LabIds.Arn("ecs", region.Name, $"service/{cluster.Name}/{service.Name}"), cluster.Arn, ground.World.Clock.Now)
        {
            Definition = definition,
            Desired = program.Tasks.GetValueOrDefault(environment.Name, 1),
            HealthGrace = service.Fields.ContainsKey("targetGroup") ? ground.HealthGrace : Duration.Zero,
            Balancers = [.. Group(environment, region, program, service, service.Fields.GetValueOrDefault("ingress") is "nlb" ? tcp : http)],
            Network = [],
        };
        cluster.Services[service.Name] = state;
        ground.Engine.Deploy(state, definition, null);
    }

    // Two images, so that there is one to go back to.
    private string Push(PlatformEnvironment environment, LabProgram program, Service service)
    {
        var now = ground.World.Clock.Now;
        var prefix = environment.Fields["imageTag"].Split('-')[0];
        var tag = $"{prefix}-{LabIds.Hex(8)}";
        var images = ground.World.Regions[ground.Platform.Fields["imagesRegion"]].Images;
        var containers = program.Sidecars.Select(s => (s.Repository, Command: s.Command.IsEmpty ? ground.Lab.Node.Add(s.Program) : s.Command)).Prepend((service.Fields["repository"], ground.Lab.Node.Add(program.Program)));
        foreach (var (name, command) in containers)
        {
            var repository = images.Repositories.GetValueOrDefault(name) ?? images.Create(name, now - ImageAge * 100);
            repository.Push($"{prefix}-{LabIds.Hex(8)}", NewImage(command, now - ImageAge * 3));
            repository.Push(tag, NewImage(command, now - ImageAge));
        }
        return tag;
    }

    private static Image NewImage(ImmutableArray<string> command, Instant pushed) =>
        new($"sha256:{LabIds.Hex(64)}", pushed, 180_000_000, [.. command], new Dictionary<string, string>(StringComparer.Ordinal) { ["NODE_ENV"] = "production", ["UV_THREADPOOL_SIZE"] = "1" });

    private (Principal Execution, Principal Task) Roles(PlatformEnvironment environment, LabRegion region, Service service)
    {
        var trust = (JsonObject)JsonNode.Parse("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]}""")!;
        Principal Role(string kind) => ground.World.Iam.Principals[$"{environment.Fields["cluster"]}-{service.Name}-{kind}"] =
            new Principal($"{environment.Fields["cluster"]}-{service.Name}-{kind}", isRole: true, ground.World.Clock.Now) { Trust = trust };
        var (execution, task) = (Role("execution"), Role("task"));
        var secrets = region.Secrets.Secrets.Values.Where(s => s.Name == service.Fields.GetValueOrDefault("secret") || s.Name.EndsWith("/master", StringComparison.Ordinal)).Select(s => s.Arn).ToArray();
        execution.Inline["pull-secrets-and-images"] = Policy.Read(new JsonObject
        {
            ["Version"] = "2012-10-17",
            ["Statement"] = new JsonArray(
                Allow("*", "ecr:GetAuthorizationToken"),
                Allow($"arn:aws:ecr:*:{LabIds.Account}:repository/*", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer", "ecr:BatchCheckLayerAvailability"),
                Allow(LabIds.Arn("logs", region.Name, $"log-group:{service.Fields["logGroup"]}:*"), "logs:CreateLogStream", "logs:PutLogEvents"),
                new JsonObject { ["Effect"] = "Allow", ["Action"] = "secretsmanager:GetSecretValue", ["Resource"] = new JsonArray([.. secrets.Select(s => (JsonNode)s)]) }),
        });
        return (execution, task);
    }

    private static JsonObject Allow(string resource, params string[] actions) => new() { ["Effect"] = "Allow", ["Action"] = new JsonArray([.. actions.Select(a => (JsonNode)a)]), ["Resource"] = resource };

    private JsonObject Definition(PlatformEnvironment environment, LabRegion region, LabProgram program, Service service, string tag, Principal execution, Principal task) => new()
    {
        ["containerDefinitions"] = new JsonArray([Container(environment, region, program, service, tag), .. program.Sidecars.Select(s => (JsonNode)Sidecar(environment, region, service, s, tag))]),
        ["cpu"] = ((int)(1024 * double.Parse(service.Fields.GetValueOrDefault("vcpu", "0.25"), CultureInfo.InvariantCulture))).ToString(CultureInfo.InvariantCulture),
        ["memory"] = service.Fields.GetValueOrDefault("memory", "512"),
        ["executionRoleArn"] = execution.Arn,
        ["taskRoleArn"] = task.Arn,
        ["networkMode"] = "awsvpc",
        ["requiresCompatibilities"] = new JsonArray("FARGATE"),
    };

    private JsonObject Container(PlatformEnvironment environment, LabRegion region, LabProgram program, Service service, string tag)
    {
        var variables = new SortedDictionary<string, string>(program.Environment, StringComparer.Ordinal);
        var container = Container(environment, region, service, service.Name, Image(ground.Platform.Fields["imagesRegion"], service.Fields["repository"], tag));
        if (Port(program, service) is { } port)
        {
            variables["PORT"] = port.ToString(CultureInfo.InvariantCulture);
            container["portMappings"] = new JsonArray(new JsonObject { ["containerPort"] = port, ["hostPort"] = port, ["protocol"] = "tcp" });
        }
        container["environment"] = Variables(environment, variables);
        container["secrets"] = new JsonArray([.. OwnSecrets(region, service).Concat(OtherSecrets(region, program)).Select(s => (JsonNode)new JsonObject { ["name"] = s.Name, ["valueFrom"] = s.From })]);
        return container;
    }

    private JsonObject Sidecar(PlatformEnvironment environment, LabRegion region, Service service, LabSidecar sidecar, string tag)
    {
        var container = Container(environment, region, service, sidecar.Name, Image(ground.Platform.Fields["imagesRegion"], sidecar.Repository, tag));
        var variables = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["TLS_PORT"] = ground.Network.HttpsPort.ToString(CultureInfo.InvariantCulture),
            ["HTTP_PORT"] = ground.Network.HttpPort.ToString(CultureInfo.InvariantCulture),
        };
        foreach (var (name, value) in sidecar.Environment.Concat(ground.ContainerEnvironment(environment.Name))) variables[name] = value;
        container["environment"] = Variables(environment, variables);
        container["portMappings"] = new JsonArray([.. sidecar.Ports.Select(p => (JsonNode)new JsonObject { ["containerPort"] = p, ["hostPort"] = p, ["protocol"] = "tcp" })]);
        return container;
    }

    private static JsonObject Container(PlatformEnvironment environment, LabRegion region, Service service, string name, string image) => new()
    {
        ["name"] = name,
        ["image"] = image,
        ["essential"] = true,
        ["stopTimeout"] = 30,
        ["logConfiguration"] = new JsonObject
        {
            ["logDriver"] = "awslogs",
            ["options"] = new JsonObject { ["awslogs-group"] = service.Fields["logGroup"], ["awslogs-region"] = region.Name, ["awslogs-stream-prefix"] = environment.Name },
        },
    };

    private JsonArray Variables(PlatformEnvironment environment, IEnumerable<KeyValuePair<string, string>> variables) =>
        [.. variables.Select(v => new JsonObject { ["name"] = v.Key, ["value"] = ground.Filled(environment.Name, v.Value) })];

    private static IEnumerable<(string Name, string From)> OwnSecrets(LabRegion region, Service service)
    {
        if (region.Secrets.Find(service.Fields.GetValueOrDefault("secret", "")) is not { } secret) return [];
        var keys = (JsonObject)JsonNode.Parse(secret.Current!.Value)!;
        return keys.Select(k => (k.Key, $"{secret.Arn}:{k.Key}::"));
    }

    private static IEnumerable<(string Name, string From)> OtherSecrets(LabRegion region, LabProgram program) =>
        program.Secrets.Select(s => (s.Key, Parts: s.Value.Split(':'))).Select(s => (s.Key, $"{region.Secrets.Find(s.Parts[0])!.Arn}:{s.Parts[1]}::"));

    private IEnumerable<ServiceBalancer> Group(PlatformEnvironment environment, LabRegion region, LabProgram program, Service service, LoadBalancer balancer)
    {
        if (service.Fields.GetValueOrDefault("targetGroup") is not { } name) return [];
        var network = balancer.Type is "network";
        var port = network ? ground.Network.HttpsPort : Port(program, service)!.Value;
        var group = region.Elb.TargetGroups[name] = new TargetGroup(name, region.Name, network ? "TCP" : "HTTP", port);
        group.HealthPath = program.Health ?? service.Fields.GetValueOrDefault("health", "/health");
        group.Interval = Duration.FromSeconds(10);
        foreach (var host in program.Internal ? program.Hosts.Append(balancer.Address) : network ? [] : program.Hosts)
        {
            AddRule(balancer.Listeners[0], host, group.Arn);
        }
        if (network) AddRule(balancer.Listeners[0], null, group.Arn);
        var own = new ServiceBalancer(group.Arn, network && program.Sidecars.Length > 0 ? program.Sidecars[0].Name : service.Name, port);
        return network && program.Sidecars.FirstOrDefault(s => s.AlsoHttp) is { } sidecar ? [own, Plain(region, group, sidecar, balancer)] : [own];
    }

    // Port 80 of the network load balancer, for redirects and for the authority's HTTP challenge.
    private ServiceBalancer Plain(LabRegion region, TargetGroup secure, LabSidecar sidecar, LoadBalancer balancer)
    {
        var name = secure.Name + "-http";
        var group = region.Elb.TargetGroups[name] = new TargetGroup(name, region.Name, "TCP", ground.Network.HttpPort);
        group.Interval = secure.Interval;
        var listener = new Listener(balancer, ground.Network.HttpPort, "TCP");
        balancer.Listeners.Add(listener);
        AddRule(listener, null, group.Arn);
        return new ServiceBalancer(group.Arn, sidecar.Name, ground.Network.HttpPort);
    }

    private static void AddRule(Listener listener, string? host, string? group) => listener.Rules.Add(new ListenerRule(
        listener.Arn.Replace(":listener/", ":listener-rule/", StringComparison.Ordinal) + "/" + LabIds.Hex(16),
        host is null ? "default" : (listener.Rules.Count + 1).ToString(CultureInfo.InvariantCulture),
        host,
        group));

    private static int? Port(LabProgram program, Service service) =>
        program.Port ?? (service.Fields.TryGetValue("port", out var port) ? int.Parse(port, CultureInfo.InvariantCulture) : null);

    private string Url(PlatformEnvironment environment, string service)
    {
        var program = ground.Lab.Programs.First(p => p.Service == service);
        if (!program.Internal) throw new InvalidOperationException($"{service} is not marked internal in lab.yaml");
        return $"http://{ground.Network.Balancer(environment.Name)}:{ground.Network.HttpPort}";
    }
}
