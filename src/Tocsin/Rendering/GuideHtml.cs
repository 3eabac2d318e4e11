using System.Globalization;
using Markdig.Extensions.Tables;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Renderers.Html.Inlines;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Tocsin.Core.Catalog;

namespace Tocsin.Cli.Rendering;

/// <summary>A guide as HTML, and its sections for the links that jump to them.</summary>
internal sealed record GuideHtml(HtmlText Html, IReadOnlyList<(string Id, string Title)> Sections)
{
    /// <summary>Guides begin at level 2, and stand below an entry's own heading of level 3.</summary>
    private const int HeadingShift = 2;

    public static GuideHtml Of(ReferenceEntry entry, ErrorReference reference, GuideNames names)
    {
        var document = GuideMarkdown.Parse(GuideMarkdown.Body(entry.Guide));
        var sections = Sectioned(document, entry.Entry.Id);
        using var output = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var renderer = new HtmlRenderer(output);
        GuideMarkdown.Pipeline.Setup(renderer);
        renderer.ObjectRenderers.ReplaceOrAdd<CodeBlockRenderer>(new GuideCommand(names));
        renderer.ObjectRenderers.ReplaceOrAdd<HtmlTableRenderer>(new GuideTable());
        renderer.ObjectRenderers.ReplaceOrAdd<CodeInlineRenderer>(new GuideCode(names, entry, reference));
        renderer.ObjectRenderers.ReplaceOrAdd<LiteralInlineRenderer>(new GuideLiteral(names));
        renderer.ObjectRenderers.ReplaceOrAdd<LinkInlineRenderer>(new GuideLink(names));
        renderer.ObjectRenderers.ReplaceOrAdd<AutolinkInlineRenderer>(new GuideAddress());
        renderer.Render(document);
        return new GuideHtml(new HtmlText(output.ToString()), sections);
    }

    private static List<(string Id, string Title)> Sectioned(MarkdownDocument document, string entry)
    {
        var sections = new List<(string Id, string Title)>();
        var taken = new HashSet<string>(StringComparer.Ordinal);
        foreach (var heading in document.Descendants<HeadingBlock>())
        {
            var title = string.Concat(heading.Inline?.Descendants<LiteralInline>().Select(l => l.Content.ToString()) ?? []);
            var slug = string.Concat(title.ToLowerInvariant().Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-')).Trim('-');
            var id = $"{entry}--{slug}";
            for (var n = 2; !taken.Add(id); n++) id = string.Create(CultureInfo.InvariantCulture, $"{entry}--{slug}-{n}");
            heading.GetAttributes().Id = id;
            if (heading.Level == 2) sections.Add((id, title));
            heading.Level = Math.Min(6, heading.Level + HeadingShift);
        }
        return sections;
    }
}

/// <summary>A command block with its button, once per environment where names differ.</summary>
internal sealed class GuideCommand(GuideNames names) : HtmlObjectRenderer<CodeBlock>
{
    protected override void Write(HtmlRenderer renderer, CodeBlock obj)
    {
        var language = obj is FencedCodeBlock { Info: { Length: > 0 } info } ? info : "text";
        var text = string.Join('\n', Enumerable.Range(0, obj.Lines.Count).Select(i => obj.Lines.Lines[i].Slice.ToString()));
        renderer.EnsureLine();
        foreach (var variant in names.Variants(text)) renderer.Write(Block(variant, language).Html);
        renderer.EnsureLine();
    }

    private HtmlText Block(Variant variant, string language)
    {
        var all = variant.Environments.Length == names.Environments.Length;
        var of = variant.Environments.IsEmpty || all ? default : HtmlText.Of($" data-env=\"{string.Join(' ', variant.Environments)}\"");
        var label = variant.Environments.IsEmpty ? default : HtmlText.Of($"<span class=\"env\">{variant.Label}</span> ");
        var copy = $"Copy {language} {variant.Label}".TrimEnd();
        return HtmlText.Of(
            $"""
            <figure class="command"{of}>
            <figcaption>{label}<span class="lang">{language}</span> <button type="button" class="copy" aria-label="{copy}">Copy</button></figcaption>
            <pre tabindex="0"><code>{variant.Text}</code></pre>
            </figure>

            """);
    }
}

internal sealed class GuideTable : HtmlObjectRenderer<Table>
{
    protected override void Write(HtmlRenderer renderer, Table obj)
    {
        renderer.EnsureLine();
        renderer.Write("<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"Table\"><table>\n");
        foreach (var row in obj.OfType<TableRow>())
        {
            if (row.IsHeader) renderer.Write("<thead>");
            renderer.Write("<tr>");
            foreach (var cell in row.OfType<TableCell>()) Write(renderer, cell, row.IsHeader);
            renderer.Write(row.IsHeader ? "</tr></thead>\n" : "</tr>\n");
        }
        renderer.Write("</table></div>\n");
    }

