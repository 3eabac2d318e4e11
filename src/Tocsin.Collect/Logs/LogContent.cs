namespace Tocsin.Collect.Logs;

/// <summary>What the first bytes of a log say about the rest.</summary>
internal static class LogContent
{
    /// <summary>The bytes that are enough to tell.</summary>
    public const int HeadBytes = 6;

    // Two bytes of a magic number and the third must agree: the method of gzip is always deflate.
    public static bool IsGzip(ReadOnlySpan<byte> head) => head.StartsWith((ReadOnlySpan<byte>)[0x1f, 0x8b]) && (head.Length < 3 || head[2] == 8);

    /// <summary>Why a log of this content is not read and what reads it, or null.</summary>
    public static string? Refuse(ReadOnlySpan<byte> head, string path)
    {
        var name = path is LogSource.StandardInput ? "FILE" : path;
        if (head.StartsWith((ReadOnlySpan<byte>)[0xff, 0xfe]) || head.StartsWith((ReadOnlySpan<byte>)[0xfe, 0xff]))
            return $"the text is UTF-16, which is not matched; try: iconv -f UTF-16 -t UTF-8 {name} | tocsin scan -";
        var (kind, tool) = head switch
        {
            _ when head.StartsWith((ReadOnlySpan<byte>)[0x28, 0xb5, 0x2f, 0xfd]) => ("zstd", "zstd -dc"),
            _ when head.StartsWith((ReadOnlySpan<byte>)[0xfd, (byte)'7', (byte)'z', (byte)'X', (byte)'Z', 0]) => ("xz", "xz -dc"),
            _ when head.StartsWith("BZh"u8) && head.Length > 3 && head[3] is >= (byte)'1' and <= (byte)'9' => ("bzip2", "bzip2 -dc"),
            _ when head.StartsWith((ReadOnlySpan<byte>)[(byte)'P', (byte)'K', 3, 4]) => ("zip", "unzip -p"),
            _ => ("", ""),
        };
        return kind.Length == 0 ? null : $"it is compressed with {kind}, which is not read here; try: {tool} {name} | tocsin scan -";
    }
}
