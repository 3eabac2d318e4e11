using System.Text.Json.Nodes;
using NodaTime;
using NodaTime.Text;
using Tocsin.Collect.Aws;
using Tocsin.Core.Platforms;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Faults;

/// <summary>Looks at one environment of a running lab from outside, as a client with the lab's keys: AWS's API and the load balancers' addresses, nothing else.</summary>
internal sealed class FaultEyes : IDisposable
{
    private const int MostTasks = 100;
    private readonly AwsCaller aws;

    public FaultEyes(LabFolder folder, LabState state, Core.Platforms.Platform platform, string environment)
    {
        Folder = folder;
        Profile = state.Profile;
        Platform = platform;
        Environment = platform.Environment(environment)!;
        Place = state.Environments.First(e => e.Name == environment);
        Names = new FaultNames(state, folder, Environment);
        aws = new AwsCaller(new AwsCallerOptions { Login = AwsLogin.Keys(state.AccessKeyId, state.SecretAccessKey), Endpoint = new Uri(state.Endpoint) });
        Http = new FaultHttp(this);
    }

    public LabFolder Folder { get; }

    public LabProfile Profile { get; }

    public Core.Platforms.Platform Platform { get; }

    public PlatformEnvironment Environment { get; }

    public LabPlace Place { get; }

    public FaultNames Names { get; }

    public FaultHttp Http { get; }

    /// <summary>When the fault was injected: what is older does not count.</summary>
    public Instant Since { get; set; }

    public Service Service(string nameOrRole) => Platform.Service(nameOrRole)!;

    public Task<JsonObject> AskAsync(string service, string operation, JsonObject input, CancellationToken cancel) => aws.AskAsync(service, Place.Region, operation, input, cancel);

    public Task<JsonObject> AskInAsync(string region, string service, string operation, JsonObject input, CancellationToken cancel) => aws.AskAsync(service, region, operation, input, cancel);

    public async Task<JsonObject> ServiceAsync(string service, CancellationToken cancel)
    {
        var answer = await AskAsync("ecs", "DescribeServices", new JsonObject { ["cluster"] = Place.Cluster, ["services"] = new JsonArray(Service(service).Name) }, cancel);
        return (JsonObject)answer["services"]!.AsArray()[0]!;
    }

    /// <summary>Tasks of the service that stopped since the injection, newest first.</summary>
    public async Task<List<JsonObject>> StoppedAsync(string service, CancellationToken cancel)
    {
        var list = await AskAsync("ecs", "ListTasks", new JsonObject { ["cluster"] = Place.Cluster, ["serviceName"] = Service(service).Name, ["desiredStatus"] = "STOPPED", ["maxResults"] = MostTasks }, cancel);
        if (list["taskArns"] is not JsonArray { Count: > 0 } arns) return [];
        var tasks = await AskAsync("ecs", "DescribeTasks", new JsonObject { ["cluster"] = Place.Cluster, ["tasks"] = arns.DeepClone() }, cancel);
        return [.. tasks["tasks"]!.AsArray().OfType<JsonObject>().Where(t => t["stoppedAt"] is { } at && IsNew(at)).OrderByDescending(t => t["stoppedAt"]!.GetValue<double>())];
    }

    /// <summary>The service's events since the injection, newest first.</summary>
    public async Task<List<JsonObject>> EventsAsync(string service, CancellationToken cancel) =>
        [.. (await ServiceAsync(service, cancel))["events"]!.AsArray().OfType<JsonObject>().Where(e => IsNew(e["createdAt"]!))];

    /// <summary>Lines of the service's log group since the injection, oldest first; with a text only those that hold it.</summary>
    public async Task<List<JsonObject>> LogAsync(string service, string? contains, CancellationToken cancel)
    {
        var found = new List<JsonObject>();
        for (string? token = null; ;)
        {
            var input = new JsonObject { ["logGroupName"] = Service(service).Fields["logGroup"], ["startTime"] = Since.ToUnixTimeMilliseconds() };
            if (token is not null) input["nextToken"] = token;
            var answer = await AskAsync("logs", "FilterLogEvents", input, cancel);
            found.AddRange(answer["events"]!.AsArray().OfType<JsonObject>().Where(e => contains is null || e["message"]!.ToString().Contains(contains, StringComparison.Ordinal)));
            token = answer["nextToken"]?.ToString();
            if (token is null) return found;
        }
    }

