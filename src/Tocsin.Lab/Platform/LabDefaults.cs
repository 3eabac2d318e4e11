using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using Tocsin.Core.Platforms;

namespace Tocsin.Lab.Platform;

/// <summary>
/// What a platform need not say of itself, and the lab's stand-in must know: it invents that, as anyone might have set it up. What it cannot invent is a
/// problem, all of them at once.
/// </summary>
public static partial class LabDefaults
{
    private static readonly ImmutableDictionary<string, (string Key, string Value)[]> Components = new Dictionary<string, (string, string)[]>(StringComparer.Ordinal)
    {
        ["aurora"] = [("port", "3306"), ("user", "admin"), ("minAcu", "0.5"), ("maxAcu", "2")],
        ["redis"] = [("port", "6379")],
        ["clickhouse"] = [("port", "8123"), ("instanceName", "clickhouse")],
    }.ToImmutableDictionary(StringComparer.Ordinal);

    public static Core.Platforms.Platform Complete(Core.Platforms.Platform platform) => platform with
    {
        Fields = With(platform.Fields, ("imagesRegion", platform.Environments[0].Fields["region"])),
        Environments = [.. platform.Environments.Select(Complete)],
        Services = [.. platform.Services.Select(s => s with { Fields = With(s.Fields, ("repository", $"{platform.Id}/{s.Name}")) })],
    };

    /// <summary>Why the lab cannot run this platform by this description; empty where it can.</summary>
    /// <param name="platform">As <see cref="Complete(Core.Platforms.Platform)"/> gives it.</param>
    public static IReadOnlyList<string> Problems(Core.Platforms.Platform platform, LabDescription lab) =>
    [
        .. lab.Programs.Where(p => platform.Service(p.Service) is null).Select(p => $"lab.yaml runs {p.Service}, which platform.yaml does not name; it has {string.Join(", ", platform.Services.Select(s => s.Name))}"),
        .. platform.Environments.GroupBy(e => e.Fields["region"], StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => $"the environments {string.Join(" and ", g.Select(e => e.Name))} are both in {g.Key}; the lab runs one in each region"),
        .. platform.Environments.Select(e => e.Fields["region"]).Append(platform.Fields["imagesRegion"]).Distinct(StringComparer.Ordinal).Where(r => !Region().IsMatch(r)).Select(r => $"{r} is no region of AWS"),
        .. platform.Environments.Where(e => !WholeNetwork().IsMatch(e.Fields["vpcCidr"])).Select(e => $"environments.{e.Name}.vpcCidr is {e.Fields["vpcCidr"]}; the lab makes networks such as 10.0.0.0/16"),
        .. platform.Environments.SelectMany(e => e.Components.Where(c => c.Key is "aurora" && !c.Value.ContainsKey("cluster")).Select(_ => $"environments.{e.Name}.components.aurora has no cluster: its DB cluster identifier")),
        .. platform.Environments.SelectMany(e => e.Components.SelectMany(c => Numbers.Where(n => c.Value.TryGetValue(n, out var value) && !double.TryParse(value, CultureInfo.InvariantCulture, out _)).Select(n => $"environments.{e.Name}.components.{c.Key}.{n} is {c.Value[n]}, no number"))),
    ];

    private static readonly string[] Numbers = ["port", "minAcu", "maxAcu", "backupDays"];

    private static PlatformEnvironment Complete(PlatformEnvironment environment, int place) => environment with
    {
        Fields = With(environment.Fields, ("imageTag", $"{environment.Name}-SHA8"), ("vpcCidr", string.Create(CultureInfo.InvariantCulture, $"10.{place}.0.0/16"))),
        Components = environment.Components.ToImmutableDictionary(c => c.Key, c => With(c.Value, Components.GetValueOrDefault(c.Key, [])), StringComparer.Ordinal),
    };

    private static ImmutableDictionary<string, string> With(ImmutableDictionary<string, string> fields, params (string Key, string Value)[] defaults) =>
        fields.SetItems(defaults.Where(d => !fields.ContainsKey(d.Key)).Select(d => KeyValuePair.Create(d.Key, d.Value)));

    [GeneratedRegex("^[a-z]{2}(-[a-z]+)+-[0-9]$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex Region();

    [GeneratedRegex("^[0-9]+[.][0-9]+[.]0[.]0/16$", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex WholeNetwork();
}
