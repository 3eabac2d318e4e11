using System.Collections.Immutable;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;

namespace Tocsin.Core.Tests;

/// <summary>The catalog of the repository the tests were built in.</summary>
internal static class ShippedCatalog
{
    private static readonly Lazy<ImmutableArray<string>> Yaml = new(() => [.. Texts("entry.yaml")]);
    private static readonly Lazy<ImmutableArray<Entry>> Read = new(() => [.. EntryTexts.Select(t => EntryReader.Parse(t, "entry.yaml").Value).OfType<Entry>()]);
    private static readonly Lazy<ImmutableArray<string>> Lines = new(() => [.. ReadSamples()]);
    private static readonly Lazy<MatchSet> Matching = new(() => MatchSet.Build(Entries));

    public static string Root { get; } = Find();

    public static ImmutableArray<string> EntryTexts => Yaml.Value;

    public static ImmutableArray<Entry> Entries => Read.Value;

    /// <summary>The text of every sample and near miss.</summary>
    public static ImmutableArray<string> SampleTexts => Lines.Value;

    public static MatchSet Set => Matching.Value;

    public static IEnumerable<string> Texts(string pattern) =>
        Directory.EnumerateFiles(Path.Combine(Root, "catalog"), pattern, SearchOption.AllDirectories).Order(StringComparer.Ordinal).Select(File.ReadAllText);

    public static IEnumerable<string> SampleFiles() =>
        Directory.EnumerateDirectories(Path.Combine(Root, "catalog"), "samples", SearchOption.AllDirectories)
            .SelectMany(d => Directory.EnumerateFiles(d, "*.yaml")).Order(StringComparer.Ordinal).Select(File.ReadAllText);

    private static IEnumerable<string> ReadSamples() =>
        SampleFiles().Select(t => EntryReader.ParseSamples(t, "samples.yaml").Value).OfType<SampleFile>()
            .SelectMany(f => f.Samples.Select(s => s.Text).Concat(f.NearMisses.Select(n => n.Text)));

    private static string Find()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "catalog", "observations.yaml"))) return folder.FullName;
        }
        throw new DirectoryNotFoundException($"no folder above {AppContext.BaseDirectory} holds catalog/observations.yaml");
    }
}
