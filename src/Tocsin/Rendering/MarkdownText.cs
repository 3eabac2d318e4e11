using System.Text;
using Tocsin.Core.Catalog;

namespace Tocsin.Cli.Rendering;

/// <summary>Plain text as Markdown that shows exactly that text, also inside a table.</summary>
internal static class MarkdownText
{
    private const string Special = "\\`*_[]<>&|~";

    public static string Escape(string text)
    {
        var line = OneLine(text);
        var escaped = new StringBuilder(line.Length);
        for (var i = 0; i < line.Length; i++)
        {
            if (Special.Contains(line[i], StringComparison.Ordinal) && !IsInWord(line, i)) escaped.Append('\\');
            escaped.Append(line[i]);
        }
        return escaped.ToString();
    }

    // An underscore between letters or digits never begins an emphasis; names such as DB_HOST stay as they are.
    private static bool IsInWord(string line, int i) =>
        line[i] == '_' && i > 0 && i < line.Length - 1 && char.IsLetterOrDigit(line[i - 1]) && char.IsLetterOrDigit(line[i + 1]);

    /// <summary>An entry's prose: backticks mark code as they do in a guide, the rest is plain text.</summary>
    public static string Prose(string text) =>
        string.Concat(CodeMarks.Split(OneLine(text)).Select(p => p.IsCode ? Code(p.Text) : Escape(p.Text)));

    /// <summary>
    /// A code span. A pipe is escaped, as tables want it; where a backslash stands before the pipe that would end the
    /// cell, and the text is written in character references instead.
    /// </summary>
    public static string Code(string text)
    {
        var line = OneLine(text);
        if (line.Contains("\\|", StringComparison.Ordinal)) return $"<code>{References(line)}</code>";
        var fence = new string('`', LongestRun(line) + 1);
        var pad = line.StartsWith('`') || line.EndsWith('`') || (line.StartsWith(' ') && line.EndsWith(' ')) ? " " : "";
        return $"{fence}{pad}{line.Replace("|", "\\|", StringComparison.Ordinal)}{pad}{fence}";
    }

    public static string Link(ErrorReference reference, string id, string toRoot) =>
        reference.Find(id) is { } found ? $"[{Escape(found.Entry.Title)}]({toRoot}{Path(found.Entry)})" : Code(id);

    public static string Path(Entry entry) => $"{entry.Layer}/{entry.Id}.md";

    private static string OneLine(string text) => text.ReplaceLineEndings(" ").Trim('\n');

    private static string References(string text) =>
        string.Concat(text.Select(c => Special.Contains(c, StringComparison.Ordinal) ? $"&#{(int)c};" : c.ToString()));

    private static int LongestRun(string text)
    {
        var (longest, run) = (0, 0);
        foreach (var c in text)
        {
            run = c == '`' ? run + 1 : 0;
            longest = Math.Max(longest, run);
        }
        return longest;
    }
}

/// <summary>The backticks of an entry's one-line texts. One without its partner is a character like any other.</summary>
internal static class CodeMarks
{
    public static IEnumerable<(string Text, bool IsCode)> Split(string text)
    {
        var parts = text.Split('`');
        if (parts.Length % 2 == 0) return [(text, false)];
        return parts.Select((p, i) => (p, i % 2 == 1)).Where(p => p.p.Length > 0);
    }
}
