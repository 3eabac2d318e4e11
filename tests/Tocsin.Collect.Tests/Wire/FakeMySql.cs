using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Tocsin.Collect.Tests.Wire;

/// <summary>The server's side of MySQL's protocol, as far as a login by caching_sha2_password and SELECT 1 go. Checks what a real one checks.</summary>
internal sealed class FakeMySql(string password, X509Certificate2? certificate = null)
{
    public static readonly byte[] Scramble = [10, 47, 74, 111, 75, 73, 34, 48, 88, 76, 114, 74, 37, 13, 3, 80, 82, 2, 23, 21];

    /// <summary>The server remembers the password's hash from an earlier login.</summary>
    public bool Cached { get; init; }

    /// <summary>Greets by the older way and asks to switch.</summary>
    public bool Switches { get; init; }

    public async Task ServeAsync(Stream stream, CancellationToken cancel)
    {
        byte number = 0;
        await SendAsync(stream, number, Greeting(Switches ? "mysql_native_password" : "caching_sha2_password", certificate is not null), cancel);
        (number, var answer) = await ReceiveAsync(stream, cancel);
        if (certificate is not null && (BinaryPrimitives.ReadUInt32LittleEndian(answer) & 0x800) != 0)
        {
            stream = await FakeServer.EncryptAsync(stream, certificate, cancel);
            (number, answer) = await ReceiveAsync(stream, cancel);
        }
        var user = answer.AsSpan(32, answer.AsSpan(32).IndexOf((byte)0)).ToArray();
        var proof = answer.AsSpan(32 + user.Length + 2, answer[32 + user.Length + 1]).ToArray();
        if (Switches)
        {
            await SendAsync(stream, ++number, [0xfe, .. "caching_sha2_password\0"u8, .. Scramble, 0], cancel);
            (number, proof) = await ReceiveAsync(stream, cancel);
        }
        if (Cached && !Fits(proof))
        {
            await RefuseAsync(stream, ++number, cancel);
            return;
        }
        await SendAsync(stream, ++number, [1, (byte)(Cached ? 3 : 4)], cancel);
        if (!Cached && !await FullAsync(stream, cancel)) return;
        else if (Cached) await SendAsync(stream, ++number, [0, 0, 0, 2, 0, 0, 0], cancel);
        await AnswerAsync(stream, cancel);
    }

    public static byte[] Greeting(string plugin, bool tls) =>
    [
        10, .. "8.0.39-by-hand\0"u8, 1, 0, 0, 0, .. Scramble[..8], 0, 0x00, (byte)(tls ? 0xaa : 0xa2), 45, 2, 0, 0x08, 0, 21, .. new byte[10], .. Scramble[8..], 0, .. Encoding.ASCII.GetBytes(plugin), 0,
    ];

    public static byte[] Packet(byte number, byte[] payload) => [(byte)payload.Length, (byte)(payload.Length >> 8), (byte)(payload.Length >> 16), number, .. payload];

    public static Task SendAsync(Stream stream, byte number, byte[] payload, CancellationToken cancel) => stream.WriteAsync(Packet(number, payload), cancel).AsTask();

    public static async Task<(byte Number, byte[] Payload)> ReceiveAsync(Stream stream, CancellationToken cancel)
    {
        var head = new byte[4];
        await stream.ReadExactlyAsync(head, cancel);
        var payload = new byte[head[0] | (head[1] << 8) | (head[2] << 16)];
        await stream.ReadExactlyAsync(payload, cancel);
        return (head[3], payload);
    }

    // Over TLS the password itself; else it comes encrypted for our key.
    private async Task<bool> FullAsync(Stream stream, CancellationToken cancel)
    {
        var (number, said) = await ReceiveAsync(stream, cancel);
        if (said is [2])
        {
            using var rsa = RSA.Create(2048);
            await SendAsync(stream, ++number, [1, .. Encoding.ASCII.GetBytes(rsa.ExportSubjectPublicKeyInfoPem())], cancel);
            (number, var secret) = await ReceiveAsync(stream, cancel);
            said = rsa.Decrypt(secret, RSAEncryptionPadding.OaepSHA1);
            for (var i = 0; i < said.Length; i++) said[i] ^= Scramble[i % Scramble.Length];
        }
        if (Encoding.UTF8.GetString(said) != password + "\0")
        {
            await RefuseAsync(stream, ++number, cancel);
            return false;
        }
        await SendAsync(stream, ++number, [0, 0, 0, 2, 0, 0, 0], cancel);
        return true;
    }

    private bool Fits(byte[] proof)
    {
        var once = SHA256.HashData(Encoding.UTF8.GetBytes(password));
        var mask = SHA256.HashData([.. SHA256.HashData(once), .. Scramble]);
        return proof.Length == 32 && proof.Select((b, i) => (byte)(b ^ mask[i])).SequenceEqual(once);
    }

    private static Task RefuseAsync(Stream stream, byte number, CancellationToken cancel) => SendAsync(stream, number, [0xff, 0x15, 0x04, .. "#28000Access denied for user 'reader'@'localhost' (using password: YES)"u8], cancel);

    private static async Task AnswerAsync(Stream stream, CancellationToken cancel)
    {
        while (true)
        {
            var (_, query) = await ReceiveAsync(stream, cancel);
            Assert.Equal(3, query[0]);
            await SendAsync(stream, 1, [1], cancel);
            await SendAsync(stream, 2, [3, .. "def"u8, 0, 0, 0, 1, (byte)'1', 0, 12, 63, 0, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0], cancel);
            await SendAsync(stream, 3, [0xfe, 0, 0, 2, 0], cancel);
            await SendAsync(stream, 4, [1, (byte)'1'], cancel);
            await SendAsync(stream, 5, [0xfe, 0, 0, 2, 0], cancel);
        }
    }
}
