using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Tocsin.Architecture.Tests;

/// <summary>A Markdown file: its links, and its code, in the text and in blocks.</summary>
internal sealed partial record Document(string Path, string Text)
{
    public static ImmutableArray<Document> All { get; } =
    [
        .. new[] { "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md" }
            .Concat(Repository.Files("docs", "*.md")).Concat(Repository.Files("bench", "*.md")).Select(Of),
    ];

    public static Document Of(string path) => new(path, Repository.Read(path));

    /// <summary>Targets of links and pictures within the repository, from its root, without their anchors.</summary>
    public IEnumerable<string> Links =>
        Link().Matches(Block().Replace(Text, "")).Select(m => m.Groups[1].Value.Split('#')[0])
            .Where(t => t.Length > 0 && !t.Contains(':', StringComparison.Ordinal)).Select(Resolve).Distinct(StringComparer.Ordinal);

    /// <summary>What stands between backticks in the text.</summary>
    public IEnumerable<string> Inline => Span().Matches(Block().Replace(Text, "")).Select(m => m.Groups[1].Value);

    /// <summary>Lines of fenced blocks.</summary>
    public IEnumerable<string> BlockLines => Block().Matches(Text).SelectMany(m => m.Groups[1].Value.Split('\n'));

    private string Resolve(string target)
    {
        var folder = System.IO.Path.GetDirectoryName(Path) ?? "";
        var full = System.IO.Path.GetFullPath(System.IO.Path.Combine(Repository.Root, folder, Uri.UnescapeDataString(target)));
        return System.IO.Path.GetRelativePath(Repository.Root, full);
    }

    [GeneratedRegex(@"\]\(([^()\s]+)\)", RegexOptions.CultureInvariant)]
    private static partial Regex Link();

    [GeneratedRegex("^[ ]*```[^\n]*\n(.*?)^[ ]*```", RegexOptions.CultureInvariant | RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("`([^`\n]+)`", RegexOptions.CultureInvariant)]
    private static partial Regex Span();
}
