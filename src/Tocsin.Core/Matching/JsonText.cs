using System.Text;
using System.Text.Unicode;

namespace Tocsin.Core.Matching;

/// <summary>
/// JSON as logs hold it: invalid UTF-8 and halves of surrogate pairs stand in texts that the reader takes and then cannot give out. Both become U+FFFD here,
/// before the text is read.
/// </summary>
internal static class JsonText
{
    public static ReadOnlySpan<byte> Readable(ReadOnlySpan<byte> json)
    {
        if (!Utf8.IsValid(json)) json = Encoding.UTF8.GetBytes(Encoding.UTF8.GetString(json));
        return json.IndexOf("\\ud"u8) < 0 && json.IndexOf("\\uD"u8) < 0 ? json : WithoutHalves(json);
    }

    /// <summary>The value of four hexadecimal digits, or -1 where they are not there.</summary>
    public static int Hex4(ReadOnlySpan<byte> text, int at)
    {
        if (at + 4 > text.Length) return -1;
        var value = 0;
        foreach (var b in text.Slice(at, 4))
        {
            if (!char.IsAsciiHexDigit((char)b)) return -1;
            value = (value << 4) | (b <= '9' ? b - '0' : (b | 0x20) - 'a' + 10);
        }
        return value;
    }

    private static byte[] WithoutHalves(ReadOnlySpan<byte> json)
    {
        var repaired = json.ToArray();
        for (var i = 0; i + 1 < repaired.Length; i++)
        {
            if (repaired[i] != '\\') continue;
            var code = repaired[i + 1] == 'u' ? Hex4(repaired, i + 2) : -1;
            if (code is < 0xd800 or > 0xdfff)
            {
                i++;
            }
            else if (code < 0xdc00 && i + 7 < repaired.Length && repaired[i + 6] == '\\' && repaired[i + 7] == 'u' && Hex4(repaired, i + 8) is >= 0xdc00 and <= 0xdfff)
            {
                i += 11;
            }
            else
            {
                "fffd"u8.CopyTo(repaired.AsSpan(i + 2));
                i += 5;
            }
        }
        return repaired;
    }
}
