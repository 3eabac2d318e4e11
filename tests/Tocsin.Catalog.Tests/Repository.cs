namespace Tocsin.Catalog.Tests;

/// <summary>The repository these tests stand in.</summary>
internal static class Repository
{
    public static string Root { get; } = Find();

    public static string Path(params string[] parts) => System.IO.Path.Combine([Root, .. parts]);

    private static string Find()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = System.IO.Path.GetDirectoryName(folder))
        {
            if (File.Exists(System.IO.Path.Combine(folder, "Tocsin.slnx"))) return folder;
        }
        throw new InvalidOperationException("the tests run outside the repository");
    }
}
