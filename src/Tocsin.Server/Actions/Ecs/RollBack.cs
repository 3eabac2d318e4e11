using System.Collections.Immutable;
using System.Text.Json.Nodes;
using NodaTime;
using NodaTime.Text;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Probes.Aws;

namespace Tocsin.Server.Actions.Ecs;

/// <summary>ecs.rollback: the last revision that was healthy here. Without any history it names none by itself.</summary>
public sealed class RollBack : RevisionKind
{
    // Of 50 calls each; AWS answers two of them a second.
    private const int MostPages = 6;
    private static readonly Duration Moment = Duration.FromSeconds(5);
    private static readonly Duration Trail = Duration.FromDays(90);

    public override string Id => "ecs.rollback";

    public override ImmutableArray<ActionArgument> Arguments => [new("revision", "this revision, instead of the last that was healthy here")];

    public override async Task<ActionDraft> DraftAsync(ActionGround ground, ActionOrder order, CancellationToken cancel)
    {
        var now = await EcsNow.FindAsync(ground, order.Target, cancel);
        var family = await EcsNow.FamilyAsync(ground, EcsNow.Family(now.Revision), cancel);
        var (revision, because) = order.Value("revision") is { } named ? (Named(family, named), "named by hand") : await LastHealthyAsync(ground, now, family, cancel);
        var since = (await EcsNow.DefinitionAsync(ground, revision, cancel)).Time("registeredAt");
        return await ToAsync(ground, now, revision, [$"{revision.LastPart()}: {because}", await ground.Doors.MigrationsSinceAsync(ground, since, cancel)], cancel);
    }

    private static string Named(ImmutableArray<string> family, string revision) =>
        family.FirstOrDefault(f => f == revision || f.LastPart() == revision || f.EndsWith($":{revision}", StringComparison.Ordinal)) ?? throw new ActionRefused($"there is no active revision {revision}; the newest are {string.Join(", ", family.Take(5).Select(f => f.LastPart()))}");

    private static async Task<(string Revision, string Because)> LastHealthyAsync(ActionGround ground, EcsNow now, ImmutableArray<string> family, CancellationToken cancel)
    {
        if (HasGoneBack(now)) throw new ActionRefused($"the circuit breaker went back to {now.Revision.LastPart()} already, which runs now; to go further back, name one with revision: {Others(now, family)}");
        // The one that still runs beside a deployment that is not through.
        if (now.Raw.Items("deployments").FirstOrDefault(d => d.Text("status") != "PRIMARY" && d.Text("rolloutState") is "COMPLETED" && d.Text("taskDefinition") != now.Revision).Text("taskDefinition") is { } beside) return (beside, "it still runs here beside the new deployment");
        var trail = await TrailAsync(ground, now, cancel);
        if (AtRest(now, trail, family) is { } rested) return rested;
        var changes = Changes(now, trail, family);
        var steady = now.Raw.Items("events").Where(e => e.Text("message")?.Contains("has reached a steady state", StringComparison.Ordinal) == true || e.Text("message")?.Contains("deployment completed", StringComparison.Ordinal) == true).Select(e => e.Time("createdAt")).OfType<Instant>().ToList();
        for (var i = 1; i < changes.Count; i++)
        {
            var (from, revision) = changes[i];
            if (revision != now.Revision && family.Contains(revision, StringComparer.Ordinal) && steady.Exists(s => s >= from && s < changes[i - 1].At)) return (revision, "the service was steady with it before the last change");
        }
        var others = Others(now, family);
        throw new ActionRefused($"there is no history of a revision with which {now.Name} was healthy here; {(others.Length > 0 ? $"name one with revision: {others}" : $"{now.Revision.LastPart()} is the only one")}");
    }

    private static string Others(EcsNow now, ImmutableArray<string> family) => string.Join(", ", family.Where(f => f != now.Revision).Take(5).Select(f => f.LastPart()));