    /// <summary>The target group of the service and the health of its targets.</summary>
    public async Task<(JsonObject Group, JsonObject Health)> TargetsAsync(string service, CancellationToken cancel)
    {
        var name = Service(service).Fields.GetValueOrDefault("targetGroup") ?? throw new LabException($"{service} stands behind no load balancer");
        var groups = await AskAsync("elasticloadbalancing", "DescribeTargetGroups", new JsonObject { ["Names"] = new JsonArray(name) }, cancel);
        var group = (JsonObject)groups["TargetGroups"]!.AsArray()[0]!;
        return (group, await AskAsync("elasticloadbalancing", "DescribeTargetHealth", new JsonObject { ["TargetGroupArn"] = group["TargetGroupArn"]!.ToString() }, cancel));
    }

    public static IEnumerable<JsonObject> Targets(JsonObject health) => (health["TargetHealthDescriptions"] as JsonArray)?.OfType<JsonObject>() ?? [];

    public async Task<JsonObject> DefinitionAsync(string familyOrArn, CancellationToken cancel) =>
        (JsonObject)(await AskAsync("ecs", "DescribeTaskDefinition", new JsonObject { ["taskDefinition"] = familyOrArn }, cancel))["taskDefinition"]!;

    /// <summary>One key of a service's secret, in a version that its stage names.</summary>
    public async Task<string> SecretAsync(string service, string key, string stage, CancellationToken cancel)
    {
        var name = Service(service).Fields.GetValueOrDefault("secret") ?? throw new LabException($"{service} has no secret");
        var answer = await AskAsync("secretsmanager", "GetSecretValue", new JsonObject { ["SecretId"] = name, ["VersionStage"] = stage }, cancel);
        return JsonNode.Parse(answer["SecretString"]!.ToString())?[key]?.ToString() ?? throw new LabException($"{name} has no key {key} in {stage}");
    }

    /// <summary>The newest minute that the load balancers have counted, and the newest in which they counted an answer 502 or 504 of their own.</summary>
    public async Task<(Instant? Counted, Instant? Failed)> CountedAsync(CancellationToken cancel) =>
        (await NewestAsync("RequestCount", cancel), new[] { await NewestAsync("HTTPCode_ELB_502_Count", cancel), await NewestAsync("HTTPCode_ELB_504_Count", cancel) }.Max());

    private async Task<Instant?> NewestAsync(string metric, CancellationToken cancel)
    {
        Instant? newest = null;
        var known = await AskAsync("monitoring", "ListMetrics", new JsonObject { ["Namespace"] = "AWS/ApplicationELB", ["MetricName"] = metric }, cancel);
        foreach (var one in (known["Metrics"] as JsonArray)?.OfType<JsonObject>() ?? [])
        {
            var input = (JsonObject)one.DeepClone();
            input["StartTime"] = InstantPattern.General.Format(Since - Duration.FromMinutes(1));
            input["EndTime"] = InstantPattern.General.Format(Since + Duration.FromHours(20));
            input["Period"] = 60;
            input["Statistics"] = new JsonArray("Sum");
            var answer = await AskAsync("monitoring", "GetMetricStatistics", input, cancel);
            foreach (var point in (answer["Datapoints"] as JsonArray)?.OfType<JsonObject>() ?? [])
            {
                if (InstantPattern.ExtendedIso.Parse(point["Timestamp"]!.ToString()) is { Success: true, Value: var at } && (newest is null || at > newest)) newest = at;
            }
        }
        return newest;
    }

    public void Dispose()
    {
        Http.Dispose();
        aws.Dispose();
    }

    // AWS's times have milliseconds, the injection's has more.
    private bool IsNew(JsonNode epochSeconds) => epochSeconds.GetValue<double>() * 1000 >= Since.ToUnixTimeMilliseconds();
}
