using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Tocsin.Collect.Files;
using Tocsin.Core.Catalog;

namespace Tocsin.Cli.Setup;

/// <summary>The error reference of one run: quickly what matching needs, and wholly what a person reads.</summary>
internal sealed class CatalogStore(Settings settings)
{
    private readonly Lazy<ErrorReference> whole = new(() => CatalogFiles.Read(settings.Catalogs));

    public ErrorReference Whole => whole.Value;

    /// <summary>All entries for matching: from the index where it is fresh, else from the files. Broken entries are told on standard error once.</summary>
    public ImmutableArray<Entry> Entries(Terminal terminal)
    {
        var stamp = Stamp();
        var index = Path.Combine(AppContext.BaseDirectory, "catalog.index");
        if (settings.Catalogs.Length == 1 && CatalogIndex.TryRead(index, stamp) is { } fresh) return fresh;
        foreach (var problem in Whole.Problems) terminal.Error.WriteLine(problem);
        var entries = Whole.Entries.Select(e => e.Entry).ToImmutableArray();
        if (settings.Catalogs.Length == 1 && Whole.Problems.IsEmpty) CatalogIndex.TryWrite(index, stamp, entries);
        return entries;
    }

    private string Stamp()
    {
        var stamp = new StringBuilder(typeof(CatalogIndex).Assembly.ManifestModule.ModuleVersionId.ToString());
        foreach (var file in settings.Catalogs.SelectMany(CatalogFiles.EntryFiles))
        {
            var info = new FileInfo(file);
            stamp.Append(CultureInfo.InvariantCulture, $"|{file}:{info.Length}:{info.LastWriteTimeUtc.Ticks}");
        }
        return Hash(stamp.ToString());
    }

    private static string Hash(string text) => Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..16];
}
