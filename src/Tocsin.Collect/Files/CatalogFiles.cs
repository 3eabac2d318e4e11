using System.Collections.Immutable;
using System.Globalization;
using Tocsin.Core.Catalog;

namespace Tocsin.Collect.Files;

/// <summary>Where the parts of a catalog lie on disk.</summary>
public sealed record CatalogRoot(string Path, bool Shipped);

/// <summary>Reads catalog folders. A file that cannot be read is a problem of its entry and of no other.</summary>
public static class CatalogFiles
{
    public const string ObservationsFile = "observations.yaml";
    private const string NoFacts = "probes: {}";
    private const int MaxBytes = 4 * YamlTree.MaxCharacters;
    private const string QuietFolder = "quiet";

    public static ErrorReference Read(IReadOnlyList<CatalogRoot> roots)
    {
        var problems = new List<Problem>();
        var folders = roots.SelectMany(r => Folders(r, problems)).ToList();
        var shipped = roots.FirstOrDefault(r => r.Shipped) ?? roots[0];
        var observations = System.IO.Path.Combine(shipped.Path, ObservationsFile);
        var text = TryRead(observations, problems) ?? "";
        var quiet = roots.SelectMany(r => Quiet(r, problems)).ToImmutableArray();
        var reference = ErrorReference.Build(folders, text, Show(observations), quiet);
        return reference with { Problems = [.. problems, .. reference.Problems] };
    }

    /// <summary>One entry with its guide, without reading the others; of two catalogs that have it the later wins, unless it is broken there.</summary>
    public static ReferenceEntry? ReadOne(IReadOnlyList<CatalogRoot> roots, string id)
    {
        var folders = roots.SelectMany(r => Folders(r, [], f => string.Equals(System.IO.Path.GetFileName(f), id, StringComparison.OrdinalIgnoreCase)));
        return ErrorReference.Build(folders, NoFacts, ObservationsFile, []).Find(id);
    }

    /// <summary>The entries alone, for matching: no facts, no healthy logs.</summary>
    public static (ImmutableArray<Entry> Entries, ImmutableArray<Problem> Problems) ReadEntries(IReadOnlyList<CatalogRoot> roots)
    {
        var problems = new List<Problem>();
        var reference = ErrorReference.Build(roots.SelectMany(r => Folders(r, problems)).ToList(), NoFacts, ObservationsFile, []);
        return ([.. reference.Entries.Select(e => e.Entry)], [.. problems, .. reference.Problems]);
    }

    /// <summary>The entry.yaml files of a catalog, for a stamp of its state; what cannot be listed is left out.</summary>
    public static IReadOnlyList<string> EntryFiles(CatalogRoot root)
    {
        var files = new List<string>();
        foreach (var layer in EntryNames.Layers)
        {
            var path = System.IO.Path.Combine(root.Path, layer);
            if (!Directory.Exists(path)) continue;
            foreach (var folder in List(path, [], f => Directory.GetDirectories(f)))
            {
                var file = System.IO.Path.Combine(folder, "entry.yaml");
                if (!System.IO.Path.GetFileName(folder.AsSpan()).StartsWith(".", StringComparison.Ordinal) && File.Exists(file)) files.Add(file);
            }
        }
        return files;
    }

