using System.Collections.Immutable;
using Tocsin.Lab.Host;
using Tocsin.Lab.Runtime;

namespace Tocsin.Lab.Components;

/// <summary>The programs of the full profile and the Debian packages that carry them.</summary>
public static class Packages
{
    private static readonly ImmutableArray<(string Program, string Package)> Needed =
    [
        ("mariadbd", "mariadb-server"),
        ("mariadb-install-db", "mariadb-server"),
        ("mariadb", "mariadb-client"),
        ("setpriv", "util-linux"),
        ("redis-server", "redis-server"),
        ("redis-cli", "redis-tools"),
        ("clickhouse-server", "clickhouse-server"),
        ("clickhouse-client", "clickhouse-client"),
        ("caddy", "caddy"),
        ("pebble", "pebble"),
    ];

    // Wanted and not needed: without them a port cannot be filtered and there is no VPN; all else goes.
    private static readonly ImmutableArray<(string Program, string Package)> AsRoot = [("nft", "nftables"), .. WireGuard.Wanted];

    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(10);

    /// <summary>Packages without which the full profile cannot start.</summary>
    public static IReadOnlyList<string> Missing() => [.. Needed.Where(n => Tool.Find(n.Program) is null).Select(n => n.Package).Distinct(StringComparer.Ordinal)];

    /// <summary>Throws a sentence that names what is missing.</summary>
    public static void Require()
    {
        if (Missing() is { Count: > 0 } missing)
            throw new LabException($"the full profile needs {(missing.Count == 1 ? "a Debian package that is" : "Debian packages that are")} not installed: {string.Join(", ", missing)}; install with: apt-get install {string.Join(' ', missing)}, or tocsin lab up --full --install");
    }

    /// <summary>Installs what is missing, the packet filter and the VPN too where they can be used, and gives their names. Services that packages bring are not started.</summary>
    public static async Task<IReadOnlyList<string>> InstallAsync(string labFolder, CancellationToken cancel)
    {
        List<string> wanted = [.. Missing(), .. Environment.IsPrivilegedProcess ? AsRoot.Where(w => Tool.Find(w.Program) is null).Select(w => w.Package) : []];
        if (wanted.Count == 0) return [];
        if (!Environment.IsPrivilegedProcess) throw new LabException($"installing needs root; as root: apt-get install {string.Join(' ', wanted)}");
        var apt = Tool.Find("apt-get") ?? throw new LabException($"there is no apt-get here; install by hand: {string.Join(", ", wanted)}");
        var quiet = ImmutableDictionary<string, string>.Empty.Add("DEBIAN_FRONTEND", "noninteractive").Add("RUNLEVEL", "1");
        await Tool.RunAsync(new ToolCall(labFolder, apt, "update", "-qq") { Variables = quiet, Limit = InstallLimit }, cancel);
        var done = await Tool.RunAsync(new ToolCall(labFolder, apt, ["install", "-y", "-qq", "--no-install-recommends", .. wanted]) { Variables = quiet, Limit = InstallLimit }, cancel);
        if (done.Code != 0) throw new LabException($"apt-get could not install {string.Join(", ", wanted)}: {done.Words}");
        return wanted;
    }
}
