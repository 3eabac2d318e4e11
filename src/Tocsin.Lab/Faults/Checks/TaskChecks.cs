using System.Text.Json.Nodes;
using Tocsin.Core.Signals;

namespace Tocsin.Lab.Faults.Checks;

/// <summary>A task of the service stopped since the injection as described.</summary>
internal sealed record StoppedCheck(string Service) : LandedCheck
{
    public string? Reason { get; init; }

    public string? Code { get; init; }

    public int? Exit { get; init; }

    public string? Container { get; init; }

    public string? ContainerReason { get; init; }

    public override string Kind => "stopped";

    internal override IEnumerable<string> Names => [Service];

    internal override async Task<Sighting> LookAsync(FaultEyes eyes, CancellationToken cancel)
    {
        var stopped = await eyes.StoppedAsync(Service, cancel);
        if (stopped.Find(t => Fits(t, eyes)) is { } fits) return Sighting.Yes(Tell(fits));
        return Sighting.No(stopped.Count == 0 ? $"no task of {Service} stopped" : $"the newest of {stopped.Count} stopped tasks: {Tell(stopped[0])}");
    }

    private bool Fits(JsonObject task, FaultEyes eyes) =>
        (Reason is null || (task["stoppedReason"]?.ToString().Contains(eyes.Names.Fill(Reason), StringComparison.Ordinal) ?? false))
        && (Code is null || task["stopCode"]?.ToString() == Code)
        && ((Exit ?? (object?)ContainerReason ?? Container) is null || task["containers"]!.AsArray().OfType<JsonObject>().Any(Fits));

    private bool Fits(JsonObject container) =>
        (Container is null || container["name"]?.ToString() == Container)
        && (Exit is null || container["exitCode"]?.GetValue<int>() == Exit)
        && (ContainerReason is null || (container["reason"]?.ToString().Contains(ContainerReason, StringComparison.Ordinal) ?? false));

    private static string Tell(JsonObject task)
    {
        var containers = task["containers"]!.AsArray().OfType<JsonObject>().Select(c => $"{c["name"]} exit {c["exitCode"]?.ToString() ?? "-"}{(c["reason"] is { } r ? $" ({r})" : "")}");
        return $"{task["stopCode"]}: {task["stoppedReason"]} [{string.Join(", ", containers)}]";
    }
}

/// <summary>The service said so since the injection.</summary>
internal sealed record EventCheck(string Service, string Text) : LandedCheck
{
    public override string Kind => "event";

    internal override IEnumerable<string> Names => [Service];

    internal override async Task<Sighting> LookAsync(FaultEyes eyes, CancellationToken cancel)
    {
        var events = (await eyes.EventsAsync(Service, cancel)).ConvertAll(e => e["message"]!.ToString());
        if (events.Find(e => e.Contains(eyes.Names.Fill(Text), StringComparison.Ordinal)) is { } said) return Sighting.Yes(said);
        return Sighting.No(events.Count == 0 ? $"{Service} has no new event" : $"newest event: {events[0]}");
    }
}

/// <summary>The text stands in the service's log group since the injection.</summary>
internal sealed record LogCheck(string Service, string Text) : LandedCheck
{
    private const int MostShown = 300;

    public override string Kind => "log";

    internal override IEnumerable<string> Names => [Service];

    internal override async Task<Sighting> LookAsync(FaultEyes eyes, CancellationToken cancel)
    {
        var found = await eyes.LogAsync(Service, eyes.Names.Fill(Text), cancel);
        if (found.Count > 0) return Sighting.Yes(Short(found[0]));
        var all = await eyes.LogAsync(Service, null, cancel);
        return Sighting.No(all.Count == 0 ? $"{Service} logged nothing" : $"none of {all.Count} new lines has it; the newest: {Short(all[^1])}");
    }

    // Secrets go before the cut: a half of one would no longer be known.
    private static string Short(JsonObject line) => Redactor.Default.Redact(line["message"]!.ToString()) is var text && text.Length > MostShown ? text[..MostShown] + "…" : text;
}

/// <summary>The service's numbers and the newest deployment's state.</summary>
internal sealed record ServiceCheck(string Service) : LandedCheck
{
    public int? Desired { get; init; }

    public int? Running { get; init; }

    public string? Rollout { get; init; }

    /// <summary>At least as many failed tasks of one deployment.</summary>
    public int? FailedTasks { get; init; }

    public override string Kind => "service";

    internal override IEnumerable<string> Names => [Service];

    internal override async Task<Sighting> LookAsync(FaultEyes eyes, CancellationToken cancel)
    {
        var service = await eyes.ServiceAsync(Service, cancel);
        var deployments = service["deployments"]!.AsArray().OfType<JsonObject>().ToList();
        var (desired, running) = (service["desiredCount"]!.GetValue<int>(), service["runningCount"]!.GetValue<int>());
        var failed = deployments.Max(d => d["failedTasks"]?.GetValue<int>() ?? 0);
        var saw = $"{Service}: {running} of {desired} running, deployments {string.Join(", ", deployments.Select(d => d["rolloutState"]))}, {failed} failed tasks";
        var fits = (Desired is null || desired == Desired) && (Running is null || running == Running) && (FailedTasks is null || failed >= FailedTasks)
            && (Rollout is null || deployments.Exists(d => d["rolloutState"]?.ToString() == Rollout));
        return new Sighting(fits, saw);
    }
}
