using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tocsin.Collect.Wire;

/// <summary>What a MySQL server says first.</summary>
internal sealed record MySqlGreeting(string Version, uint Capabilities, byte[] Scramble, string Plugin)
{
    public const int Protocol = 10;
    private const int ScrambleLength = 20;

    public bool OffersTls => (Capabilities & MySqlFlags.Tls) != 0;

    /// <exception cref="WireFormatException">It is none.</exception>
    public static MySqlGreeting Read(ReadOnlySpan<byte> packet)
    {
        var cursor = new WireCursor(packet);
        var protocol = cursor.Byte();
        if (protocol != Protocol) throw new WireFormatException($"protocol version {protocol}, {Protocol} is spoken here");
        var version = Encoding.UTF8.GetString(cursor.UntilZero());
        cursor.Bytes(4);
        var scramble = cursor.Bytes(8).ToArray().AsEnumerable();
        cursor.Bytes(1);
        uint flags = cursor.UInt16();
        if (cursor.Left == 0) return new MySqlGreeting(version, flags, [.. scramble], MySqlAuth.Native);
        cursor.Bytes(3);
        flags |= (uint)cursor.UInt16() << 16;
        var length = cursor.Byte();
        cursor.Bytes(10);
        // At least thirteen bytes, of which the last is a zero.
        var more = cursor.Bytes(Math.Min(Math.Max(13, length - 8), cursor.Left)).ToArray();
        scramble = scramble.Concat(more).Take(ScrambleLength);
        var plugin = (flags & MySqlFlags.Plugin) != 0 && cursor.Left > 0 ? Encoding.ASCII.GetString(cursor.UntilZero()) : MySqlAuth.Native;
        return new MySqlGreeting(version, flags, [.. scramble], plugin);
    }
}

internal static class MySqlFlags
{
    public const uint LongPassword = 1;
    public const uint WithSchema = 8;
    public const uint Protocol41 = 0x200;
    public const uint Tls = 0x800;
    public const uint Transactions = 0x2000;
    public const uint Secure = 0x8000;
    public const uint Plugin = 0x80000;
}

/// <summary>An error as the server sends it; SQLSTATE is empty where the server does not know yet whom it speaks to.</summary>
internal readonly record struct MySqlError(int Number, string SqlState, string Words)
{
    public string Code => string.Create(CultureInfo.InvariantCulture, $"ER_{Number}");

    /// <param name="packet">With its first byte, 0xff.</param>
    public static MySqlError Read(ReadOnlySpan<byte> packet)
    {
        var cursor = new WireCursor(packet);
        cursor.Byte();
        var number = cursor.UInt16();
        var state = "";
        if (cursor.Left >= 6 && packet[cursor.At] == (byte)'#')
        {
            cursor.Bytes(1);
            state = Encoding.ASCII.GetString(cursor.Bytes(5));
        }
        return new(number, state, Encoding.UTF8.GetString(cursor.Rest()));
    }
}

/// <summary>Rows as the text protocol gives them; null is SQL's NULL.</summary>
public sealed record MySqlRows(ImmutableArray<string> Columns, ImmutableArray<ImmutableArray<string?>> Rows)
{
    public static readonly MySqlRows None = new([], []);

    /// <summary>The value of a column, by its name, or null.</summary>
    public string? Value(ImmutableArray<string?> row, string column)
    {
        for (var i = 0; i < Columns.Length; i++)
        {
            if (string.Equals(Columns[i], column, StringComparison.OrdinalIgnoreCase)) return row[i];
        }
        return null;
    }

    /// <summary>The name of a column, out of its definition.</summary>
    internal static string Column(ReadOnlySpan<byte> packet)
    {
        var cursor = new WireCursor(packet);
        for (var i = 0; i < 4; i++) cursor.Text();
        return cursor.Text() ?? throw new WireFormatException("a column without a name");
    }

    internal static ImmutableArray<string?> Row(ReadOnlySpan<byte> packet, int columns)
    {
        var cursor = new WireCursor(packet);
        var row = ImmutableArray.CreateBuilder<string?>(columns);
        for (var i = 0; i < columns; i++) row.Add(cursor.Text());
        return cursor.Left == 0 ? row.MoveToImmutable() : throw new WireFormatException("a row goes on behind its last column");
    }
}

/// <summary>The answers to MySQL's ways of proving a password.</summary>
internal static class MySqlAuth
{
    public const string Native = "mysql_native_password";
    public const string CachingSha2 = "caching_sha2_password";

    /// <summary>SHA1(p) xor SHA1(scramble + SHA1(SHA1(p))); nothing for no password.</summary>
    public static byte[] NativeAnswer(string password, ReadOnlySpan<byte> scramble)
    {
        if (password.Length == 0) return [];
#pragma warning disable CA5350 // The protocol's own hash.
        var once = SHA1.HashData(Encoding.UTF8.GetBytes(password));
        return Xor(once, SHA1.HashData([.. scramble, .. SHA1.HashData(once)]));
#pragma warning restore CA5350
    }

    /// <summary>SHA256(p) xor SHA256(SHA256(SHA256(p)) + scramble); nothing for no password.</summary>
    public static byte[] CachingSha2Answer(string password, ReadOnlySpan<byte> scramble)
    {
        if (password.Length == 0) return [];
        var once = SHA256.HashData(Encoding.UTF8.GetBytes(password));
        return Xor(once, SHA256.HashData([.. SHA256.HashData(once), .. scramble]));
    }

    /// <summary>The password and its zero byte, xor the scramble, encrypted for the server's key.</summary>
    public static byte[] Encrypted(string password, ReadOnlySpan<byte> scramble, string publicKey)
    {
        if (scramble.Length == 0) throw new WireFormatException("no scramble");
        using var rsa = RSA.Create();
        try
        {
            rsa.ImportFromPem(publicKey);
            var plain = Encoding.UTF8.GetBytes(password + "\0");
            for (var i = 0; i < plain.Length; i++) plain[i] ^= scramble[i % scramble.Length];
            return rsa.Encrypt(plain, RSAEncryptionPadding.OaepSHA1);
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            throw new WireFormatException($"the server's key is none: {e.Message}");
        }
    }

    private static byte[] Xor(byte[] left, byte[] right)
    {
        for (var i = 0; i < left.Length; i++) left[i] ^= right[i];
        return left;
    }
}
