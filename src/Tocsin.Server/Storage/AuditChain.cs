using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tocsin.Server.Storage;

/// <summary>Something that was done, as the audit log keeps it.</summary>
/// <param name="Who">A person, an account, or empty for Tocsin itself.</param>
/// <param name="Subject">What it was done to, such as INC-12.</param>
/// <param name="Digest">SHA-256 of what is kept elsewhere, so that this log proves it too; empty: nothing is.</param>
public sealed record AuditEntry(long At, string Who, string What, string Subject, string Detail, string Digest);

/// <summary>An entry in its place in the chain.</summary>
public sealed record AuditRow(long Seq, long At, string Who, string What, string Subject, string Detail, string Digest, string Previous, string Hash);

/// <summary>Every row holds the hash of the one before it: whoever changes or removes one breaks all that follow.</summary>
public static class AuditChain
{
    private const int LongestNumber = 12;

    public const string Origin = "0000000000000000000000000000000000000000000000000000000000000000";

    public static async Task AppendAsync(Session s, IReadOnlyList<AuditEntry> entries, CancellationToken cancel)
    {
        if (entries.Count == 0) return;
        var seq = await s.TakeAsync("audit", entries.Count, cancel) - entries.Count;
        var previous = await HeadAsync(s, cancel);
        var rows = new List<object?[]>(entries.Count);
        foreach (var e in entries)
        {
            var hash = Hash(++seq, e, previous);
            rows.Add([seq, e.At, e.Who, e.What, e.Subject, e.Detail, e.Digest, previous, hash]);
            previous = hash;
        }
        await s.InsertAsync("audit", "seq, at, who, what, subject, detail, digest, previous, hash", rows, "", cancel);
    }

    public static async Task<string> HeadAsync(Session s, CancellationToken cancel) =>
        await s.FirstAsync<string>("select hash from audit order by seq desc limit 1", null, cancel) ?? Origin;

    public static string Hash(long seq, AuditEntry e, string previous) =>
        Digest([previous, Number(seq), Number(e.At), e.Who, e.What, e.Subject, e.Detail, e.Digest]);

    /// <summary>A digest of texts that no other division of the same letters gives.</summary>
    public static string Digest(IEnumerable<string> parts)
    {
        var bytes = new ArrayBufferWriter<byte>(1024);
        foreach (var part in parts)
        {
            var length = Encoding.UTF8.GetByteCount(part);
            var room = bytes.GetSpan(length + LongestNumber);
            length.TryFormat(room, out var digits, default, CultureInfo.InvariantCulture);
            room[digits] = (byte)':';
            Encoding.UTF8.GetBytes(part, room[(digits + 1)..]);
            bytes.Advance(digits + 1 + length);
        }
        return Convert.ToHexStringLower(SHA256.HashData(bytes.WrittenSpan));
    }

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);
}
