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

    /// <summary>All entries for matching: from the index where it is fresh, else from the files. Broken entries are told on standard error once.</summary>
    public ImmutableArray<Entry> Entries(Terminal terminal)
    {
        var stamp = Stamp();
        var index = Path.Combine(AppContext.BaseDirectory, "catalog.index");
        if (settings.Catalogs.Length == 1 && CatalogIndex.TryRead(index, stamp) is { } fresh) return fresh;
        foreach (var problem in Whole.Problems) terminal.Error.WriteLine(problem);
        var entries = Whole.Entries.Select(e => MatchSet.Prepare(e.Entry)).ToImmutableArray();
        if (settings.Catalogs.Length == 1 && Whole.Problems.IsEmpty) CatalogIndex.TryWrite(index, stamp, entries);
        return entries;
    }

    // Not a digest against anyone's malice: it tells whether a file changed since the index was written.
    private ulong Stamp()
    {
        var stamp = Mix(FnvOffset, BitConverter.ToInt64(typeof(CatalogIndex).Assembly.ManifestModule.ModuleVersionId.ToByteArray()));
        foreach (var file in settings.Catalogs.SelectMany(CatalogFiles.EntryFiles))
        {
            var info = new FileInfo(file);
            foreach (var c in file) stamp = Mix(stamp, c);
            stamp = Mix(Mix(stamp, info.Length), info.LastWriteTimeUtc.Ticks);
        }
        return stamp;
    }

    private static ulong Mix(ulong hash, long value) => (hash ^ (ulong)value) * 1099511628211;
}
