using System.Text.Json.Nodes;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Platforms;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>One service as ECS tells it: the answers that several probes share.</summary>
internal sealed class ServiceView(AwsGround ground, Service service)
{
    private const int MostServices = 10;
    private const int MostTasks = 100;

    public Service Service => service;

    public Subject Subject => ground.Map.Of(service);

    /// <summary>The service; where there is none of that name, null.</summary>
    public async Task<JsonObject?> FindAsync(Sighting sighting, CancellationToken cancel)
    {
        // One call for all services of the drill; each view finds the chunk that holds its own.
        var all = ground.Services.Select(s => s.Name).Chunk(MostServices).First(c => c.Contains(service.Name, StringComparer.Ordinal));
        var answer = await ground.AskAsync(sighting, "ecs", "DescribeServices", new JsonObject { ["cluster"] = ground.Map.Cluster, ["services"] = new JsonArray([.. all.Select(n => (JsonNode)n)]) }, cancel);
        return answer.Items("services").FirstOrDefault(s => s.Text("serviceName") == service.Name && s.Text("status") != "INACTIVE");
    }

    public async Task<JsonObject> GetAsync(Sighting sighting, CancellationToken cancel) =>
        await FindAsync(sighting, cancel) ?? throw new CouldNotLook(ObservationStatus.NotConfigured, $"there is no service {service.Name} in {ground.Map.Cluster} in {ground.Map.Region}");

    /// <summary>Every task ECS still knows, and those it forgot that were recorded.</summary>
    public async Task<List<JsonObject>> TasksAsync(Sighting sighting, CancellationToken cancel)
    {
        var lists = await Task.WhenAll(ArnsAsync(sighting, "RUNNING", cancel), ArnsAsync(sighting, "STOPPED", cancel));
        var arns = lists.SelectMany(a => a).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var tasks = new List<JsonObject>();
        foreach (var chunk in arns.Chunk(MostTasks))
        {
            var answer = await ground.AskAsync(sighting, "ecs", "DescribeTasks", new JsonObject { ["cluster"] = ground.Map.Cluster, ["tasks"] = new JsonArray([.. chunk.Select(a => (JsonNode)a)]) }, cancel);
            tasks.AddRange(answer.Items("tasks"));
        }
        return ground.Record is { } record ? await record.WithForgottenAsync(ground.Map, service.Name, tasks, ground.Now, cancel) : tasks;
    }

    public async Task<List<JsonObject>> RunningAsync(Sighting sighting, CancellationToken cancel) =>
        [.. (await TasksAsync(sighting, cancel)).Where(t => t.Text("lastStatus") == "RUNNING")];

    public async Task<JsonObject> DefinitionAsync(Sighting sighting, string arn, CancellationToken cancel) =>
        (await ground.AskAsync(sighting, "ecs", "DescribeTaskDefinition", new JsonObject { ["taskDefinition"] = arn }, cancel)).Map("taskDefinition")
        ?? throw new CouldNotLook(ObservationStatus.Failed, $"AWS described {arn} without a task definition");

    /// <summary>The revision that the service wants to run.</summary>
    public async Task<JsonObject> RevisionAsync(Sighting sighting, CancellationToken cancel) =>
        await DefinitionAsync(sighting, (await GetAsync(sighting, cancel)).Text("taskDefinition") ?? "", cancel);

    /// <summary>The revision that is in trouble: of the newest task that failed by itself where the circuit breaker went back, else the one the service wants: whoever went back by hand has settled it.</summary>
    public async Task<JsonObject> RevisionInQuestionAsync(Sighting sighting, CancellationToken cancel)
    {
        var found = await GetAsync(sighting, cancel);
        var wanted = found.Text("taskDefinition") ?? "";
        if (!EcsProbes.WasTakenBack(found, ground.Since)) return await DefinitionAsync(sighting, wanted, cancel);
        var failed = Stopped.InTrouble(await TasksAsync(sighting, cancel), ground.Since).FirstOrDefault()?.Text("taskDefinitionArn") ?? "";
        return await DefinitionAsync(sighting, failed.Length > 0 && RevisionOf(failed) > RevisionOf(wanted) ? failed : wanted, cancel);
    }

    /// <summary>The target groups the service registers its tasks with.</summary>
    public async Task<List<JsonObject>> GroupsAsync(Sighting sighting, CancellationToken cancel)
    {
        var attached = (await GetAsync(sighting, cancel)).Items("loadBalancers").Select(l => l.Text("targetGroupArn")).OfType<string>().ToList();
        if (attached.Count == 0) throw new CouldNotLook(ObservationStatus.NotConfigured, $"{service.Name} stands behind no load balancer");
        var answer = await ground.AskAsync(sighting, "elasticloadbalancing", "DescribeTargetGroups", [], cancel);
        var groups = answer.Items("TargetGroups").Where(g => attached.Contains(g.Text("TargetGroupArn") ?? "", StringComparer.Ordinal)).ToList();
        return groups.Count > 0 ? groups : throw new CouldNotLook(ObservationStatus.Failed, $"the target group of {service.Name} is not in {ground.Map.Region}");
    }

    public static int RevisionOf(string arn) => int.TryParse(arn.AsSpan(arn.LastIndexOf(':') + 1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var revision) ? revision : 0;

    /// <summary>The container that the load balancer forwards to, else the one named as the service, else the first.</summary>
    public JsonObject? Application(JsonObject definition, JsonObject? found)
    {
        var containers = definition.Items("containerDefinitions").ToList();
        var forwarded = found.Items("loadBalancers").FirstOrDefault().Text("containerName");
        return containers.Find(c => c.Text("name") == service.Name) ?? containers.Find(c => c.Text("name") == forwarded) ?? containers.FirstOrDefault();
    }

    private async Task<List<string>> ArnsAsync(Sighting sighting, string status, CancellationToken cancel)
    {
        var input = new JsonObject { ["cluster"] = ground.Map.Cluster, ["serviceName"] = service.Name, ["desiredStatus"] = status };
        return [.. (await ground.AskAsync(sighting, "ecs", "ListTasks", input, cancel)).Texts("taskArns")];
    }
}
