namespace Tocsin.Architecture.Tests;

/// <summary>The repository these tests stand in, and its files without what a build makes.</summary>
internal static class Repository
{
    private static readonly string[] Made = [".git", "artifacts", "node_modules", "bin", "obj", "dist", ".astro", ".vs", ".idea"];

    public static string Root { get; } = Find();

    public static string Path(string relative) => System.IO.Path.Combine(Root, relative);

    public static string Read(string relative) => File.ReadAllText(Path(relative));

    public static bool Has(string relative) => File.Exists(Path(relative)) || Directory.Exists(Path(relative));

    /// <summary>Files below a folder, named from the root with forward slashes, in a fixed order.</summary>
    public static IEnumerable<string> Files(string folder, string pattern = "*")
    {
        if (!Directory.Exists(Path(folder))) return [];
        var here = Directory.EnumerateFiles(Path(folder), pattern).Select(f => System.IO.Path.GetRelativePath(Root, f).Replace('\\', '/'));
        var below = Directory.EnumerateDirectories(Path(folder)).Select(d => System.IO.Path.GetRelativePath(Root, d))
            .Where(d => !Made.Contains(System.IO.Path.GetFileName(d), StringComparer.Ordinal)).SelectMany(d => Files(d, pattern));
        return here.Concat(below).Order(StringComparer.Ordinal);
    }

    private static string Find()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = System.IO.Path.GetDirectoryName(folder))
        {
            if (File.Exists(System.IO.Path.Combine(folder, "Tocsin.slnx"))) return folder;
        }
        throw new InvalidOperationException("the tests run outside the repository");
    }
}
