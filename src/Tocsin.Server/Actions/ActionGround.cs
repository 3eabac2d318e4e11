using System.Collections.Immutable;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Probes;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Core.Response.Actions;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Actions;

/// <summary>One environment as actions reach it.</summary>
/// <param name="Reader">Reads: plans, facts, reading back, looking whether it worked.</param>
/// <param name="Endpoint">Where the calls go, as plans name it.</param>
/// <param name="Acting">Logs in as whoever acts; each of its calls is sent once and never again by itself.</param>
public sealed record ActionGround(PlatformMap Map, AwsCaller Reader, string Endpoint, Func<ActingFor, CancellationToken, Task<AwsCaller>> Acting, TimeProvider Time)
{
    public Instant Now => Time.Now();

    /// <summary>Doors to what is no AWS: databases, queues, Cloudflare.</summary>
    public DataDoors Doors { get; init; } = DataDoors.None;

    public Task<JsonObject> AskAsync(string service, string operation, JsonObject input, CancellationToken cancel) => Reader.AskAsync(service, Map.Region, operation, input, cancel);

    /// <summary>Where the calls would go, as AWS itself says.</summary>
    public async Task<ActionPlace> PlaceAsync(CancellationToken cancel) =>
        new((await AskAsync("sts", "GetCallerIdentity", [], cancel)).Text("Account") ?? throw new ActionRefused("AWS does not say which account this is"), Map.Region, Endpoint);

    /// <summary>What else could be touched by mistake: each service's revision and count, each secret's version.</summary>
    public async Task<ImmutableSortedDictionary<string, string>> AroundAsync(CancellationToken cancel)
    {
        var around = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        foreach (var some in Map.Services.Select(s => s.Name).Chunk(10))
        {
            var answer = await AskAsync("ecs", "DescribeServices", new JsonObject { ["cluster"] = Map.Cluster, ["services"] = new JsonArray([.. some.Select(n => (JsonNode)n)]) }, cancel);
            foreach (var service in answer.Items("services")) around[service.Text("serviceName") ?? ""] = $"{(service.Text("taskDefinition") ?? "").LastPart()}, {service.Text("desiredCount")} desired";
        }
        return around.ToImmutable();
    }
}

/// <summary>For whom a call is made: it stands in the session's name, and so in the provider's own log.</summary>
/// <param name="Calls">The plan's, for the session's policy.</param>
public sealed record ActingFor(string Person, string Incident, ImmutableArray<PlannedCall> Calls);

/// <summary>Something that speaks against a plan, in words for whoever asked.</summary>
public sealed class ActionRefused(string why) : Exception(why);
