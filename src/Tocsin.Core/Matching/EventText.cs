using System.Text;

namespace Tocsin.Core.Matching;

/// <summary>
/// One event as patterns see it: ANSI codes removed, JSON string escapes undone (a log line is often JSON inside JSON),
/// carriage returns dropped. The buffer is reused from event to event.
/// </summary>
internal sealed class EventText
{
    private const int MaxUnescapes = 3;
    private byte[] bytes = new byte[4096];
    private byte[] raw = [];
    private int length;
    private int rawLength;
    private string? text;
    private LinearWork? work;

    public ReadOnlySpan<byte> Bytes => bytes.AsSpan(0, length);

    /// <summary>The event as it stands in the log, for patterns that parse it as JSON.</summary>
    public ReadOnlyMemory<byte> Raw => raw.AsMemory(0, rawLength);

    /// <summary>The event as characters, decoded once and only when a regular expression asks.</summary>
    public string Text => text ??= Encoding.UTF8.GetString(Bytes);

    /// <summary>Where regular expressions note what they tried.</summary>
    public LinearWork Work => work ??= new LinearWork();

    public void Set(ReadOnlySpan<byte> source)
    {
        text = null;
        if (raw.Length < source.Length) raw = new byte[Math.Max(4096, source.Length * 2)];
        source.CopyTo(raw);
        rawLength = source.Length;
        if (bytes.Length < source.Length) bytes = new byte[source.Length * 2];
        source.CopyTo(bytes);
        length = source.Length;
        if (Bytes.IndexOfAny((byte)'\e', (byte)'\r') >= 0) length = StripCodes(bytes, length);
        for (var pass = 0; pass < MaxUnescapes && Bytes.Contains((byte)'\\'); pass++)
        {
            var before = length;
            length = Unescape(bytes, length);
            if (length == before) break;
            if (Bytes.IndexOfAny((byte)'\e', (byte)'\r') >= 0) length = StripCodes(bytes, length);
        }
    }

    // CSI sequences end at a byte of @..~, OSC ones at BEL or ST; anything else drops the escape byte alone.
    private static int StripCodes(Span<byte> b, int length)
    {
        var to = 0;
        for (var i = 0; i < length; i++)
        {
            if (b[i] == '\r') continue;
            if (b[i] != '\e')
            {
                b[to++] = b[i];
                continue;
            }
            i = SkipCode(b[..length], i);
        }
        return to;
    }

    private static int SkipCode(ReadOnlySpan<byte> b, int escape)
    {
        var i = escape + 1;
        if (i >= b.Length) return escape;
        if (b[i] == '[')
        {
            for (i++; i < b.Length && i < escape + 64; i++)
            {
                if (b[i] is >= 0x40 and <= 0x7e) return i;
                if (b[i] is < 0x20 or > 0x7e) return i - 1;
            }
            return Math.Min(i, b.Length) - 1;
        }
        if (b[i] != ']') return escape;
        for (i++; i < b.Length && i < escape + 2048 && b[i] != '\n'; i++)
        {
            if (b[i] == 7) return i;
            if (b[i] == '\e') return i + 1 < b.Length && b[i + 1] == '\\' ? i + 1 : i - 1;
        }
        return escape;
    }

    private static int Unescape(Span<byte> b, int length)
    {
        var to = 0;
        for (var i = 0; i < length; i++)
        {
            if (b[i] != '\\' || i + 1 >= length)
            {
                b[to++] = b[i];
                continue;
            }
            switch (b[i + 1])
            {
                case (byte)'n':
                    b[to++] = (byte)'\n';
                    i++;
                    break;
                case (byte)'t' or (byte)'r':
                    b[to++] = (byte)' ';
                    i++;
                    break;
                case (byte)'"' or (byte)'\'' or (byte)'\\' or (byte)'/' or (byte)'`':
                    b[to++] = b[i + 1];
                    i++;
                    break;
                case (byte)'u' when JsonText.Hex4(b[..length], i + 2) is var code and >= 0:
                    i += 5;
                    to += Write(b[to..], code, b[..length], ref i);
                    break;
                case (byte)'x' when i + 3 < length && b[i + 2] == '1' && b[i + 3] is (byte)'b' or (byte)'B':
                    b[to++] = (byte)'\e';
                    i += 3;
                    break;
                default:
                    b[to++] = b[i];
                    break;
            }
        }
        return to;
    }

    // Six bytes of \uXXXX become at most three of UTF-8, two halves of a pair four; a lone half becomes U+FFFD.
    private static int Write(Span<byte> to, int code, ReadOnlySpan<byte> b, ref int i)
    {
        if (char.IsHighSurrogate((char)code) && i + 2 < b.Length && b[i + 1] == '\\' && b[i + 2] == 'u'
            && JsonText.Hex4(b, i + 3) is var low and >= 0 && char.IsLowSurrogate((char)low))
        {
            i += 6;
            return new Rune((char)code, (char)low).EncodeToUtf8(to);
        }
        return (Rune.TryCreate(code, out var rune) ? rune : Rune.ReplacementChar).EncodeToUtf8(to);
    }
}
