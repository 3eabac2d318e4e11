using System.Text.Json.Nodes;
using NodaTime;

namespace Tocsin.Lab.Aws.Ecs;

/// <summary>One revision of a task definition: what was registered, never changed.</summary>
public sealed class TaskDefinition(string family, int revision, string region, JsonObject body, Instant registered, string registeredBy)
{
    public string Family { get; } = family;

    public int Revision { get; } = revision;

    public string Arn { get; } = LabIds.Arn("ecs", region, $"task-definition/{family}:{revision}");

    public JsonObject Body { get; } = body;

    public Instant Registered { get; } = registered;

    public string RegisteredBy { get; } = registeredBy;

    public bool Active { get; set; } = true;

    public Instant? Deregistered { get; set; }

    public IEnumerable<JsonObject> Containers => ((JsonArray)Body["containerDefinitions"]!).Select(c => (JsonObject)c!);

    public string? ExecutionRole => RoleName(Body["executionRoleArn"]?.ToString());

    public string? TaskRole => RoleName(Body["taskRoleArn"]?.ToString());

    private static string? RoleName(string? arn) => arn?.Split('/')[^1];
}

public sealed class ContainerRun(string name, string image)
{
    public string Name { get; } = name;

    public string Image { get; } = image;

    public string RuntimeId { get; } = LabIds.Hex(32) + "-" + LabIds.Digits(10);

    public string? Digest { get; set; }

    public string LastStatus { get; set; } = "PENDING";

    public int? ExitCode { get; set; }

    public string? Reason { get; set; }
}

/// <summary>A task: its processes live in the runtime, this is what ECS says of them.</summary>
public sealed class EcsTask(string id, string arn, TaskDefinition definition, string group, string? startedBy, string ip, Instant created)
{
    public string Id { get; } = id;

    public string Arn { get; } = arn;

    public TaskDefinition Definition { get; } = definition;

    /// <summary><c>service:NAME</c> or <c>family:NAME</c>.</summary>
    public string Group { get; } = group;

    /// <summary>The deployment's id, or who ran it.</summary>
    public string? StartedBy { get; } = startedBy;

    /// <summary>The task's own loopback address, its network interface.</summary>
    public string Ip { get; } = ip;

    public string InterfaceId { get; } = "eni-" + LabIds.Hex(17);

    public string AttachmentId { get; } = LabIds.Uuid();

    public Instant Created { get; } = created;

    public string LastStatus { get; set; } = "PROVISIONING";

    public string DesiredStatus { get; set; } = "RUNNING";

    public List<ContainerRun> Containers { get; } = [];

    public Instant? PullStarted { get; set; }

    public Instant? PullStopped { get; set; }

    public Instant? Started { get; set; }

    public Instant? Stopping { get; set; }

    public Instant? ExecutionStopped { get; set; }

    public Instant? Stopped { get; set; }

    public Duration? StoppedLab { get; set; }

    public Duration StartedLab { get; set; }

    public string? StopCode { get; set; }

    public string? StoppedReason { get; set; }

    public string HealthStatus { get; set; } = "UNKNOWN";

    /// <summary>The main processes of its containers, while they run.</summary>
    public List<int> Pids { get; } = [];

    public bool Gone => LastStatus is "STOPPED";

    public bool Counts => !Gone && DesiredStatus is "RUNNING";
}

public sealed class Deployment(TaskDefinition definition, Instant created)
{
    public string Id { get; } = "ecs-svc/" + LabIds.Digits(19);

    public TaskDefinition Definition { get; } = definition;

    public Instant Created { get; } = created;

    public Instant Updated { get; set; } = created;

    /// <summary><c>PRIMARY</c> is the newest, <c>ACTIVE</c> one that it replaces.</summary>
    public string Status { get; set; } = "PRIMARY";

    public string Rollout { get; set; } = "IN_PROGRESS";

    public string RolloutReason { get; set; } = "";

    /// <summary>Tasks of it that failed to start or died before the deployment was complete.</summary>
    public int FailedTasks { get; set; }

    /// <summary>Failures in a row, by which the scheduler slows down.</summary>
    public int FailuresInRow { get; set; }

    /// <summary>Lab time before which no further task is started.</summary>
    public Duration NotBefore { get; set; }

    public bool SaidUnable { get; set; }
}

public sealed record ServiceEvent(string Id, Instant At, string Message);

public sealed record ServiceBalancer(string TargetGroupArn, string Container, int Port);

/// <summary>A service as ECS keeps it.</summary>
public sealed class EcsServiceState(string name, string arn, string clusterArn, Instant created)
{
    private const int MostEvents = 100;

    public string Name { get; } = name;

    public string Arn { get; } = arn;

    public string ClusterArn { get; } = clusterArn;

    public Instant Created { get; } = created;

    public string Status { get; set; } = "ACTIVE";

    public int Desired { get; set; }

    public required TaskDefinition Definition { get; set; }

    public List<Deployment> Deployments { get; } = [];

    public List<ServiceBalancer> Balancers { get; init; } = [];

    public bool CircuitBreaker { get; set; }

    public bool RollbackOnFailure { get; set; }

    public int MinimumHealthyPercent { get; set; } = 100;

    public int MaximumPercent { get; set; } = 200;

    public Duration HealthGrace { get; set; } = Duration.Zero;

    public JsonObject Network { get; set; } = [];

    public bool Steady { get; set; }

    /// <summary>Newest first.</summary>
    public List<ServiceEvent> Events { get; } = [];

    public Deployment Primary => Deployments.First(d => d.Status is "PRIMARY");

    public void Say(Instant now, string message)
    {
        Events.Insert(0, new ServiceEvent(LabIds.Uuid(), now, message));
        if (Events.Count > MostEvents) Events.RemoveAt(MostEvents);
    }
}

public sealed class EcsCluster(string name, string region)
{
    public string Name { get; } = name;

    public string Arn { get; } = LabIds.Arn("ecs", region, $"cluster/{name}");

    public SortedDictionary<string, EcsServiceState> Services { get; } = new(StringComparer.Ordinal);

    public Dictionary<string, EcsTask> Tasks { get; } = new(StringComparer.Ordinal);
}

/// <summary>ECS of one region.</summary>
public sealed class EcsState
{
    public SortedDictionary<string, EcsCluster> Clusters { get; } = new(StringComparer.Ordinal);

    public SortedDictionary<string, List<TaskDefinition>> Families { get; } = new(StringComparer.Ordinal);

    /// <summary>Whether the cluster can place further tasks; a quota that is used up says no.</summary>
    public string? PlacementFailure { get; set; }

    /// <summary>By ARN, <c>family:revision</c>, or a bare family: its newest active revision.</summary>
    public TaskDefinition? Find(string text)
    {
        var name = text.Split('/')[^1];
        var colon = name.LastIndexOf(':');
        if (colon < 0) return Families.GetValueOrDefault(name)?.LastOrDefault(d => d.Active);
        return int.TryParse(name[(colon + 1)..], System.Globalization.CultureInfo.InvariantCulture, out var revision)
            ? Families.GetValueOrDefault(name[..colon])?.FirstOrDefault(d => d.Revision == revision)
            : null;
    }

    public EcsCluster? Cluster(string? text) => Clusters.GetValueOrDefault((text ?? "default").Split('/')[^1]);
}
