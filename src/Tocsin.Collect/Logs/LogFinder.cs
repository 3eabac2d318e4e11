using System.Collections.Immutable;
using System.IO.Enumeration;

namespace Tocsin.Collect.Logs;

/// <summary>A log to read, or why it cannot be.</summary>
public sealed record LogSource(string Path, string? Refusal = null)
{
    public const string StandardInput = "-";

    public bool IsStandardInput => string.Equals(Path, StandardInput, StringComparison.Ordinal);
}

/// <summary>Turns what a person typed (files, folders, globs, -) into logs. Links are followed once, so a loop of them ends.</summary>
public static class LogFinder
{
    private const int MaxDepth = 64;
    private static readonly string[] NotLogs = [".png", ".jpg", ".jpeg", ".gif", ".zip", ".tar", ".so", ".dll", ".exe", ".pdf", ".woff", ".woff2", ".ico", ".class", ".jar", ".pyc"];

    public static ImmutableArray<LogSource> Find(IEnumerable<string> arguments)
    {
        var found = new List<LogSource>();
        foreach (var argument in arguments) found.AddRange(FindOne(argument));
        return [.. found.DistinctBy(s => s.Path, StringComparer.Ordinal)];
    }

    private static List<LogSource> FindOne(string argument)
    {
        if (string.Equals(argument, LogSource.StandardInput, StringComparison.Ordinal)) return [new LogSource(argument)];
        if (Directory.Exists(argument))
        {
            var inside = InFolder(argument);
            return inside.Count > 0 ? inside : [new LogSource(argument, "the folder holds no log; files are read whatever their name but pictures, archives and programs")];
        }
        if (File.Exists(argument)) return [new LogSource(argument)];
        if (!argument.AsSpan().ContainsAny('*', '?')) return [new LogSource(argument, "there is no such file or folder")];
        var matched = Glob(argument);
        return matched.Count > 0 ? matched : [new LogSource(argument, "no file matches")];
    }

    private static List<LogSource> InFolder(string folder)
    {
        var found = new List<LogSource>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        Walk(folder, 0, seen, found);
        return found;
    }

    private static void Walk(string folder, int depth, HashSet<string> seen, List<LogSource> found)
    {
        if (depth > MaxDepth || !seen.Add(Real(folder))) return;
        try
        {
            foreach (var file in Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal))
            {
                if (LooksLikeLog(file)) found.Add(new LogSource(file));
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

    // A dangling or looping link has no target; it is then itself.
    private static string Real(string folder)
    {
        try
        {
            return new DirectoryInfo(folder).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? Path.GetFullPath(folder);
        }
        catch (IOException)
        {
            return Path.GetFullPath(folder);
        }
    }

    private static bool LooksLikeLog(string file) =>
        !Path.GetFileName(file).StartsWith('.') && !NotLogs.Contains(Path.GetExtension(file), StringComparer.OrdinalIgnoreCase);

    // The shell usually expands globs; this is for a quoted one: blanks and ? in the last part, ** for folders at any depth.
    private static List<LogSource> Glob(string pattern)
    {
        var deep = pattern.Contains("**", StringComparison.Ordinal);
        var name = Path.GetFileName(pattern);
        var folder = Path.GetDirectoryName(pattern) ?? "";
        if (deep) folder = pattern[..pattern.IndexOf("**", StringComparison.Ordinal)];
        folder = folder.Length == 0 ? "." : folder;
        if (folder.AsSpan().ContainsAny('*', '?')) return GlobFolders(folder, name);
        if (!Directory.Exists(folder)) return [];
        var candidates = deep ? InFolder(folder).Where(s => s.Refusal is null).Select(s => s.Path) : Directory.EnumerateFiles(folder).Order(StringComparer.Ordinal);
        return [.. candidates.Where(f => FileSystemName.MatchesSimpleExpression(name, Path.GetFileName(f), ignoreCase: false)).Select(f => new LogSource(Tidy(f)))];
    }

    private static List<LogSource> GlobFolders(string folder, string name)
    {
        var parent = Path.GetDirectoryName(folder) is { Length: > 0 } up ? up : ".";
        if (!Directory.Exists(parent)) return [];
        return
        [
            .. Directory.EnumerateDirectories(parent).Order(StringComparer.Ordinal)
                .Where(d => FileSystemName.MatchesSimpleExpression(Path.GetFileName(folder), Path.GetFileName(d), ignoreCase: false))
                .SelectMany(d => Glob(Path.Combine(d, name))),
        ];
    }

    private static string Tidy(string path) => path.StartsWith("./", StringComparison.Ordinal) ? path[2..] : path;
}
