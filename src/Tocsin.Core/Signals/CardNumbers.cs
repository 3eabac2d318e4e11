namespace Tocsin.Core.Signals;

/// <summary>Numbers of payment cards: 14 to 19 digits in one piece, or grouped as they are printed on the card.</summary>
internal static class CardNumbers
{
    private const int Least = 14;
    private const int Most = 19;
    private const int Group = 4;

    public static void Find(ReadOnlySpan<char> text, SecretFindings found)
    {
        for (var at = 0; at + Least <= text.Length;)
        {
            if (!char.IsAsciiDigit(text[at]) || (at > 0 && !MayStartAfter(text[at - 1])) || End(text, at) is not (> 0 and var end))
            {
                at++;
                continue;
            }
            if (IsCard(text[at..end])) found.Add(at, end, "card-number");
            at = end;
        }
    }

    private static bool MayStartAfter(char c) => c is not ('.' or '-') && !IsWord(c);

    // Unlike at a word's edge, joiners are no part of a word here.
    private static bool IsWord(char c) => c is not ('\u200c' or '\u200d') && WordEdge.IsWord(c);

    private static int End(ReadOnlySpan<char> text, int at)
    {
        var end = FourGroups(text, at);
        if (end < 0) end = ThreeGroups(text, at);
        if (end < 0) end = Runs.Digits(text, at, Most) is var run && run - at >= Least ? run : -1;
        if (end < 0 || end >= text.Length) return end;
        var goesOn = text[end] == '-' || IsWord(text[end]) || (text[end] == '.' && end + 1 < text.Length && char.IsAsciiDigit(text[end + 1]));
        return goesOn ? -1 : end;
    }

    // 4242 4242 4242 4242, with the same sign between all groups.
    private static int FourGroups(ReadOnlySpan<char> text, int at)
    {
        if (!IsGap(text, at + Group)) return -1;
        var gap = text[at + Group];
        for (var group = 0; group < 4; group++)
        {
            if ((group > 0 && !Runs.Is(text, at++, gap)) || !Runs.AreDigits(text, at, Group)) return -1;
            at += Group;
        }
        return at;
    }

    // 3782 822463 10005.
    private static int ThreeGroups(ReadOnlySpan<char> text, int at) =>
        Runs.AreDigits(text, at, 4) && IsGap(text, at + 4) && Runs.AreDigits(text, at + 5, 6) && IsGap(text, at + 11) && Runs.AreDigits(text, at + 12, 5) ? at + 17 : -1;

    private static bool IsGap(ReadOnlySpan<char> text, int at) => at < text.Length && text[at] is ' ' or '-';

    /// <summary>Luhn's check and a card network's first digits: a tenth of all long numbers passes the check alone.</summary>
    internal static bool IsCard(ReadOnlySpan<char> text)
    {
        var sum = 0;
        var digits = 0;
        for (var i = text.Length - 1; i >= 0; i--)
        {
            if (!char.IsAsciiDigit(text[i]))
                continue;
            var digit = text[i] - '0';
            if (digits++ % 2 == 1)
                digit = digit > 4 ? (2 * digit) - 9 : 2 * digit;
            sum += digit;
        }

        if (sum % 10 != 0)
            return false;
        return (text[0], text[1], digits) switch
        {
            ('4', _, 16 or 19) => true,
            ('5', >= '0' and <= '8', 16) => true,
            ('2', >= '2' and <= '7', 16) => true,
            ('6', _, 16 or 19) => true,
            ('8', '1' or '2', 16) => true,
            ('3', '5', 16) => true,
            ('3', '4' or '7', 15) => true,
            ('3', '0' or '6' or '8', 14) => true,
            _ => false,
        };
    }
}
