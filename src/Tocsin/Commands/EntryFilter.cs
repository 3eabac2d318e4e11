using System.Collections.Immutable;
using Tocsin.Core.Catalog;

namespace Tocsin.Cli.Commands;

/// <summary>--only and --except: entry ids or layers.</summary>
internal static class EntryFilter
{
    public static bool TryApply(ImmutableArray<Entry> entries, IReadOnlyList<string> only, IReadOnlyList<string> except, out ImmutableArray<Entry> wanted, out string problem)
    {
        wanted = entries;
        problem = "";
        if (only.Count + except.Count == 0) return true;
        var known = entries.Select(e => e.Id).Concat(EntryNames.Layers).ToImmutableArray();
        foreach (var name in only.Concat(except).SelectMany(Split))
        {
            if (known.Contains(name, StringComparer.OrdinalIgnoreCase)) continue;
            problem = $"\"{name}\" is neither an entry nor a layer; {Nearest.Suggest(name, known)}layers: {string.Join(", ", EntryNames.Layers)}";
            return false;
        }
        var kept = only.SelectMany(Split).ToList();
        var left = except.SelectMany(Split).ToList();
        wanted = [.. entries.Where(e => (kept.Count == 0 || Names(kept, e)) && !Names(left, e))];
        return true;
    }

    private static string[] Split(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    private static bool Names(List<string> names, Entry entry) =>
        names.Contains(entry.Id, StringComparer.OrdinalIgnoreCase) || names.Contains(entry.Layer, StringComparer.OrdinalIgnoreCase);
}
