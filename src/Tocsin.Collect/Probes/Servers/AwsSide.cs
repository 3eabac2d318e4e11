using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Platforms;

namespace Tocsin.Collect.Probes.Servers;

/// <summary>What AWS knows that a walk needs: addresses of tasks, variables of revisions, addresses of the platform. Answers of another shape are none.</summary>
internal sealed class AwsSide(ServerGround ground, Sighting sighting)
{
    private const int MostTasks = 6;

    /// <summary>Addresses of a service's running tasks.</summary>
    public async Task<List<string>> TasksAsync(Service service, CancellationToken cancel)
    {
        var arns = Texts((await AskAsync("ecs", "ListTasks", new() { ["cluster"] = ground.Map.Cluster, ["serviceName"] = service.Name, ["desiredStatus"] = "RUNNING" }, cancel))["taskArns"]).Take(MostTasks).ToList();
        if (arns.Count == 0) return [];
        var tasks = await AskAsync("ecs", "DescribeTasks", new() { ["cluster"] = ground.Map.Cluster, ["tasks"] = new JsonArray([.. arns.Select(a => (JsonNode)a)]) }, cancel);
        return
        [
            .. Items(tasks["tasks"]).Where(t => Text(t["lastStatus"]) is "RUNNING").SelectMany(t => Items(t["attachments"])).SelectMany(a => Items(a["details"]))
                .Where(d => Text(d["name"]) is "privateIPv4Address").Select(d => Text(d["value"])).OfType<string>(),
        ];
    }

    /// <summary>The container definitions of the revision that runs.</summary>
    public async Task<List<JsonObject>> ContainersAsync(Service service, bool newest, CancellationToken cancel)
    {
        var services = await AskAsync("ecs", "DescribeServices", new() { ["cluster"] = ground.Map.Cluster, ["services"] = new JsonArray(service.Name) }, cancel);
        var revision = Items(services["services"]).Select(s => Text(s["taskDefinition"])).FirstOrDefault() ?? throw new CouldNotLook(ObservationStatus.NotConfigured, $"there is no service {service.Name} in {ground.Map.Cluster}");
        // A family alone means its newest revision.
        var name = newest ? revision.Split('/')[^1].Split(':')[0] : revision;
        var definition = await AskAsync("ecs", "DescribeTaskDefinition", new() { ["taskDefinition"] = name }, cancel);
        return [.. Items((definition["taskDefinition"] as JsonObject)?["containerDefinitions"])];
    }

    /// <summary>A variable as a task gets it; what stands in a secret only where values may be read. Null: it is not passed.</summary>
    public async Task<string?> VariableAsync(Service service, string name, CancellationToken cancel)
    {
        var containers = await ContainersAsync(service, newest: false, cancel);
        var plain = containers.SelectMany(c => Items(c["environment"])).FirstOrDefault(e => Text(e["name"]) == name);
        if (plain is not null) return Text(plain["value"]);
        var secret = containers.SelectMany(c => Items(c["secrets"])).FirstOrDefault(e => Text(e["name"]) == name);
        if (Text(secret?["valueFrom"]) is not { } from) return null;
        if (!ground.ReadsSecretValues) throw new CouldNotLook(ObservationStatus.NotConfigured, $"{name} stands in a secret, and values of secrets are not opted in");
        var parts = from.Split(':');
        var (id, key) = parts.Length >= 8 ? (string.Join(':', parts[..7]), parts[7]) : (from, "");
        var value = Text((await AskAsync("secretsmanager", "GetSecretValue", new() { ["SecretId"] = id }, cancel))["SecretString"]);
        return key.Length == 0 ? value : Text(Parse(value)?[key]);
    }

    /// <summary>The Elastic IPs that are in use.</summary>
    public async Task<List<IPAddress>> ElasticAsync(CancellationToken cancel) =>
        [.. Items((await AskAsync("ec2", "DescribeAddresses", [], cancel))["addressesSet"]).Where(a => Text(a["associationId"]) is { Length: > 0 }).Select(a => IPAddress.TryParse(Text(a["publicIp"]), out var ip) ? ip : null).OfType<IPAddress>()];

