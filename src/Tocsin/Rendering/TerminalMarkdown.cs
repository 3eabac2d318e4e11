using System.Globalization;
using System.Text;
using Markdig.Extensions.Tables;
using Markdig.Syntax;

namespace Tocsin.Cli.Rendering;

/// <param name="Width">Columns of the terminal; under 20 it is taken as 20.</param>
/// <param name="Colour">ANSI colours. Without them code is told from prose by backticks, headings by a line below.</param>
public sealed record TerminalStyle(int Width, bool Colour);

/// <summary>Markdown as text for a terminal. Commands stand by themselves, unwrapped, behind two blanks, so that they can be copied.</summary>
public static class TerminalMarkdown
{
    private const int LeastWidth = 20;

    public static string Render(string markdown, TerminalStyle style)
    {
        var blocks = new TerminalBlocks(style.Colour);
        var output = new StringBuilder();
        foreach (var line in blocks.Of(GuideMarkdown.Parse(markdown), Math.Max(style.Width, LeastWidth), tight: false))
            GlyphText.Write(output, line, style.Colour);
        return output.ToString();
    }
}

/// <summary>Turns the blocks of a document into lines of a given width.</summary>
internal sealed class TerminalBlocks(bool colour)
{
    private readonly TerminalInlines inlines = new(colour);

    public List<TerminalLine> Of(ContainerBlock container, int width, bool tight)
    {
        var lines = new List<TerminalLine>();
        Block? before = null;
        foreach (var block in container.Where(b => b is not (LinkReferenceDefinitionGroup or BlankLineBlock)))
        {
            if (before is not null && NeedsBlank(before, block, tight)) lines.Add(TerminalLine.Empty);
            lines.AddRange(Of(block, width));
            before = block;
        }
        return lines;
    }

    private static bool NeedsBlank(Block before, Block next, bool tight) =>
        before is HeadingBlock ? next is HeadingBlock : !tight || before is CodeBlock || next is CodeBlock;

    private List<TerminalLine> Of(Block block, int width) => block switch
    {
        HeadingBlock heading => Heading(heading, width),
        CodeBlock code => Code(code),
        ListBlock list => List(list, width),
        QuoteBlock quote => Quote(quote, width),
        Table table => TerminalTable.Of(table, width, inlines),
        ThematicBreakBlock => [new TerminalLine([.. GlyphText.Of(new string('-', Math.Min(width, 40)), Ink.Dim)])],
        LeafBlock { Inline: not null } leaf => GlyphText.Wrap(inlines.Of(leaf.Inline), width),
        LeafBlock leaf => [.. Text(leaf).Select(l => new TerminalLine([.. GlyphText.Of(l, Ink.Plain)]))],
        ContainerBlock inner => Of(inner, width, tight: false),
        _ => [],
    };

    private List<TerminalLine> Heading(HeadingBlock heading, int width)
    {
        var lines = GlyphText.Wrap(inlines.Of(heading.Inline, Ink.Bold), width);
        if (colour || heading.Level > 2) return lines;
        var underline = new string(heading.Level == 1 ? '=' : '-', lines.Max(l => l.Glyphs.Count));
        return [.. lines, new TerminalLine([.. GlyphText.Of(underline, Ink.Plain)])];
    }

    private static List<TerminalLine> Code(CodeBlock code)
    {
        var lines = new List<TerminalLine>();
        if (code is FencedCodeBlock { Info: { Length: > 0 } language } && language is not "text")
            lines.Add(new TerminalLine([.. GlyphText.Of(language, Ink.Dim)]));
        lines.AddRange(Text(code).Select(l => l.Length == 0 ? TerminalLine.Empty : new TerminalLine([.. GlyphText.Of($"  {l}", Ink.Plain)], Verbatim: true)));
        return lines;
    }

    private List<TerminalLine> List(ListBlock list, int width)
    {
        var lines = new List<TerminalLine>();
        var number = int.TryParse(list.OrderedStart, NumberStyles.None, CultureInfo.InvariantCulture, out var start) ? start : 1;
        foreach (var item in list.OfType<ListItemBlock>())
        {
            var mark = list.IsOrdered ? string.Create(CultureInfo.InvariantCulture, $"{number++}. ") : "- ";
            var inner = Of(item, width - mark.Length, tight: !list.IsLoose);
            if (lines.Count > 0 && (list.IsLoose || item.Any(b => b is CodeBlock))) lines.Add(TerminalLine.Empty);
            if (inner.Count == 0) inner.Add(TerminalLine.Empty);
            lines.Add(inner[0].After(mark));
            lines.AddRange(inner.Skip(1).Select(l => l.After(new string(' ', mark.Length))));
        }
        return lines;
    }

    private List<TerminalLine> Quote(QuoteBlock quote, int width) =>
        [.. Of(quote, width - 2, tight: false).Select(l => l.After(l.Verbatim || l.Glyphs.Count == 0 ? "  " : "> "))];

    private static IEnumerable<string> Text(LeafBlock block) =>
        Enumerable.Range(0, block.Lines.Count).Select(i => block.Lines.Lines[i].Slice.ToString());
}
