using System.Collections.Immutable;
using Tocsin.Collect.Files;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;

namespace Tocsin.Cli.Setup;

/// <summary>The error reference of one run: quickly what matching needs, and wholly what a person reads.</summary>
internal sealed class CatalogStore(Settings settings)
{
    private const ulong FnvOffset = 14695981039346656037;
    private readonly Lazy<ErrorReference> whole = new(() => CatalogFiles.Read(settings.Catalogs));

    public ErrorReference Whole => whole.Value;

    /// <summary>One entry with its guide, read alone.</summary>
    public ReferenceEntry? Find(string id) => CatalogFiles.ReadOne(settings.Catalogs, id);

    /// <summary>
    /// All entries for matching: the shipped ones from the index where it is fresh, a user's own from their files, laid over them.
    /// Broken entries are told on standard error once.
    /// </summary>
    public ImmutableArray<Entry> Entries(Terminal terminal)
    {
        var shipped = Shipped(terminal);
        CatalogRoot[] own = [.. settings.Catalogs.Where(c => !c.Shipped)];
        if (own.Length == 0) return shipped;
        var (entries, problems) = CatalogFiles.ReadEntries(own);
        foreach (var problem in problems) terminal.Error.WriteLine(problem);
        return [.. shipped.Where(s => !entries.Any(e => string.Equals(e.Id, s.Id, StringComparison.Ordinal))), .. entries.Select(MatchSet.Prepare)];
    }

    private ImmutableArray<Entry> Shipped(Terminal terminal)
    {
        var roots = settings.Catalogs.Where(c => c.Shipped).ToArray();
        var stamp = Stamp(roots);
        var index = Path.Combine(AppContext.BaseDirectory, "catalog.index");
        if (CatalogIndex.TryRead(index, stamp) is { } fresh) return fresh;
        var (read, problems) = CatalogFiles.ReadEntries(roots);
        foreach (var problem in problems) terminal.Error.WriteLine(problem);
        var entries = read.Select(MatchSet.Prepare).ToImmutableArray();
        if (problems.IsEmpty) CatalogIndex.TryWrite(index, stamp, entries);
        return entries;
    }

    // Not a digest against anyone's malice: it tells whether a file changed since the index was written.
    private static ulong Stamp(IEnumerable<CatalogRoot> roots)
    {
        var stamp = Mix(FnvOffset, BitConverter.ToInt64(typeof(CatalogIndex).Assembly.ManifestModule.ModuleVersionId.ToByteArray()));
        foreach (var file in roots.SelectMany(CatalogFiles.EntryFiles))
        {
            var info = new FileInfo(file);
            foreach (var c in file) stamp = Mix(stamp, c);
            stamp = Mix(Mix(stamp, info.Length), info.LastWriteTimeUtc.Ticks);
        }
        return stamp;
    }

    private static ulong Mix(ulong hash, long value) => (hash ^ (ulong)value) * 1099511628211;
}
