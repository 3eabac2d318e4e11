using System.Reflection;
using System.Text;
using Tocsin.Collect.Wire;

namespace Tocsin.Collect.Tests.Wire;

public sealed class RedisWireTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("+PONG\r\n", "PONG")]
    [InlineData(":-42\r\n", "-42")]
    [InlineData("$5\r\nhello\r\n", "hello")]
    [InlineData("$-1\r\n", "nil")]
    [InlineData("_\r\n", "nil")]
    [InlineData("=9\r\ntxt:hello\r\n", "hello")]
    [InlineData("*2\r\n$1\r\na\r\n*1\r\n:1\r\n", "[a [1]]")]
    [InlineData("%1\r\n+k\r\n+v\r\n", "[k v]")]
    [InlineData(">2\r\n+message\r\n+x\r\n+PONG\r\n", "PONG")]
    [InlineData("|1\r\n+a\r\n+b\r\n+PONG\r\n", "PONG")]
    [InlineData("!5\r\nERR x\r\n", "error ERR x")]
    [InlineData("-NOAUTH Authentication required.\r\n", "error NOAUTH Authentication required.")]
    public async Task Both_forms_of_the_protocol_are_read(string says, string means) => Assert.Equal(means, Text(await ReadAsync(says)));

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n", "WRONG_PROTOCOL")]
    [InlineData("\u0015\u0003\u0003\0\u0002\u0002\u0028", "TLS_REQUIRED")]
    [InlineData("$5\r\nhelloXX", "WRONG_PROTOCOL")]
    [InlineData("$99999999\r\n", "TOO_LONG")]
    [InlineData("*99999999\r\n", "TOO_LONG")]
    [InlineData("$x\r\n", "WRONG_PROTOCOL")]
    [InlineData("*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n:1\r\n", "WRONG_PROTOCOL")]
    [InlineData("$5\r\nhel", "ECONNRESET")]
    [InlineData("", "ECONNRESET")]
    public async Task What_is_no_reply_ends_the_walk(string says, string code) => Assert.Equal(code, (await Assert.ThrowsAsync<WireFailure>(() => ReadAsync(says))).Code);

    [Theory]
    [InlineData("-NOAUTH HELLO must be called with the client already authenticated\r\n", "", "NOAUTH")]
    [InlineData("-WRONGPASS invalid username-password pair or user is disabled.\r\n", "x", "WRONGPASS")]
    [InlineData("-ERR max number of clients reached\r\n", "", "MAXCLIENTS")]
    [InlineData("-LOADING Redis is loading the dataset in memory\r\n", "", "LOADING")]
    [InlineData("-ERR unknown command `HELLO`\r\n-ERR invalid password\r\n", "x", "WRONGPASS")]
    public async Task A_refused_login_has_its_own_code(string says, string password, string code)
    {
        await using var server = new FakeServer((s, c) => s.WriteAsync(Encoding.ASCII.GetBytes(says), c).AsTask().ContinueWith(_ => Task.Delay(Timeout.Infinite, c), c).Unwrap());
        var failure = await Assert.ThrowsAsync<WireFailure>(() => RedisReader.OpenAsync(server.Target(), new RedisLogin(password), Cancel));
        Assert.Equal((WireStage.Authenticate, code), (failure.Stage, failure.Code));
    }

    [Fact]
    public async Task An_old_server_is_logged_in_at_by_auth()
    {
        await using var reader = await RedisReader.OpenAsync(Over("-ERR unknown command `HELLO`\r\n+OK\r\n+PONG\r\n"), tls: false, new RedisLogin("x"), Cancel);
        Assert.Equal("PONG", (await reader.AskAsync(RedisQuestion.Alive, Cancel)).AsText);
    }

    [Fact]
    public async Task A_plain_server_is_told_from_one_that_wants_tls()
    {
        await using var plain = new FakeServer(async (s, c) =>
        {
            await s.ReadExactlyAsync(new byte[5], c);
            await s.WriteAsync("-ERR Protocol error: unauthenticated multibulk length\r\n"u8.ToArray(), c);
        });
        Assert.Equal("PLAIN_SERVER", (await Assert.ThrowsAsync<WireFailure>(() => RedisReader.OpenAsync(plain.Target() with { Tls = true }, new RedisLogin(), Cancel))).Code);
        using var certificate = FakeServer.Certificate("127.0.0.1");
        await using var encrypted = new FakeServer((s, c) => FakeServer.EncryptAsync(s, certificate, c));
        Assert.Equal("TLS_REQUIRED", (await Assert.ThrowsAsync<WireFailure>(() => RedisReader.OpenAsync(encrypted.Target(), new RedisLogin(), Cancel))).Code);
    }

    [Fact]
    public void Every_command_only_reads()
    {
        string[] reading = ["PING", "INFO", "CLIENT LIST", "TYPE", "EXISTS", "HMGET", "LLEN", "ZCARD", "LRANGE", "ZRANGE", "PTTL", "SCAN"];
        var words = new[]
        {
            RedisQuestion.Alive, RedisQuestion.Info, RedisQuestion.Clients, RedisQuestion.Type("k"), RedisQuestion.Exists("k"), RedisQuestion.Fields("k", "f"), RedisQuestion.ListLength("k"),
            RedisQuestion.SortedLength("k"), RedisQuestion.ListPart("k", 0, 1), RedisQuestion.SortedPart("k", 0, 1), RedisQuestion.MillisecondsLeft("k"), RedisQuestion.Scan("0", "*"),
        }.Select(q => q.Words[0] is "CLIENT" ? "CLIENT LIST" : q.Words[0]).ToList();
        Assert.Equal(reading, words);
        var made = typeof(RedisQuestion).GetMembers(BindingFlags.Public | BindingFlags.Static | BindingFlags.DeclaredOnly).Count(m => m is PropertyInfo or MethodInfo { IsSpecialName: false });
        Assert.Equal(reading.Length, made);
        Assert.Empty(typeof(RedisQuestion).GetConstructors());
    }

    internal static WireConnection Over(string says) => WireConnection.Over(new Replay(Encoding.Latin1.GetBytes(says)), new WireTarget("", 0));

    private static async Task<RedisValue> ReadAsync(string says)
    {
        await using var reader = await RedisReader.OpenAsync(Over("+OK\r\n" + says), tls: false, new RedisLogin(), Cancel);
        return await reader.AskAsync(RedisQuestion.Alive, Cancel);
    }

    private static string Text(RedisValue value) => value switch
    {
        RedisValue.Text t => t.Value,
        RedisValue.Error e => $"error {e.Words}",
        RedisValue.Many m => $"[{string.Join(' ', m.Items.Select(Text))}]",
        _ => "nil",
    };
}
