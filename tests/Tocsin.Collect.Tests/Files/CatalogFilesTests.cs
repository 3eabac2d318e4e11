using Tocsin.Collect.Files;

namespace Tocsin.Collect.Tests.Files;

public sealed class CatalogFilesTests : IDisposable
{
    private readonly TempFolder folder = new();

    public CatalogFilesTests()
    {
        folder.Write("shipped/observations.yaml", "probes: {}\n");
        folder.Write("shipped/service/disk-full/entry.yaml", Entry("disk-full", "The disk is full"));
        Directory.CreateDirectory(folder["own"]);
    }

    public void Dispose() => folder.Dispose();

    [Fact]
    public void An_entry_of_ones_own_is_laid_over_the_shipped_one()
    {
        folder.Write("own/service/disk-full/entry.yaml", Entry("disk-full", "Our disk is full"));
        folder.Write("own/queue/late-jobs/entry.yaml", Entry("late-jobs", "Jobs are late", "queue"));
        var read = Read();
        Assert.Equal(["Jobs are late", "Our disk is full"], read.Entries.Select(e => e.Entry.Title));
        Assert.Empty(read.Problems);
    }

    [Fact]
    public void A_broken_entry_is_a_problem_of_its_own_and_the_shipped_one_stays()
    {
        folder.Write("own/service/disk-full/entry.yaml", Entry("disk-full", "Our disk is full").Replace("says:", "syas:", StringComparison.Ordinal));
        folder.Write("own/service/other/entry.yaml", Entry("other", "Another"));
        var read = Read();
        Assert.Equal(["The disk is full", "Another"], read.Entries.Select(e => e.Entry.Title));
        Assert.All(read.Problems, p => Assert.Contains("own/service/disk-full/entry.yaml", p.Place.File, StringComparison.Ordinal));
        Assert.Contains(read.Problems, p => p.Message.Contains("did you mean \"says\"?", StringComparison.Ordinal));
    }

    [Fact]
    public void A_folder_that_no_layer_is_named_after_is_told_with_the_nearest_layer()
    {
        folder.Write("own/databse/mysql-x/entry.yaml", Entry("mysql-x", "X", "database"));
        var problem = Assert.Single(Read().Problems);
        Assert.Equal("unknown-layer", problem.Rule);
        Assert.Contains("did you mean \"database\"?", problem.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_entry_yaml_and_a_missing_catalog_are_told()
    {
        Directory.CreateDirectory(folder["own/service/empty"]);
        Assert.Equal("no-entry", Assert.Single(Read().Problems).Rule);
        var read = CatalogFiles.Read([new CatalogRoot(folder["shipped"], Shipped: true), new CatalogRoot(folder["gone"], Shipped: false)]);
        Assert.Equal("no-catalog", Assert.Single(read.Problems).Rule);
        Assert.Single(read.Entries);
    }

    [Fact]
    public void A_huge_file_is_refused_unread()
    {
        Directory.CreateDirectory(folder["own/service/huge"]);
        using (var huge = File.Create(folder["own/service/huge/entry.yaml"])) huge.SetLength(5L * 1024 * 1024 * 1024);
        Assert.Equal("too-large", Assert.Single(Read().Problems).Rule);
    }

    [Fact]
    public void Guides_samples_and_healthy_logs_are_read()
    {
        folder.Write("shipped/service/disk-full/guide.md", "## What it is\n");
        folder.Write("shipped/service/disk-full/samples/b.yaml", "samples:\n  - { id: one, from: a run, source: captured, rank: first, text: \"x the disk is full\" }\n");
        folder.Write("shipped/quiet/nginx.log", "all is well\n");
        var read = Read();
        Assert.Equal("## What it is\n", read.Entries[0].Guide);
        Assert.Equal("one", Assert.Single(read.Entries[0].Samples).Id);
        Assert.EndsWith("quiet/nginx.log", Assert.Single(read.Quiet).File, StringComparison.Ordinal);
        Assert.Empty(read.Problems);
    }

    [Fact]
    public void Reading_for_matching_alone_gives_the_same_entries()
    {
        CatalogRoot[] roots = [new CatalogRoot(folder["shipped"], Shipped: true)];
        Assert.Equal(CatalogFiles.Read(roots).Entries.Select(e => e.Entry.Id), CatalogFiles.ReadEntries(roots).Entries.Select(e => e.Id));
        Assert.Equal([folder["shipped/service/disk-full/entry.yaml"]], CatalogFiles.EntryFiles(roots[0]));
    }

    private Core.Catalog.ErrorReference Read() => CatalogFiles.Read([new CatalogRoot(folder["shipped"], Shipped: true), new CatalogRoot(folder["own"], Shipped: false)]);

    private static string Entry(string id, string title, string layer = "service") =>
        $"""
        id: {id}
        title: {title}
        layer: {layer}
        component: core-api
        service: core-api
        summary: What it means.
        signatures:
          - id: message
            says: component
            any:
              - literal: "disk is full"
        page:
          never: A test pages nobody.
        causes:
          - id: too-small
            title: It is too small
            prior: common
            evidence:
              - saw: message
                for: weak
                group: text
                because: It says so
            fixes: [grow]
        fixes:
          - id: grow
            title: Grow it
            does: Grow the disk.
            verify: Space is left.
        """;
}
