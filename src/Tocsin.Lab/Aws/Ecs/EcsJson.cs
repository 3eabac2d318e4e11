using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Lab.Wire;

namespace Tocsin.Lab.Aws.Ecs;

/// <summary>ECS's objects as its API shows them.</summary>
internal static class EcsJson
{
    public static JsonObject Of(EcsServiceState service, IEnumerable<EcsTask> tasks)
    {
        var all = tasks.Where(t => t.Group == $"service:{service.Name}").ToList();
        return new JsonObject
        {
            ["serviceArn"] = service.Arn,
            ["serviceName"] = service.Name,
            ["clusterArn"] = service.ClusterArn,
            ["loadBalancers"] = Array(service.Balancers, b => new JsonObject { ["targetGroupArn"] = b.TargetGroupArn, ["containerName"] = b.Container, ["containerPort"] = b.Port }),
            ["serviceRegistries"] = new JsonArray(),
            ["status"] = service.Status,
            ["desiredCount"] = service.Desired,
            ["runningCount"] = all.Count(IsRunning),
            ["pendingCount"] = all.Count(IsPending),
            ["launchType"] = "FARGATE",
            ["platformVersion"] = "LATEST",
            ["platformFamily"] = "Linux",
            ["taskDefinition"] = service.Definition.Arn,
            ["deploymentConfiguration"] = new JsonObject
            {
                ["deploymentCircuitBreaker"] = new JsonObject { ["enable"] = service.CircuitBreaker, ["rollback"] = service.RollbackOnFailure },
                ["maximumPercent"] = service.MaximumPercent,
                ["minimumHealthyPercent"] = service.MinimumHealthyPercent,
            },
            ["deployments"] = Array(service.Deployments, d => Of(d, service, all)),
            ["events"] = Array(service.Events, e => new JsonObject { ["id"] = e.Id, ["createdAt"] = AwsTime.Epoch(e.At), ["message"] = e.Message }),
            ["createdAt"] = AwsTime.Epoch(service.Created),
            ["networkConfiguration"] = service.Network.DeepClone(),
            ["healthCheckGracePeriodSeconds"] = (int)service.HealthGrace.TotalSeconds,
            ["schedulingStrategy"] = "REPLICA",
            ["deploymentController"] = new JsonObject { ["type"] = "ECS" },
            ["enableECSManagedTags"] = false,
            ["propagateTags"] = "NONE",
            ["enableExecuteCommand"] = false,
        };
    }

    public static JsonObject Of(EcsTask task, string clusterArn)
    {
        var json = new JsonObject
        {
            ["attachments"] = new JsonArray(new JsonObject
            {
                ["id"] = task.AttachmentId,
                ["type"] = "ElasticNetworkInterface",
                ["status"] = task.Gone ? "DELETED" : "ATTACHED",
                ["details"] = new JsonArray(new JsonObject { ["name"] = "networkInterfaceId", ["value"] = task.InterfaceId }, new JsonObject { ["name"] = "privateIPv4Address", ["value"] = task.Ip }),
            }),
            ["clusterArn"] = clusterArn,
            ["connectivity"] = "CONNECTED",
            ["containers"] = Array(task.Containers, c => Of(c, task)),
            ["cpu"] = task.Definition.Body["cpu"]?.ToString(),
            ["createdAt"] = AwsTime.Epoch(task.Created),
            ["desiredStatus"] = task.DesiredStatus,
            ["group"] = task.Group,
            ["healthStatus"] = task.HealthStatus,
            ["lastStatus"] = task.LastStatus,
            ["launchType"] = "FARGATE",
            ["memory"] = task.Definition.Body["memory"]?.ToString(),
            ["platformVersion"] = "1.4.0",
            ["startedBy"] = task.StartedBy,
            ["stopCode"] = task.StopCode,
            ["stoppedReason"] = task.StoppedReason,
            ["taskArn"] = task.Arn,
            ["taskDefinitionArn"] = task.Definition.Arn,
            ["version"] = 1,
        };
        Time(json, "pullStartedAt", task.PullStarted);
        Time(json, "pullStoppedAt", task.PullStopped);
        Time(json, "startedAt", task.Started);
        Time(json, "stoppingAt", task.Stopping);
        Time(json, "executionStoppedAt", task.ExecutionStopped);
        Time(json, "stoppedAt", task.Stopped);
        return Compact(json);
    }

