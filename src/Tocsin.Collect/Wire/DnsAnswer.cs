using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;

namespace Tocsin.Collect.Wire;

/// <summary>The types of records that are asked for, by their numbers on the wire.</summary>
public enum DnsType
{
    A = 1,
    Ns = 2,
    Cname = 5,
    Txt = 16,
    Aaaa = 28,
    Caa = 257,
}

public enum DnsOutcome
{
    /// <summary>Records of the type were given.</summary>
    Answer,

    /// <summary>The name exists, without a record of this type.</summary>
    NoData,
    NxDomain,
    ServFail,

    /// <summary>The resolver will not answer us.</summary>
    Refused,
    Timeout,

    /// <summary>What came is no answer to the question.</summary>
    Garbage,
}

/// <param name="Value">An address, a name without its last dot, a text, or CAA's <c>flags tag value</c>.</param>
public sealed record DnsRecord(string Name, DnsType Type, uint Seconds, string Value);

/// <summary>What a resolver said. <see cref="Records"/> holds the aliases on the way, too.</summary>
public sealed record DnsAnswer(DnsOutcome Outcome, ImmutableArray<DnsRecord> Records, string Words)
{
    public ImmutableArray<IPAddress> Addresses => [.. Records.Where(r => r.Type is DnsType.A or DnsType.Aaaa).Select(r => IPAddress.Parse(r.Value))];

    public bool HasAlias => Records.Any(r => r.Type is DnsType.Cname);

    internal static DnsAnswer None(DnsOutcome outcome, string words) => new(outcome, [], words);
}

/// <summary>DNS messages as bytes.</summary>
internal static class DnsMessage
{
    private const int MaxRecords = 200;
    private const int MaxJumps = 32;
    private const int MaxName = 255;
    private const byte Truncated = 0x02;
    private const byte Response = 0x80;

    /// <summary>A question with recursion desired, or null where the name cannot be one.</summary>
    public static byte[]? Question(ushort id, string name, DnsType type)
    {
        var message = new List<byte> { (byte)(id >> 8), (byte)id, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0 };
        foreach (var label in name.TrimEnd('.').Split('.'))
        {
            if (label.Length is 0 or > 63 || !label.All(char.IsAscii)) return null;
            message.Add((byte)label.Length);
            message.AddRange(Encoding.ASCII.GetBytes(label));
        }
        if (message.Count - 12 >= MaxName) return null;
        message.AddRange([0, (byte)((int)type >> 8), (byte)type, 0, 1]);
        return [.. message];
    }

    /// <summary>The answer, or null where it must be asked for again over TCP.</summary>
    /// <exception cref="WireFormatException">The bytes are no answer to this question.</exception>
    public static DnsAnswer? Read(ReadOnlySpan<byte> message, ReadOnlySpan<byte> question, DnsType type)
    {
        var cursor = new WireCursor(message);
        if (!cursor.Bytes(2).SequenceEqual(question[..2])) throw new WireFormatException("the answer bears another number than the question");
        var (high, low) = (cursor.Byte(), cursor.Byte());
        if ((high & Response) == 0) throw new WireFormatException("a question came back");
        if ((high & Truncated) != 0) return null;
        var (questions, answers) = (cursor.UInt16Network(), cursor.UInt16Network());
        cursor.Bytes(4);
        if (questions > 1) throw new WireFormatException($"{questions} questions in an answer");
        if (questions == 1)
        {
            var asked = Name(message, ref cursor);
            var ours = new WireCursor(question);
            ours.Bytes(12);
            if (!string.Equals(asked, Name(question, ref ours), StringComparison.OrdinalIgnoreCase)) throw new WireFormatException("the answer is about another name");
            cursor.Bytes(4);
        }
        var records = ImmutableArray.CreateBuilder<DnsRecord>();
        for (var i = 0; i < Math.Min((int)answers, MaxRecords); i++)
        {
            if (Record(message, ref cursor) is { } record) records.Add(record);
        }
        return Answer(low & 0x0f, records.ToImmutable(), type);
    }

