using System.Text.Json.Nodes;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws.Ecs;

/// <summary>Task definitions: registered once, never changed, found by family and revision.</summary>
internal sealed class TaskDefinitionOperations(LabWorld world)
{
    private const int Most = 100;
    private static readonly string[] Kept =
    [
        "containerDefinitions", "cpu", "memory", "executionRoleArn", "taskRoleArn", "networkMode", "requiresCompatibilities", "volumes", "placementConstraints", "runtimePlatform",
    ];

    public IEnumerable<Operation> All() =>
    [
        EcsOperations.Op("RegisterTaskDefinition", Register, _ => ["*"]),
        EcsOperations.Op("DeregisterTaskDefinition", Deregister, _ => ["*"]),
        EcsOperations.Op("DescribeTaskDefinition", Describe, _ => ["*"]),
        EcsOperations.Op("ListTaskDefinitions", List, _ => ["*"]),
        EcsOperations.Op("ListTaskDefinitionFamilies", Families, _ => ["*"]),
    ];

    /// <summary>Adds a revision to its family. Called with the world's lock held.</summary>
    public static TaskDefinition Register(LabRegion region, string family, JsonObject body, string by)
    {
        if (!region.Ecs.Families.TryGetValue(family, out var revisions)) region.Ecs.Families[family] = revisions = [];
        var definition = new TaskDefinition(family, revisions.Count + 1, region.Name, body, region.Clock.Now, by);
        revisions.Add(definition);
        return definition;
    }

    private JsonObject Register(AwsCall call)
    {
        var family = call.Required("family");
        if (family.Length > 255 || !family.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')) throw Invalid("Family contains invalid characters.");
        var containers = call.Items("containerDefinitions").ToList();
        if (containers.Count == 0) throw Invalid("Container list cannot be empty.");
        foreach (var container in containers) Check(container as JsonObject ?? throw new AwsException("SerializationException", "containerDefinitions is not a list of structures"));
        var body = new JsonObject();
        foreach (var field in Kept) if (call.Input[field] is { } value) body[field] = value.DeepClone();
        return Answer(Register(world.Regions[call.Region], family, body, call.Caller.Arn));
    }

    private static void Check(JsonObject container)
    {
        if (string.IsNullOrEmpty(container["name"]?.ToString())) throw Invalid("Container.name should not be null or empty.");
        if (string.IsNullOrEmpty(container["image"]?.ToString())) throw Invalid("Container.image should not be null or empty.");
        foreach (var field in new[] { "command", "environment", "secrets", "portMappings" })
        {
            if (container[field] is { } list and not JsonArray) throw new AwsException("SerializationException", $"{field} is not a list: {list.GetValueKind()}");
        }
        if (container["memory"] is { } memory && (memory is not JsonValue number || !number.TryGetValue<int>(out var megabytes) || megabytes < 6)) throw Invalid("Container.memory should be greater than or equal to 6.");
        if (container["stopTimeout"] is { } stop && (stop is not JsonValue seconds || !seconds.TryGetValue<int>(out var value) || value is < 0 or > 120)) throw Invalid("Invalid 'stopTimeout' setting for container. Value must be between 0 and 120.");
        foreach (var secret in container["secrets"] as JsonArray ?? [])
        {
            if (string.IsNullOrEmpty(secret?["name"]?.ToString()) || string.IsNullOrEmpty(secret["valueFrom"]?.ToString())) throw Invalid("Secret name and valueFrom should not be null or empty.");
        }
    }

    private JsonObject Deregister(AwsCall call)
    {
        var definition = Find(call, call.Required("taskDefinition"));
        (definition.Active, definition.Deregistered) = (false, call.Now);
        return Answer(definition);
    }

    private JsonObject Describe(AwsCall call) => Answer(Find(call, call.Required("taskDefinition")));

    private JsonObject List(AwsCall call)
    {
        var active = (call.Text("status") ?? "ACTIVE") is "ACTIVE";
        var families = world.Regions[call.Region].Ecs.Families.AsEnumerable();
        if (call.Text("familyPrefix") is { } family) families = families.Where(f => f.Key == family);
        var all = families.SelectMany(f => f.Value).Where(d => d.Active == active);
        return EcsOperations.Page(call, "taskDefinitionArns", (call.Text("sort") is "DESC" ? all.Reverse() : all).Select(d => d.Arn), Most);
    }

    private JsonObject Families(AwsCall call)
    {
        var prefix = call.Text("familyPrefix") ?? "";
        var families = world.Regions[call.Region].Ecs.Families.Where(f => f.Key.StartsWith(prefix, StringComparison.Ordinal) && (call.Text("status") is not "ACTIVE" || f.Value.Exists(d => d.Active)));
        return EcsOperations.Page(call, "families", families.Select(f => f.Key), Most);
    }

    private TaskDefinition Find(AwsCall call, string text) =>
        world.Regions[call.Region].Ecs.Find(text) ?? throw new AwsException("ClientException", "Unable to describe task definition.");

    private static JsonObject Answer(TaskDefinition definition) => new() { ["taskDefinition"] = EcsJson.Of(definition) };

    private static AwsException Invalid(string message) => new("ClientException", message);
}
