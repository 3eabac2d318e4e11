using System.Text.Json;
using System.Text.Json.Nodes;
using NodaTime;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>
/// Keeps stopped tasks that ECS forgets after about an hour: one file for each service, of what probes ask of a stopped task and nothing more. A file that
/// cannot be read or written costs the memory, never the look.
/// </summary>
public sealed class StoppedTaskRecord(string folder)
{
    private const int MostTasks = 200;
    private static readonly Duration Kept = Duration.FromHours(24);
    private static readonly string[] Fields = ["taskArn", "taskDefinitionArn", "startedBy", "group", "lastStatus", "stopCode", "stoppedReason", "createdAt", "startedAt", "stoppedAt", "cpu", "memory"];
    private readonly SemaphoreSlim gate = new(1);

    internal async Task<List<JsonObject>> WithForgottenAsync(PlatformMap map, string service, List<JsonObject> known, Instant now, CancellationToken cancel)
    {
        var file = Path.Combine(folder, $"{map.Platform.Id}-{map.Cluster}-{service}.json");
        await gate.WaitAsync(cancel);
        try
        {
            var arns = known.Select(t => t.Text("taskArn")).ToHashSet(StringComparer.Ordinal);
            var clusterArn = known.Select(t => t.Text("clusterArn")).FirstOrDefault(a => a is not null);
            var all = Read(file);
            var remembered = all.Where(t => !arns.Contains(t.Text("taskArn")) && t.Time("stoppedAt") > now - Kept && (clusterArn is null || t.Text("clusterArn") == clusterArn)).ToList();
            var fresh = known.Where(t => Stopped.Is(t) && !all.Exists(a => a.Text("taskArn") == t.Text("taskArn"))).ToList();
            if (fresh.Count > 0) Write(file, known.Where(Stopped.Is).Select(Kernel).Concat(remembered).OrderByDescending(t => t.Time("stoppedAt")).Take(MostTasks));
            return [.. known, .. remembered];
        }
        finally
        {
            gate.Release();
        }
    }

    private static JsonObject Kernel(JsonObject task)
    {
        var kept = new JsonObject { ["clusterArn"] = task["clusterArn"]?.DeepClone() };
        foreach (var field in Fields.Where(f => task[f] is JsonValue)) kept[field] = task[field]!.DeepClone();
        kept["containers"] = new JsonArray([.. task.Items("containers").Select(c => (JsonNode)new JsonObject { ["name"] = c.Text("name"), ["exitCode"] = c["exitCode"]?.DeepClone(), ["reason"] = c["reason"]?.DeepClone(), ["image"] = c["image"]?.DeepClone() })]);
        return kept;
    }

    private static List<JsonObject> Read(string file)
    {
        try
        {
            return File.Exists(file) && JsonNode.Parse(File.ReadAllText(file)) is JsonArray list ? [.. list.OfType<JsonObject>()] : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return [];
        }
    }

    private static void Write(string file, IEnumerable<JsonObject> tasks)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            var temporary = $"{file}.{Environment.ProcessId}";
            File.WriteAllText(temporary, new JsonArray([.. tasks.Select(t => t.DeepClone())]).ToJsonString());
            File.Move(temporary, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next drill tries again; this one has what ECS still knows.
            _ = e;
        }
    }
}
