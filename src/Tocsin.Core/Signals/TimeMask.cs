namespace Tocsin.Core.Signals;

/// <summary>Masks times and dates in the forms that logs print.</summary>
internal static class TimeMask
{
    private const int MaxFraction = 9;
    private const int NameLength = 3;
    private const string Months = "JanFebMarAprMayJunJulAugSepOctNovDec";
    private const string Days = "MonTueWedThuFriSatSun";

    public static ReadOnlySpan<char> Apply(ReadOnlySpan<char> text, Span<char> output)
    {
        var masked = new MaskedText(output);
        for (var at = 0; at < text.Length;)
        {
            var end = (char.IsAsciiDigit(text[at]) || char.IsAsciiLetterUpper(text[at])) && !WordEdge.IsWord(text, at - 1) ? End(text, at) : -1;
            if (end < 0)
            {
                masked.Add(text[at++]);
                continue;
            }
            masked.Add(MaskedText.Mask);
            at = end;
        }
        return masked.Text;
    }

    // Behind the time that starts a word here, or -1.
    private static int End(ReadOnlySpan<char> text, int at)
    {
        if (!char.IsAsciiDigit(text[at])) return Named(text, at);
        if (YearFirst(text, at) is var iso and > 0) return iso;
        if (Slashed(text, at) is var slashed and > 0) return slashed;
        return Named(text, at) is var named and > 0 ? named : Clock(text, at);
    }

    /// <summary>2026-11-21, 2026/11/21 21:24, 2026-11-21T21:49:40.123+05:30; not the head of a longer word.</summary>
    private static int YearFirst(ReadOnlySpan<char> text, int at)
    {
        if (!Runs.AreDigits(text, at, 4) || at + 10 > text.Length || text[at + 4] is not ('-' or '/' or '.') || text[at + 7] != text[at + 4]) return -1;
        if (!Runs.AreDigits(text, at + 5, 2) || !Runs.AreDigits(text, at + 8, 2)) return -1;
        at += 10;
        if (ClockAfterDate(text, at) is var end and > 0) return end;
        return EndsWord(text, at) ? at : -1;
    }

    private static int ClockAfterDate(ReadOnlySpan<char> text, int at)
    {
        var start = at;
        while (at < text.Length && at - start < 2 && text[at] is 'T' or 't' or ' ' or ',') at++;
        var minutes = Runs.Digits(text, at, 2);
        if (at == start || minutes == at || !Runs.Is(text, minutes, ':') || !Runs.AreDigits(text, minutes + 1, 2)) return -1;
        minutes += 3;
        if (Runs.Is(text, minutes, ':') && Runs.AreDigits(text, minutes + 1, 2) && Fraction(text, minutes + 3) is var end and > 0) return end;
        return Zone(text, minutes);
    }

    // With as many digits of the fraction as let the rest match.
    private static int Fraction(ReadOnlySpan<char> text, int seconds)
    {
        if (seconds < text.Length && text[seconds] is '.' or ',')
        {
            for (var end = Runs.Digits(text, seconds + 1, MaxFraction); end > seconds + 1; end--)
            {
                if (Zone(text, end) is var zone and > 0) return zone;
            }
        }
        return Zone(text, seconds);
    }

    private static int Zone(ReadOnlySpan<char> text, int at)
    {
        if (ZoneEnd(text, at) is var end and > 0 && EndsWord(text, end)) return end;
        return EndsWord(text, at) ? at : -1;
    }

    private static int ZoneEnd(ReadOnlySpan<char> text, int at)
    {
        if (at < text.Length && text[at] is 'Z' or 'z') return at + 1;
        if (Runs.Is(text, at, ' ')) at++;
        if (at >= text.Length) return -1;
        if (IsGmt(text, at)) return at + NameLength;
        if (text[at] is not ('+' or '-') || !Runs.AreDigits(text, at + 1, 2)) return -1;
        at += 3;
        if (Runs.Is(text, at, ':')) at++;
        return Runs.AreDigits(text, at, 2) ? at + 2 : -1;
    }

    private static bool IsGmt(ReadOnlySpan<char> text, int at) =>
        text[at..].StartsWith("UTC", StringComparison.Ordinal) || text[at..].StartsWith("GMT", StringComparison.Ordinal);

    private static bool EndsWord(ReadOnlySpan<char> text, int at) => at >= text.Length || !char.IsAsciiLetterOrDigit(text[at]);

