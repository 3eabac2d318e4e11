using System.Collections.Immutable;

namespace Tocsin.Core.Catalog;

/// <summary>The texts of one entry's folder, as read.</summary>
/// <param name="Path">The folder as a reader would name it, for messages.</param>
/// <param name="Shipped">Part of the catalog that comes with Tocsin; a user's own catalog is laid over it.</param>
public sealed record EntryFolder(string Path, string Layer, string Id, string Yaml, string? Guide, ImmutableArray<(string File, string Text)> Samples, bool Shipped);

/// <summary>One entry with its guide and samples.</summary>
public sealed record ReferenceEntry(Entry Entry, string Guide, ImmutableArray<Sample> Samples, ImmutableArray<NearMiss> NearMisses, EntryFolder Folder);

/// <summary>Healthy log text on which nothing may match.</summary>
public sealed record QuietLog(string File, string Text);

/// <summary>The error reference: all entries that could be read, and what was wrong with the others. One broken entry never disables another.</summary>
public sealed record ErrorReference(ImmutableArray<ReferenceEntry> Entries, FactTable Facts, ImmutableArray<QuietLog> Quiet, ImmutableArray<Problem> Problems)
{
    public ReferenceEntry? Find(string id) => Entries.FirstOrDefault(e => string.Equals(e.Entry.Id, id, StringComparison.OrdinalIgnoreCase));

    /// <summary>Reads every folder. Of two with one id in different catalogs the later wins, unless it is broken.</summary>
    public static ErrorReference Build(IEnumerable<EntryFolder> folders, string observations, string observationsFile, ImmutableArray<QuietLog> quiet)
    {
        var problems = ImmutableArray.CreateBuilder<Problem>();
        var facts = FactTable.Parse(observations, observationsFile);
        problems.AddRange(facts.Problems);
        var entries = new Dictionary<string, ReferenceEntry>(StringComparer.Ordinal);
        foreach (var folder in folders)
        {
            if (Read(folder, problems) is not { } entry) continue;
            if (entries.TryGetValue(entry.Entry.Id, out var known) && known.Folder.Shipped == folder.Shipped)
                problems.Add(new Problem(new Place($"{folder.Path}/entry.yaml", 1, 1), "id-reused", $"the id \"{entry.Entry.Id}\" is that of {known.Folder.Path}; ids are unique"));
            else
                entries[entry.Entry.Id] = entry;
        }
        var ordered = entries.Values.OrderBy(e => EntryNames.Layers.IndexOf(e.Entry.Layer)).ThenBy(e => e.Entry.Id, StringComparer.Ordinal);
        return new ErrorReference([.. ordered], facts.Value ?? FactTable.Empty, quiet, problems.ToImmutable());
    }

    private static ReferenceEntry? Read(EntryFolder folder, ImmutableArray<Problem>.Builder problems)
    {
        var parsed = EntryReader.Parse(folder.Yaml, $"{folder.Path}/entry.yaml");
        problems.AddRange(parsed.Problems);
        var samples = ImmutableArray.CreateBuilder<Sample>();
        var nearMisses = ImmutableArray.CreateBuilder<NearMiss>();
        foreach (var (file, text) in folder.Samples)
        {
            var read = EntryReader.ParseSamples(text, file);
            problems.AddRange(read.Problems);
            if (read.Value is not { } found) continue;
            samples.AddRange(found.Samples);
            nearMisses.AddRange(found.NearMisses);
        }
        if (parsed.Value is not { } entry) return null;
        var place = new Place($"{folder.Path}/entry.yaml", 1, 1);
        if (!string.Equals(entry.Id, folder.Id, StringComparison.Ordinal))
            problems.Add(new Problem(place, "id-folder", $"the id is \"{entry.Id}\" and the folder is named \"{folder.Id}\"; they are equal"));
        if (!string.Equals(entry.Layer, folder.Layer, StringComparison.Ordinal))
            problems.Add(new Problem(place, "layer-folder", $"the layer is \"{entry.Layer}\" and the folder above is named \"{folder.Layer}\"; they are equal"));
        return new ReferenceEntry(entry, folder.Guide ?? "", samples.ToImmutable(), nearMisses.ToImmutable(), folder);
    }
}
