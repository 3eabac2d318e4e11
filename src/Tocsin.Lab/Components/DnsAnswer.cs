using System.Buffers.Binary;
using System.Net;
using System.Text;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Components;

/// <summary>
/// The answer to one DNS question (RFC 1035) from the lab's records: A, CNAME, no such name, and SERVFAIL for a record of that type. A proxied record is
/// answered with the proxy's address, whatever it points to. A name's wildcard stands in for it.
/// </summary>
internal static class DnsAnswer
{
    private const ushort TypeA = 1;
    private const ushort TypeCname = 5;
    private const ushort Internet = 1;
    private const int Header = 12;
    private const int MostLinks = 8;
    private const uint SecondsToLive = 5;

    /// <summary>Null for what is no question.</summary>
    public static byte[]? To(ReadOnlySpan<byte> query, Func<string, DnsRecord?> find, IPAddress proxy)
    {
        if (query.Length < Header + 5 || (query[2] & 0x80) != 0 || BinaryPrimitives.ReadUInt16BigEndian(query[4..]) != 1) return null;
        if (ReadName(query, out var end) is not { } name || query.Length < end + 4) return null;
        var type = BinaryPrimitives.ReadUInt16BigEndian(query[end..]);
        var records = new MemoryStream();
        var (code, count) = Resolve(name, type, find, proxy, records);
        var answer = new byte[end + 4 + records.Length];
        query[..(end + 4)].CopyTo(answer);
        // An answer, authoritative, recursion available; the question's own wish for recursion stays.
        answer[2] = (byte)(0x84 | (query[2] & 0x79));
        answer[3] = (byte)(0x80 | code);
        BinaryPrimitives.WriteUInt16BigEndian(answer.AsSpan(6), (ushort)count);
        answer.AsSpan(8, 4).Clear();
        records.ToArray().CopyTo(answer.AsSpan(end + 4));
        return answer;
    }

    private static (int Code, int Count) Resolve(string asked, ushort type, Func<string, DnsRecord?> find, IPAddress proxy, MemoryStream records)
    {
        var (name, count) = (asked, 0);
        for (var link = 0; link < MostLinks; link++)
        {
            switch (find(name) ?? Wildcard(name, find))
            {
                case null:
                    return (3, count);
                case { Type: "SERVFAIL" }:
                    return (2, 0);
                case { Proxied: true }:
                    return (0, count + (type == TypeA ? Write(records, name, TypeA, proxy.GetAddressBytes()) : 0));
                case { Type: "A" } record:
                    return (0, count + (type == TypeA && IPAddress.TryParse(record.Value, out var address) ? Write(records, name, TypeA, address.GetAddressBytes()) : 0));
                case { Type: "CNAME" } record:
                    count += Write(records, name, TypeCname, Encode(record.Value));
                    if (type == TypeCname) return (0, count);
                    name = record.Value;
                    break;
                default:
                    return (0, count);
            }
        }
        return (2, 0);
    }

    private static DnsRecord? Wildcard(string name, Func<string, DnsRecord?> find) => name.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot ? find("*" + name[dot..]) : null;

    private static int Write(MemoryStream records, string name, ushort type, byte[] data)
    {
        records.Write(Encode(name));
        Span<byte> fields = stackalloc byte[10];
        BinaryPrimitives.WriteUInt16BigEndian(fields, type);
        BinaryPrimitives.WriteUInt16BigEndian(fields[2..], Internet);
        BinaryPrimitives.WriteUInt32BigEndian(fields[4..], SecondsToLive);
        BinaryPrimitives.WriteUInt16BigEndian(fields[8..], (ushort)data.Length);
        records.Write(fields);
        records.Write(data);
        return 1;
    }

    private static byte[] Encode(string name)
    {
        var bytes = new List<byte>();
        foreach (var label in name.TrimEnd('.').Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            var text = Encoding.ASCII.GetBytes(label.Length > 63 ? label[..63] : label);
            bytes.Add((byte)text.Length);
            bytes.AddRange(text);
        }
        bytes.Add(0);
        return [.. bytes];
    }

    private static string? ReadName(ReadOnlySpan<byte> query, out int end)
    {
        var labels = new List<string>();
        end = Header;
        while (end < query.Length)
        {
            int length = query[end++];
            if (length == 0) return string.Join('.', labels);
            if (length > 63 || end + length > query.Length) return null;
            labels.Add(Encoding.ASCII.GetString(query.Slice(end, length)));
            end += length;
        }
        return null;
    }
}
