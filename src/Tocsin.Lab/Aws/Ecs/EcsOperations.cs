using System.Globalization;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws.Ecs;

/// <summary>ECS clusters, services and tasks.</summary>
internal sealed class EcsOperations(LabWorld world, EcsEngine engine)
{
    private const int MostServices = 10;
    private const int MostTasks = 100;

    public IEnumerable<Operation> All() =>
    [
        Op("ListClusters", ListClusters, _ => ["*"]),
        Op("DescribeClusters", DescribeClusters, c => c.Texts("clusters").Select(n => ClusterArn(c, n))),
        Op("ListServices", ListServices, _ => ["*"], "real services only; launch type and scheduling strategy are not filtered by"),
        Op("DescribeServices", DescribeServices, c => c.Texts("services").Select(s => ServiceArn(c, s))),
        Op("CreateService", CreateService, c => [ServiceArn(c, c.Text("serviceName") ?? "")]) with { Actions = _ => ["ecs:CreateService"] },
        Op("UpdateService", UpdateService, c => [ServiceArn(c, c.Text("service") ?? "")]),
        Op("DeleteService", DeleteService, c => [ServiceArn(c, c.Text("service") ?? "")]),
        Op("ListTasks", ListTasks, _ => ["*"]),
        Op("DescribeTasks", DescribeTasks, c => c.Texts("tasks").Select(t => TaskArn(c, t))),
        Op("RunTask", RunTask, c => [c.Text("taskDefinition") is { } d && world.Regions[c.Region].Ecs.Find(d) is { } found ? found.Arn : "*"], "no overrides of CPU and memory"),
        Op("StopTask", StopTask, c => [TaskArn(c, c.Text("task") ?? "")]),
    ];

    internal static Operation Op(string name, Func<AwsCall, JsonObject> answer, Func<AwsCall, IEnumerable<string>> resources, string note = "") =>
        new("ecs", name, answer) { Resources = resources, Support = Support.Real, Note = note };

