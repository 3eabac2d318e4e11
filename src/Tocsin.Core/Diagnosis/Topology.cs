using System.Collections.Frozen;
using System.Collections.Immutable;
using Tocsin.Core.Platforms;

namespace Tocsin.Core.Diagnosis;

/// <summary>A service and what it needs: names or roles of services, names of components.</summary>
public sealed record ServiceNode(string Name, string Role, ImmutableArray<string> DependsOn);

/// <param name="Reach">vpn: no address of it answers outside the platform's network; else empty or public.</param>
public sealed record ComponentNode(string Environment, string Name, string Reach);

/// <summary>Who depends on whom, as it was declared when the evidence was collected.</summary>
public sealed record Topology(ImmutableArray<ServiceNode> Services, ImmutableArray<ComponentNode> Components)
{
    public static readonly Topology Empty = new([], []);

    public static Topology Of(Platform platform) => new(
        [.. platform.Services.Select(s => new ServiceNode(s.Name, s.Role, [.. s.DependsOn.Order(StringComparer.Ordinal)])).OrderBy(s => s.Name, StringComparer.Ordinal)],
        [
            .. platform.Environments.SelectMany(e => e.Components.Select(c => new ComponentNode(e.Name, c.Key, c.Value.GetValueOrDefault("reach", ""))))
                .OrderBy(c => c.Environment, StringComparer.Ordinal).ThenBy(c => c.Name, StringComparer.Ordinal),
        ]);
}

/// <summary>The questions that are asked of a topology, answered once: transitive dependencies, names behind roles.</summary>
internal sealed class Dependencies
{
    private readonly FrozenDictionary<string, string> _byRole;
    private readonly FrozenDictionary<string, FrozenSet<string>> _needs;
    private readonly FrozenSet<string> _components;
    private readonly FrozenSet<(string Environment, string Component)> _behindVpn;

    public Dependencies(Topology topology)
    {
        var services = topology.Services.DistinctBy(s => s.Name, StringComparer.Ordinal).ToDictionary(s => s.Name, StringComparer.Ordinal);
        _byRole = topology.Services.Where(s => s.Role.Length > 0).DistinctBy(s => s.Role, StringComparer.Ordinal)
            .ToFrozenDictionary(s => s.Role, s => s.Name, StringComparer.Ordinal);
        _components = topology.Components.Select(c => c.Name).ToFrozenSet(StringComparer.Ordinal);
        _behindVpn = topology.Components.Where(c => c.Reach == "vpn").Select(c => (c.Environment, c.Name)).ToFrozenSet();
        _needs = services.Keys.ToFrozenDictionary(n => n, n => Closure(n, services), StringComparer.Ordinal);
    }

    /// <summary>The service's name, where it is given by its role.</summary>
    public string ServiceName(string nameOrRole) => _needs.ContainsKey(nameOrRole) ? nameOrRole : _byRole.GetValueOrDefault(nameOrRole, nameOrRole);

    public bool IsService(string name) => _needs.ContainsKey(name);

    public bool IsComponent(string name) => _components.Contains(name);

    public bool BehindVpn(string environment, string component) => _behindVpn.Contains((environment, component));

    /// <summary>Whether a fault of the second is felt at the first.</summary>
    public bool Needs(string service, string serviceOrComponent) =>
        _needs.TryGetValue(service, out var needs) && needs.Contains(serviceOrComponent);

    /// <summary>Like <see cref="Needs"/>; where the topology does not know the component or the service, it may be so.</summary>
    public bool MayNeed(string service, string component) => !_components.Contains(component) || !_needs.TryGetValue(service, out var needs) || needs.Contains(component);

    private FrozenSet<string> Closure(string service, Dictionary<string, ServiceNode> services)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var open = new Stack<string>([service]);
        while (open.TryPop(out var next))
        {
            if (!services.TryGetValue(next, out var found)) continue;
            foreach (var need in found.DependsOn.Select(d => services.ContainsKey(d) ? d : _byRole.GetValueOrDefault(d, d)))
            {
                if (need != service && seen.Add(need)) open.Push(need);
            }
        }
        return seen.ToFrozenSet(StringComparer.Ordinal);
    }
}
