namespace Tocsin.Core.Signals;

/// <summary>
/// Masks words with a digit: an error code such as E11000, P2002 or SQLSTATE's 42S02 stays, a name with a number (worker3, mysql2) keeps
/// its letters, anything else is an id.
/// </summary>
internal static class WordMask
{
    private const int MaxLetters = 200;
    private const int MaxWord = 2000;
    private const int MaxCodeLetters = 6;
    private const int MaxDigits = 6;
    private const int LeastName = 4;
    private const int MaxName = 24;
    private const int MaxNames = 4;

    public static ReadOnlySpan<char> Apply(ReadOnlySpan<char> text, Span<char> output)
    {
        var masked = new MaskedText(output);
        for (var at = 0; at < text.Length;)
        {
            if (IsSign(text, at))
            {
                masked.Add(MaskedText.Mask);
                at = WordEnd(text, at + 1);
                continue;
            }
            var letters = at;
            while (letters < text.Length && (char.IsAsciiLetter(text[letters]) || text[letters] == '_')) letters++;
            if (letters < text.Length && char.IsAsciiDigit(text[letters]))
            {
                // A digit that stands too far on does not make the letters before it a part of the word.
                var start = Math.Max(at, letters - MaxLetters);
                masked.Add(text[at..start]);
                at = WordEnd(text, start);
                Mask(text[start..at], ref masked);
                continue;
            }
            if (letters == at) letters++;
            masked.Add(text[at..letters]);
            at = letters;
        }
        return masked.Text;
    }

    // The sign of a number, not a dash between words.
    private static bool IsSign(ReadOnlySpan<char> text, int at) =>
        text[at] is '+' or '-' && at > 0 && text[at - 1] is ' ' or '=' or ':' or '(' or ',' or '[' && at + 1 < text.Length && char.IsAsciiDigit(text[at + 1]);

    private static int WordEnd(ReadOnlySpan<char> text, int at)
    {
        var limit = Math.Min(text.Length, at + MaxWord);
        while (at < limit && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '_')) at++;
        return at;
    }

    private static void Mask(scoped ReadOnlySpan<char> word, ref MaskedText masked)
    {
        if (IsErrorCode(word)) masked.Add(word);
        else if (IsNumberedName(word)) MaskDigits(word, ref masked);
        else masked.Add(MaskedText.Mask);
    }

    private static void MaskDigits(scoped ReadOnlySpan<char> word, ref MaskedText masked)
    {
        for (var at = 0; at < word.Length; at++)
        {
            if (!char.IsAsciiDigit(word[at])) masked.Add(word[at]);
            else if (at == 0 || !char.IsAsciiDigit(word[at - 1])) masked.Add(MaskedText.Mask);
        }
    }

    private static bool IsErrorCode(ReadOnlySpan<char> word)
    {
        if (word.Length == 5 && Runs.AreDigits(word, 0, 2) && char.IsAsciiLetterUpper(word[2]) && Runs.AreDigits(word, 3, 2)) return true;
        var at = 0;
        while (at < word.Length && char.IsAsciiLetterUpper(word[at])) at++;
        if (at is 0 or > MaxCodeLetters) return false;
        if (Runs.Is(word, at, '_')) at++;
        return word.Length - at is > 0 and <= MaxDigits && Runs.Digits(word, at) == word.Length;
    }

    // worker3, mysql2, utf8mb4, sha256_old; a short or hexadecimal run of letters is more likely the start of an id.
    private static bool IsNumberedName(ReadOnlySpan<char> word) =>
        (word.Length == 2 && char.IsAsciiLetterLower(word[0]) && char.IsAsciiDigit(word[1]))
        || (!IsLowerHex(word) && (IsNames(word) || IsShortName(word) || (word.Length is > 3 and <= 6 && word.StartsWith("sha", StringComparison.Ordinal) && Runs.Digits(word, 3) == word.Length)));

    private static bool IsLowerHex(ReadOnlySpan<char> word)
    {
        foreach (var c in word)
        {
            if (!(char.IsAsciiDigit(c) || c is >= 'a' and <= 'f')) return false;
        }
        return true;
    }

    // Names of 4 to 24 letters, each with a number behind it or not; a longer run of letters counts as several.
    private static bool IsNames(ReadOnlySpan<char> word)
    {
        var names = 0;
        for (var at = 0; at < word.Length;)
        {
            var letters = Runs.Letters(word, at);
            if (letters - at < LeastName) return false;
            names += (letters - at + MaxName - 1) / MaxName;
            at = Runs.Digits(word, letters);
            if (names > MaxNames || at - letters > MaxDigits) return false;
            if (Runs.Is(word, at, '_')) at++;
        }
        return true;
    }

    // utf8, utf8mb4: two or three letters and a digit, once or twice.
    private static bool IsShortName(ReadOnlySpan<char> word)
    {
        for (var part = 0; part < 2; part++)
        {
            var at = 0;
            while (at < word.Length && char.IsAsciiLetterLower(word[at])) at++;
            if (at is < 2 or > 3 || at >= word.Length || !char.IsAsciiDigit(word[at])) return false;
            word = word[(at + 1)..];
            if (word.IsEmpty) return true;
        }
        return false;
    }
}