    /// <summary>One page of ARNs; the token is the number of those before it.</summary>
    internal static JsonObject Page(AwsCall call, string field, IEnumerable<string> arns, int most)
    {
        var size = (int)Math.Clamp(call.Number("maxResults") ?? most, 1, most);
        var from = 0;
        if (call.Text("nextToken") is { } token && !int.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out from)) throw new AwsException("InvalidParameterException", "Invalid token.");
        var all = arns.Skip(from).Take(size + 1).ToList();
        var page = new JsonObject { [field] = EcsJson.Array(all.Take(size), a => a) };
        if (all.Count > size) page["nextToken"] = (from + size).ToString(CultureInfo.InvariantCulture);
        return page;
    }

    private static AwsException NoCluster() => new("ClusterNotFoundException", "Cluster not found.");

    private EcsCluster Cluster(AwsCall call) => world.Regions[call.Region].Ecs.Cluster(call.Text("cluster")) ?? throw NoCluster();

    private JsonObject ListClusters(AwsCall call) => Page(call, "clusterArns", world.Regions[call.Region].Ecs.Clusters.Values.Select(c => c.Arn), MostTasks);

    private JsonObject DescribeClusters(AwsCall call)
    {
        var names = call.Texts("clusters").DefaultIfEmpty("default").ToList();
        var found = names.Select(n => (Name: n, Cluster: world.Regions[call.Region].Ecs.Cluster(n))).ToList();
        return new JsonObject
        {
            ["clusters"] = EcsJson.Array(found.Where(f => f.Cluster is not null), f => new JsonObject
            {
                ["clusterArn"] = f.Cluster!.Arn,
                ["clusterName"] = f.Cluster.Name,
                ["status"] = "ACTIVE",
                ["registeredContainerInstancesCount"] = 0,
                ["runningTasksCount"] = f.Cluster.Tasks.Values.Count(EcsJson.IsRunning),
                ["pendingTasksCount"] = f.Cluster.Tasks.Values.Count(EcsJson.IsPending),
                ["activeServicesCount"] = f.Cluster.Services.Values.Count(s => s.Status is "ACTIVE"),
                ["capacityProviders"] = new JsonArray("FARGATE"),
            }),
            ["failures"] = EcsJson.Array(found.Where(f => f.Cluster is null), f => Missing(LabIds.Arn("ecs", call.Region, $"cluster/{f.Name}"))),
        };
    }

    private JsonObject ListServices(AwsCall call) => Page(call, "serviceArns", Cluster(call).Services.Values.Where(s => s.Status is "ACTIVE").Select(s => s.Arn), MostTasks);

    private JsonObject DescribeServices(AwsCall call)
    {
        var cluster = Cluster(call);
        var names = call.Texts("services").ToList();
        if (names.Count == 0) throw new AwsException("InvalidParameterException", "Services cannot be empty.");
        if (names.Count > MostServices) throw new AwsException("InvalidParameterException", $"Member must have length less than or equal to {MostServices}");
        var found = names.Select(n => (Name: n, Service: cluster.Services.GetValueOrDefault(n.Split('/')[^1]))).ToList();
        return new JsonObject
        {
            ["services"] = EcsJson.Array(found.Where(f => f.Service is not null), f => EcsJson.Of(f.Service!, cluster.Tasks.Values)),
            ["failures"] = EcsJson.Array(found.Where(f => f.Service is null), f => Missing(LabIds.Arn("ecs", call.Region, $"service/{cluster.Name}/{f.Name.Split('/')[^1]}"))),
        };
    }

    private JsonObject CreateService(AwsCall call)
    {
        var cluster = Cluster(call);
        var name = call.Required("serviceName");
        if (cluster.Services.TryGetValue(name, out var there) && there.Status is "DRAINING") throw new AwsException("InvalidParameterException", "Unable to Start a service that is still Draining.");
        if (there is { Status: "ACTIVE" }) throw new AwsException("InvalidParameterException", "Creation of service was not idempotent.");
        var definition = Definition(call, call.Required("taskDefinition"));
        var service = new EcsServiceState(name, LabIds.Arn("ecs", call.Region, $"service/{cluster.Name}/{name}"), cluster.Arn, call.Now)
        {
            Definition = definition,
            Desired = Desired(call) ?? 0,
            Network = call.Object("networkConfiguration") is { } network ? (JsonObject)network.DeepClone() : [],
            HealthGrace = Duration.FromSeconds(call.Number("healthCheckGracePeriodSeconds") ?? 0),
            Balancers = [.. call.Items("loadBalancers").OfType<JsonObject>().Select(b => Balancer(call, definition, b))],
        };
        Configure(call, service);
        cluster.Services[name] = service;
        engine.Deploy(service, definition, null);
        return new JsonObject { ["service"] = EcsJson.Of(service, cluster.Tasks.Values) };
    }

    private ServiceBalancer Balancer(AwsCall call, TaskDefinition definition, JsonObject json)
    {
        var (arn, container) = (json["targetGroupArn"]?.ToString() ?? "", json["containerName"]?.ToString() ?? "");
        if (world.Regions[call.Region].Elb.Group(arn) is null) throw new AwsException("InvalidParameterException", $"The target group with targetGroupArn {arn} does not exist.");
        if (!definition.Containers.Any(c => c["name"]?.ToString() == container)) throw new AwsException("InvalidParameterException", $"The container {container} does not exist in the task definition.");
        return new ServiceBalancer(arn, container, json["containerPort"]?.GetValue<int>() ?? 0);
    }

    private JsonObject UpdateService(AwsCall call)
    {
        var cluster = Cluster(call);
        var service = Service(cluster, call.Required("service"));
        var definition = call.Text("taskDefinition") is { } text ? Definition(call, text) : service.Definition;
        if (Desired(call) is { } desired && desired != service.Desired)
        {
            service.Desired = desired;
            service.Steady = false;
        }
        if (call.Number("healthCheckGracePeriodSeconds") is { } grace) service.HealthGrace = Duration.FromSeconds(grace);
        Configure(call, service);
        // Without a task definition the running revision stays, also when a newer one is registered and a new deployment is forced.
        if (definition != service.Definition || call.Flag("forceNewDeployment") is true) engine.Deploy(service, definition, null);
        engine.Signal();
        return new JsonObject { ["service"] = EcsJson.Of(service, cluster.Tasks.Values) };
    }

    private JsonObject DeleteService(AwsCall call)
    {
        var cluster = Cluster(call);
        var service = Service(cluster, call.Required("service"));
        if (service.Desired > 0 && call.Flag("force") is not true) throw new AwsException("InvalidParameterException", "The service cannot be stopped while it is scaled above 0.");
        foreach (var task in cluster.Tasks.Values.Where(t => t.Group == $"service:{service.Name}" && t.Counts)) engine.Stop(task, "ServiceSchedulerInitiated", $"Scaling activity initiated by (deployment {service.Primary.Id})");
        (service.Status, service.Desired) = ("DRAINING", 0);
        engine.Signal();
        return new JsonObject { ["service"] = EcsJson.Of(service, cluster.Tasks.Values) };
    }

    private static void Configure(AwsCall call, EcsServiceState service)
    {
        if (call.Object("deploymentConfiguration") is not { } configuration) return;
        if (configuration["maximumPercent"] is { } most) service.MaximumPercent = most.GetValue<int>();
        if (configuration["minimumHealthyPercent"] is { } least) service.MinimumHealthyPercent = least.GetValue<int>();
        if (configuration["deploymentCircuitBreaker"] is not JsonObject breaker) return;
        service.CircuitBreaker = breaker["enable"]?.GetValue<bool>() ?? false;
        service.RollbackOnFailure = breaker["rollback"]?.GetValue<bool>() ?? false;
    }

    private JsonObject ListTasks(AwsCall call)
    {
        var wanted = call.Text("desiredStatus") ?? "RUNNING";
        var service = call.Text("serviceName")?.Split('/')[^1];
        var cluster = Cluster(call);
        if (service is not null && !cluster.Services.ContainsKey(service)) throw NoService();
        var tasks = cluster.Tasks.Values.Where(t => t.DesiredStatus == wanted);
        if (service is not null) tasks = tasks.Where(t => t.Group == $"service:{service}");
        if (call.Text("family") is { } family) tasks = tasks.Where(t => t.Definition.Family == family);
        if (call.Text("startedBy") is { } by) tasks = tasks.Where(t => t.StartedBy == by);
        // In no order of time, as in ECS: the first one listed is not the newest.
        return Page(call, "taskArns", tasks.OrderBy(t => t.Id, StringComparer.Ordinal).Select(t => t.Arn), MostTasks);
    }

    private JsonObject DescribeTasks(AwsCall call)
    {
        var cluster = Cluster(call);
        var ids = call.Texts("tasks").ToList();
        if (ids.Count == 0) throw new AwsException("InvalidParameterException", "Tasks cannot be empty.");
        if (ids.Count > MostTasks) throw new AwsException("InvalidParameterException", "taskId length should be between 1 and 100.");
        if (ids.FirstOrDefault(i => !IsTaskId(i.Split('/')[^1])) is { } bad) throw new AwsException("InvalidParameterException", bad.StartsWith("arn:", StringComparison.Ordinal) ? "Invalid identifier: Unexpected number of separators" : "taskId length should be one of [32,36]");
        var found = ids.Select(i => (Id: i, Task: cluster.Tasks.GetValueOrDefault(i.Split('/')[^1]))).ToList();
        return new JsonObject
        {
            ["tasks"] = EcsJson.Array(found.Where(f => f.Task is not null), f => EcsJson.Of(f.Task!, cluster.Arn)),
            ["failures"] = EcsJson.Array(found.Where(f => f.Task is null), f => Missing(TaskArn(call, f.Id))),
        };
    }

    private JsonObject RunTask(AwsCall call)
    {
        var cluster = Cluster(call);
        var definition = Definition(call, call.Required("taskDefinition"));
        var count = call.Number("count") ?? 1;
        if (count is < 1 or > 10) throw new AwsException("InvalidParameterException", "Count must be between 1 and 10.");
        var group = call.Text("group") ?? $"family:{definition.Family}";
        return new JsonObject
        {
            ["tasks"] = EcsJson.Array(Enumerable.Range(0, (int)count).Select(_ => engine.Run(world.Regions[call.Region], cluster, definition, group, call.Text("startedBy"))).ToList(), t => EcsJson.Of(t, cluster.Arn)),
            ["failures"] = new JsonArray(),
        };
    }

    private JsonObject StopTask(AwsCall call)
    {
        var cluster = Cluster(call);
        var task = cluster.Tasks.GetValueOrDefault(call.Required("task").Split('/')[^1]) ?? throw new AwsException("InvalidParameterException", "The referenced task was not found.");
        engine.Stop(task, "UserInitiated", call.Text("reason") ?? "Task stopped by user");
        return new JsonObject { ["task"] = EcsJson.Of(task, cluster.Arn) };
    }

    private TaskDefinition Definition(AwsCall call, string text)
    {
        var found = world.Regions[call.Region].Ecs.Find(text) ?? throw new AwsException("ClientException", "TaskDefinition not found.");
        return found.Active ? found : throw new AwsException("ClientException", "TaskDefinition is inactive");
    }

    private static EcsServiceState Service(EcsCluster cluster, string text)
    {
        var service = cluster.Services.GetValueOrDefault(text.Split('/')[^1]) ?? throw NoService();
        return service.Status is "ACTIVE" ? service : throw new AwsException("ServiceNotActiveException", "Service was not ACTIVE.");
    }

    private static int? Desired(AwsCall call) => call.Number("desiredCount") is not { } desired ? null
        : desired is >= 0 and <= 5000 ? (int)desired : throw new AwsException("InvalidParameterException", "desiredCount must be between 0 and 5000.");

    private static AwsException NoService() => new("ServiceNotFoundException", "Service not found.");

    private static JsonObject Missing(string arn) => new() { ["arn"] = arn, ["reason"] = "MISSING" };

    private static bool IsTaskId(string id) => id.Length is 32 or 36 && id.All(c => char.IsAsciiHexDigit(c) || c == '-');

    private static string ClusterArn(AwsCall call, string name) => name.StartsWith("arn:", StringComparison.Ordinal) ? name : LabIds.Arn("ecs", call.Region, $"cluster/{name}");

    private static string ServiceArn(AwsCall call, string name) => name.StartsWith("arn:", StringComparison.Ordinal) ? name
        : LabIds.Arn("ecs", call.Region, $"service/{(call.Text("cluster") ?? "default").Split('/')[^1]}/{name}");

    private static string TaskArn(AwsCall call, string id) => id.StartsWith("arn:", StringComparison.Ordinal) ? id
        : LabIds.Arn("ecs", call.Region, $"task/{(call.Text("cluster") ?? "default").Split('/')[^1]}/{id}");
}
