using System.Text.Json;
using System.Text.Json.Nodes;
using Tocsin.Core.Signals;
using Tocsin.Lab.Faults.Checks;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Faults;

/// <summary>What the platform said about a fault, as files: the logs of every group, and AWS's answers about services, tasks, targets and definitions.</summary>
public static class FaultRecord
{
    // What AWS says of what stands around the services; an answer that is refused is written down as such.
    private static readonly (string File, string Service, string Operation)[] Around =
    [
        ("rds-clusters", "rds", "DescribeDBClusters"), ("cache-groups", "elasticache", "DescribeReplicationGroups"), ("security-groups", "ec2", "DescribeSecurityGroups"), ("route-tables", "ec2", "DescribeRouteTables"),
        ("instances", "ec2", "DescribeInstances"), ("certificates", "acm", "ListCertificates"), ("load-balancers", "elasticloadbalancing", "DescribeLoadBalancers"),
    ];

    private static readonly JsonSerializerOptions Written = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Writes into a folder that is new or empty; gives the files' names.</summary>
    public static async Task<IReadOnlyList<string>> WriteAsync(LabClient lab, FaultRun run, Landing landing, string folder, CancellationToken cancel)
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
        foreach (var (file, service, operation) in Around) await Write($"aws/{file}.json", Json(await AskAsync(eyes, service, operation, cancel)));
        await Write("status.json", JsonSerializer.Serialize(await lab.StatusAsync(cancel), LabJson.Options));
        foreach (var (name, words) in eyes.Place.Components.ContainsKey("aurora") ? Clients : [])
        {
            var seen = await new ClientCheck(words).LookAsync(eyes, cancel);
            await Write($"clients/{name}.txt", seen.Saw + "\n");
        }
        return files;
    }

    // How each server answers a person's own client in that moment.
    private static readonly (string Name, string Words)[] Clients =
    [
        ("mysql-processes", "mariadb --no-defaults -h {aurora.host} -P {aurora.port} -u {aurora.user} --ssl-ca={authority} -e 'SHOW FULL PROCESSLIST'"),
        ("redis-info", "redis-cli -h {redis.host} -p {redis.port} --tls --cacert {authority} INFO"),
        ("redis-keys", "redis-cli -h {redis.host} -p {redis.port} --tls --cacert {authority} KEYS bull:*"),
        ("redis-clients", "redis-cli -h {redis.host} -p {redis.port} --tls --cacert {authority} CLIENT LIST"),
        ("clickhouse-tables", "curl -sS -m 4 http://{clickhouse.host}:{clickhouse.port}/ --data-binary \"SELECT database, name FROM system.tables WHERE engine = 'MergeTree'\""),
        ("cloudflare-records", "curl -sS -m 4 -H 'Authorization: Bearer {cloudflare.token}' http://{cloudflare.host}:{cloudflare.port}/client/v4/zones"),
    ];

    private static async Task<JsonObject> AskAsync(FaultEyes eyes, string service, string operation, CancellationToken cancel)
    {
        try
        {
            return await eyes.AskAsync(service, operation, [], cancel);
        }
        catch (Collect.Aws.AwsFailure e)
        {
            return new JsonObject { ["error"] = e.Code, ["message"] = e.Message };
        }
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
        ["evidence"] = new JsonArray([.. landing.Evidence.Select(e => (JsonNode)new JsonObject { ["kind"] = e.Kind, ["landed"] = e.Landed, ["saw"] = e.Saw })]),
    };

    private static string Json(JsonObject answer) => answer.ToJsonString(Written) + "\n";
}
