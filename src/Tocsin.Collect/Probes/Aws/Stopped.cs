using System.Text.Json.Nodes;
using NodaTime;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>What a stopped task says of its end. ECS's sentences are not an interface; each is recognised by the words that all its versions share.</summary>
internal static class Stopped
{
    private const int Killed = 137;
    private static readonly System.Text.Json.JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly int[] Orderly = [0, 143];

    public static bool Is(JsonObject task) => task.Text("lastStatus") == "STOPPED";

    /// <summary>Tasks that ended badly, newest first: by themselves, or killed where they were only to end. Those of one deployment, the newest that has any.</summary>
    public static List<JsonObject> InTrouble(IEnumerable<JsonObject> tasks, Instant since)
    {
        var bad = tasks.Where(t => Is(t) && t.Time("stoppedAt") is { } at && at >= since && (!IsOrdered(Reason(t)) || Exits(t).Any(e => !Orderly.Contains(e))))
            .OrderByDescending(t => t.Time("stoppedAt")).ToList();
        return bad.Count == 0 ? bad : bad.FindAll(t => t.Text("startedBy") == bad[0].Text("startedBy"));
    }

    /// <summary>Until when its end says something of the service: of a revision that another one replaced, how it went down tells of the past, from when that was decided.</summary>
    public static Instant? Over(JsonObject task, string? wanted) =>
        task.Text("taskDefinitionArn") is { } own && own != wanted && IsOrdered(Reason(task)) && task.Time("stoppingAt") is { } decided ? decided : task.Time("stoppedAt");

    /// <summary>Someone wanted it: a deployment, scaling, a person.</summary>
    public static bool IsOrdered(string reason) => reason is "DEPLOYMENT" or "SCALING" or "USER";

    public static string Reason(JsonObject task)
    {
        var text = task.Text("stoppedReason") ?? "";
        if (Has(text, "ResourceInitializationError")) return "RESOURCE_INITIALIZATION";
        if (Has(text, "CannotPullContainer") || Has(text, "CannotPullImage")) return "CANNOT_PULL";
        if (OutOfMemory(task)) return "OUT_OF_MEMORY";
        if (Has(text, "health check")) return "HEALTH_CHECK";
        if (Has(text, "Essential container")) return "ESSENTIAL_EXITED";
        if (Has(text, "timed out") && Has(text, "start")) return "STARTUP_TIMEOUT";
        if (Has(text, "spot")) return "SPOT";
        if (Has(text, "initiated by deployment") || Has(text, "(deployment ") || Has(text, "by a deployment")) return "DEPLOYMENT";
        if (Has(text, "Scaling activity") || Has(text, "scaling")) return "SCALING";
        if (Has(text, "user") || task.Text("stopCode") == "UserInitiated") return "USER";
        return text.Length == 0 ? "NONE" : "OTHER";
    }

    public static bool OutOfMemory(JsonObject task) => task.Items("containers").Any(c => Has(c.Text("reason") ?? "", "OutOfMemory"));

    public static string InitError(string text)
    {
        if (!Has(text, "ResourceInitializationError")) return "NONE";
        if (Has(text, "json key")) return "JSON_KEY_MISSING";
        if (Has(text, "kms") && (Has(text, "denied") || Has(text, "not authorized"))) return "KMS_DENIED";
        if (Has(text, "AccessDenied") || Has(text, "not authorized")) return "ACCESS_DENIED";
        if (Has(text, "ResourceNotFound") || Has(text, "can't find the specified secret") || Has(text, "marked for deletion") || Has(text, "marked deleted")) return "SECRET_NOT_FOUND";
        if (Has(text, "timeout") || Has(text, "deadline exceeded") || Has(text, "connection issue") || Has(text, "network") || Has(text, "dial tcp")) return "NETWORK";
        if (Has(text, "registry auth") || Has(text, "GetAuthorizationToken")) return "REGISTRY_AUTH";
        if (Has(text, "EFS") || Has(text, "mount")) return "EFS";
        if (Has(text, "logger") || Has(text, "log group") || Has(text, "log driver")) return "LOG_DRIVER";
        return Has(text, "runc") || Has(text, "OCI ") || Has(text, "containerd") ? "OCI_RUNTIME" : "OTHER";
    }

    public static string PullError(string text)
    {
        if (!Has(text, "CannotPull")) return "NONE";
        if (Has(text, "platform")) return "PLATFORM";
        if (Has(text, "not found") || Has(text, "does not exist") || Has(text, "manifest unknown")) return "NOT_FOUND";
        if (Has(text, "denied") || Has(text, "not authorized") || Has(text, "403") || Has(text, "no basic auth")) return "ACCESS_DENIED";
        if (Has(text, "toomanyrequests") || Has(text, "rate limit")) return "RATE_LIMITED";
        if (Has(text, "no space left")) return "DISK";
        return Has(text, "timeout") || Has(text, "dial tcp") || Has(text, "canceled") || Has(text, "deadline") ? "NETWORK" : "OTHER";
    }

    /// <summary>Exit code of the first essential container that has one; the one that was killed counts before others.</summary>
    public static double ExitCode(JsonObject task)
    {
        var codes = Exits(task).ToList();
        return codes.Contains(Killed) ? Killed : codes.Find(c => c != 0) is var bad and not 0 ? bad : codes.Count > 0 ? codes[0] : -1;
    }

    public static double? LifetimeSeconds(JsonObject task) => task.Time("startedAt") is { } from && task.Time("stoppedAt") is { } to ? Math.Max(0, (to - from).TotalSeconds) : null;

    /// <summary>As ECS tells it, without what is no part of its end: the entries know these fields.</summary>
    public static string Told(JsonObject task)
    {
        var told = new JsonObject();
        foreach (var field in new[] { "stopCode", "stoppedReason", "lastStatus" }.Where(f => task[f] is JsonValue)) told[field] = task[field]!.DeepClone();
        told["containers"] = new JsonArray([.. task.Items("containers").Select(c => (JsonNode)new JsonObject(new[] { "name", "exitCode", "reason", "lastStatus" }.Where(f => c[f] is JsonValue).Select(f => KeyValuePair.Create(f, (JsonNode?)c[f]!.DeepClone()))))]);
        return told.ToJsonString(Plain);
    }

    /// <summary>Why it ended in all words it has: its own and its containers'.</summary>
    public static string Words(JsonObject task) => string.Join(" | ", new[] { task.Text("stoppedReason") }.Concat(task.Items("containers").Select(c => c.Text("reason"))).OfType<string>().Where(t => t.Length > 0));

    private static IEnumerable<int> Exits(JsonObject task) => task.Items("containers").Select(c => c.Number("exitCode")).OfType<double>().Select(e => (int)e);

    public static bool Has(string text, string words) => text.Contains(words, StringComparison.OrdinalIgnoreCase);
}
