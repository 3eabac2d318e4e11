using System.Buffers.Binary;
using System.Text;

namespace Tocsin.Collect.Wire;

/// <summary>Reads a packet from its beginning to its end; whatever lies beyond the end is a <see cref="WireFormatException"/>.</summary>
internal ref struct WireCursor(ReadOnlySpan<byte> data)
{
    private readonly ReadOnlySpan<byte> data = data;

    public int At { get; private set; }

    public readonly int Left => data.Length - At;

    public ReadOnlySpan<byte> Bytes(int count)
    {
        if (count < 0 || count > Left) throw new WireFormatException($"{count} bytes announced, {Left} there");
        var read = data.Slice(At, count);
        At += count;
        return read;
    }

    public byte Byte() => Bytes(1)[0];

    public ushort UInt16() => BinaryPrimitives.ReadUInt16LittleEndian(Bytes(2));

    public uint UInt32() => BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4));

    public ushort UInt16Network() => BinaryPrimitives.ReadUInt16BigEndian(Bytes(2));

    public uint UInt32Network() => BinaryPrimitives.ReadUInt32BigEndian(Bytes(4));

    public ReadOnlySpan<byte> Rest() => Bytes(Left);

    /// <summary>Up to a zero byte, or to the end where none comes.</summary>
    public ReadOnlySpan<byte> UntilZero()
    {
        var length = data[At..].IndexOf((byte)0);
        if (length < 0) return Rest();
        var read = Bytes(length);
        At++;
        return read;
    }

    /// <summary>MySQL's length-encoded number; null stands for its NULL.</summary>
    public ulong? Number()
    {
        var first = Byte();
        return first switch
        {
            < 0xfb => first,
            0xfb => null,
            0xfc => UInt16(),
            0xfd => Byte() | ((ulong)UInt16() << 8),
            0xfe => BinaryPrimitives.ReadUInt64LittleEndian(Bytes(8)),
            _ => throw new WireFormatException("0xff begins no number"),
        };
    }

    /// <summary>MySQL's length-encoded text; null stands for its NULL.</summary>
    public string? Text()
    {
        if (Number() is not { } length) return null;
        if (length > (ulong)Left) throw new WireFormatException($"a text of {length} bytes announced, {Left} there");
        return Encoding.UTF8.GetString(Bytes((int)length));
    }
}
