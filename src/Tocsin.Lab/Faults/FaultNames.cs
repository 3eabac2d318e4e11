using System.Text.RegularExpressions;
using Tocsin.Core.Platforms;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Faults;

/// <summary>What the placeholders of a fault stand for in one environment of a running lab. <c>other</c> is the next environment of the platform.</summary>
internal sealed partial class FaultNames
{
    private static readonly string[] Servers = ["aurora", "redis", "clickhouse", "caddy", "dns", "pebble", "cloudflare", "worker"];
    private static readonly string[] Ones = ["region", "cluster", "alb", "nlb", "alb.host", "nlb.host", .. Servers.SelectMany(s => new[] { $"{s}.host", $"{s}.port" }), "aurora.user", "cloudflare.token"];

    /// <summary>Those of servers stand for something in the full profile only.</summary>
    public static readonly string[] All = ["account", "authority", .. Ones, .. Ones.Select(n => $"other.{n}")];

    // It stands for what a check computes when it asks.
    private const string Signature = "signature";
    private readonly Dictionary<string, string> values;

    public FaultNames(LabState state, LabFolder folder, PlatformEnvironment environment)
    {
        var at = state.Environments.ToList().FindIndex(e => e.Name == environment.Name);
        var other = state.Environments[(at + 1) % state.Environments.Count];
        values = new Dictionary<string, string>(Of(state.Environments[at], "").Concat(Of(other, "other.")), StringComparer.Ordinal) { ["account"] = state.Account, ["authority"] = folder.Authority };
    }

    public static IEnumerable<string> Unknown(string text) => Placeholder().Matches(text).Select(m => m.Groups[1].Value).Where(n => n is not Signature && !All.Contains(n, StringComparer.Ordinal));

    public string Fill(string text) => Placeholder().Replace(text, m => values.GetValueOrDefault(m.Groups[1].Value, m.Value));

    private static IEnumerable<KeyValuePair<string, string>> Of(LabPlace place, string prefix) =>
    [
        new(prefix + "region", place.Region),
        new(prefix + "cluster", place.Cluster),
        .. place.Components.Where(c => c.Value.User is not null).Select(c => KeyValuePair.Create($"{prefix}{c.Key}.user", c.Value.User!)),
        .. place.Components.Where(c => c.Key is "cloudflare").Select(c => KeyValuePair.Create($"{prefix}{c.Key}.token", c.Value.Password ?? "")),
        .. place.Components.SelectMany(c => new[] { KeyValuePair.Create($"{prefix}{c.Key}.host", c.Value.Host), KeyValuePair.Create($"{prefix}{c.Key}.port", c.Value.Port.ToString(System.Globalization.CultureInfo.InvariantCulture)) }),
        .. place.Components.Where(c => c.Key is "alb" or "nlb").Select(c => KeyValuePair.Create(prefix + c.Key, c.Value.Port is 80 ? c.Value.Host : $"{c.Value.Host}:{c.Value.Port}")),
    ];

    [GeneratedRegex(@"\{([a-z]+(?:\.[a-z]+){0,2})\}", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
