using Markdig.Syntax.Inlines;

namespace Tocsin.Cli.Rendering;

/// <summary>Turns the inlines of a block into glyphs.</summary>
internal sealed class TerminalInlines(bool colour)
{
    public List<Glyph> Of(ContainerInline? container, Ink ink = Ink.Plain)
    {
        var glyphs = new List<Glyph>();
        if (container is not null) Add(container, ink, glyphs);
        return glyphs;
    }

    private void Add(ContainerInline container, Ink ink, List<Glyph> glyphs)
    {
        foreach (var inline in container) Add(inline, ink, glyphs);
    }

    private void Add(Inline inline, Ink ink, List<Glyph> glyphs)
    {
        switch (inline)
        {
            case LiteralInline literal:
                glyphs.AddRange(GlyphText.Of(literal.Content.ToString(), ink));
                break;
            case CodeInline code:
                glyphs.AddRange(colour ? GlyphText.Of(code.Content, ink | Ink.Cyan) : GlyphText.Of($"`{code.Content}`", ink));
                break;
            case LineBreakInline { IsHard: var hard }:
                glyphs.AddRange(GlyphText.Of(hard ? "\n" : " ", ink));
                break;
            case HtmlEntityInline entity:
                glyphs.AddRange(GlyphText.Of(entity.Transcoded.ToString(), ink));
                break;
            case AutolinkInline link:
                glyphs.AddRange(GlyphText.Of(link.Url, ink | Ink.Underline));
                break;
            case LinkInline link:
                AddLink(link, ink, glyphs);
                break;
            case EmphasisInline emphasis:
                Add(emphasis, ink | (emphasis.DelimiterCount >= 2 ? Ink.Bold : Ink.Italic), glyphs);
                break;
            case DelimiterInline delimiter:
                glyphs.AddRange(GlyphText.Of(delimiter.ToLiteral(), ink));
                Add((ContainerInline)delimiter, ink, glyphs);
                break;
            case ContainerInline container:
                Add(container, ink, glyphs);
                break;
        }
    }

    private void AddLink(LinkInline link, Ink ink, List<Glyph> glyphs)
    {
        var text = new List<Glyph>();
        Add((ContainerInline)link, ink, text);
        var address = link.Url ?? "";
        glyphs.AddRange(text);
        if (address.Length == 0 || string.Equals(string.Concat(text.Select(g => g.Rune.ToString())), address, StringComparison.Ordinal)) return;
        glyphs.AddRange(GlyphText.Of(text.Count > 0 ? " (" : "(", ink));
        glyphs.AddRange(GlyphText.Of(address, ink | Ink.Underline));
        glyphs.AddRange(GlyphText.Of(")", ink));
    }
}
