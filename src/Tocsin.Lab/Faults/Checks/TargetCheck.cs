namespace Tocsin.Lab.Faults.Checks;

/// <summary>A target of the service's target group is so; with state <c>none</c> no target is left that is not on its way out.</summary>
internal sealed record TargetCheck(string Service) : LandedCheck
{
    public string? State { get; init; }

    public string? Reason { get; init; }

    public string? Description { get; init; }

    public override string Kind => "target";

    internal override IEnumerable<string> Names => [Service];

    internal override async Task<Sighting> LookAsync(FaultEyes eyes, CancellationToken cancel)
    {
        var (group, answer) = await eyes.TargetsAsync(Service, cancel);
        var targets = FaultEyes.Targets(answer).Select(t => t["TargetHealth"]!).Select(h => (State: h["State"]?.ToString() ?? "", Reason: h["Reason"]?.ToString() ?? "", Description: h["Description"]?.ToString() ?? "")).ToList();
        var saw = $"{group["TargetGroupName"]}: {(targets.Count == 0 ? "no targets" : string.Join("; ", targets.Select(t => $"{t.State} {t.Reason} {t.Description}".TrimEnd())))}";
        if (State is "none") return new Sighting(targets.TrueForAll(t => t.State is "draining"), saw);
        return new Sighting(targets.Exists(t => (State is null || t.State == State) && (Reason is null || t.Reason == Reason) && (Description is null || t.Description.Contains(Description, StringComparison.Ordinal))), saw);
    }
}
