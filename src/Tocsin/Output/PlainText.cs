using System.Text;

namespace Tocsin.Cli.Output;

/// <summary>Log text made safe to show: a terminal must not obey what an attacker wrote into a log.</summary>
internal static class PlainText
{
    // Cut, not filled: the library's way to fill memory waits for the compiler at its first use.
    private const string Blank = "                                                                                ";

    /// <summary>The text on one line, without escape sequences and control characters.</summary>
    public static string Of(string text)
    {
        var plain = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c == '\e')
            {
                i = SkipSequence(text, i);
            }
            else if (char.IsControl(c) || c is '\u2028' or '\u2029' or (>= '\u202a' and <= '\u202e') or (>= '\u2066' and <= '\u2069'))
            {
                if (plain.Length > 0 && plain[^1] != ' ') plain.Append(' ');
            }
            else
            {
                plain.Append(c);
            }
        }
        return plain.ToString().Trim();
    }

    /// <summary>So many blanks; none where the number is negative.</summary>
    public static string Blanks(int count) => count <= Blank.Length ? Blank[..Math.Max(0, count)] : new string(' ', count);

    /// <summary>The text broken at blanks so that no line is longer than the width; further lines are indented.</summary>
    public static string Wrap(string text, int width, int indent)
    {
        var lines = new StringBuilder();
        var length = 0;
        foreach (var word in text.Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            if (length > 0 && length + 1 + word.Length > width)
            {
                lines.Append('\n').Append(Blanks(indent));
                length = 0;
            }
            else if (length > 0)
            {
                lines.Append(' ');
                length++;
            }
            lines.Append(word);
            length += word.Length;
        }
        return lines.ToString();
    }

    private static int SkipSequence(string text, int escape)
    {
        var i = escape + 1;
        if (i >= text.Length || text[i] != '[') return escape;
        for (i++; i < text.Length && i < escape + 64; i++)
        {
            if (text[i] is >= '@' and <= '~') return i;
        }
        return escape;
    }
}
