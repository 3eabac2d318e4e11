using System.Globalization;
using System.Text;

namespace Tocsin.Core.PostMortems;

/// <summary>A post-mortem as Markdown, in the form of the incident guide's template.</summary>
public static class PostMortemMarkdown
{
    /// <param name="everyEvent">Also what was held back, and every channel that gave no answer.</param>
    public static string Of(PostMortem document, bool everyEvent)
    {
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"# {Plain(DocumentParts.Title(document))}\n\n");
        DocumentPart? before = null;
        foreach (var part in DocumentParts.Of(document, everyEvent))
        {
            if (before is not null && (part is not (DocumentPart.Bullet or DocumentPart.Field) || before.GetType() != part.GetType())) page.Append('\n');
            page.Append(Of(part));
            before = part;
        }
        return page.ToString();
    }

    private static string Of(DocumentPart part) => part switch
    {
        DocumentPart.Heading h => $"## {h.Text}\n",
        DocumentPart.Paragraph { Open: true } p => $"{Plain(p.Text)}\n",
        DocumentPart.Paragraph p => $"{Written(p.Text)}\n",
        // Two blanks break the line, so that each field stands on its own.
        DocumentPart.Field f => $"**{f.Name}:** {Plain(f.Value)}  \n",
        DocumentPart.Bullet { Name.Length: > 0 } b => $"- **{b.Name}:** {Plain(b.Text)}\n",
        DocumentPart.Bullet b => $"- {Plain(b.Text)}\n",
        DocumentPart.Table t => string.Concat(t.Rows.Prepend([.. t.Head.Select(_ => "---")]).Prepend(t.Head).Select(r => $"| {string.Join(" | ", r.Select(Plain))} |\n")),
        _ => throw new ArgumentOutOfRangeException(nameof(part), part, "unknown part"),
    };

    // Titles and notes may come from a log: on one line, no HTML, no link, no image, no cell of a table.
    private static string Plain(string text) =>
        Written(string.Join(' ', text.Split(['\r', '\n', '\t'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))).Replace("|", "\\|", StringComparison.Ordinal);

    private static string Written(string text) => text.Replace("<", "&lt;", StringComparison.Ordinal).Replace("](", "]\\(", StringComparison.Ordinal);
}