    private static IEnumerable<EntryFolder> Folders(CatalogRoot root, List<Problem> problems, Func<string, bool>? wanted = null)
    {
        if (!Directory.Exists(root.Path))
        {
            problems.Add(new Problem(new Place(root.Path), "no-catalog", "there is no such folder; a catalog is a folder of LAYER/ENTRY folders"));
            yield break;
        }
        foreach (var stray in Strays(root.Path, problems))
        {
            var name = System.IO.Path.GetFileName(stray);
            problems.Add(new Problem(new Place(Show(stray)), "unknown-layer", $"\"{name}\" is no layer; {Nearest.Suggest(name, EntryNames.Layers)}layers: {string.Join(", ", EntryNames.Layers)}", IsWarning: true));
        }
        foreach (var folder in EntryFolders(root.Path, problems).Where(f => wanted is null || wanted(f)))
        {
            var yaml = System.IO.Path.Combine(folder, "entry.yaml");
            if (!File.Exists(yaml))
            {
                problems.Add(new Problem(new Place(Show(folder)), "no-entry", "the folder has no entry.yaml; `tocsin catalog new LAYER/ID` writes a draft"));
                continue;
            }
            if (TryRead(yaml, problems) is not { } text) continue;
            var guide = System.IO.Path.Combine(folder, "guide.md");
            yield return new EntryFolder(
                Show(folder),
                System.IO.Path.GetFileName(System.IO.Path.GetDirectoryName(folder)) ?? "",
                System.IO.Path.GetFileName(folder),
                text,
                File.Exists(guide) ? TryRead(guide, problems) : null,
                Samples(folder, problems),
                root.Shipped);
        }
    }

    private static IEnumerable<string> EntryFolders(string root, List<Problem> problems) =>
        EntryNames.Layers.Select(l => System.IO.Path.Combine(root, l)).Where(Directory.Exists).SelectMany(l => Inner(l, problems));

    // A folder of entries that no layer is named after would else be passed over in silence.
    private static IEnumerable<string> Strays(string root, List<Problem> problems) =>
        Inner(root, problems).Where(f => System.IO.Path.GetFileName(f) is not QuietFolder && !EntryNames.Layers.Contains(System.IO.Path.GetFileName(f), StringComparer.Ordinal));

    private static IEnumerable<string> Inner(string folder, List<Problem> problems) =>
        List(folder, problems, f => Directory.GetDirectories(f)).Where(f => !System.IO.Path.GetFileName(f).StartsWith('.'));

    private static List<string> List(string folder, List<Problem> problems, Func<string, string[]> list)
    {
        try
        {
            var found = new List<string>(list(folder));
            found.Sort(StringComparer.Ordinal);
            return found;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add(new Problem(new Place(Show(folder)), "unreadable", $"the folder could not be read: {e.Message}"));
            return [];
        }
    }

    private static ImmutableArray<(string File, string Text)> Samples(string folder, List<Problem> problems)
    {
        var samples = System.IO.Path.Combine(folder, "samples");
        if (!Directory.Exists(samples)) return [];
        return
        [
            .. List(samples, problems, f => Directory.GetFiles(f, "*.yaml"))
                .Select(f => (File: Show(f), Text: TryRead(f, problems)))
                .Where(f => f.Text is not null)
                .Select(f => (f.File, f.Text!)),
        ];
    }

    private static IEnumerable<QuietLog> Quiet(CatalogRoot root, List<Problem> problems)
    {
        var quiet = System.IO.Path.Combine(root.Path, QuietFolder);
        if (!Directory.Exists(quiet)) yield break;
        foreach (var file in List(quiet, problems, f => Directory.GetFiles(f, "*.log")))
        {
            if (TryRead(file, problems) is { } text) yield return new QuietLog(Show(file), text);
        }
    }

    private static string? TryRead(string file, List<Problem> problems)
    {
        try
        {
            // What is larger than any text the reader takes is not brought into memory to be refused there.
            var size = new FileInfo(file).Length;
            if (size <= MaxBytes) return File.ReadAllText(file);
            problems.Add(new Problem(new Place(Show(file)), "too-large", string.Create(CultureInfo.InvariantCulture, $"the file has {size} bytes, at most {MaxBytes} are read")));
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            problems.Add(new Problem(new Place(Show(file)), "unreadable", $"the file could not be read: {e.Message}"));
            return null;
        }
    }

    // Messages name files as the reader would type them: relative where that is shorter.
    private static string Show(string path)
    {
        var relative = System.IO.Path.GetRelativePath(Directory.GetCurrentDirectory(), path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative;
    }
}
