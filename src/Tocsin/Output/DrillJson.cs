using System.Text.Json;
using Tocsin.Cli.Commands.Diagnose;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Cli.Output;

/// <summary>A drill for a program: what was asked, the diagnosis, the bundle it was made from.</summary>
internal static class DrillJson
{
    public static string Write(DrillOutcome outcome) => Json.Write(Json.Indented, w =>
    {
        w.WriteStartObject();
        w.WriteBoolean("lab", outcome.Lab);
        w.WriteString("environment", outcome.Bundle.Environment);
        w.Texts("services", outcome.Bundle.Services);
        w.WriteString("account", outcome.Account);
        w.WriteString("region", outcome.Region);
        w.WriteString("endpoint", outcome.Endpoint);
        w.Time("since", outcome.Since);
        w.WriteNumber("seconds", Math.Round(outcome.Seconds, 3));
        w.WriteString("verdict", JsonNamingPolicy.CamelCase.ConvertName(outcome.Diagnosis.Verdict.ToString()));
        w.Texts("causes", outcome.Diagnosis.Causes.Select(c => c.Id));
        w.WritePropertyName("diagnosis");
        w.WriteRawValue(DiagnosisJson.Write(outcome.Diagnosis));
        w.WriteStartArray("probes");
        foreach (var result in outcome.Results.OrderBy(r => r.Observation.Name, StringComparer.Ordinal))
        {
            w.WriteStartObject();
            w.WriteString("probe", result.Observation.Name);
            w.WriteString("status", JsonNamingPolicy.CamelCase.ConvertName(result.Observation.Status.ToString()));
            w.WriteNumber("milliseconds", Math.Round(result.Took.TotalMilliseconds, 1));
            w.WriteNumber("bytes", result.Bytes);
            w.Texts("asked", result.Asked);
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WriteStartArray("calls");
        foreach (var call in outcome.Calls)
        {
            w.WriteStartObject();
            w.WriteString("service", call.Service);
            w.WriteString("operation", call.Operation);
            w.WriteString("region", call.Region);
            w.WriteString("outcome", call.Outcome);
            w.WriteNumber("bytes", call.Bytes);
            w.WriteNumber("milliseconds", Math.Round(call.Took.TotalMilliseconds, 1));
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WritePropertyName("bundle");
        w.WriteRawValue(BundleJson.Write(outcome.Bundle));
        w.WriteEndObject();
    });
}