    public static JsonObject Of(TaskDefinition definition)
    {
        var json = (JsonObject)definition.Body.DeepClone();
        json["taskDefinitionArn"] = definition.Arn;
        json["family"] = definition.Family;
        json["revision"] = definition.Revision;
        json["status"] = definition.Active ? "ACTIVE" : "INACTIVE";
        json["compatibilities"] = new JsonArray("EC2", "FARGATE");
        json["registeredAt"] = AwsTime.Epoch(definition.Registered);
        json["registeredBy"] = definition.RegisteredBy;
        Time(json, "deregisteredAt", definition.Deregistered);
        return json;
    }

    public static JsonArray Array<T>(IEnumerable<T> items, Func<T, JsonNode?> json) => [.. items.Select(json)];

    public static bool IsRunning(EcsTask task) => task is { LastStatus: "RUNNING", DesiredStatus: "RUNNING" };

    public static bool IsPending(EcsTask task) => task is { LastStatus: "PROVISIONING" or "PENDING" or "ACTIVATING", DesiredStatus: "RUNNING" };

    private static JsonObject Of(Deployment deployment, EcsServiceState service, List<EcsTask> tasks)
    {
        var own = tasks.Where(t => t.StartedBy == deployment.Id).ToList();
        return new JsonObject
        {
            ["id"] = deployment.Id,
            ["status"] = deployment.Status,
            ["taskDefinition"] = deployment.Definition.Arn,
            ["desiredCount"] = deployment.Status is "PRIMARY" ? service.Desired : 0,
            ["pendingCount"] = own.Count(IsPending),
            ["runningCount"] = own.Count(IsRunning),
            ["failedTasks"] = deployment.FailedTasks,
            ["createdAt"] = AwsTime.Epoch(deployment.Created),
            ["updatedAt"] = AwsTime.Epoch(deployment.Updated),
            ["launchType"] = "FARGATE",
            ["platformVersion"] = "1.4.0",
            ["platformFamily"] = "Linux",
            ["networkConfiguration"] = service.Network.DeepClone(),
            ["rolloutState"] = deployment.Rollout,
            ["rolloutStateReason"] = deployment.RolloutReason,
        };
    }

    private static JsonObject Of(ContainerRun container, EcsTask task) => Compact(new JsonObject
    {
        ["containerArn"] = task.Arn.Replace(":task/", ":container/", StringComparison.Ordinal) + "/" + container.RuntimeId[..8],
        ["taskArn"] = task.Arn,
        ["name"] = container.Name,
        ["image"] = container.Image,
        ["imageDigest"] = container.Digest,
        ["runtimeId"] = container.RuntimeId,
        ["lastStatus"] = container.LastStatus,
        ["exitCode"] = container.ExitCode,
        ["reason"] = container.Reason,
        ["networkBindings"] = new JsonArray(),
        ["networkInterfaces"] = new JsonArray(new JsonObject { ["attachmentId"] = task.AttachmentId, ["privateIpv4Address"] = task.Ip }),
        ["healthStatus"] = "UNKNOWN",
    });

    private static void Time(JsonObject json, string name, Instant? at)
    {
        if (at is { } known) json[name] = AwsTime.Epoch(known);
    }

    private static JsonObject Compact(JsonObject json)
    {
        foreach (var name in json.Where(p => p.Value is null).Select(p => p.Key).ToList()) json.Remove(name);
        return json;
    }
}
