using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Platforms;

namespace Tocsin.Collect.Probes;

/// <summary>One environment of a platform as probes ask for it: names of what to look at, and the subjects under which it is told.</summary>
public sealed partial class PlatformMap(Platform platform, PlatformEnvironment environment)
{
    public Platform Platform => platform;

    public string Environment => environment.Name;

    /// <summary>Where more people approve: the environment that is called so, and in a platform without one its first.</summary>
    public bool IsProduction => environment.Name.StartsWith("prod", StringComparison.OrdinalIgnoreCase) || (platform.Environments[0].Name == environment.Name && !platform.Environments.Any(e => e.Name.StartsWith("prod", StringComparison.OrdinalIgnoreCase)));

    public string Region => environment.Fields["region"];

    public string Cluster => environment.Fields["cluster"];

    public string Account => platform.Fields["account"];

    /// <summary>The range of the environment's network, where the platform says it.</summary>
    public string? Cidr => environment.Fields.GetValueOrDefault("vpcCidr");

    /// <summary>What stands for the base domain until somebody says it; nothing can lie outside of it.</summary>
    public const string UnsaidDomain = "example.com";

    public string BaseDomain => platform.Fields["baseDomain"];

    /// <summary>Whether a name lies under the base domain; null where nobody has said which that is.</summary>
    public bool? IsUnderBase(string name) => BaseDomain == UnsaidDomain ? null : name.Equals(BaseDomain, StringComparison.OrdinalIgnoreCase) || name.EndsWith("." + BaseDomain, StringComparison.OrdinalIgnoreCase);

    public string ImagesRegion => platform.Fields.GetValueOrDefault("imagesRegion", Region);

    public ImmutableArray<Service> Services => platform.Services;

    /// <summary>Names of the components that this environment has.</summary>
    public IEnumerable<string> Components => environment.Components.Keys.Order(StringComparer.Ordinal);

    /// <summary>The same platform in its other environments.</summary>
    public IEnumerable<PlatformMap> Others => platform.Environments.Where(e => e.Name != environment.Name).Select(e => new PlatformMap(platform, e));

    /// <summary>A field of a component, or null where the platform does not say: an address that a template left open is none.</summary>
    public string? Component(string name, string field) =>
        environment.Components.GetValueOrDefault(name)?.GetValueOrDefault(field) is { } value && !(field is "endpoint" or "host" && Placeholder().IsMatch(value)) ? value : null;

    public bool Has(string component) => environment.Components.ContainsKey(component);

    public Subject Of(Service service, string item = "") => new(Environment, service.Name, "", item);

    /// <summary>What services share.</summary>
    public Subject Of(string component, string item = "") => new(Environment, "", component, item);

    /// <summary>The services that need the component, themselves and by no one else.</summary>
    public IEnumerable<Service> Users(string component) => platform.Services.Where(s => s.DependsOn.Contains(component, StringComparer.Ordinal));

    // What stands in a template for whoever knows: ELASTICACHE_ENDPOINT, 10.0.x.x, name.cluster-xxx.region.
    [GeneratedRegex(@"^[A-Z][A-Z0-9_]*$|^\d+(\.(\d+|x))*\.x(\.(\d+|x))*$|[.-]xxx([.-]|$)", RegexOptions.CultureInvariant, 1000)]
    private static partial Regex Placeholder();
}
