using System.Globalization;
using System.Text;
using Tocsin.Collect.Tests.Wire;
using Tocsin.Collect.Wire;

namespace Tocsin.Collect.Tests.Fuzz;

/// <summary>Whatever a server sends ends as a value or a failure that has a code: no other exception, and no walk without an end.</summary>
public sealed class WireFuzzTests
{
    private static readonly int Count = int.TryParse(Environment.GetEnvironmentVariable("TOCSIN_FUZZ"), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 3000;

    private static readonly byte[] MySql =
    [
        .. FakeMySql.Packet(0, FakeMySql.Greeting("caching_sha2_password", tls: false)), .. FakeMySql.Packet(2, [0xfe, .. "mysql_native_password\0"u8, .. FakeMySql.Scramble, 0]), .. FakeMySql.Packet(4, [0, 0, 0, 2, 0, 0, 0]),
        .. FakeMySql.Packet(1, [2]), .. FakeMySql.Packet(2, [3, .. "def"u8, 0, 0, 0, 1, (byte)'a', 0, 12, 63, 0, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0]), .. FakeMySql.Packet(3, [3, .. "def"u8, 0, 0, 0, 1, (byte)'b', 0]),
        .. FakeMySql.Packet(4, [0xfe, 0, 0, 2, 0]), .. FakeMySql.Packet(5, [1, (byte)'1', 0xfb]), .. FakeMySql.Packet(6, [0xfc, 3, 0, .. "abc"u8, 0]), .. FakeMySql.Packet(7, [0xff, 0x15, 0x04, .. "#28000no"u8]),
    ];

    private static readonly byte[] Full = [.. FakeMySql.Packet(0, FakeMySql.Greeting("caching_sha2_password", tls: false)), .. FakeMySql.Packet(2, [1, 4]), .. FakeMySql.Packet(4, [1, .. Encoding.ASCII.GetBytes(Key())]), .. FakeMySql.Packet(6, [0, 0, 0, 2, 0, 0, 0]), .. FakeMySql.Packet(1, [0, 0, 0])];

    private static readonly byte[] Redis = Encoding.UTF8.GetBytes("%2\r\n$6\r\nserver\r\n$5\r\nredis\r\n+proto\r\n:3\r\n*3\r\n$-1\r\n~2\r\n,1.5\r\n#t\r\n=7\r\ntxt:abc\r\n|1\r\n+a\r\n+b\r\n_\r\n-WRONGTYPE Operation\r\n!5\r\nERR x\r\n(123\r\n>1\r\n+x\r\n$5\r\nhello\r\n");

    private static readonly byte[] Dns =
        [0, 7, 0x81, 0x80, 0, 1, 0, 4, 0, 0, 0, 0, 3, (byte)'w', (byte)'w', (byte)'w', 1, (byte)'s', 0, 0, 1, 0, 1, 0xc0, 12, 0, 5, 0, 1, 0, 0, 0, 60, 0, 2, 0xc0, 16, 0xc0, 16, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 1, 2, 3, 0xc0, 16, 1, 1, 0, 1, 0, 0, 0, 60, 0, 8, 0, 5, .. "issuea"u8, 0xc0, 16, 0, 16, 0, 1, 0, 0, 0, 60, 0, 3, 2, .. "ab"u8];

    [Fact]
    public Task Any_mysql_conversation_ends() => RunAsync([MySql, Full], async (bytes, cancel) =>
    {
        await using var connection = await MySqlConnection.OpenAsync(Over(bytes), tls: false, new MySqlLogin("u", "p") { AskServerKey = true }, cancel);
        for (var i = 0; i < 3; i++) await connection.QueryAsync("SELECT 1", cancel);
    });

    [Fact]
    public Task Any_redis_conversation_ends() => RunAsync([Redis], async (bytes, cancel) =>
    {
        await using var reader = await RedisReader.OpenAsync(Over(bytes), tls: false, new RedisLogin("p"), cancel);
        for (var i = 0; i < 8; i++) await reader.AskAsync(RedisQuestion.Info, cancel);
    });

    [Fact]
    public Task Any_dns_message_is_read_or_refused()
    {
        var question = DnsMessage.Question(7, "www.s", DnsType.A)!;
        return RunAsync([Dns], (bytes, _) =>
        {
            try
            {
                Assert.InRange(DnsMessage.Read(bytes, question, DnsType.A)?.Records.Length ?? 0, 0, 200);
            }
            catch (WireFormatException e)
            {
                throw new WireFailure(WireStage.Ask, "WRONG_PROTOCOL", e.Message, e);
            }
            return Task.CompletedTask;
        });
    }

    [Fact]
    public async Task The_seeds_are_whole()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var connection = await MySqlConnection.OpenAsync(Over(MySql), tls: false, new MySqlLogin("u", "p"), cancel);
        Assert.Equal("ER_1045", (await Assert.ThrowsAsync<WireFailure>(() => connection.QueryAsync("SELECT 1", cancel))).Code);
        await using var full = await MySqlConnection.OpenAsync(Over(Full), tls: false, new MySqlLogin("u", "p") { AskServerKey = true }, cancel);
        Assert.Empty((await full.QueryAsync("SELECT 1", cancel)).Rows);
        Assert.Equal(4, DnsMessage.Read(Dns, DnsMessage.Question(7, "www.s", DnsType.A), DnsType.A)!.Records.Length);
    }

    private static WireConnection Over(byte[] bytes) => WireConnection.Over(new Replay(bytes), new WireTarget("", 0));

    private static string Key()
    {
        using var rsa = System.Security.Cryptography.RSA.Create(1024);
        return rsa.ExportSubjectPublicKeyInfoPem();
    }

    private static Task RunAsync(byte[][] seeds, Func<byte[], CancellationToken, Task> target) => Parallel.ForAsync(0, Count, TestContext.Current.CancellationToken, async (number, cancel) =>
    {
        var random = new Random(number);
        var bytes = Damage(seeds[random.Next(seeds.Length)], random);
        try
        {
            await target(bytes, cancel);
        }
        catch (WireFailure e)
        {
            Assert.NotEmpty(e.Code);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"input {number} is not taken: {e.GetType().Name}: {e.Message}\n{Convert.ToHexString(bytes)}\n{e.StackTrace}", e);
        }
    });

    private static byte[] Damage(byte[] seed, Random random)
    {
        var bytes = new List<byte>(seed);
        for (var i = random.Next(random.Next(6) == 0 ? 30 : 4); i >= 0; i--)
        {
            var at = random.Next(bytes.Count + 1);
            var length = Math.Min(random.Next(random.Next(4) == 0 ? 60 : 4), bytes.Count - at);
            switch (random.Next(6))
            {
                case 0:
                    bytes.RemoveRange(at, length);
                    break;
                case 1:
                    bytes.InsertRange(at, bytes.GetRange(at, length));
                    break;
                case 2:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                case 3:
                    for (var j = at; j < at + length; j++) bytes[j] = (byte)(random.Next(3) == 0 ? 0xff : random.Next(256));
                    break;
                case 4:
                    bytes.InsertRange(at, seed.AsSpan(random.Next(seed.Length)).ToArray());
                    break;
                default:
                    if (at < bytes.Count) bytes[at] ^= (byte)(1 << random.Next(8));
                    break;
            }
            if (bytes.Count > 4000) bytes.RemoveRange(4000, bytes.Count - 4000);
        }
        return [.. bytes];
    }
}
