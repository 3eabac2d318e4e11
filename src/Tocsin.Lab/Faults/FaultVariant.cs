using System.Collections.Immutable;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Faults;

/// <summary>How a fault can be met, so that whoever looks is not always right by saying its name.</summary>
public enum FaultVariant
{
    /// <summary>Broken, and nothing beside it.</summary>
    Plain,

    /// <summary>Nothing is broken.</summary>
    Noop,

    /// <summary>It was broken and landed, and is healed again; logs and events remember.</summary>
    Recovered,

    /// <summary>Beside it an unrelated deployment, and requests that fail as strangers' do.</summary>
    RedHerring,

    /// <summary>A permission that the look needs is missing for whoever has the lab's keys.</summary>
    Denied,

    /// <summary>A second fault elsewhere on the platform.</summary>
    Two,
}

/// <summary>What a variant does, chosen by a seed: the same seed gives the same again.</summary>
public static class FaultVariants
{
    /// <summary>Whose permission is taken: the lab's own keys belong to it.</summary>
    public const string Looker = "lab-operator";

    private static readonly ImmutableArray<(string Check, string Action)> Needed =
    [
        ("stopped", "ecs:DescribeTasks"), ("event", "ecs:DescribeServices"), ("service", "ecs:DescribeServices"), ("log", "logs:FilterLogEvents"), ("http", "logs:FilterLogEvents"),
        ("target", "elasticloadbalancing:DescribeTargetHealth"), ("definition", "ecs:DescribeTaskDefinition"), ("http", "ecs:DescribeServices"),
    ];

    public static ImmutableArray<string> Names { get; } = [.. Enum.GetValues<FaultVariant>().Select(Name)];

    public static string Name(FaultVariant variant) => variant is FaultVariant.RedHerring ? "red-herring" : variant.ToString().ToLowerInvariant();

    public static FaultVariant Of(string name) => Names.IndexOf(name) is >= 0 and var at ? (FaultVariant)at : throw Verbs.VerbCall.Unknown("variant", name, Names);

    /// <summary>Another fault of the same lab that is felt nowhere where this one is.</summary>
    public static Fault Second(Fault fault, IEnumerable<Fault> all, Func<Fault, ImmutableHashSet<string>> reach, string environment, LabProfile profile, int seed)
    {
        var taken = reach(fault);
        var free = all.Where(f => f.Id != fault.Id && f.Cause != fault.Cause && f.Profiles.Contains(profile) && (f.CoreHides.Length == 0 || profile is not LabProfile.Core) && f.Environments.Contains(environment, StringComparer.Ordinal) && !FaultReach.Overlap(taken, reach(f))).OrderBy(f => f.Id, StringComparer.Ordinal).ToList();
        return free.Count > 0 ? free[new Random(seed).Next(free.Count)] : throw new LabException($"no other fault leaves {fault.Id} alone in {environment}: it reaches {string.Join(", ", taken.Order(StringComparer.Ordinal))}");
    }

    /// <summary>Deployments that change nothing, of services that the fault does not touch; where it touches all, an image that nobody runs.</summary>
    public static string Herring(ImmutableHashSet<string> reach, Core.Platforms.Platform platform, string environment, int seed)
    {
        var others = platform.Services.Where(s => !reach.Contains($"{environment}/{s.Name}")).Select(s => s.Name).ToList();
        if (others.Count == 0) return $"image push {platform.Services[new Random(seed).Next(platform.Services.Length)].Name} unrelated-{seed:x}";
        var one = others[new Random(seed).Next(others.Count)];
        return new Random(seed + 1).Next(2) == 0 ? $"service deploy {one}" : $"service env {one} LAB_NOTE=unrelated";
    }

    /// <summary>Why a fault cannot be met so; null where it can.</summary>
    public static string? WhyNot(Fault fault, FaultVariant variant) =>
        variant is FaultVariant.Denied && Denials(fault).IsEmpty ? "no permission shows it: it is seen on the way to a server, or in a public answer" : null;

    /// <summary>Takes what the fault's own checks show to be needed: a permission at AWS, the token that reads Cloudflare, or the rights of the login that reads Redis.</summary>
    public static string Denial(Fault fault, int seed) =>
        Denials(fault) is { IsEmpty: false } all ? all[new Random(seed).Next(all.Length)] : throw new LabException($"{fault.Id} cannot be denied: {WhyNot(fault, FaultVariant.Denied)}");

    private static ImmutableArray<string> Denials(Fault fault)
    {
        var actions = Needed.Where(n => fault.Landed.Any(c => c.Kind == n.Check)).Select(n => n.Action).Distinct(StringComparer.Ordinal).ToList();
        if (actions.Count == 0 && Breaks(fault, "service ")) actions.Add("ecs:DescribeServices");
        if (actions.Count == 0) actions.AddRange(fault.Landed.OfType<Checks.ApiCheck>().Select(c => $"{c.Of}:{c.Operation}"));
        if (actions.Count > 0) return [.. actions.Select(a => $"permission deny {Looker} {a}")];
        if (Asks(fault, "cloudflare") || Asks(fault, "worker")) return ["component set cloudflare token=revoked"];
        // What lies behind a queue, such as a database that holds still, shows itself.
        return Asks(fault, "redis") && Breaks(fault, "queue ") && fault.Root.Length == 0 ? ["component set redis reader=refused"] : [];
    }

    private static bool Breaks(Fault fault, string verb) => fault.Break.Any(l => l.StartsWith(verb, StringComparison.Ordinal));

    private static bool Asks(Fault fault, string component) => fault.Landed.Any(c => c.Names.Any(n => n.Contains($"{{{component}.", StringComparison.Ordinal)));
}
