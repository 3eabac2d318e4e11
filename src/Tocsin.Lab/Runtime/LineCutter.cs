using System.Text;

namespace Tocsin.Lab.Runtime;

/// <summary>
/// Cuts a container's output into log events as Docker's awslogs driver does: at line feeds, an empty line makes no event, and a line longer than the
/// service takes (256 KiB less 26 bytes that each event costs) goes on in a next event, never inside a character.
/// </summary>
internal sealed class LineCutter(Action<string> output)
{
    internal const int MaxBytes = (256 * 1024) - 26;
    private byte[] held = new byte[4096];
    private int count;

    public void Add(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var end = bytes.IndexOf((byte)'\n');
            Hold(end < 0 ? bytes : bytes[..end]);
            if (end < 0) return;
            End();
            bytes = bytes[(end + 1)..];
        }
    }

    /// <summary>What stands behind the last line feed is a line too, once nothing more can come.</summary>
    public void End() => Give(count);

    private void Hold(ReadOnlySpan<byte> part)
    {
        while (!part.IsEmpty)
        {
            var taken = Math.Min(part.Length, MaxBytes - count);
            if (count + taken > held.Length) Array.Resize(ref held, Math.Min(MaxBytes, Math.Max(held.Length * 2, count + taken)));
            part[..taken].CopyTo(held.AsSpan(count));
            count += taken;
            part = part[taken..];
            if (count == MaxBytes) Give(WholeCharacters(held.AsSpan(0, count)));
        }
    }

    private void Give(int length)
    {
        if (length > 0) output(Encoding.UTF8.GetString(held, 0, length));
        held.AsSpan(length, count - length).CopyTo(held);
        count -= length;
    }

    private static int WholeCharacters(ReadOnlySpan<byte> bytes)
    {
        for (var back = 1; back <= 4 && back <= bytes.Length; back++)
        {
            var first = bytes[^back];
            if ((first & 0xC0) == 0x80) continue;
            var length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
            return length > back ? bytes.Length - back : bytes.Length;
        }
        return bytes.Length;
    }
}
