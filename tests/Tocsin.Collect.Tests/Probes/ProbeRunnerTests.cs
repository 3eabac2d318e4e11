using System.Diagnostics;
using NodaTime;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Probes;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Collect.Tests.Probes;

public sealed class ProbeRunnerTests
{
    private static readonly FactTable Definitions = FactTable.Parse(
        """
        probes:
          some.probe:
            about: A look
            vantage: api
            facts:
              well: { type: bool, about: Whether it is well }
              state: { type: enum, values: [UP, DOWN], about: Its state }
              count: { type: number, unit: things, about: How many }
        """,
        "observations.yaml").Value!;

    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_probe_yields_one_observation_whatever_it_does()
    {
        var failures = new (string Item, ObservationStatus Status, Func<Sighting, CancellationToken, Task> Look)[]
        {
            ("sees", ObservationStatus.Ok, (s, _) => Seen(s)),
            ("finds nothing", ObservationStatus.Empty, (s, _) => { s.Empty(); return Task.CompletedTask; }),
            ("throws", ObservationStatus.Failed, (_, _) => throw new InvalidOperationException("broken")),
            ("throws late", ObservationStatus.Failed, async (_, c) => { await Task.Yield(); c.ThrowIfCancellationRequested(); throw new IOException("broken"); }),
            ("is denied", ObservationStatus.Denied, (_, _) => throw Aws("AccessDeniedException", 400)),
            ("is expired", ObservationStatus.Expired, (_, _) => throw Aws("ExpiredTokenException", 400)),
            ("is not set up", ObservationStatus.NotConfigured, (_, _) => throw new CouldNotLook(ObservationStatus.NotConfigured, "no secret is named")),
            ("says a fact of nobody", ObservationStatus.Failed, (s, _) => { s.Fact("weel", true); return Task.CompletedTask; }),
            ("says a value of nobody", ObservationStatus.Failed, (s, _) => { s.Fact("state", "SIDEWAYS"); return Task.CompletedTask; }),
            ("says a wrong type", ObservationStatus.Failed, (s, _) => { s.Fact("count", true); return Task.CompletedTask; }),
            ("cancels itself", ObservationStatus.Failed, (_, _) => throw new OperationCanceledException()),
            ("hangs", ObservationStatus.Timeout, (_, c) => Task.Delay(Timeout.InfiniteTimeSpan, c)),
            ("hangs and does not listen", ObservationStatus.Timeout, (_, _) => new TaskCompletionSource().Task),
        };
        var results = await RunAsync([.. failures.Select(f => Some(f.Item, f.Look))], new ProbeLimits());
        Assert.Equal(failures.Select(f => (f.Item, f.Status)).Order(), results.Select(r => (r.Observation.Subject.Item, r.Observation.Status)).Order());
        Assert.All(results.Where(r => !r.Observation.IsEvidence), r => Assert.NotEmpty(r.Observation.Note));
    }

    [Fact]
    public async Task With_half_of_the_probes_hanging_all_end_within_ten_seconds()
    {
        var probes = Enumerable.Range(0, 200).Select(i => Some($"{i}", i % 2 == 0 ? (_, _) => new TaskCompletionSource().Task : (s, _) => Seen(s)) with { Limit = Duration.FromSeconds(2), Target = $"target {i % 4}" }).ToArray();
        var watch = Stopwatch.StartNew();
        var results = await RunAsync(probes, new ProbeLimits());
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(10), $"{watch.Elapsed}");
        Assert.Equal(200, results.Count);
        Assert.Equal(100, results.Count(r => r.Observation.Status == ObservationStatus.Ok));
    }

    [Fact]
    public async Task No_more_than_the_cap_look_at_one_target_at_once()
    {
        var (now, most) = (0, 0);
        var gate = new Lock();
        var probes = Enumerable.Range(0, 20).Select(i => Some($"{i}", async (_, c) =>
        {
            lock (gate) most = Math.Max(most, ++now);
            await Task.Delay(5, c);
            lock (gate) now--;
        }) with { Limit = Duration.FromMinutes(1) }).ToArray();
        await RunAsync(probes, new ProbeLimits { AtOneTarget = 3 });
        Assert.Equal(3, most);
    }

    [Fact]
    public async Task A_result_comes_before_the_slow_ones_are_done()
    {
        var slow = new TaskCompletionSource();
        var results = new ProbeRunner(Definitions, TimeProvider.System, new ProbeLimits()).RunAsync([Some("slow", (_, c) => slow.Task.WaitAsync(c)), Some("quick", (s, _) => Seen(s))], cancel);
        await using var next = results.GetAsyncEnumerator(cancel);
        Assert.True(await next.MoveNextAsync());
        Assert.Equal("quick", next.Current.Observation.Subject.Item);
        slow.SetResult();
        Assert.True(await next.MoveNextAsync());
        Assert.False(await next.MoveNextAsync());
    }

    [Fact]
    public async Task Whoever_stops_listening_leaves_nothing_running()
    {
        var ended = new TaskCompletionSource();
        var probe = Some("long", async (_, c) =>
        {
            await using var registered = c.Register(ended.SetResult);
            await Task.Delay(Timeout.InfiniteTimeSpan, c);
        });
        await foreach (var first in new ProbeRunner(Definitions, TimeProvider.System, new ProbeLimits()).RunAsync([probe, Some("quick", (s, _) => Seen(s))], cancel))
        {
            Assert.Equal("quick", first.Observation.Subject.Item);
            break;
        }
        await ended.Task.WaitAsync(TimeSpan.FromSeconds(60), cancel);
    }

    [Fact]
    public async Task A_denial_names_the_permission_and_no_secret()
    {
        var results = await RunAsync([Some("x", (_, _) => throw Aws("AccessDeniedException", 400, "User is not authorized, password=hunter2hunter2"))], new ProbeLimits());
        var note = Assert.Single(results).Observation.Note;
        Assert.Contains("ecs:DescribeServices is denied", note, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", note, StringComparison.Ordinal);
    }

    private static Probe Some(string item, Func<Sighting, CancellationToken, Task> look) =>
        new("some.probe", new Subject("production", "", "", item), Vantage.Api, "target", look) { Limit = Duration.FromMilliseconds(300) };

    private static Task Seen(Sighting sighting)
    {
        sighting.Fact("well", true);
        sighting.Fact("state", "UP");
        sighting.Fact("count", 3);
        return Task.CompletedTask;
    }

    private static AwsFailure Aws(string code, int status, string words = "no") => new(AwsFailure.KindOf(code, status), code, words, status, "ecs DescribeServices in ap-south-1");

    private async Task<List<ProbeResult>> RunAsync(Probe[] probes, ProbeLimits limits)
    {
        var results = new List<ProbeResult>();
        await foreach (var result in new ProbeRunner(Definitions, TimeProvider.System, limits).RunAsync(probes, cancel)) results.Add(result);
        return results;
    }
}