    /// <summary>11/21/2026, 9:08:20 PM.</summary>
    private static int Slashed(ReadOnlySpan<char> text, int at)
    {
        for (var part = 0; part < 2; part++)
        {
            var end = Runs.Digits(text, at, 2);
            if (end == at || !Runs.Is(text, end, '/')) return -1;
            at = end + 1;
        }
        if (!Runs.AreDigits(text, at, 4)) return -1;
        at += 4;
        if (Runs.Is(text, at, ',')) at++;
        if (!Runs.Is(text, at, ' ')) return -1;
        var hours = Runs.Digits(text, at + 1, 2);
        if (hours == at + 1 || MinutesAndSeconds(text, hours) is not (> 0 and var seconds)) return -1;
        return seconds < text.Length && text[seconds] is ' ' or '\u202f' or '\u00a0' && IsHalfDay(text, seconds + 1) ? seconds + 3 : seconds;
    }

    private static bool IsHalfDay(ReadOnlySpan<char> text, int at) => at + 1 < text.Length && text[at] is 'A' or 'P' && text[at + 1] == 'M';

    // Behind :49:40, or -1.
    private static int MinutesAndSeconds(ReadOnlySpan<char> text, int at) =>
        Runs.Is(text, at, ':') && Runs.AreDigits(text, at + 1, 2) && Runs.Is(text, at + 3, ':') && Runs.AreDigits(text, at + 4, 2) ? at + 6 : -1;

    /// <summary>Sat, 21 Nov 2026 21:21:12 GMT; Sat Nov 21 21:21:12 2026; 21/Nov/2026:21:49:40 +0000; Nov 21 22:38:04.</summary>
    private static int Named(ReadOnlySpan<char> text, int at)
    {
        if (IsName(text, at, Days))
        {
            at += NameLength;
            if (Runs.Is(text, at, ',')) at++;
            if (!Runs.Is(text, at, ' ')) return -1;
            at++;
        }
        at = IsName(text, at, Months) ? DayBehindMonth(text, at + NameLength) : DayMonthYear(text, at);
        if (at < 0 || at >= text.Length || text[at] is not (' ' or ':') || !Runs.AreDigits(text, at + 1, 2)) return -1;
        at = MinutesAndSeconds(text, at + 3);
        return at < 0 ? -1 : YearAndZone(text, OptionalFraction(text, at));
    }

    private static int DayBehindMonth(ReadOnlySpan<char> text, int at)
    {
        var blanks = at;
        while (blanks - at < 2 && Runs.Is(text, blanks, ' ')) blanks++;
        var end = Runs.Digits(text, blanks, 2);
        return blanks > at && end > blanks ? end : -1;
    }

    private static int DayMonthYear(ReadOnlySpan<char> text, int at)
    {
        var month = Runs.Digits(text, at, 2) + 1;
        if (month == at + 1 || !IsDateSign(text, month - 1) || !IsName(text, month, Months)) return -1;
        var year = month + NameLength + 1;
        return IsDateSign(text, year - 1) && Runs.AreDigits(text, year, 4) ? year + 4 : -1;
    }

    private static bool IsDateSign(ReadOnlySpan<char> text, int at) => at < text.Length && text[at] is ' ' or '/' or '-';

    private static int OptionalFraction(ReadOnlySpan<char> text, int at)
    {
        if (at >= text.Length || text[at] is not ('.' or ',')) return at;
        var end = Runs.Digits(text, at + 1, MaxFraction);
        return end > at + 1 ? end : at;
    }

    private static int YearAndZone(ReadOnlySpan<char> text, int at)
    {
        if (Runs.Is(text, at, ' ') && Runs.Digits(text, at + 1, 5) - at == 5) at += 5;
        if (!Runs.Is(text, at, ' ') || at + 1 >= text.Length) return at;
        if (IsGmt(text, at + 1)) return at + 1 + NameLength;
        return text[at + 1] is '+' or '-' && Runs.AreDigits(text, at + 2, 4) ? at + 6 : at;
    }

    private static bool IsName(ReadOnlySpan<char> text, int at, string names)
    {
        if (at + NameLength > text.Length) return false;
        var word = text.Slice(at, NameLength);
        for (var i = 0; i < names.Length; i += NameLength)
        {
            if (word.SequenceEqual(names.AsSpan(i, NameLength))) return true;
        }
        return false;
    }

    /// <summary>21:49:40.123, 9:08:20 PM.</summary>
    private static int Clock(ReadOnlySpan<char> text, int at)
    {
        var hours = Runs.Digits(text, at, 2);
        at = MinutesAndSeconds(text, hours);
        if (at < 0) return -1;
        var fraction = OptionalFraction(text, at);
        if (!WordEdge.IsWord(text, fraction)) at = fraction;
        else if (WordEdge.IsWord(text, at)) return -1;
        return Runs.Is(text, at, ' ') && IsHalfDay(text, at + 1) && !WordEdge.IsWord(text, at + 3) ? at + 3 : at;
    }
}
