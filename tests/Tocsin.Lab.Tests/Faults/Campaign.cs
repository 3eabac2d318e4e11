using System.Diagnostics;
using System.Text;
using System.Text.Json.Nodes;
using Tocsin.Core.Matching;
using Tocsin.Lab.Faults;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Tests.Faults;

/// <summary>
/// Faults, one group after another, in one lab. Faults of a group touch different services, or stand in different environments, so that each check still sees
/// its own alone.
/// </summary>
internal sealed class Campaign(LabFolder folder, LabClient client, SampleHarvest? harvest)
{
    private const int MostAtOnce = 5;
    private static readonly TimeSpan HealLimit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Writing = TimeSpan.FromSeconds(30);
    private readonly List<string> wrong = [];

    public IReadOnlyList<string> Wrong => wrong;

    // Told at once as well: a run that is cut short has then said what it found.
    private void Wrongly(string what)
    {
        lock (wrong) wrong.Add(what);
        Console.WriteLine($"WRONG {what}");
    }

    /// <summary>Each fault in one environment, in the given order as far as groups allow.</summary>
    public async Task RunAsync(IEnumerable<Fault> faults, bool byOwnFix, CancellationToken cancel)
    {
        var environments = ShippedFaults.Ground.Platform.Environments.Select(e => e.Name).ToList();
        var left = faults.Select((f, i) => (Fault: f, Environment: f.Environments.Length == 1 ? f.Environments[0] : environments[i % environments.Count])).ToList();
        while (left.Count > 0)
        {
            var group = Group(left);
            left.RemoveAll(group.Contains);
            await RunAsync(group, byOwnFix, cancel);
        }
    }