    private static void Write(HtmlRenderer renderer, TableCell cell, bool header)
    {
        renderer.Write(header ? "<th scope=\"col\">" : "<td>");
        var before = renderer.ImplicitParagraph;
        renderer.ImplicitParagraph = true;
        renderer.WriteChildren(cell);
        renderer.ImplicitParagraph = before;
        renderer.Write(header ? "</th>" : "</td>");
    }
}

/// <summary>Inline code; the id of another entry becomes a link to it.</summary>
internal sealed class GuideCode(GuideNames names, ReferenceEntry entry, ErrorReference reference) : HtmlObjectRenderer<CodeInline>
{
    protected override void Write(HtmlRenderer renderer, CodeInline obj)
    {
        var code = VariantHtml.Of("code", names.Variants(obj.Content), names, always: true);
        var other = obj.Parent is LinkInline ? null : reference.Find(obj.Content);
        renderer.Write((other is null || other == entry ? code : HtmlText.Of($"<a href=\"#{other.Entry.Id}\">{code}</a>")).Html);
    }
}

internal sealed class GuideLiteral(GuideNames names) : HtmlObjectRenderer<LiteralInline>
{
    protected override void Write(HtmlRenderer renderer, LiteralInline obj) => renderer.Write(VariantHtml.Prose(obj.Content.ToString(), names).Html);
}

/// <summary>Links go to web addresses only; of anything else the text remains.</summary>
internal sealed class GuideLink(GuideNames names) : HtmlObjectRenderer<LinkInline>
{
    protected override void Write(HtmlRenderer renderer, LinkInline obj)
    {
        var address = names.Variants(obj.Url ?? "")[0].Text;
        var link = !obj.IsImage && WebAddress.Is(address);
        if (link) renderer.Write(HtmlText.Of($"<a href=\"{address}\" rel=\"noreferrer\">").Html);
        renderer.WriteChildren(obj);
        if (link) renderer.Write("</a>");
    }
}

internal sealed class GuideAddress : HtmlObjectRenderer<AutolinkInline>
{
    protected override void Write(HtmlRenderer renderer, AutolinkInline obj) =>
        renderer.Write((WebAddress.Is(obj.Url) ? HtmlText.Of($"<a href=\"{obj.Url}\" rel=\"noreferrer\">{obj.Url}</a>") : HtmlText.Of($"{obj.Url}")).Html);
}

internal static class WebAddress
{
    public static bool Is(string address) =>
        address.StartsWith("https://", StringComparison.OrdinalIgnoreCase) || address.StartsWith("http://", StringComparison.OrdinalIgnoreCase);
}

/// <summary>Names that differ between environments, each marked with its own so that the page can show the chosen one.</summary>
internal static class VariantHtml
{
    private static readonly HtmlText Between = new("<span class=\"between\"> / </span>");

    public static HtmlText Prose(string text, GuideNames names) => HtmlText.Join(names.Parts(text).Select(p => Of("span", p, names, always: false)));

    /// <summary>An entry's one-line text, where backticks mark code.</summary>
    public static HtmlText Entry(string text, GuideNames names) =>
        HtmlText.Join(CodeMarks.Split(text).Select(p => p.IsCode ? Of("code", names.Variants(p.Text), names, always: true) : Prose(p.Text, names)));

    public static HtmlText Of(string element, IReadOnlyList<Variant> variants, GuideNames names, bool always)
    {
        var tag = new HtmlText(element);
        return HtmlText.Join(
            variants.Select(v =>
            {
                if (v.Environments.IsEmpty || v.Environments.Length == names.Environments.Length)
                    return always ? HtmlText.Of($"<{tag}>{v.Text}</{tag}>") : HtmlText.Of($"{v.Text}");
                return HtmlText.Of($"<{tag} data-env=\"{string.Join(' ', v.Environments)}\">{v.Text}</{tag}>");
            }),
            Between.Html);
    }
}
