using System.Globalization;
using System.Net;
using Markdig;
using Markdig.Extensions.Tables;
using Markdig.Renderers;
using Markdig.Renderers.Html;
using Markdig.Renderers.Html.Inlines;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Microsoft.AspNetCore.Components;
using Tocsin.Core.Catalog;
using Tocsin.Core.Platforms;

namespace Tocsin.Server.Web;

/// <summary>An entry's guide as HTML, with the names of one environment. HTML in a guide is text like any other.</summary>
public static class Guide
{
    private static readonly MarkdownPipeline Pipeline = new MarkdownPipelineBuilder().UsePipeTables().DisableHtml().Build();

    public static MarkupString Html(ReferenceEntry entry, Platform platform, PlatformEnvironment environment, Func<string, ReferenceEntry?> find)
    {
        var filled = PlatformNames.Fill(entry.Guide.ReplaceLineEndings("\n"), platform, environment, entry.Entry.Service);
        var document = Markdown.Parse(filled, Pipeline);
        // The page has the title already.
        if (document is [HeadingBlock { Level: 1 } title, ..]) document.Remove(title);
        using var output = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var renderer = new HtmlRenderer(output);
        Pipeline.Setup(renderer);
        renderer.ObjectRenderers.ReplaceOrAdd<CodeBlockRenderer>(new CommandBlock());
        renderer.ObjectRenderers.ReplaceOrAdd<HtmlTableRenderer>(new ScrolledTable());
        renderer.ObjectRenderers.ReplaceOrAdd<CodeInlineRenderer>(new LinkedCode(find, entry, environment.Name));
        renderer.ObjectRenderers.ReplaceOrAdd<LinkInlineRenderer>(new WebLink());
        renderer.Render(document);
        return new MarkupString(output.ToString());
    }

    /// <summary>Markdown of people and playbooks, with the same care.</summary>
    public static MarkupString Plain(string markdown)
    {
        var document = Markdown.Parse(markdown.ReplaceLineEndings("\n"), Pipeline);
        using var output = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var renderer = new HtmlRenderer(output);
        Pipeline.Setup(renderer);
        renderer.ObjectRenderers.ReplaceOrAdd<CodeBlockRenderer>(new CommandBlock());
        renderer.ObjectRenderers.ReplaceOrAdd<HtmlTableRenderer>(new ScrolledTable());
        renderer.ObjectRenderers.ReplaceOrAdd<LinkInlineRenderer>(new WebLink());
        renderer.Render(document);
        return new MarkupString(output.ToString());
    }

    private static string Text(string text) => WebUtility.HtmlEncode(text);

    private sealed class CommandBlock : HtmlObjectRenderer<CodeBlock>
    {
        protected override void Write(HtmlRenderer renderer, CodeBlock obj)
        {
            var language = obj is FencedCodeBlock { Info: { Length: > 0 } info } ? info : "text";
            var text = string.Join('\n', Enumerable.Range(0, obj.Lines.Count).Select(i => obj.Lines.Lines[i].Slice.ToString()));
            renderer.EnsureLine();
            renderer.Write($"<figure class=\"command\"><figcaption><span>{Text(language)}</span> <button type=\"button\" class=\"btn copy needs-script\" data-copy aria-label=\"Copy this {Text(language)} block\">Copy</button></figcaption><pre tabindex=\"0\"><code>{Text(text)}</code></pre></figure>\n");
        }
    }

    private sealed class ScrolledTable : HtmlTableRenderer
    {
        protected override void Write(HtmlRenderer renderer, Table table)
        {
            renderer.Write("<div class=\"scroll\" tabindex=\"0\" role=\"group\" aria-label=\"A table\">");
            table.GetAttributes().AddClass("table");
            base.Write(renderer, table);
            renderer.Write("</div>");
        }
    }

    /// <summary>Inline code; the id of another entry leads to it.</summary>
    private sealed class LinkedCode(Func<string, ReferenceEntry?> find, ReferenceEntry entry, string environment) : HtmlObjectRenderer<CodeInline>
    {
        protected override void Write(HtmlRenderer renderer, CodeInline obj)
        {
            var other = obj.Parent is LinkInline ? null : find(obj.Content);
            var code = $"<code>{Text(obj.Content)}</code>";
            renderer.Write(other is null || other.Entry.Id == entry.Entry.Id ? code : $"<a href=\"/reference/{Text(other.Entry.Id)}?env={Uri.EscapeDataString(environment)}\">{code}</a>");
        }
    }

    /// <summary>Links go to web addresses only; of anything else the text remains.</summary>
    private sealed class WebLink : HtmlObjectRenderer<LinkInline>
    {
        protected override void Write(HtmlRenderer renderer, LinkInline obj)
        {
            var link = !obj.IsImage && Uri.TryCreate(obj.Url, UriKind.Absolute, out var address) && address.Scheme is "https" or "http";
            if (link) renderer.Write($"<a href=\"{Text(obj.Url!)}\" rel=\"noreferrer\">");
            renderer.WriteChildren(obj);
            if (link) renderer.Write("</a>");
        }
    }
}
