using Markdig.Extensions.Tables;
using Markdig.Syntax;

namespace Tocsin.Cli.Rendering;

/// <summary>A table fitted to the width: the widest columns give way first, and where none can any more, each row becomes a small list.</summary>
internal static class TerminalTable
{
    private const int Gap = 2;
    private const int LeastColumn = 8;

    public static List<TerminalLine> Of(Table table, int width, TerminalInlines inlines)
    {
        var rows = table.OfType<TableRow>().Select(r => Cells(r, inlines)).ToList();
        var columns = rows.Max(r => r.Count);
        foreach (var row in rows)
        {
            while (row.Count < columns) row.Add([]);
        }
        return Widths(rows, columns, width - (Gap * (columns - 1))) is { } widths ? Grid(rows, widths) : Stacked(rows, width);
    }

    private static List<List<Glyph>> Cells(TableRow row, TerminalInlines inlines) =>
    [
        .. row.OfType<TableCell>().Select(c => c.OfType<LeafBlock>().SelectMany(b => inlines.Of(b.Inline, row.IsHeader ? Ink.Bold : Ink.Plain)).ToList()),
    ];

    private static int[]? Widths(List<List<List<Glyph>>> rows, int columns, int available)
    {
        var widths = Enumerable.Range(0, columns).Select(c => Math.Max(1, rows.Max(r => r[c].Count))).ToArray();
        while (widths.Sum() > available)
        {
            var widest = Array.IndexOf(widths, widths.Max());
            if (widths[widest] <= LeastColumn) return null;
            widths[widest]--;
        }
        return widths;
    }

    private static List<TerminalLine> Grid(List<List<List<Glyph>>> rows, int[] widths)
    {
        var wrapped = rows.Select(r => r.Select((c, i) => GlyphText.Wrap(c, widths[i], cut: true)).ToList()).ToList();
        var airy = wrapped.Skip(1).Any(r => r.Any(c => c.Count > 1));
        var lines = new List<TerminalLine>();
        for (var row = 0; row < wrapped.Count; row++)
        {
            if (airy && row > 1) lines.Add(TerminalLine.Empty);
            for (var i = 0; i < wrapped[row].Max(c => c.Count); i++)
                lines.Add(Across([.. wrapped[row].Select(c => i < c.Count ? c[i].Glyphs : [])], widths));
            if (row == 0) lines.Add(Across([.. widths.Select(w => GlyphText.Of(new string('-', w), Ink.Dim).ToList())], widths));
        }
        return lines;
    }

    private static TerminalLine Across(List<List<Glyph>> parts, int[] widths)
    {
        var line = new List<Glyph>();
        for (var i = 0; i < parts.Count; i++)
        {
            line.AddRange(parts[i]);
            if (i < parts.Count - 1) line.AddRange(GlyphText.Of(new string(' ', widths[i] - parts[i].Count + Gap), Ink.Plain));
        }
        return new TerminalLine(line);
    }

    private static List<TerminalLine> Stacked(List<List<List<Glyph>>> rows, int width)
    {
        var lines = new List<TerminalLine>();
        foreach (var row in rows.Skip(1))
        {
            if (lines.Count > 0) lines.Add(TerminalLine.Empty);
            for (var i = 0; i < row.Count; i++)
                lines.AddRange(GlyphText.Wrap([.. rows[0][i], .. GlyphText.Of(": ", Ink.Plain), .. row[i]], width));
        }
        return lines;
    }
}