    /// <summary>The records by which ACM wants the newest certificate to be proven that it has not issued; where it issued all, those of all.</summary>
    public async Task<List<(string Name, string Value)>> ValidationAsync(CancellationToken cancel)
    {
        var all = Items((await AskAsync("acm", "ListCertificates", new() { ["MaxItems"] = 20 }, cancel))["CertificateSummaryList"]).ToList();
        var open = all.Where(c => Text(c["Status"]) is not "ISSUED").OrderByDescending(c => Text(c["CreatedAt"]), StringComparer.Ordinal).Take(1).ToList();
        var records = new List<(string, string)>();
        foreach (var arn in (open.Count > 0 ? open : all).Select(c => Text(c["CertificateArn"])).OfType<string>())
        {
            var certificate = (await AskAsync("acm", "DescribeCertificate", new() { ["CertificateArn"] = arn }, cancel))["Certificate"] as JsonObject;
            records.AddRange(Items(certificate?["DomainValidationOptions"]).Select(o => o["ResourceRecord"] as JsonObject).Where(r => Text(r?["Name"]) is not null).Select(r => (Text(r!["Name"])!.TrimEnd('.'), (Text(r["Value"]) ?? "").TrimEnd('.'))));
        }
        return [.. records.Distinct()];
    }

    /// <summary>The longest time for which an application load balancer keeps a connection without traffic; null where none tells.</summary>
    public async Task<double?> IdleSecondsAsync(CancellationToken cancel)
    {
        var seconds = new List<double>();
        foreach (var arn in Items((await AskAsync("elasticloadbalancing", "DescribeLoadBalancers", [], cancel))["LoadBalancers"]).Select(b => Text(b["LoadBalancerArn"])).OfType<string>().Where(a => a.Contains("/app/", StringComparison.Ordinal)))
        {
            var attributes = Items((await AskAsync("elasticloadbalancing", "DescribeLoadBalancerAttributes", new() { ["LoadBalancerArn"] = arn }, cancel))["Attributes"]);
            seconds.AddRange(attributes.Where(a => Text(a["Key"]) is "idle_timeout.timeout_seconds").Select(a => double.TryParse(Text(a["Value"]), System.Globalization.NumberStyles.Float, System.Globalization.CultureInfo.InvariantCulture, out var s) ? s : 60));
        }
        return seconds.Count == 0 ? null : seconds.Max();
    }

    /// <summary>Log lines that fit a filter pattern, of the time that is looked at, the last hour where none is set; oldest first.</summary>
    public async Task<List<string>> LinesAsync(string group, string pattern, CancellationToken cancel)
    {
        var since = ground.Since?.ToUnixTimeMilliseconds() ?? ground.Time.GetUtcNow().AddHours(-1).ToUnixTimeMilliseconds();
        var page = await LogPages.ReadAsync(new JsonObject { ["logGroupName"] = group, ["filterPattern"] = pattern, ["startTime"] = since }, q => AskAsync("logs", "FilterLogEvents", q, cancel), cancel);
        page.Tell(sighting);
        return [.. page.Events.Select(e => e.Text)];
    }

    public static JsonObject? Parse(string? text)
    {
        try
        {
            return text is null ? null : JsonNode.Parse(text) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    public static IEnumerable<JsonObject> Items(JsonNode? node) => (node as JsonArray)?.OfType<JsonObject>() ?? [];

    public static IEnumerable<string> Texts(JsonNode? node) => (node as JsonArray)?.OfType<JsonValue>().Select(v => v.ToString()) ?? [];

    public static string? Text(JsonNode? node) => (node as JsonValue)?.ToString();

    private Task<JsonObject> AskAsync(string service, string operation, JsonObject input, CancellationToken cancel) =>
        ground.Aws is { } ask ? ask(sighting, service, operation, input, cancel) : throw new CouldNotLook(ObservationStatus.NotConfigured, $"AWS is not asked here, and {service} {operation} would tell");
}
