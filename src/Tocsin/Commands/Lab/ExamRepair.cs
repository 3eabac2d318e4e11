using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using NodaTime;
using Tocsin.Cli.Commands.Incidents;
using Tocsin.Cli.Setup;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Response.Actions;
using Tocsin.Lab.Host;
using Tocsin.Server;
using Tocsin.Server.Actions;

namespace Tocsin.Cli.Commands.Lab;

/// <summary>What came of the fixes of a diagnosis.</summary>
/// <param name="Tried">Each action with its outcome, in their order; empty: no fix can be done by itself.</param>
/// <param name="Healthy">Whether the platform is healthy again, as the lab's own probes see it.</param>
/// <param name="Beside">What else changed.</param>
/// <param name="Undone">What was taken back afterwards, the last first.</param>
internal sealed record RepairResult(ImmutableArray<string> Tried, bool Healthy, ImmutableArray<string> Beside, ImmutableArray<UndoResult> Undone)
{
    public static readonly RepairResult None = new([], Healthy: false, [], []);

    /// <param name="byHand">Whether no action can repair it: then what was tried has only to do no harm.</param>
    public bool IsRight(bool byHand) => Tried.IsEmpty || ((Healthy || byHand) && Beside.IsEmpty && Undone.All(u => u.IsRight));
}

/// <summary>One action taken back.</summary>
/// <param name="Done">Null: it cannot be, and the words say why.</param>
internal sealed record UndoResult(string Action, bool? Done, string Words)
{
    public bool IsRight => Done is not false;
}

/// <summary>Does what a diagnosis proposes, as people would: planned, approved by two, run by a server with all its guards, and looked at.</summary>
internal sealed class ExamRepair : IAsyncDisposable
{
    private static readonly TimeSpan Recovery = TimeSpan.FromSeconds(60);
    private readonly string folder = Directory.CreateTempSubdirectory("tocsin-repair-").FullName;
    private readonly Settings settings;
    private readonly Terminal terminal;
    private readonly CatalogStore store;
    private readonly LabClient lab;
    private int servers;

    public ExamRepair(Settings settings, Terminal terminal, CatalogStore store, LabClient lab) => (this.settings, this.terminal, this.store, this.lab) = (settings, terminal, store, lab);

    /// <param name="again">Drills once more: nothing that was wrong only before counts.</param>
    public async Task<RepairResult> TryAsync(string environment, DiagnosisReport diagnosis, Func<Instant, Task<DiagnosisReport>> again, CancellationToken cancel)
    {
        var causes = diagnosis.Causes.Select(c => (Cause: c, Fixes: FixesOf(c))).Where(c => c.Fixes.Where((f, i) => IsAutomatic(f, c.Cause) && (i == 0 || !f.Follows)).Any()).ToList();
        if (causes.Count == 0) return RepairResult.None;
        await using var server = await StartAsync(cancel);
        var (acts, tried) = (new ExamActs(server), new List<ActedFix>());
        foreach (var (cause, fixes) in causes) await RepairAsync(environment, cause, fixes, acts, tried, again, cancel);
        // What an action itself says does not work is no repair, however quiet the platform is.
        var healthy = tried.Exists(t => t.Helped) && await HealthyAsync(cancel) && await IsGoneAsync([.. diagnosis.Causes], again, cancel);
        var undone = new List<UndoResult>();
        foreach (var fix in Enumerable.Reverse(tried))
        {
            if (fix.Run is { } run) undone.Add(await acts.UndoAsync(run, cancel));
        }
        return new RepairResult([.. tried.Select(t => t.Words)], healthy, [.. tried.SelectMany(t => t.Beside)], [.. undone]);
    }

    private List<Fix> FixesOf(RankedCause cause) => [.. store.Whole.Find(cause.Id.Split('/')[0])?.Entry.FixesOf(cause.Fixes) ?? []];

    // One after the other until the cause is gone; what follows another fix only where that one was done.
    private static async Task RepairAsync(string environment, RankedCause cause, List<Fix> fixes, ExamActs acts, List<ActedFix> tried, Func<Instant, Task<DiagnosisReport>> again, CancellationToken cancel)
    {
        var before = true;
        foreach (var fix in fixes)
        {
            if (!IsAutomatic(fix, cause) || (fix.Follows && !before))
            {
                before = false;
                continue;
            }
            tried.Add(await acts.DoAsync(environment, fix, cause, cancel));
            before = tried[^1].Helped;
            if (before && !await StillThereAsync([cause], again, cancel)) return;
        }
    }

    public ValueTask DisposeAsync()
    {
        Directory.Delete(folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    // What needs nothing that only a person knows; a cause that lies at a server names no service that could be deployed.
    private static bool IsAutomatic(Fix fix, RankedCause cause) => ActionKinds.Planner().Find(fix.Action) is { } kind && (!kind.NeedsTarget || ActionOrder.For(fix, cause, "").Target.Length > 0) && kind.Id is not ("rds.snapshot" or "iam.deactivateKey" or "mysql.killConnection" or "migration.markRun" or "redis.deleteKey" or "aurora.rotatePassword") && !kind.Arguments.Any(a => a.Secret || (a.Required && !fix.With.ContainsKey(a.Name)));

    // A server of its own for each question: what ran for another one sets no cool-down here.
    private Task<ServerHost> StartAsync(CancellationToken cancel)
    {
        var options = ServeRun.Options(settings, terminal, new ServeRequest(Live: false, Path.Combine(folder, $"{++servers}"), "http://127.0.0.1:0", null)) with { Loops = false, Write = static _ => { } };
        var setup = ActedPlatform.Of(options.Platform, Server.Setup.ActionSettings.None, null, lab: true, ActionMode.On) with { Pause = TimeSpan.FromMilliseconds(500) };
        return ServerHost.StartAsync(options with { Actions = setup }, LoggerFactory.Create(static b => b.SetMinimumLevel(LogLevel.None)), cancel);
    }

    // Green lights are not enough: whoever looks again must not find the cause any more.
    private static async Task<bool> StillThereAsync(RankedCause[] causes, Func<Instant, Task<DiagnosisReport>> again, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var found = (await again(Instant.FromDateTimeOffset(TimeProvider.System.GetUtcNow()))).Causes;
        return Array.Exists(causes, c => found.Any(f => f.Id == c.Id && f.At == c.At));
    }

    // A backlog that drains is one until it is gone.
    private static async Task<bool> IsGoneAsync(RankedCause[] causes, Func<Instant, Task<DiagnosisReport>> again, CancellationToken cancel)
    {
        for (var watch = System.Diagnostics.Stopwatch.StartNew(); ;)
        {
            if (!await StillThereAsync(causes, again, cancel)) return true;
            if (watch.Elapsed > Recovery) return false;
        }
    }

    private async Task<bool> HealthyAsync(CancellationToken cancel)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        while (watch.Elapsed < Recovery)
        {
            // Not the lab's own word, which stays "broken" until what broke it is healed: what stands.
            var status = await lab.StatusAsync(cancel);
            if (status.Services.All(s => s.Healthy) && status.Components.All(c => c.Healthy)) return true;
            await Task.Delay(200, cancel);
        }
        return false;
    }
}
