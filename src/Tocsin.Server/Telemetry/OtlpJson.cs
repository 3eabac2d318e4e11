using System.Diagnostics;
using System.Globalization;
using System.Reflection;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Server.Api;

namespace Tocsin.Server.Telemetry;

/// <summary>Spans and metrics as OTLP writes them in JSON: ids in hexadecimal, whole numbers of 64 bits as texts.</summary>
/// <remarks>https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding</remarks>
internal static class OtlpJson
{
    private const long NanosecondsOfTick = 100;

    // Of the protocol: counted since the start that each point names.
    private const int Cumulative = 2;
    private const int Failed = 2;
    private static readonly string Version = typeof(OtlpJson).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "";

    public static JsonObject Spans(IEnumerable<Activity> spans, string node) => Whole("resourceSpans", "scopeSpans", "spans", node, spans.Select(Span));

    public static JsonObject Metrics(IEnumerable<Metric> metrics, string node, Instant started, Instant now) => Whole("resourceMetrics", "scopeMetrics", "metrics", node, metrics.Select(m => Metric(m, started, now)));

    private static JsonObject Whole(string resources, string scopes, string items, string node, IEnumerable<JsonNode> all) => new()
    {
        [resources] = new JsonArray(new JsonObject
        {
            ["resource"] = new JsonObject { ["attributes"] = Attributes([new("service.name", "tocsin"), new("service.version", Version), new("service.instance.id", node)]) },
            [scopes] = new JsonArray(new JsonObject { ["scope"] = new JsonObject { ["name"] = Traces.Name, ["version"] = Version }, [items] = new JsonArray([.. all]) }),
        }),
    };

    private static JsonNode Span(Activity span)
    {
        var start = Nanoseconds(span.StartTimeUtc);
        var json = new JsonObject
        {
            ["traceId"] = span.TraceId.ToHexString(),
            ["spanId"] = span.SpanId.ToHexString(),
            ["name"] = span.OperationName,
            ["kind"] = span.Kind switch { ActivityKind.Server => 2, ActivityKind.Client => 3, ActivityKind.Producer => 4, ActivityKind.Consumer => 5, _ => 1 },
            ["startTimeUnixNano"] = Text(start),
            ["endTimeUnixNano"] = Text(start + (span.Duration.Ticks * NanosecondsOfTick)),
            ["attributes"] = Attributes(span.TagObjects),
        };
        if (span.ParentSpanId != default) json["parentSpanId"] = span.ParentSpanId.ToHexString();
        if (span.Status == ActivityStatusCode.Error) json["status"] = new JsonObject { ["code"] = Failed, ["message"] = span.StatusDescription ?? "" };
        return json;
    }

    private static JsonNode Metric(Metric metric, Instant started, Instant now)
    {
        var points = new JsonArray([.. metric.Samples.Select(JsonNode (s) => new JsonObject { ["attributes"] = Attributes(s.Labels.Select(l => KeyValuePair.Create(l.Name, (object?)l.Value))), ["startTimeUnixNano"] = Text(Nanoseconds(started)), ["timeUnixNano"] = Text(Nanoseconds(now)), ["asInt"] = Text(s.Value) })]);
        var json = new JsonObject { ["name"] = metric.Name, ["description"] = metric.Help };
        if (metric.IsCounter) json["sum"] = new JsonObject { ["aggregationTemporality"] = Cumulative, ["isMonotonic"] = true, ["dataPoints"] = points };
        else json["gauge"] = new JsonObject { ["dataPoints"] = points };
        return json;
    }

    private static JsonArray Attributes(IEnumerable<KeyValuePair<string, object?>> tags) =>
        new([.. tags.Select(JsonNode (t) => new JsonObject { ["key"] = t.Key, ["value"] = t.Value switch { int n => new JsonObject { ["intValue"] = Text(n) }, long n => new JsonObject { ["intValue"] = Text(n) }, bool b => new JsonObject { ["boolValue"] = b }, var other => new JsonObject { ["stringValue"] = other?.ToString() ?? "" } } })]);

    private static long Nanoseconds(DateTime time) => (time - DateTime.UnixEpoch).Ticks * NanosecondsOfTick;

    private static long Nanoseconds(Instant time) => time.ToUnixTimeTicks() * NanosecondsOfTick;

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);
}
