using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws.CloudTrail;

/// <summary>One management event: who called what, with which outcome. Secret values never stand in it.</summary>
public sealed record TrailEvent(string Id, Instant At, Duration LabAt, AwsCall Call, bool ReadOnly, JsonObject Request, JsonNode? Response, string? ErrorCode, string? ErrorMessage);

/// <summary>What was really called, newest last, for 90 days of lab time and at most <see cref="MostEvents"/>.</summary>
public sealed class TrailStore(LabClock clock)
{
    private const int MostEvents = 20_000;
    private static readonly Duration Kept = Duration.FromDays(90);
    private static readonly string[] Hidden = ["SecretString", "SecretBinary", "MasterUserPassword", "Policy"];
    private readonly Lock gate = new();
    private readonly LinkedList<TrailEvent> events = [];

    public void Record(AwsCall call, Operation operation, JsonObject? output, AwsException? error)
    {
        if (operation.OffTrail) return;
        var request = (JsonObject)call.Input.DeepClone();
        foreach (var name in Hidden) if (request.ContainsKey(name)) request[name] = "HIDDEN_DUE_TO_SECURITY_REASONS";
        var entry = new TrailEvent(LabIds.Uuid(), call.Now, clock.Elapsed, call, operation.ReadOnly, request, operation.ReadOnly ? null : Shown(output), error?.Code, error?.Message);
        lock (gate)
        {
            events.AddLast(entry);
            while (events.Count > MostEvents || (events.First is { } oldest && clock.Elapsed - oldest.Value.LabAt > Kept)) events.RemoveFirst();
        }
    }

    /// <summary>Newest first, of one region; IAM's are in us-east-1, as in AWS.</summary>
    public List<TrailEvent> Newest(string region)
    {
        lock (gate) return [.. events.Reverse().Where(e => (AwsProduct.All[e.Call.Service].Global ? "us-east-1" : e.Call.Region) == region)];
    }

    public void Clear()
    {
        lock (gate) events.Clear();
    }

    private static JsonNode? Shown(JsonObject? output)
    {
        if (output is null) return null;
        var shown = (JsonObject)output.DeepClone();
        foreach (var name in Hidden.Append("Credentials").Append("AccessKey")) shown.Remove(name);
        return shown;
    }
}
