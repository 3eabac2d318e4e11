using System.Collections.Immutable;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Platforms;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>What the AWS probes of one drill share.</summary>
/// <param name="Services">Those that are looked at.</param>
/// <param name="Since">What is older is no matter of this drill.</param>
/// <param name="ReadsSecretValues">Whether values may be read, to tell key names and shapes; they are dropped in memory.</param>
public sealed record AwsGround(PlatformMap Map, AwsCalls Calls, ImmutableArray<Service> Services, Instant Now, Instant Since, bool ReadsSecretValues)
{
    /// <summary>Takes what was read and may hold known errors.</summary>
    public required EvidenceTexts Texts { get; init; }

    /// <summary>Keeps what ECS forgets; null: nothing is kept.</summary>
    public StoppedTaskRecord? Record { get; init; }

    internal Task<JsonObject> AskAsync(Sighting sighting, string service, string operation, JsonObject input, CancellationToken cancel) =>
        Calls.AskAsync(sighting, service, Map.Region, operation, input, cancel);

    internal Probe Probe(string name, Subject subject, string target, Func<Sighting, CancellationToken, Task> look, params ReadOnlySpan<string> needs) =>
        new(name, subject, Vantage.Api, $"aws {target} {Map.Region}", look) { Needs = [.. needs.ToArray().Select(n => new Permission(n))], Limit = Duration.FromSeconds(6) };
}

/// <summary>All probes that ask AWS.</summary>
public static class AwsProbes
{
    public static IEnumerable<Probe> For(AwsGround ground)
    {
        var services = ground.Services.SelectMany(s => OfService(ground, new ServiceView(ground, s)));
        return services.Concat(ComponentProbes.For(ground)).Concat(DatabaseHistory.For(ground));
    }

    private static IEnumerable<Probe> OfService(AwsGround ground, ServiceView view) =>
    [
        .. EcsProbes.For(ground, view),
        .. RevisionProbes.For(ground, view),
        .. SecretProbe.For(ground, view),
        .. AccessProbes.For(ground, view),
        .. BalancerProbes.For(ground, view),
        .. MetricsProbe.For(ground, view),
        .. AccessLogProbe.For(ground, view),
        .. LogLook.For(ground, view),
        .. SessionLook.For(ground, view),
        .. SignatureLook.For(ground, view),
        .. ScalingProbe.For(ground, view),
    ];
}
