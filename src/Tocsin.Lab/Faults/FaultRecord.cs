using System.Text.Json;
using System.Text.Json.Nodes;
using Tocsin.Core.Signals;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Faults;

/// <summary>What the platform said about a fault, as files: the logs of every group, and AWS's answers about services, tasks, targets and definitions.</summary>
public static class FaultRecord
{
    private static readonly JsonSerializerOptions Written = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes into a folder that is new or empty; gives the files' names.</summary>
    public static async Task<IReadOnlyList<string>> WriteAsync(FaultRun run, Landing landing, string folder, CancellationToken cancel)
    {
        var files = new List<string>();
        async Task Write(string name, string text)
        {
            var file = Path.Combine(folder, name);
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            await File.WriteAllTextAsync(file, text, cancel);
            files.Add(name);
        }
        var eyes = run.Eyes;
        await Write("fault.json", JsonSerializer.Serialize(Told(landing), LabJson.Options));
        foreach (var service in eyes.Platform.Services)
        {
            var log = await eyes.LogAsync(service.Name, null, cancel);
            await Write($"logs/{service.Name}.log", string.Concat(log.Select(e => Redactor.Default.Redact(e["message"]!.ToString()) + "\n")));
            await Write($"services/{service.Name}.json", Json(await eyes.ServiceAsync(service.Name, cancel)));
            await Write($"stopped-tasks/{service.Name}.json", Json(new JsonObject { ["tasks"] = new JsonArray([.. (await eyes.StoppedAsync(service.Name, cancel)).Select(t => t.DeepClone())]) }));
            await Write($"task-definitions/{service.Name}.json", Json(new JsonObject { ["taskDefinition"] = (await eyes.DefinitionAsync(service.Name, cancel)).DeepClone() }));
            if (!service.Fields.ContainsKey("targetGroup")) continue;
            var (group, health) = await eyes.TargetsAsync(service.Name, cancel);
            await Write($"target-groups/{service.Name}.json", Json(group));
            await Write($"target-health/{service.Name}.json", Json(health));
        }
        return files;
    }

    /// <summary>Throws where the folder already holds something: a record is never mixed with another.</summary>
    public static void Check(string folder)
    {
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())) throw new LabException($"{folder} is not an empty folder; a record is written into a new one");
    }

    private static JsonObject Told(Landing landing) => new()
    {
        ["fault"] = landing.Fault.Id,
        ["entry"] = landing.Fault.Entry,
        ["cause"] = landing.Fault.Cause,
        ["kind"] = landing.Fault.Kind,
        ["environment"] = landing.Environment,
        ["account"] = Aws.LabIds.Account,
        ["since"] = NodaTime.Text.InstantPattern.ExtendedIso.Format(landing.Since),
        ["landed"] = landing.Landed,
        ["evidence"] = new JsonArray([.. landing.Evidence.Select(e => (JsonNode)new JsonObject { ["kind"] = e.Kind, ["landed"] = e.Landed, ["saw"] = Redactor.Default.Redact(e.Saw) })]),
    };

    private static string Json(JsonObject answer) => RecordRedaction.Of(answer)!.ToJsonString(Written) + "\n";
}
