using System.Collections.Immutable;
using Tocsin.Core.Catalog;
using Tocsin.Core.Response.Playbooks;

namespace Tocsin.Cli.Setup;

/// <summary>The playbooks that lie beside the platform.</summary>
internal static class PlaybookFiles
{
    private const string Pattern = "*.md";

    public static string Folder(Settings settings) => Beside(settings, "playbooks");

    /// <summary>Each file as it was read, in the order of their names.</summary>
    public static ImmutableArray<(string File, Parsed<Playbook> Read)> Read(string folder)
    {
        if (!Directory.Exists(folder)) throw new SettingsException($"there is no folder {folder}; playbooks lie in the folder playbooks beside platform.yaml");
        return [.. Directory.EnumerateFiles(folder, Pattern).Order(StringComparer.Ordinal).Select(f => (f, PlaybookReader.Parse(ResponseFile.Text(f), f, Path.GetFileNameWithoutExtension(f))))];
    }

    /// <summary>All that can be read; what cannot is told, and leaves the others usable.</summary>
    public static ImmutableArray<Playbook> Load(Settings settings, Terminal terminal)
    {
        var all = Read(Folder(settings));
        foreach (var problem in all.Where(f => f.Read.Value is null).SelectMany(f => f.Read.Problems)) terminal.Error.WriteLine(problem);
        return [.. all.Select(f => f.Read.Value).OfType<Playbook>()];
    }

    public static Playbook Find(Settings settings, Terminal terminal, string id)
    {
        var all = Load(settings, terminal);
        return all.FirstOrDefault(p => string.Equals(p.Id, id, StringComparison.OrdinalIgnoreCase))
            ?? Only(all.Where(p => p.Id.StartsWith(id, StringComparison.OrdinalIgnoreCase)))
            ?? throw new SettingsException($"there is no playbook \"{id}\"; {Nearest.Suggest(id, all.Select(p => p.Id))}tocsin playbook list shows them");
    }

    /// <summary>What playbooks may name.</summary>
    public static PlaybookWorld World(Settings settings)
    {
        var reference = new CatalogStore(settings).Whole;
        var templates = Beside(settings, "templates");
        return new PlaybookWorld(
            PlatformFile.Load(settings),
            reference.Facts.Probes,
            [.. reference.Entries.Select(e => e.Entry.Id)],
            Directory.Exists(templates) ? [.. Directory.EnumerateFiles(templates, Pattern).Select(f => Path.GetFileNameWithoutExtension(f))] : []);
    }

    private static Playbook? Only(IEnumerable<Playbook> found) => found.Take(2).ToList() is [var one] ? one : null;

    private static string Beside(Settings settings, string name) => Path.Combine(Path.GetDirectoryName(settings.PlatformFile)!, name);
}
