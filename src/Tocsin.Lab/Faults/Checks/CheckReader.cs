using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tocsin.Core.Catalog;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Lab.Faults.Checks;

/// <summary>From a landed check's tree, which passed its shape, to the check.</summary>
internal static class CheckReader
{
    public static LandedCheck Read(YamlMappingNode one)
    {
        var (key, value) = one.Children.First();
        var map = (YamlMappingNode)value;
        return ((YamlScalarNode)key).Value switch
        {
            "stopped" => new StoppedCheck(map.Text("service")) { Reason = Of(map, "reason"), Code = Of(map, "code"), Exit = Count(map, "exit"), Container = Of(map, "container"), ContainerReason = Of(map, "containerReason") },
            "event" => new EventCheck(map.Text("service"), map.Text("contains")),
            "log" => new LogCheck(map.Text("service"), map.Text("contains")),
            "tls" => new TlsCheck(map.Text("name"), Fails: map.Text("fails") is not "false", Of(map, "door") ?? "nlb"),
            "target" => new TargetCheck(map.Text("service")) { State = Of(map, "state"), Reason = Of(map, "reason"), Description = Of(map, "description") },
            "service" => new ServiceCheck(map.Text("service")) { Desired = Count(map, "desired"), Running = Count(map, "running"), Rollout = Of(map, "rollout"), FailedTasks = Count(map, "failedTasks") },
            "definition" => new DefinitionCheck(map.Text("service")) { Behind = Count(map, "behind"), OlderImage = map.Text("olderImage") is "true" },
            "api" => new ApiCheck(map.Text("of"), map.Text("operation"), map.Text("input"), map.Text("path")) { Is = Of(map, "is"), Contains = Of(map, "contains") },
            "client" => new ClientCheck(map.Text("run")) { Contains = Of(map, "contains"), Without = Of(map, "without"), Exit = Count(map, "exit"), Seconds = Count(map, "seconds") },
            _ => Http(map),
        };
    }

    public static bool IsObject(string text)
    {
        try
        {
            return JsonNode.Parse(text) is JsonObject;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static HttpCheck Http(YamlMappingNode map) => new(map.Text("host"), map.Text("path"))
    {
        Door = Of(map, "door") ?? "alb",
        Scheme = Of(map, "scheme") ?? "http",
        Method = Of(map, "method") ?? "GET",
        Headers = Table(map, "headers"),
        Body = Of(map, "body"),
        Sign = map.Get("sign") is YamlMappingNode sign ? new HttpSignature(sign.Text("service"), sign.Text("key"), Of(sign, "stage") ?? "AWSCURRENT", Of(sign, "over"), sign.Text("form")) : null,
        Status = Count(map, "status"),
        Contains = Of(map, "contains"),
        Without = Of(map, "without"),
        Has = Table(map, "has"),
        Lacks = map.Texts("lacks"),
        Tries = Count(map, "tries") ?? 1,
        Parallel = Count(map, "parallel") ?? 1,
    };

    private static string? Of(YamlMappingNode map, string key) => map.Has(key) ? map.Text(key) : null;

    private static int? Count(YamlMappingNode map, string key) => map.Has(key) ? map.Whole(key) : null;

    private static ImmutableSortedDictionary<string, string> Table(YamlMappingNode map, string key) => map.Get(key) is YamlMappingNode table
        ? table.Children.ToImmutableSortedDictionary(c => ((YamlScalarNode)c.Key).Value!, c => ((YamlScalarNode)c.Value).Value!, StringComparer.OrdinalIgnoreCase)
        : ImmutableSortedDictionary<string, string>.Empty;
}
