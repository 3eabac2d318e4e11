using System.Collections.Immutable;
using Tocsin.Collect.Files;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;

namespace Tocsin.Cli.Setup;

/// <summary>The error reference of one run: quickly what matching needs, and wholly what a person reads.</summary>
internal sealed class CatalogStore(Settings settings)
{
    private const ulong FnvOffset = 14695981039346656037;
    private ErrorReference? whole;

    public ErrorReference Whole => whole ??= CatalogFiles.Read(settings.Catalogs);

    /// <summary>One entry with its guide, read alone.</summary>
    public ReferenceEntry? Find(string id) => CatalogFiles.ReadOne(settings.Catalogs, id);

    /// <summary>
    /// All entries for matching: the shipped ones from the index where it is fresh, a user's own from their files, laid over them.
    /// Broken entries are told on standard error once.
    /// </summary>
    public ImmutableArray<Entry> Entries(Terminal terminal)
    {
        var shipped = Shipped(terminal);
        var own = Roots(shipped: false);
        return own.Count == 0 ? shipped : LayOver(shipped, own, terminal);
    }

    /// <summary>All that a diagnosis needs, quickly where only the shipped catalog is in use and nothing of it changed.</summary>
    public (ImmutableArray<Entry> Entries, FactTable Facts) ForDiagnosis(Terminal terminal)
    {
        if (Roots(shipped: false).Count > 0) return Told(terminal);
        var stamp = Mix(Stamp(Roots(shipped: true)), File.GetLastWriteTimeUtc(Path.Combine(Roots(shipped: true)[0].Path, CatalogFiles.ObservationsFile)).Ticks);
        var file = Path.Combine(AppContext.BaseDirectory, "rules.index");
        if (RulesIndex.TryRead(file, stamp) is { } fresh) return ([.. Entries(terminal).Select(e => e with { Causes = [.. e.Causes.Select(c => fresh.Causes[$"{e.Id}/{c.Id}"])] })], fresh.Facts);
        if (Whole.Problems.IsEmpty) RulesIndex.TryWrite(file, stamp, Whole);
        return Told(terminal);
    }

    // An entry that cannot be read is left out and named; without the probes' own file nothing that is seen has a meaning.
    private (ImmutableArray<Entry> Entries, FactTable Facts) Told(Terminal terminal)
    {
        if (Whole.Facts.Facts.IsEmpty) throw new SettingsException($"what the probes see is not known, so no drill would say anything: {string.Join("; ", Whole.Problems.Where(p => p.Place.File.EndsWith(CatalogFiles.ObservationsFile, StringComparison.Ordinal)).Take(3))}");
        foreach (var problem in Whole.Problems.Where(p => !p.IsWarning)) terminal.Error.WriteLine(problem);
        return ([.. Whole.Entries.Select(e => e.Entry)], Whole.Facts);
    }

    private static ImmutableArray<Entry> LayOver(ImmutableArray<Entry> shipped, List<CatalogRoot> own, Terminal terminal)
    {
        var (entries, problems) = CatalogFiles.ReadEntries(own);
        foreach (var problem in problems) terminal.Error.WriteLine(problem);
        return [.. shipped.Where(s => !entries.Any(e => string.Equals(e.Id, s.Id, StringComparison.Ordinal))), .. entries.Select(MatchSet.Prepare)];
    }

    private ImmutableArray<Entry> Shipped(Terminal terminal)
    {
        var roots = Roots(shipped: true);
        var stamp = Stamp(roots);
        var index = Path.Combine(AppContext.BaseDirectory, "catalog.index");
        return CatalogIndex.TryRead(index, stamp) is { } fresh ? fresh : MakeIndex(index, stamp, roots, terminal);
    }

    private static ImmutableArray<Entry> MakeIndex(string index, ulong stamp, List<CatalogRoot> roots, Terminal terminal)
    {
        var (read, problems) = CatalogFiles.ReadEntries(roots);
        foreach (var problem in problems) terminal.Error.WriteLine(problem);
        var entries = read.Select(MatchSet.Prepare).ToImmutableArray();
        if (problems.IsEmpty) CatalogIndex.TryWrite(index, stamp, entries);
        return entries;
    }

    // Not a digest against anyone's malice: it tells whether a file changed since the index was written.
    private static ulong Stamp(List<CatalogRoot> roots)
    {
        var stamp = Mix(FnvOffset, BitConverter.ToInt64(typeof(CatalogIndex).Assembly.ManifestModule.ModuleVersionId.ToByteArray()));
        foreach (var root in roots)
        {
            foreach (var file in CatalogFiles.EntryFiles(root))
            {
                var info = new FileInfo(file);
                foreach (var c in file) stamp = Mix(stamp, c);
                stamp = Mix(Mix(stamp, info.Length), info.LastWriteTimeUtc.Ticks);
            }
        }
        return stamp;
    }

    // A loop, here and below: what every start runs through does not wait for LINQ to be loaded.
    private List<CatalogRoot> Roots(bool shipped)
    {
        var found = new List<CatalogRoot>();
        foreach (var root in settings.Catalogs)
        {
            if (root.Shipped == shipped) found.Add(root);
        }
        return found;
    }

    private static ulong Mix(ulong hash, long value) => (hash ^ (ulong)value) * 1099511628211;
}
