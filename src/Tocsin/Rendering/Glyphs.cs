using System.Runtime.InteropServices;
using System.Text;

namespace Tocsin.Cli.Rendering;

/// <summary>How a character is drawn. Only the program's own palette: nothing of a guide's text ever becomes a control sequence.</summary>
[Flags]
internal enum Ink
{
    Plain = 0,
    Bold = 1,
    Dim = 2,
    Italic = 4,
    Underline = 8,
    Cyan = 16,
}

[StructLayout(LayoutKind.Auto)]
internal readonly record struct Glyph(Rune Rune, Ink Ink);

/// <summary>A line of the terminal; a verbatim one is a command's and takes blanks only in front of it.</summary>
internal sealed record TerminalLine(List<Glyph> Glyphs, bool Verbatim = false)
{
    public static TerminalLine Empty { get; } = new([]);

    public TerminalLine After(string prefix) =>
        Glyphs.Count == 0 && prefix.AsSpan().Trim().IsEmpty ? this : this with { Glyphs = [.. GlyphText.Of(prefix, Ink.Plain), .. Glyphs] };
}

/// <summary>Text as glyphs: made, wrapped, written. One rune counts as one column.</summary>
internal static class GlyphText
{
    private static readonly Rune Space = new(' ');
    private static readonly Rune NewLine = new('\n');

    private static readonly (Ink Ink, string Code)[] Palette =
        [(Ink.Bold, "1"), (Ink.Dim, "2"), (Ink.Italic, "3"), (Ink.Underline, "4"), (Ink.Cyan, "36")];

    /// <summary>What could steer the terminal is left out; tab and newline stay.</summary>
    public static IEnumerable<Glyph> Of(string text, Ink ink) =>
        text.EnumerateRunes().Where(IsShown).Select(r => new Glyph(r, ink));

    /// <summary>Breaks at blanks. A word longer than the width stands alone, or is cut where <paramref name="cut"/> asks for it.</summary>
    public static List<TerminalLine> Wrap(IReadOnlyList<Glyph> text, int width, bool cut = false)
    {
        var lines = new List<TerminalLine>();
        var line = new List<Glyph>();
        var word = new List<Glyph>();
        foreach (var glyph in text.Append(new Glyph(NewLine, Ink.Plain)))
        {
            if (glyph.Rune != Space && glyph.Rune != NewLine)
            {
                word.Add(glyph);
                continue;
            }
            Place(word, width, cut, lines, ref line);
            if (glyph.Rune == Space && line.Count > 0 && line[^1].Rune != Space) line.Add(glyph);
            if (glyph.Rune != NewLine) continue;
            lines.Add(new TerminalLine(Trimmed(line)));
            line = [];
        }
        return lines;
    }

    public static void Write(StringBuilder output, TerminalLine line, bool colour)
    {
        var ink = Ink.Plain;
        foreach (var glyph in line.Verbatim ? line.Glyphs : Trimmed(line.Glyphs))
        {
            if (colour && glyph.Ink != ink) Switch(output, ink, glyph.Ink);
            ink = glyph.Ink;
            output.Append(glyph.Rune.ToString());
        }
        if (colour) Switch(output, ink, Ink.Plain);
        output.Append('\n');
    }

    // Neither control characters nor those that turn the direction of writing round.
    private static bool IsShown(Rune rune) =>
        rune.Value is '\t' or '\n' || !(Rune.IsControl(rune) || rune.Value is (>= 0x2028 and <= 0x202e) or (>= 0x2066 and <= 0x2069));

    private static void Place(List<Glyph> word, int width, bool cut, List<TerminalLine> lines, ref List<Glyph> line)
    {
        if (word.Count == 0) return;
        if (line.Count > 0 && line.Count + word.Count > width)
        {
            lines.Add(new TerminalLine(Trimmed(line)));
            line = [];
        }
        while (cut && word.Count > width)
        {
            lines.Add(new TerminalLine(word.GetRange(0, width)));
            word.RemoveRange(0, width);
        }
        line.AddRange(word);
        word.Clear();
    }

    private static List<Glyph> Trimmed(List<Glyph> line)
    {
        var length = line.Count;
        while (length > 0 && line[length - 1].Rune == Space) length--;
        return line.GetRange(0, length);
    }

    private static void Switch(StringBuilder output, Ink from, Ink to)
    {
        if (from == to) return;
        if (from != Ink.Plain) output.Append("\u001b[0m");
        if (to != Ink.Plain) output.Append("\u001b[").AppendJoin(';', Palette.Where(p => to.HasFlag(p.Ink)).Select(p => p.Code)).Append('m');
    }
}
