namespace Tocsin.Core.Signals;

/// <summary>
/// Looks for any of a few dozen ASCII words by their first two letters. The library's search is faster on long texts; it waits for the compiler
/// before its first answer, and here a line is searched.
/// </summary>
internal sealed class WordSearch
{
    private const int Ascii = 128;
    private readonly string[]?[] byPair = new string[]?[Ascii * Ascii];
    private readonly bool[] firsts = new bool[Ascii];
    private readonly StringComparison comparison;

    /// <param name="words">ASCII, of two characters at least; in lower case where the case does not count.</param>
    public WordSearch(ReadOnlySpan<string> words, StringComparison comparison)
    {
        this.comparison = comparison;
        foreach (var word in words)
        {
            Add(word[0], word[1], word);
            if (comparison != StringComparison.OrdinalIgnoreCase) continue;
            var (first, second) = (char.ToUpperInvariant(word[0]), char.ToUpperInvariant(word[1]));
            if (first != word[0]) Add(first, word[1], word);
            if (second != word[1]) Add(word[0], second, word);
            if (first != word[0] && second != word[1]) Add(first, second, word);
        }
    }

    /// <summary>Where the first of the words begins, or -1.</summary>
    public int In(ReadOnlySpan<char> text)
    {
        for (var at = 0; at + 1 < text.Length; at++)
        {
            var first = text[at];
            if (first >= Ascii || !firsts[first]) continue;
            var second = text[at + 1];
            if (second < Ascii && byPair[(first * Ascii) + second] is { } words && StartsWithAny(text[at..], words)) return at;
        }
        return -1;
    }

    private bool StartsWithAny(ReadOnlySpan<char> text, string[] words)
    {
        foreach (var word in words)
        {
            if (text.StartsWith(word, comparison)) return true;
        }
        return false;
    }

    private void Add(char first, char second, string word)
    {
        firsts[first] = true;
        ref var words = ref byPair[(first * Ascii) + second];
        words = words is null ? [word] : [.. words, word];
    }
}

/// <summary>A set of ASCII characters.</summary>
internal sealed class CharSet
{
    private readonly bool[] members = new bool[128];

    public CharSet(string characters)
    {
        foreach (var c in characters) members[c] = true;
    }

    /// <summary>How far the text consists of the set's characters.</summary>
    public int Run(ReadOnlySpan<char> text)
    {
        var at = 0;
        while (at < text.Length && text[at] < members.Length && members[text[at]]) at++;
        return at;
    }
}
