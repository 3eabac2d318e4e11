using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Tocsin.Core.Catalog;

namespace Tocsin.Core.Platforms;

/// <summary>Fills the placeholders of guides with the names of one environment. What is not known stays as it was written.</summary>
public static partial class PlatformNames
{
    private static readonly ImmutableArray<string> ServiceFields =
        ["logGroup", "secret", "repository", "targetGroup", "targetGroupArn", "imageTag", "port", "health", "memory", "vcpu", "host"];

    /// <summary>Every placeholder a guide may use.</summary>
    public static IReadOnlySet<string> Known(Platform platform)
    {
        var known = new HashSet<string>(StringComparer.Ordinal) { "env", "region", "cluster", "imageTag", "branch", "vpcCidr", "account", "baseDomain", "vpn", "imagesRegion", "service" };
        foreach (var field in ServiceFields) known.Add($"service.{field}");
        foreach (var role in EntryNames.Roles)
        {
            known.Add($"role.{role}");
            foreach (var field in ServiceFields) known.Add($"role.{role}.{field}");
        }
        foreach (var (component, fields) in platform.Environments.SelectMany(e => e.Components))
        {
            foreach (var field in fields.Keys) known.Add($"{component}.{field}");
        }
        foreach (var link in platform.Links.Keys) known.Add($"link.{link}");
        return known;
    }

    /// <summary>The text with the names of one environment; <paramref name="service"/> is a name or a role.</summary>
    public static string Fill(string text, Platform platform, PlatformEnvironment environment, string service) =>
        Placeholder().Replace(text, m => Value(m.Groups[1].Value, platform, environment, service) ?? m.Value);

    private static string? Value(string name, Platform platform, PlatformEnvironment environment, string service)
    {
        if (string.Equals(name, "env", StringComparison.Ordinal)) return environment.Name;
        if (environment.Fields.TryGetValue(name, out var own)) return own;
        if (platform.Fields.TryGetValue(name, out var shared)) return shared;
        var parts = name.Split('.');
        if (parts[0] is "service") return OfService(platform, environment, service, parts.ElementAtOrDefault(1));
        if (parts[0] is "role" && parts.Length > 1) return OfService(platform, environment, parts[1], parts.ElementAtOrDefault(2));
        if (parts[0] is "link" && parts.Length == 2) return platform.Links.GetValueOrDefault(parts[1]);
        return parts.Length == 2 && environment.Components.TryGetValue(parts[0], out var component) ? component.GetValueOrDefault(parts[1]) : null;
    }

    private static string? OfService(Platform platform, PlatformEnvironment environment, string nameOrRole, string? field)
    {
        if (platform.Service(nameOrRole) is not { } service) return null;
        return field switch
        {
            null => service.Name,
            "imageTag" => environment.Fields.GetValueOrDefault("imageTag"),
            "targetGroupArn" when service.Fields.TryGetValue("targetGroup", out var group) =>
                $"arn:aws:elasticloadbalancing:{environment.Fields["region"]}:{platform.Fields["account"]}:targetgroup/{group}/xxx",
            _ => service.Fields.GetValueOrDefault(field) ?? $"{field.ToUpperInvariant()}_OF_{service.Name.ToUpperInvariant()}",
        };
    }

    [GeneratedRegex(@"\{\{([A-Za-z][A-Za-z0-9.-]{0,78})\}\}", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
