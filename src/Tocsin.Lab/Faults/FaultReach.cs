using System.Collections.Immutable;
using Tocsin.Core.Platforms;

namespace Tocsin.Lab.Faults;

/// <summary>
/// What a fault can be felt in: the services and components that its lines and checks name, and every service that cannot work without one of those. Two
/// faults of one environment whose reaches share nothing can stand beside each other, and each is still seen alone.
/// </summary>
public static class FaultReach
{
    /// <summary>One of each for all environments.</summary>
    private static readonly string[] Shared = ["dns", "pebble", "cloudflare"];

    // Verbs on these change what every service stands on.
    private static readonly string[] Everything = ["component block nat", "component set alb", "component set aws"];

    /// <param name="hosts">Which service answers to which host name.</param>
    /// <returns>Names with their environment; shared ones without.</returns>
    public static ImmutableHashSet<string> Of(Fault fault, Core.Platforms.Platform platform, string environment, IReadOnlyDictionary<string, string> hosts)
    {
        var words = fault.Lines.Concat(fault.Landed.SelectMany(c => c.Names)).ToList();
        var components = platform.Environment(environment)!.Components.Keys.Concat(Shared).Append("caddy").Distinct(StringComparer.Ordinal).ToList();
        if (fault.Lines.Any(l => Everything.Any(e => l.StartsWith(e, StringComparison.Ordinal)))) return [.. platform.Services.Select(s => s.Name).Concat(components).Select(n => In(environment, n))];
        var named = components.Where(c => words.Exists(w => w.Contains(c, StringComparison.Ordinal)))
            .Concat(platform.Services.Where(s => words.Exists(w => Means(w, s))).Select(s => s.Name))
            .Concat(hosts.Where(h => words.Exists(w => w.Contains(h.Key, StringComparison.Ordinal))).Select(h => h.Value))
            .Concat(fault.Lines.SelectMany(Implied))
            .ToHashSet(StringComparer.Ordinal);
        while (platform.Services.FirstOrDefault(s => !named.Contains(s.Name) && s.DependsOn.Any(d => named.Contains(platform.Service(d)?.Name ?? d))) is { } dependent) named.Add(dependent.Name);
        // What leads into another environment is felt through whatever stands there.
        var others = words.Exists(w => w.Contains("{other.", StringComparison.Ordinal)) ? platform.Environments.Where(e => e.Name != environment) : [];
        return [.. named.Select(n => In(environment, n)), .. others.SelectMany(e => platform.Services.Select(s => In(e.Name, s.Name)))];
    }

    public static bool Overlap(ImmutableHashSet<string> one, ImmutableHashSet<string> other) => one.Overlaps(other);

    private static string In(string environment, string name) => Shared.Contains(name, StringComparer.Ordinal) ? name : $"{environment}/{name}";

    private static bool Means(string word, Service service) =>
        word.Contains(service.Name, StringComparison.Ordinal) || (service.Fields.GetValueOrDefault("secret") is { } secret && word.Contains(secret, StringComparison.Ordinal));

    private static IEnumerable<string> Implied(string line)
    {
        // Jobs that failed are put back into a Redis that nothing happened to.
        if (line.StartsWith("queue ", StringComparison.Ordinal) && !line.StartsWith("queue retry ", StringComparison.Ordinal)) yield return "redis";
        if (line.StartsWith("dns ", StringComparison.Ordinal) || line.StartsWith("certificate ", StringComparison.Ordinal)) yield return "dns";
    }
}
