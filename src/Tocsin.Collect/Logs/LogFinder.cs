using System.Collections.Immutable;
using Tocsin.Core.Catalog;

namespace Tocsin.Collect.Logs;

/// <summary>A log to read, or why it cannot be.</summary>
public sealed record LogSource(string Path, string? Refusal = null)
{
    public const string StandardInput = "-";

    /// <summary>It is named and not there; who follows waits for it.</summary>
    public bool IsMissing { get; init; }

    public bool IsStandardInput => string.Equals(Path, StandardInput, StringComparison.Ordinal);
}

/// <summary>Turns what a person typed (files, folders, globs, -) into logs. Links are followed once, so a loop of them ends.</summary>
public static class LogFinder
{
    private const int MaxDepth = 64;
    private static readonly string[] NotLogs = [".png", ".jpg", ".jpeg", ".gif", ".zip", ".tar", ".so", ".dll", ".exe", ".pdf", ".woff", ".woff2", ".ico", ".class", ".jar", ".pyc"];

    public static ImmutableArray<LogSource> Find(IReadOnlyList<string> arguments)
    {
        var found = new List<LogSource>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var argument in arguments)
        {
            foreach (var source in FindOne(argument))
            {
                if (seen.Add(source.Path)) found.Add(source);
            }
        }
        return [.. found];
    }

    private static List<LogSource> FindOne(string argument)
    {
        if (string.Equals(argument, LogSource.StandardInput, StringComparison.Ordinal)) return [new LogSource(argument)];
        if (Directory.Exists(argument))
        {
            var inside = InFolder(argument);
            return inside.Count > 0 ? inside : [new LogSource(argument, "the folder holds no log; files are read whatever their name but pictures, archives and programs")];
        }
        if (File.Exists(argument) && !IsDangling(argument)) return [new LogSource(argument)];
        if (File.Exists(argument) || !LogGlob.IsGlob(argument)) return [new LogSource(argument, Missing(argument)) { IsMissing = true }];
        return Matching(argument);
    }

    // Apart, as below: a start that names a file does not wait for LINQ.
    private static List<LogSource> Matching(string glob)
    {
        var matched = LogGlob.Expand(glob).Select(f => new LogSource(f)).ToList();
        return matched.Count > 0 ? matched : [new LogSource(glob, "no file matches")];
    }

    private static string Missing(string path)
    {
        const string Plain = "there is no such file or folder";
        try
        {
            // A link whose target is gone is there and is not.
            if (new FileInfo(path).LinkTarget is { } target) return $"{Plain}: it is a link to {target}";
            var folder = Path.GetDirectoryName(path) is { Length: > 0 } parent ? parent : ".";
            var near = Directory.Exists(folder) ? Nearest.To(Path.GetFileName(path), Directory.EnumerateFileSystemEntries(folder).Select(e => Path.GetFileName(e))) : null;
            return near is null ? Plain : $"{Plain}; did you mean {Path.Combine(Path.GetDirectoryName(path) ?? "", near)}?";
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return Plain;
        }
    }

    private static List<LogSource> InFolder(string folder)
    {
        var found = new List<LogSource>();
        Walk(folder, 0, new HashSet<string>(StringComparer.Ordinal), found);
        return found;
    }

    // A file that is also linked to beside itself is read once, under its own name.
    private static void Walk(string folder, int depth, HashSet<string> seen, List<LogSource> found)
    {
        if (depth > MaxDepth || !seen.Add(Real(folder))) return;
        try
        {
            foreach (var file in Directory.EnumerateFiles(folder).Where(LooksLikeLog).OrderBy(IsLink).ThenBy(f => f, StringComparer.Ordinal))
            {
                if (seen.Add(Real(file))) found.Add(new LogSource(file));
            }
            foreach (var inner in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
            {
                if (!Path.GetFileName(inner).StartsWith('.')) Walk(inner, depth + 1, seen, found);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            found.Add(new LogSource(folder, $"the folder could not be read: {e.Message}"));
        }
    }

    private static bool IsDangling(string file)
    {
        try
        {
            return new FileInfo(file).ResolveLinkTarget(returnFinalTarget: true) is { Exists: false };
        }
        catch (IOException)
        {
            // A loop of links: reading it says so.
            return false;
        }
    }

    private static bool IsLink(string file) => new FileInfo(file).LinkTarget is not null;

    // A dangling or looping link has no target; it is then itself.
    private static string Real(string path)
    {
        try
        {
            return new FileInfo(path).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
        }
        catch (IOException)
        {
            return Path.GetFullPath(path);
        }
    }

    private static bool LooksLikeLog(string file) =>
        !Path.GetFileName(file).StartsWith('.') && !NotLogs.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase);
}
