using System.Collections.Immutable;
using NodaTime;
using Tocsin.Collect.Probes;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Collect.Probes.Servers;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Signals.Watching;

namespace Tocsin.Server.Watch;

/// <summary>What one round at an environment's facts gave, and the calls to AWS that it took.</summary>
internal sealed record FactRound(ImmutableArray<Look> Looks, int Calls);

/// <summary>Runs the probes that the rules name, and no others, against one environment.</summary>
/// <param name="started">What happened before is no news.</param>
internal sealed class FactLooks(WatchSetup setup, WatchPlace place, TimeProvider time, Instant started)
{
    private readonly ImmutableHashSet<string> probes = setup.Plan.Probes;

    public string Environment => place.Map.Environment;

    public async Task<FactRound> AskAsync(CancellationToken cancel)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var calls = new AwsCalls(place.Caller, time, ending.Token);
        try
        {
            var now = Instant.FromDateTimeOffset(time.GetUtcNow());
            var ground = new AwsGround(place.Map, calls, place.Map.Services, now, Instant.Max(started, now - setup.Plan.StoppedWithin), ReadsSecretValues: false) { Texts = new EvidenceTexts() };
            var aws = AwsProbes.For(ground).Where(p => probes.Contains(p.Name)).ToList();
            var own = place.Servers is { } servers ? ServerProbes.For(servers(ground)).Where(p => probes.Contains(p.Name)).ToList() : [];
            var ofAws = aws.Select(p => (p.Name, p.Subject, p.Vantage)).ToHashSet();
            var seen = new List<Observation>();
            await foreach (var result in new ProbeRunner(setup.Facts, time, new ProbeLimits { Run = setup.Plan.RulePace.Limit }).RunAsync([.. aws, .. own], cancel)) seen.Add(result.Observation);
            return new FactRound(Looks(seen, ofAws, Instant.FromDateTimeOffset(time.GetUtcNow())), calls.Made.Length);
        }
        finally
        {
            await ending.CancelAsync();
        }
    }

    private ImmutableArray<Look> Looks(List<Observation> seen, HashSet<(string, Subject, Vantage)> ofAws, Instant at)
    {
        var environment = place.Map.Environment;
        var (aws, own) = (seen.FindAll(o => ofAws.Contains((o.Probe, o.Subject, o.Vantage))), seen.FindAll(o => !ofAws.Contains((o.Probe, o.Subject, o.Vantage))));
        var sights = own.GroupBy(o => o.Probe.Split('.')[0], StringComparer.Ordinal).Select(g => WatchLooks.Sight(environment, g.Key, [.. g], at)).Prepend(WatchLooks.Sight(environment, WatchLooks.Aws, aws, at));
        return [.. WatchLooks.Of(setup.Plan, seen), .. sights.OfType<Look>()];
    }
}
