using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Runtime.InteropServices;
using System.Text;

namespace Tocsin.Cli.Setup;

/// <summary>Reads what a <see cref="BinaryWriter"/> wrote from bytes in memory, without a stream and a decoder between. Damage throws <see cref="ArgumentException"/> or <see cref="FormatException"/>.</summary>
internal ref struct IndexReader(ReadOnlySpan<byte> bytes)
{
    private const int MostItems = 100_000;
    private ReadOnlySpan<byte> rest = bytes;

    public delegate T Item<out T>(ref IndexReader reader);

    public byte ReadByte() => Take(1)[0];

    public bool ReadBoolean() => ReadByte() != 0;

    public int ReadInt32() => BinaryPrimitives.ReadInt32LittleEndian(Take(sizeof(int)));

    public long ReadInt64() => BinaryPrimitives.ReadInt64LittleEndian(Take(sizeof(long)));

    public double ReadDouble() => BinaryPrimitives.ReadDoubleLittleEndian(Take(sizeof(double)));

    public string ReadString()
    {
        var length = 0;
        byte part;
        var shift = 0;
        do
        {
            part = ReadByte();
            length |= (part & 0x7f) << shift;
            shift += 7;
        }
        while (part > 0x7f && shift < 32);
        return Encoding.UTF8.GetString(Take(length));
    }

    public ImmutableArray<string> Texts() => List(static (ref IndexReader r) => r.ReadString());

    public ImmutableArray<T> List<T>(Item<T> read)
    {
        var count = ReadInt32();
        if (count is < 0 or > MostItems) throw new FormatException($"a list of {count}");
        if (count == 0) return [];
        var items = new T[count];
        for (var i = 0; i < count; i++) items[i] = read(ref this);
        return ImmutableCollectionsMarshal.AsImmutableArray(items);
    }

    private ReadOnlySpan<byte> Take(int length)
    {
        var taken = rest[..length];
        rest = rest[length..];
        return taken;
    }
}