    private List<(Fault Fault, string Environment)> Group(List<(Fault Fault, string Environment)> left)
    {
        var group = new List<(Fault, string)>();
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var one in left)
        {
            var touched = Reach(one.Fault, one.Environment);
            if (group.Count == MostAtOnce || touched.Any(taken.Contains)) continue;
            taken.UnionWith(touched);
            group.Add(one);
        }
        return group;
    }

    private System.Collections.Immutable.ImmutableHashSet<string> Reach(Fault fault, string environment) =>
        FaultReach.Of(fault, ShippedFaults.Ground.Platform, environment, client.State.Environments.First(e => e.Name == environment).Hosts);

    private async Task RunAsync(List<(Fault Fault, string Environment)> group, bool byOwnFix, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        var runs = group.ConvertAll(g => new FaultRun(client, folder, ShippedFaults.Ground.Platform, g.Fault, g.Environment, TimeProvider.System));
        try
        {
            await Task.WhenAll(runs.Select(r => r.BreakAsync(force: true, cancel)));
            var landings = await Task.WhenAll(runs.Select(r => LandAsync(r, cancel)));
            var landed = watch.Elapsed;
            if (byOwnFix) await FixAsync(runs, cancel);
            await client.HealAsync(cancel);
            await UntilAsync(s => s.Healthy, $"heal after {Names(runs)}", cancel);
            Console.WriteLine($"{landed.TotalSeconds,5:0.0} s + {(watch.Elapsed - landed).TotalSeconds,4:0.0} s  {string.Join(", ", landings)}");
        }
        finally
        {
            runs.ForEach(r => r.Dispose());
        }
    }

    private async Task<string> LandAsync(FaultRun run, CancellationToken cancel)
    {
        var landing = await run.LandAsync(cancel);
        var took = SystemTime.Since(landing.Since);
        if (!landing.Landed) Wrongly($"{run.Fault.Id} in {run.Environment} did not land: {string.Join(" | ", landing.Evidence.Where(e => !e.Landed).Select(e => $"{e.Kind}: {e.Saw}"))}");
        else await ExplainAsync(run, landing, cancel);
        return $"{run.Fault.Id} ({took.TotalSeconds:0.0})";
    }

    private async Task ExplainAsync(FaultRun run, Landing landing, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        List<string> texts, found;
        bool known;
        do
        {
            texts = await SaidAsync(run, landing, cancel);
            found = [.. texts.SelectMany(Entries).Distinct(StringComparer.Ordinal)];
            known = found.Contains(run.Fault.Entry, StringComparer.Ordinal);
        }
        // What is seen from outside may be there before the server that it comes from has written its line.
        while (!known && run.Fault.Prints && watch.Elapsed < Writing);
        harvest?.Take(run.Fault, texts);
        if (known == run.Fault.Prints) return;
        Wrongly(known
            ? $"{run.Fault.Id} says prints: false, and {run.Fault.Entry} matches what is printed"
            : $"{run.Fault.Id} prints nothing that {run.Fault.Entry} knows; matched: {string.Join(", ", found)}; evidence: {string.Join(" | ", landing.Evidence.Select(e => e.Saw))}");
    }

    // What a person could paste: the services' logs, AWS's answers about them, and what the client saw.
    private async Task<List<string>> SaidAsync(FaultRun run, Landing landing, CancellationToken cancel)
    {
        var texts = landing.Evidence.Where(e => e.Kind is "http" or "client").Select(e => e.Saw).ToList();
        var platform = ShippedFaults.Ground.Platform;
        var reach = Reach(run.Fault, run.Environment);
        foreach (var service in platform.Services.Select(s => s.Name).Where(s => reach.Contains($"{run.Environment}/{s}")))
        {
            var log = await run.Eyes.LogAsync(service, null, cancel);
            texts.AddRange(log.GroupBy(e => e["logStreamName"]!.ToString(), StringComparer.Ordinal).Select(g => string.Concat(g.Select(e => e["message"] + "\n"))));
            texts.AddRange((await run.Eyes.StoppedAsync(service, cancel)).Select(t => t.ToJsonString()));
            texts.AddRange((await run.Eyes.EventsAsync(service, cancel)).Select(e => e["message"]!.ToString()));
            texts.Add(new JsonObject { ["taskDefinition"] = (await run.Eyes.DefinitionAsync(service, cancel)).DeepClone() }.ToJsonString());
            if (platform.Service(service)!.Fields.ContainsKey("targetGroup")) texts.Add((await run.Eyes.TargetsAsync(service, cancel)).Health.ToJsonString());
        }
        return texts;
    }

    private static IEnumerable<string> Entries(string text)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        new StreamMatcher(ShippedFaults.Signatures, new StreamOptions(NodaTime.SystemClock.Instance.GetCurrentInstant())).Feed(Encoding.UTF8.GetBytes(text), 0, final: true, full: true, m => found.Add(m.Entry.Id));
        return found;
    }

    private async Task FixAsync(List<FaultRun> runs, CancellationToken cancel)
    {
        foreach (var run in runs) await run.FixAsync(cancel);
        await UntilAsync(s => s.Services.All(one => one.Healthy) && s.Components.All(one => one.Healthy), $"the own fixes of {Names(runs)}", cancel);
    }

    private async Task UntilAsync(Func<StatusReport, bool> holds, string what, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        while (true)
        {
            var status = await client.StatusAsync(cancel);
            if (holds(status)) return;
            if (watch.Elapsed > HealLimit)
            {
                Wrongly($"{what}: {string.Join("; ", status.Services.Where(s => !s.Healthy).Select(s => s.ToString()).Concat(status.Components.Where(c => !c.Healthy).Select(c => c.ToString())))}");
                return;
            }
            await Task.Delay(50, cancel);
        }
    }

    private static string Names(List<FaultRun> runs) => string.Join(", ", runs.Select(r => r.Fault.Id));
}

internal static class SystemTime
{
    public static TimeSpan Since(NodaTime.Instant then) => (NodaTime.SystemClock.Instance.GetCurrentInstant() - then).ToTimeSpan();
}
