using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;
using Tocsin.Lab.Host;
using Tocsin.Lab.Runtime;

namespace Tocsin.Lab.Components;

/// <summary>
/// The npm workspace of the full profile's services. It is installed when what npm noted beside the packages agrees with the lock file, and built when every
/// member's <c>dist</c> is as new as its <c>src</c>; so a start that finds both asks no registry.
/// </summary>
public static class Workspace
{
    private const string Install = "npm ci";
    private const string Build = "npm run build";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    /// <summary>The commands that its folder still needs, in their order; none where the folder is no workspace.</summary>
    public static IReadOnlyList<string> Missing(string folder)
    {
        if (!File.Exists(Path.Combine(folder, "package.json"))) return [];
        return !IsInstalled(folder) ? [Install, Build] : IsBuilt(folder) ? [] : [Build];
    }

    /// <summary>Throws a sentence that names what is missing.</summary>
    public static void Require(string folder)
    {
        if (Missing(folder) is not { Count: > 0 } missing) return;
        if (RuntimeInformation.OSArchitecture != Architecture.X64) throw new LabException("the full profile's services bring a node for x64, and this machine is none");
        throw new LabException($"the full profile's services are not {(missing.Count == 1 ? "built" : "installed")}; in {folder}: {string.Join(" && ", missing)}, or tocsin lab up --full --install");
    }

    /// <summary>Runs what is missing and says what was run.</summary>
    public static async Task<IReadOnlyList<string>> InstallAsync(string folder, string labFolder, CancellationToken cancel)
    {
        var missing = Missing(folder);
        if (missing.Count == 0) return [];
        var npm = Tool.Find("npm") ?? throw new LabException("npm is missing; it comes with Node.js");
        foreach (var command in missing)
        {
            ImmutableArray<string> words = [.. command.Split(' ')[1..], "--no-audit", "--no-fund", "--loglevel=error"];
            var done = await Tool.RunAsync(new ToolCall(labFolder, npm, words) { Folder = folder, Limit = Limit }, cancel);
            if (done.Code != 0) throw new LabException($"{command} in {folder} failed: {done.Words}");
        }
        return missing;
    }

    private static bool IsInstalled(string folder)
    {
        var noted = Path.Combine(folder, "node_modules", ".package-lock.json");
        if (!File.Exists(noted)) return false;
        var there = Versions(noted);
        return Versions(Path.Combine(folder, "package-lock.json")).All(p => p.Value.Optional || (there.TryGetValue(p.Key, out var one) && one.Version == p.Value.Version));
    }

    private static Dictionary<string, (string Version, bool Optional)> Versions(string file) =>
        ((JsonObject)JsonNode.Parse(File.ReadAllText(file))!["packages"]!).Where(p => p.Key.Contains("node_modules/", StringComparison.Ordinal) && p.Value!["link"] is null)
            .ToDictionary(p => p.Key, p => (p.Value!["version"]?.ToString() ?? "", p.Value["optional"] is not null || p.Value["devOptional"] is not null), StringComparer.Ordinal);

    private static bool IsBuilt(string folder) => Members(folder).All(m => Newest(Path.Combine(m, "dist")) is { } built && built >= (Newest(Path.Combine(m, "src")) ?? DateTime.MinValue));

    private static IEnumerable<string> Members(string folder) =>
        ((JsonArray)Package(folder)["workspaces"]!).Select(w => Path.Combine(folder, w!.ToString())).Where(m => Package(m)["scripts"]?["build"] is not null);

    private static JsonNode Package(string folder) => JsonNode.Parse(File.ReadAllText(Path.Combine(folder, "package.json")))!;

    private static DateTime? Newest(string folder) =>
        Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).Select(File.GetLastWriteTimeUtc).DefaultIfEmpty(DateTime.MinValue).Max() : null;
}