    private static DnsAnswer Answer(int code, ImmutableArray<DnsRecord> records, DnsType type) => code switch
    {
        0 when records.Any(r => r.Type == type) => new(DnsOutcome.Answer, records, ""),
        0 => new(DnsOutcome.NoData, records, $"no {type} record"),
        2 => DnsAnswer.None(DnsOutcome.ServFail, "the resolver could not find out (SERVFAIL)"),
        3 => new(DnsOutcome.NxDomain, records, "the name does not exist"),
        5 => DnsAnswer.None(DnsOutcome.Refused, "the resolver refuses to answer"),
        _ => DnsAnswer.None(DnsOutcome.ServFail, string.Create(CultureInfo.InvariantCulture, $"the resolver answered with code {code}")),
    };

    private static DnsRecord? Record(ReadOnlySpan<byte> message, ref WireCursor cursor)
    {
        var name = Name(message, ref cursor);
        var (type, @class) = ((DnsType)cursor.UInt16Network(), cursor.UInt16Network());
        var seconds = cursor.UInt32Network();
        var length = cursor.UInt16Network();
        var start = cursor.At;
        var data = cursor.Bytes(length);
        if (@class != 1) return null;
        var value = type switch
        {
            DnsType.A when length == 4 => new IPAddress(data).ToString(),
            DnsType.Aaaa when length == 16 => new IPAddress(data).ToString(),
            DnsType.A or DnsType.Aaaa => throw new WireFormatException($"an address of {length} bytes"),
            DnsType.Cname or DnsType.Ns => NameAt(message, start),
            DnsType.Txt => Texts(data),
            DnsType.Caa => Caa(data),
            _ => null,
        };
        return value is null ? null : new DnsRecord(name, type, seconds, value);
    }

    private static string NameAt(ReadOnlySpan<byte> message, int at)
    {
        var cursor = new WireCursor(message);
        cursor.Bytes(at);
        return Name(message, ref cursor);
    }

    // A pointer leads back to a name before it; a chain of them is followed only so far.
    private static string Name(ReadOnlySpan<byte> message, ref WireCursor cursor)
    {
        var name = new StringBuilder();
        var reader = cursor;
        var jumped = false;
        for (var jumps = 0; ;)
        {
            var length = reader.Byte();
            if (length >= 0xc0)
            {
                var to = ((length & 0x3f) << 8) | reader.Byte();
                if (!jumped) cursor = reader;
                jumped = true;
                if (++jumps > MaxJumps || to >= message.Length) throw new WireFormatException("a name that leads nowhere");
                reader = new WireCursor(message);
                reader.Bytes(to);
                continue;
            }
            if (length > 63) throw new WireFormatException("a label of an unknown kind");
            if (length == 0) break;
            if (name.Length > 0) name.Append('.');
            foreach (var b in reader.Bytes(length)) name.Append(b is > 0x20 and < 0x7f ? (char)b : '?');
            if (name.Length > MaxName) throw new WireFormatException("a name of more than 255 letters");
        }
        if (!jumped) cursor = reader;
        return name.ToString();
    }

    private static string Texts(ReadOnlySpan<byte> data)
    {
        var text = new StringBuilder();
        var cursor = new WireCursor(data);
        while (cursor.Left > 0) text.Append(Encoding.UTF8.GetString(cursor.Bytes(cursor.Byte())));
        return text.ToString();
    }

    private static string Caa(ReadOnlySpan<byte> data)
    {
        var cursor = new WireCursor(data);
        var flags = cursor.Byte();
        var tag = Encoding.ASCII.GetString(cursor.Bytes(cursor.Byte()));
        return string.Create(CultureInfo.InvariantCulture, $"{flags} {tag} {Encoding.UTF8.GetString(cursor.Rest())}");
    }
}