    // The deployment of now is the one that ECS made when the one before it failed.
    private static bool HasGoneBack(EcsNow now) => now.Primary.Time("createdAt") is { } begun && now.Raw.Items("events").Any(e => e.Text("message")?.Contains("rolling back to deployment", StringComparison.Ordinal) == true && e.Time("createdAt") is { } at && at >= begun - Moment && at <= begun + Moment);

    // Whoever changes a service is answered with its deployments: the one that was through by then was healthy here. Events are a hundred and soon full of crashes; the trail is not.
    // Only what is older than the one that runs: whoever went back already does not go forward again to what he left.
    private static (string Revision, string Because)? AtRest(EcsNow now, List<(Instant At, JsonObject Record)> trail, ImmutableArray<string> family)
    {
        foreach (var (at, record) in trail)
        {
            var before = record.Map("responseElements").Map("service").Items("deployments").FirstOrDefault(d => d.Text("status") is "ACTIVE" && d.Text("rolloutState") is "COMPLETED").Text("taskDefinition");
            if (before is not null && EcsNow.Number(before) < EcsNow.Number(now.Revision) && family.Contains(before, StringComparer.Ordinal)) return (before, $"it was deployed in full when the service was changed at {InstantPattern.General.Format(at)}");
        }
        return null;
    }

    // The newest first: what the trail knows of, the deployment of now, and before the oldest of them the revision that was registered before it.
    private static List<(Instant At, string Revision)> Changes(EcsNow now, List<(Instant At, JsonObject Record)> trail, ImmutableArray<string> family)
    {
        var changes = new List<(Instant At, string Revision)>();
        if (now.Primary.Time("createdAt") is { } created) changes.Add((created, now.Revision));
        foreach (var (at, record) in trail)
        {
            var asked = record.Map("requestParameters").Text("taskDefinition");
            var revision = record.Map("responseElements").Map("service").Text("taskDefinition") ?? family.FirstOrDefault(f => f == asked || f.LastPart() == asked);
            if (revision is not null && revision != changes.LastOrDefault().Revision) changes.Add((at, revision));
        }
        changes.Sort(static (a, b) => b.At.CompareTo(a.At));
        if (changes.Count == 0) return changes;
        var oldest = changes[^1];
        if (family.FirstOrDefault(f => EcsNow.Number(f) < EcsNow.Number(oldest.Revision)) is { } before) changes.Add((oldest.At - Trail, before));
        return changes;
    }

    // Changes of this service that were made, the newest first. The trail is the account's, and a busy one has many pages.
    private static async Task<List<(Instant At, JsonObject Record)>> TrailAsync(ActionGround ground, EcsNow now, CancellationToken cancel)
    {
        var found = new List<(Instant At, JsonObject Record)>();
        try
        {
            string? token = null;
            for (var page = 0; page < MostPages && (page == 0 || token is not null); page++)
            {
                var input = new JsonObject { ["LookupAttributes"] = new JsonArray(new JsonObject { ["AttributeKey"] = "EventName", ["AttributeValue"] = "UpdateService" }), ["MaxResults"] = 50 };
                if (token is not null) input["NextToken"] = token;
                var answer = await ground.AskAsync("cloudtrail", "LookupEvents", input, cancel);
                token = answer.Text("NextToken");
                foreach (var call in answer.Items("Events"))
                {
                    if (call.Time("EventTime") is { } at && Tree.Object(call.Text("CloudTrailEvent")) is { } record && record.Text("errorCode") is null && (record.Map("requestParameters").Text("service") ?? "").LastPart() == now.Name) found.Add((at, record));
                }
            }
        }
        catch (AwsFailure)
        {
            // What was read until then, and the service's own deployments and events, are history too.
            return InOrder(found);
        }
        return InOrder(found);
    }

    private static List<(Instant At, JsonObject Record)> InOrder(List<(Instant At, JsonObject Record)> found) => [.. found.OrderByDescending(f => f.At)];
}
