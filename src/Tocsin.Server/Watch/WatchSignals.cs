using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Tocsin.Core.Response;
using Tocsin.Core.Signals.Watching;
using Tocsin.Server.Ingest;
using Tocsin.Server.Setup;

namespace Tocsin.Server.Watch;

/// <summary>What the watch says, as the flow takes it.</summary>
public static class WatchSignals
{
    /// <summary>The name under which the flow keeps what the watch says; no intake key has it.</summary>
    public const string Source = "watch";

    /// <summary>The watch of a server, which hands what it has to say to the flow.</summary>
    public static PlatformWatch Watch(WatchSetup setup, ServerOptions options, Flow flow, ILogger<PlatformWatch> log)
    {
        var plan = setup.Plan with { AllHandsAfter = options.Plan.Policy.Opening.AllHandsAfter };
        return new PlatformWatch(setup with { Plan = plan }, (said, cancel) => flow.TakeAsync(Source, [Of(said, options.Time)], cancel), options.Time, log);
    }

    /// <summary>
    /// How the watched addresses stand, for the one signal that tells of them all. Another signal of the same minutes calls nobody beyond its own severity, and one
    /// that only bears the same name, from outside, is believed as far as the watch itself sees it.
    /// </summary>
    public static WatchedAddresses Standing(Signal signal, PlatformWatch? watch) =>
        watch is not null && signal.Fingerprint == WatchDecisions.FingerprintOf(WatchDecisions.AllAddresses(signal.Environment)) ? watch.Addresses(signal.Environment) : new WatchedAddresses(0, null);

    public static Signal Of(WatchSignal said, TimeProvider time) => new(
        Guid.CreateVersion7(time.GetUtcNow()).ToString(),
        said.At,
        SignalSource.Observation,
        said.Environment,
        said.Service,
        said.Entry,
        said.Fingerprint,
        said.Title,
        said.Flaps ? "it comes and goes" : "",
        null,
        Words(said.Impact),
        said.Impact.Users,
        1,
        said.Kind is WatchSignalKind.Recovery);

    private static ImmutableArray<string> Words(ImpactFacts facts) =>
    [
        .. new[]
        {
            (facts.AllDown, "all-down"), (facts.DataLoss, "data-loss"), (facts.Breach, "breach"), (facts.Revenue, "revenue"), (facts.MajorFeature, "major-feature"), (facts.Degraded, "degraded"),
        }.Where(f => f.Item1).Select(f => f.Item2).DefaultIfEmpty("cosmetic"),
    ];
}
