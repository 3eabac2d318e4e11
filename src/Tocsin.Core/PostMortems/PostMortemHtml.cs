using System.Globalization;
using System.Text;

namespace Tocsin.Core.PostMortems;

/// <summary>A post-mortem as one HTML page that loads nothing else, with a style for paper: a browser prints it to PDF. Everything that was said is text and never markup.</summary>
public static class PostMortemHtml
{
    private const string Style =
        """
        :root{color-scheme:light dark}
        body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem}
        h1{line-height:1.2}h2{margin-top:2rem;border-bottom:1px solid #8886}
        dl{display:grid;grid-template-columns:max-content 1fr;gap:.2rem 1rem}dt{font-weight:600}dd{margin:0}
        .scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:1rem 0}
        th,td{text-align:left;vertical-align:top;padding:.25rem .6rem;border-bottom:1px solid #8884;overflow-wrap:anywhere}@media(min-width:40rem){td:first-child{white-space:nowrap}}
        .open{background:#fd06;border-radius:.2rem;padding:0 .2rem}
        @page{size:A4;margin:18mm}
        @media print{:root{color-scheme:light}body{font-size:10.5pt;max-width:none;margin:0}h2{break-after:avoid}tr,li{break-inside:avoid}thead{display:table-header-group}.scroll{overflow:visible}.open{background:none;border-bottom:1px dotted}}
        """;

    /// <param name="everyEvent">Also what was held back, and every channel that gave no answer.</param>
    public static string Of(PostMortem document, bool everyEvent)
    {
        var title = Escape(DocumentParts.Title(document));
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>{title}</title>\n<style>\n{Style}\n</style>\n</head>\n<body>\n<main>\n<h1>{title}</h1>\n");
        var list = "";
        foreach (var part in DocumentParts.Of(document, everyEvent))
        {
            var wanted = part switch { DocumentPart.Field => "dl", DocumentPart.Bullet => "ul", _ => "" };
            if (wanted != list) page.Append(list.Length > 0 ? $"</{list}>\n" : "").Append(wanted.Length > 0 ? $"<{wanted}>\n" : "");
            list = wanted;
            page.Append(Of(part));
        }
        if (list.Length > 0) page.Append(CultureInfo.InvariantCulture, $"</{list}>\n");
        return page.Append("</main>\n</body>\n</html>\n").ToString();
    }

    private static string Of(DocumentPart part) => part switch
    {
        DocumentPart.Heading h => $"<h2>{Escape(h.Text)}</h2>\n",
        DocumentPart.Paragraph p => string.Concat(p.Text.Split("\n\n", StringSplitOptions.RemoveEmptyEntries).Select(t => $"<p>{Said(t, p.Open)}</p>\n")),
        DocumentPart.Field f => $"<dt>{Escape(f.Name)}</dt><dd>{Said(f.Value, f.Open)}</dd>\n",
        DocumentPart.Bullet b => $"<li>{(b.Name.Length > 0 ? $"<strong>{Escape(b.Name)}:</strong> " : "")}{Said(b.Text, b.Open)}</li>\n",
        DocumentPart.Table t => $"<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"{Escape(string.Join(", ", t.Head))}\"><table>\n<thead><tr>{string.Concat(t.Head.Select(h => $"<th scope=\"col\">{Escape(h)}</th>"))}</tr></thead>\n<tbody>\n{string.Concat(t.Rows.Select(r => $"<tr>{string.Concat(r.Select(c => $"<td>{Said(c, c.StartsWith('['))}</td>"))}</tr>\n"))}</tbody>\n</table></div>\n",
        _ => throw new ArgumentOutOfRangeException(nameof(part), part, "unknown part"),
    };

    private static string Said(string text, bool open) => open ? $"<span class=\"open\">{Escape(text)}</span>" : Escape(text);

    private static string Escape(string text) =>
        text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal).Replace("\"", "&quot;", StringComparison.Ordinal).Replace("'", "&#39;", StringComparison.Ordinal);
}
