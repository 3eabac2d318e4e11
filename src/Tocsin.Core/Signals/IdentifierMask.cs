namespace Tocsin.Core.Signals;

/// <summary>Masks e-mail addresses, UUIDs, query strings, IP addresses with their ports, durations, sizes and hexadecimal numbers.</summary>
internal static class IdentifierMask
{
    private const int MaxMailName = 64;
    private const int MaxLabel = 63;
    private const int MaxLabels = 6;
    private const int MaxQueryKey = 64;
    private const int MaxQuery = 2000;
    private const int MaxNumber = 18;
    private const int MaxPart = 9;
    private const int MaxHexNumber = 32;
    private const int MaxPort = 5;
    private const int UuidLength = 36;

    private static readonly string[] Units =
    [
        "ns", "us", "µs", "ms", "msec", "sec", "secs", "second", "seconds", "min", "mins", "minute", "minutes", "hour", "hours", "day", "days", "s", "m", "h", "d",
        "KB", "MB", "GB", "TB", "KiB", "MiB", "GiB", "TiB", "bytes", "B", "K", "M", "G",
    ];

    public static ReadOnlySpan<char> Apply(ReadOnlySpan<char> text, Span<char> output)
    {
        var masked = new MaskedText(output);
        var mail = -1;
        for (var at = 0; at < text.Length;)
        {
            if (mail < at)
            {
                mail = text[at..].IndexOf('@');
                mail = mail < 0 ? int.MaxValue : mail + at;
            }
            var end = End(text, at, mail);
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

    // Behind the identifier that begins here, or -1; the order tells apart what could be two things.
    private static int End(ReadOnlySpan<char> text, int at, int mail)
    {
        if (mail - at <= MaxMailName && Mail(text, at, mail) is var address and > 0) return address;
        var c = text[at];
        var isDigit = char.IsAsciiDigit(c);
        if (char.IsAsciiHexDigit(c) && Uuid(text, at) is var uuid and > 0) return uuid;
        if (at > 1 && text[at - 1] == '?' && Query(text, at) is var query and > 0) return query;
        if (isDigit && IPv4(text, at) is var four and > 0) return four;
        if ((char.IsAsciiHexDigit(c) || c is '[' or ':') && IPv6(text, at) is var six and > 0) return six;
        if ((isDigit || c is '+' or '-') && Quantity(text, at) is var quantity and > 0) return quantity;
        return c == '0' ? HexNumber(text, at) : -1;
    }

    private static int Mail(ReadOnlySpan<char> text, int at, int sign)
    {
        if (sign == at || !WordEdge.Is(text, at)) return -1;
        for (var i = at; i < sign; i++)
        {
            if (!(char.IsAsciiLetterOrDigit(text[i]) || text[i] is '.' or '_' or '%' or '+' or '-')) return -1;
        }
        var end = Label(text, sign + 1);
        if (end == sign + 1) return -1;
        var labels = 0;
        while (labels < MaxLabels && Runs.Is(text, end, '.') && Label(text, end + 1) is var next && next > end + 1)
        {
            end = next;
            labels++;
        }
        return labels > 0 ? end : -1;
    }

    private static int Label(ReadOnlySpan<char> text, int at)
    {
        var limit = Math.Min(text.Length, at + MaxLabel);
        while (at < limit && (char.IsAsciiLetterOrDigit(text[at]) || text[at] == '-')) at++;
        return at;
    }

    private static int Uuid(ReadOnlySpan<char> text, int at)
    {
        if (at + UuidLength > text.Length || text[at + 8] != '-' || WordEdge.IsWord(text, at - 1) || WordEdge.IsWord(text, at + UuidLength)) return -1;
        for (var i = 0; i < UuidLength; i++)
        {
            var fits = i is 8 or 13 or 18 or 23 ? text[at + i] == '-' : char.IsAsciiHexDigit(text[at + i]);
            if (!fits) return -1;
        }
        return at + UuidLength;
    }

    private static int Query(ReadOnlySpan<char> text, int at)
    {
        if (!(char.IsAsciiLetterOrDigit(text[at - 2]) || text[at - 2] is '/' or '_' or '-')) return -1;
        var end = at;
        while (end < text.Length && end - at <= MaxQueryKey && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '_' or '.' or '%' or '~' or '-')) end++;
        if (end == at || end - at > MaxQueryKey || !Runs.Is(text, end, '=')) return -1;
        var limit = Math.Min(text.Length, end + 1 + MaxQuery);
        end++;
        while (end < limit && text[end] is not (' ' or '\t' or '\r' or '\n' or '"' or '\'' or '<' or '>' or ')')) end++;
        return end;
    }

    private static int IPv4(ReadOnlySpan<char> text, int at)
    {
        if (at > 0 && (char.IsAsciiDigit(text[at - 1]) || text[at - 1] == '.')) return -1;
        for (var part = 0; part < 4; part++)
        {
            if (part > 0 && !Runs.Is(text, at++, '.')) return -1;
            var end = Runs.Digits(text, at, 3);
            if (end == at) return -1;
            at = end;
        }
        if (Runs.Is(text, at, '/'))
        {
            for (var end = Runs.Digits(text, at + 1, 2); end > at + 1; end--)
            {
                if (Port(text, end) is var behind and > 0) return behind;
            }
        }
        return Port(text, at);
    }

    // Behind the port, or behind the address where none follows; -1 where more digits make it another thing.
    private static int Port(ReadOnlySpan<char> text, int at)
    {
        if (Runs.Is(text, at, ':'))
        {
            for (var end = Runs.Digits(text, at + 1, MaxPort); end > at + 1; end--)
            {
                if (EndsAddress(text, end)) return end;
            }
        }
        return EndsAddress(text, at) ? at : -1;
    }

    private static bool EndsAddress(ReadOnlySpan<char> text, int at)
    {
        while (Runs.Is(text, at, '.')) at++;
        return at >= text.Length || !char.IsAsciiDigit(text[at]);
    }

    private static int IPv6(ReadOnlySpan<char> text, int at)
    {
        if (at > 0 && (char.IsAsciiLetterOrDigit(text[at - 1]) || text[at - 1] is ':' or '.')) return -1;
        if (text[at] == '[') at++;
        var groups = 0;
        while (groups < 7 && Runs.Hex(text, at) is var colon && colon - at <= 4 && Runs.Is(text, colon, ':'))
        {
            at = colon + 1;
            groups++;
        }
        if (groups < 2) return -1;
        var last = Runs.Hex(text, at);
        if (last - at > 4) return -1;
        if (Runs.Is(text, last, ']'))
        {
            var port = Runs.Is(text, last + 1, ':') ? Runs.Digits(text, last + 2, MaxPort) : 0;
            if (port > last + 2 && EndsGroup(text, port)) return port;
            if (EndsGroup(text, last + 1)) return last + 1;
        }
        return EndsGroup(text, last) ? last : -1;
    }

    private static bool EndsGroup(ReadOnlySpan<char> text, int at) => at >= text.Length || !(char.IsAsciiLetterOrDigit(text[at]) || text[at] == ':');

    /// <summary>12.5ms, 5000 ms, 1m30s, 512MB. The unit is all letters there are: a longer word is no unit.</summary>
    private static int Quantity(ReadOnlySpan<char> text, int at)
    {
        if (at > 0 && (char.IsAsciiLetterOrDigit(text[at - 1]) || text[at - 1] is '_' or '.')) return -1;
        if (text[at] is '+' or '-') at++;
        at = Number(text, at, MaxNumber);
        if (at < 0) return -1;
        if (Runs.Is(text, at, ' ')) at++;
        var end = Runs.Letters(text, Runs.Is(text, at, 'µ') ? at + 1 : at);
        if (!IsUnit(text[at..end])) return -1;
        while (end < text.Length && char.IsAsciiDigit(text[end]))
        {
            var unit = Number(text, end, MaxPart);
            if (unit < 0) return -1;
            end = Runs.Letters(text, unit);
            if (text[unit..end] is not ("ms" or "s" or "m" or "h")) return -1;
        }
        return Runs.Is(text, end, '_') ? -1 : end;
    }

    // Behind digits and a fraction of at most so many digits each, or -1.
    private static int Number(ReadOnlySpan<char> text, int at, int most)
    {
        var end = Runs.Digits(text, at);
        if (end == at || end - at > most) return -1;
        if (!Runs.Is(text, end, '.')) return end;
        var fraction = Runs.Digits(text, end + 1);
        return fraction > end + 1 && fraction - end - 1 <= most ? fraction : -1;
    }

    private static bool IsUnit(ReadOnlySpan<char> word)
    {
        foreach (var unit in Units)
        {
            if (word.SequenceEqual(unit)) return true;
        }
        return false;
    }

    private static int HexNumber(ReadOnlySpan<char> text, int at)
    {
        if (!Runs.Is(text, at + 1, 'x') || WordEdge.IsWord(text, at - 1)) return -1;
        var end = Runs.Hex(text, at + 2);
        return end > at + 2 && end - at - 2 <= MaxHexNumber && !WordEdge.IsWord(text, end) ? end : -1;
    }
}
