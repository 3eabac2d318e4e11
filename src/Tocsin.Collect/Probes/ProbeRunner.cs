using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using NodaTime;
using Tocsin.Collect.Aws;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Collect.Probes;

/// <summary>How much at once, and how long altogether.</summary>
public sealed record ProbeLimits
{
    public int AtOnce { get; init; } = 64;

    public int AtOneTarget { get; init; } = 16;

    /// <summary>For all probes together: whoever waits longer for its turn has timed out.</summary>
    public Duration Run { get; init; } = Duration.FromSeconds(8);
}

/// <summary>
/// Runs all probes at once, under a cap for all and one for each target. Every probe yields exactly one observation, whatever it does; one that hangs costs its
/// own limit and is left behind. Results come as they are made.
/// </summary>
public sealed class ProbeRunner(FactTable definitions, TimeProvider time, ProbeLimits limits)
{
    public async IAsyncEnumerable<ProbeResult> RunAsync(IReadOnlyCollection<Probe> probes, [EnumeratorCancellation] CancellationToken cancel)
    {
        using var over = new CancellationTokenSource(limits.Run.ToTimeSpan(), time);
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel, over.Token);
        var turns = new Turns(limits);
        var results = Channel.CreateUnbounded<ProbeResult>();
        var all = probes.Select(p => OneAsync(p, turns, results.Writer, ending.Token)).ToList();
        try
        {
            for (var left = all.Count; left > 0; left--) yield return await results.Reader.ReadAsync(cancel);
        }
        finally
        {
            await ending.CancelAsync();
            await Task.WhenAll(all);
        }
    }

    private async Task OneAsync(Probe probe, Turns turns, ChannelWriter<ProbeResult> results, CancellationToken ending)
    {
        var sighting = new Sighting(probe.Name, definitions);
        var began = time.GetTimestamp();
        var (status, note) = ((ObservationStatus?)ObservationStatus.Timeout, "it had no turn before the time for all was over");
        try
        {
            using var turn = await turns.TakeAsync(probe.Target, ending);
            began = time.GetTimestamp();
            (status, note) = await LookAsync(probe, sighting, ending);
        }
        catch (OperationCanceledException) when (ending.IsCancellationRequested)
        {
            note = "it had no turn before the time for all was over";
        }
        var (asked, bytes) = sighting.Cost();
        var seen = sighting.Observe(probe, Instant.FromDateTimeOffset(time.GetUtcNow()), status, note);
        await results.WriteAsync(new ProbeResult(seen, asked, bytes, Duration.FromTimeSpan(time.GetElapsedTime(began))), CancellationToken.None);
    }

    // The boundary of a probe: whatever it throws becomes an observation that someone sees.
    private async Task<(ObservationStatus?, string)> LookAsync(Probe probe, Sighting sighting, CancellationToken ending)
    {
        using var limit = new CancellationTokenSource(probe.Limit.ToTimeSpan(), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ending, limit.Token);
        var look = StartAsync(probe, sighting, either.Token);
        try
        {
            await look.WaitAsync(either.Token);
            return (null, "");
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            LeaveBehind(look);
            return (ObservationStatus.Timeout, limit.IsCancellationRequested ? $"no answer within {probe.Limit.TotalSeconds} s" : "the time for all was over");
        }
        catch (CouldNotLook e)
        {
            return (e.Status, e.Message);
        }
        catch (AwsFailure e)
        {
            return (Refusals.StatusOf(e), Refusals.Words(e));
        }
        catch (Exception e)
        {
            return (ObservationStatus.Failed, $"the look failed: {e.Message}");
        }
    }

    // Off the caller's thread first: a look that blocks before its first wait must not hold up the others.
    private static async Task StartAsync(Probe probe, Sighting sighting, CancellationToken cancel)
    {
        await Task.Yield();
        await probe.Look(sighting, cancel);
    }

    // Its failure, should it ever end, is seen here and by nobody else: its observation is made.
    private static void LeaveBehind(Task look) => _ = look.ContinueWith(static t => t.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    private sealed class Turns(ProbeLimits limits)
    {
        private readonly SemaphoreSlim all = new(limits.AtOnce);
        private readonly ConcurrentDictionary<string, SemaphoreSlim> targets = new(StringComparer.Ordinal);

        // The target first: who waits for a slow target takes no turn from the others.
        public async Task<Turn> TakeAsync(string target, CancellationToken cancel)
        {
            var one = targets.GetOrAdd(target, _ => new SemaphoreSlim(limits.AtOneTarget));
            await one.WaitAsync(cancel);
            try
            {
                await all.WaitAsync(cancel);
            }
            catch
            {
                one.Release();
                throw;
            }
            return new Turn(one, all);
        }
    }

    private readonly struct Turn(SemaphoreSlim one, SemaphoreSlim all) : IDisposable
    {
        public void Dispose()
        {
            all.Release();
            one.Release();
        }
    }
}

/// <summary>AWS's refusals as statuses, in sentences that name what is missing.</summary>
public static class Refusals
{
    public static ObservationStatus StatusOf(AwsFailure failure) => failure.Kind switch
    {
        AwsFailureKind.Denied => ObservationStatus.Denied,
        AwsFailureKind.Credentials => failure.Code.StartsWith("ExpiredToken", StringComparison.Ordinal) || failure.Words.Contains("expired", StringComparison.OrdinalIgnoreCase) ? ObservationStatus.Expired : ObservationStatus.Denied,
        AwsFailureKind.TimedOut => ObservationStatus.Timeout,
        _ => ObservationStatus.Failed,
    };

    public static string Words(AwsFailure failure) => failure.Kind switch
    {
        AwsFailureKind.Denied => $"{failure.Permission}{Observation.DeniedWords}: {failure.Words}",
        AwsFailureKind.Credentials => failure.Code switch
        {
            "NoCredentials" => $"there are no credentials: {failure.Words}",
            "SignatureDoesNotMatch" or "InvalidSignatureException" when failure.Words.Contains("expired", StringComparison.OrdinalIgnoreCase) || failure.Words.Contains("not yet current", StringComparison.OrdinalIgnoreCase) =>
                $"AWS refuses the time of the signature; this machine's clock may be wrong: {failure.Words}",
            _ => $"AWS refuses the credentials ({failure.Code}): {failure.Words}",
        },
        AwsFailureKind.Throttled => $"{failure.Permission}{Observation.UnansweredWords}, it is throttled: {failure.Words}",
        AwsFailureKind.TimedOut or AwsFailureKind.Unreachable or AwsFailureKind.Broken => $"{failure.Permission}{Observation.UnansweredWords}: {failure.Message}",
        _ => failure.Message,
    };
}
