using System.IO.Enumeration;

namespace Tocsin.Collect.Logs;

/// <summary>
/// Globs that the shell did not expand: * and ? within a name, ** for folders at any depth. As in a shell, names with a leading dot
/// are matched only by a pattern with one.
/// </summary>
internal static class LogGlob
{
    private const string AnyDepth = "**";
    private const int MaxDepth = 64;
    private static readonly EnumerationOptions Visible = new() { AttributesToSkip = FileAttributes.None, IgnoreInaccessible = true };

    public static bool IsGlob(string path) => path.AsSpan().ContainsAny('*', '?');

    /// <summary>The files that match, sorted; folders that may not be read hold none.</summary>
    public static IEnumerable<string> Expand(string pattern)
    {
        var root = Path.GetPathRoot(pattern) ?? "";
        var parts = pattern[root.Length..].Split('/', StringSplitOptions.RemoveEmptyEntries);
        var folders = parts.SkipLast(1).Aggregate<string, IEnumerable<string>>([root], (found, part) => found.SelectMany(f => Folders(f, part)));
        return folders.SelectMany(f => Files(f, parts[^1])).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
    }

    private static IEnumerable<string> Folders(string folder, string part)
    {
        if (part is AnyDepth) return Deep(folder, 0);
        if (!IsGlob(part)) return Directory.Exists(Path.Combine(folder, part)) ? [Path.Combine(folder, part)] : [];
        return Directory.EnumerateDirectories(Named(folder), "*", Visible).Select(d => Path.GetFileName(d)).Where(n => Fits(part, n)).Select(n => Path.Combine(folder, n));
    }

    private static IEnumerable<string> Files(string folder, string part)
    {
        if (part is AnyDepth) return Deep(folder, 0).SelectMany(d => Files(d, "*"));
        if (!IsGlob(part)) return File.Exists(Path.Combine(folder, part)) ? [Path.Combine(folder, part)] : [];
        return Directory.EnumerateFiles(Named(folder), "*", Visible).Select(f => Path.GetFileName(f)).Where(n => Fits(part, n)).Select(n => Path.Combine(folder, n));
    }

    // Links to folders are not walked, as in a shell: a loop of them would have no end.
    private static IEnumerable<string> Deep(string folder, int depth)
    {
        yield return folder;
        if (depth > MaxDepth) yield break;
        foreach (var name in Directory.EnumerateDirectories(Named(folder), "*", Visible).Where(d => new DirectoryInfo(d).LinkTarget is null).Select(d => Path.GetFileName(d)))
        {
            if (name.StartsWith('.')) continue;
            foreach (var inner in Deep(Path.Combine(folder, name), depth + 1)) yield return inner;
        }
    }

    private static string Named(string folder) => folder.Length == 0 ? "." : folder;

    private static bool Fits(string pattern, string name) =>
        (pattern.StartsWith('.') || !name.StartsWith('.')) && FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: false);
}
