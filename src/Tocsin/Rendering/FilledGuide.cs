using System.Text;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Tocsin.Core.Catalog;

namespace Tocsin.Cli.Rendering;

/// <summary>A guide as Markdown with all names filled in; a command block that differs between environments stands once for each.</summary>
internal static class FilledGuide
{
    private sealed record Edit(int Start, int End, string Text);

    /// <summary>Ids of other entries become links to their pages where a reference is given.</summary>
    public static string Of(ReferenceEntry entry, ErrorReference? linked, GuideNames names)
    {
        var guide = GuideMarkdown.Body(entry.Guide);
        var document = GuideMarkdown.Parse(guide);
        var edits = document.Descendants<FencedCodeBlock>().Select(b => OfBlock(b, guide, names))
            .Concat(document.Descendants<CodeInline>().Select(c => OfCode(c, guide, entry, linked, names)))
            .OfType<Edit>().OrderBy(e => e.Start);
        var filled = new StringBuilder(guide.Length);
        var at = 0;
        foreach (var edit in edits.Where(e => e.Start >= at))
        {
            filled.Append(names.Prose(guide[at..edit.Start])).Append(edit.Text);
            at = edit.End;
        }
        return filled.Append(names.Prose(guide[at..])).ToString();
    }

    private static Edit? OfBlock(FencedCodeBlock block, string guide, GuideNames names)
    {
        var end = Math.Min(block.Span.End + 1, guide.Length);
        var source = guide[block.Span.Start..end];
        var variants = names.Variants(source);
        if (variants is [{ Environments.IsEmpty: true }]) return new Edit(block.Span.Start, end, source);
        var line = guide.LastIndexOf('\n', block.Span.Start) + 1;
        var margin = string.Concat(guide[line..block.Span.Start].Select(c => c == '>' ? '>' : ' '));
        var text = string.Join($"\n\n{margin}", variants.Select(v => $"**{v.Label}**\n\n{margin}{v.Text}"));
        return new Edit(block.Span.Start, end, text);
    }

    private static Edit? OfCode(CodeInline code, string guide, ReferenceEntry entry, ErrorReference? linked, GuideNames names)
    {
        var (start, end) = (code.Span.Start, code.Span.End + 1);
        if (start < 0 || end > guide.Length || guide[start] != '`' || guide[end - 1] != '`') return null;
        if (code.Parent is not LinkInline && linked?.Find(code.Content) is { } other && other != entry)
            return new Edit(start, end, $"[`{code.Content}`](../{MarkdownText.Path(other.Entry)})");
        var variants = names.Variants(guide[start..end]);
        return variants is [{ Environments.IsEmpty: true }] ? null : new Edit(start, end, string.Join(" / ", variants.Select(v => v.Text)));
    }
}
