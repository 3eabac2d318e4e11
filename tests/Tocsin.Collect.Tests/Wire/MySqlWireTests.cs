using System.Diagnostics;
using System.Reflection;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Tocsin.Collect.Wire;

namespace Tocsin.Collect.Tests.Wire;

public sealed class MySqlWireTests
{
    private const string Password = "pässword 'x'";
    private static readonly MySqlLogin Login = new("reader", Password);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("secret", "f490e76f66d9d86665ce54d98c78d0acfe2fb0b08b423da807144873d30b312c")]
    [InlineData("secret2", "abc3934a012cf342e876071c8ee202de51785b430258a7a0138bc79c4d800bc6")]
    [InlineData("", "")]
    public void Caching_sha2_answers_as_known_vectors_do(string password, string answer) => Assert.Equal(answer, Convert.ToHexStringLower(MySqlAuth.CachingSha2Answer(password, FakeMySql.Scramble)));

    [Fact]
    public void The_native_way_answers_as_a_known_vector_does()
    {
        byte[] scramble = [70, 114, 92, 94, 1, 38, 11, 116, 63, 114, 23, 101, 126, 103, 26, 95, 81, 17, 24, 21];
        byte[] answer = [53, 177, 140, 159, 251, 189, 127, 53, 109, 252, 172, 50, 211, 192, 240, 164, 26, 48, 207, 45];
        Assert.Equal(answer, MySqlAuth.NativeAnswer("secret", scramble));
    }

    [Theory]
    [InlineData(true, false, false, false)]
    [InlineData(true, true, false, false)]
    [InlineData(false, true, false, true)]
    [InlineData(false, false, true, false)]
    [InlineData(true, false, true, false)]
    [InlineData(false, true, true, false)]
    public async Task Caching_sha2_logs_in_by_its_short_and_its_long_way(bool cached, bool switches, bool tls, bool key)
    {
        using var certificate = FakeServer.Certificate("127.0.0.1");
        await using var server = new FakeServer(new FakeMySql(Password, tls ? certificate : null) { Cached = cached, Switches = switches }.ServeAsync);
        await using var reader = await MySqlReader.OpenAsync(server.Target() with { Tls = tls, Authorities = Trusted(certificate) }, Login with { AskServerKey = key }, Cancel);
        Assert.Equal(tls, reader.Encrypted);
        for (var i = 0; i < 2; i++) Assert.Equal("1", (await reader.AskAsync(MySqlQuestion.Alive, Cancel)).Rows[0][0]);
        Assert.Null(server.Failed);
    }

    [Fact]
    public async Task A_password_never_leaves_in_the_open()
    {
        await using var server = new FakeServer(new FakeMySql(Password).ServeAsync);
        var failure = await Assert.ThrowsAsync<WireFailure>(() => MySqlReader.OpenAsync(server.Target(), Login, Cancel));
        Assert.Equal((WireStage.Authenticate, "TLS_NEEDED"), (failure.Stage, failure.Code));
    }

    [Fact]
    public async Task A_wrong_password_is_1045_and_asked_once()
    {
        var logins = 0;
        var fake = new FakeMySql("another") { Cached = true };
        await using var server = new FakeServer((s, c) =>
        {
            Interlocked.Increment(ref logins);
            return fake.ServeAsync(s, c);
        });
        var failure = await Assert.ThrowsAsync<WireFailure>(() => MySqlReader.OpenAsync(server.Target(), Login, Cancel));
        Assert.Equal((WireStage.Authenticate, "ER_1045"), (failure.Stage, failure.Code));
        Assert.Contains("28000", failure.Words, StringComparison.Ordinal);
        Assert.Equal(1, logins);
    }

    [Theory]
    [InlineData("another.example", true, "TLS_NAME")]
    [InlineData("127.0.0.1", false, "TLS_UNTRUSTED")]
    public async Task A_certificate_that_does_not_vouch_ends_the_walk_before_the_password(string name, bool trusted, string code)
    {
        using var certificate = FakeServer.Certificate(name);
        await using var server = new FakeServer(new FakeMySql(Password, certificate).ServeAsync);
        var failure = await Assert.ThrowsAsync<WireFailure>(() => MySqlReader.OpenAsync(server.Target() with { Tls = true, Authorities = trusted ? Trusted(certificate) : null }, Login, Cancel));
        Assert.Equal((WireStage.Tls, code), (failure.Stage, failure.Code));
    }

    [Fact]
    public async Task A_server_without_tls_is_named() =>
        Assert.Equal((WireStage.Tls, "TLS_UNSUPPORTED"), await EndAsync(new FakeMySql(Password).ServeAsync, tls: true));

    [Fact]
    public async Task A_full_server_refuses_in_its_greeting() =>
        Assert.Equal((WireStage.Greeting, "ER_1040"), await EndAsync((s, c) => FakeMySql.SendAsync(s, 0, [0xff, 0x10, 0x04, .. "Too many connections"u8], c)));

    [Theory]
    [InlineData("HTTP/1.1 400 Bad Request\r\n\r\n", "WRONG_PROTOCOL")]
    [InlineData("SSH-2.0-OpenSSH_9.2\r\n", "WRONG_PROTOCOL")]
    [InlineData("", "ECONNRESET")]
    [InlineData("\u0005\0\0\0\u0009", "ECONNRESET")]
    [InlineData("\u0001\0\0\0\u0009", "WRONG_PROTOCOL")]
    public async Task What_is_no_mysql_is_said_to_be_none(string says, string code) =>
        Assert.Equal((WireStage.Greeting, code), await EndAsync((s, c) => s.WriteAsync(Encoding.Latin1.GetBytes(says), c).AsTask()));

    [Fact]
    public async Task Nobody_is_refused_and_silence_is_no_greeting()
    {
        int port;
        await using (var gone = new FakeServer((_, _) => Task.CompletedTask)) port = gone.Port;
        var refused = await Assert.ThrowsAsync<WireFailure>(() => MySqlReader.OpenAsync(new WireTarget("127.0.0.1", port), Login, Cancel));
        Assert.Equal((WireStage.Connect, "ECONNREFUSED"), (refused.Stage, refused.Code));
        Assert.Equal((WireStage.Greeting, "NO_GREETING"), await EndAsync((_, c) => Task.Delay(Timeout.Infinite, c), seconds: 0.3));
        var unknown = await Assert.ThrowsAsync<WireFailure>(() => MySqlReader.OpenAsync(new WireTarget("no-such-host.invalid", 3306), Login, Cancel));
        Assert.Equal(WireStage.Resolve, unknown.Stage);
    }

    [Fact]
    public async Task A_slow_drip_and_an_endless_answer_cost_the_limit_and_no_more()
    {
        var watch = Stopwatch.StartNew();
        var greeting = FakeMySql.Packet(0, FakeMySql.Greeting("caching_sha2_password", tls: false));
        var drip = await EndAsync(
            async (s, c) =>
            {
                foreach (var b in greeting)
                {
                    await s.WriteAsync(new[] { b }, c);
                    await Task.Delay(50, c);
                }
            },
            seconds: 0.5);
        Assert.Equal((WireStage.Greeting, "NO_GREETING"), drip);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(20), $"it took {watch.Elapsed}");
        byte[] row = FakeMySql.Packet(4, [0xfd, 0x00, 0xff, 0x00, .. new byte[0xff00]]);
        var endless = new List<byte>([.. FakeMySql.Packet(0, FakeMySql.Greeting("mysql_native_password", tls: false)), .. FakeMySql.Packet(2, [0, 0, 0, 2, 0, 0, 0]), .. FakeMySql.Packet(1, [1]), .. FakeMySql.Packet(2, [3, .. "def"u8, 0, 0, 0, 1, (byte)'1', 0]), .. FakeMySql.Packet(3, [0xfe, 0, 0, 2, 0])]);
        for (var i = 0; i < 200; i++) endless.AddRange(row);
        await using var connection = await MySqlConnection.OpenAsync(WireConnection.Over(new Replay([.. endless]), new WireTarget("", 0)), tls: false, Login, Cancel);
        Assert.True((await Assert.ThrowsAsync<WireFailure>(() => connection.QueryAsync("SELECT 1", Cancel))).IsTruncated);
    }

    [Fact]
    public void Every_statement_only_reads_and_no_text_becomes_sql()
    {
        const string Hostile = "x' OR 1=1; DROP TABLE t -- `";
        var questions = typeof(MySqlQuestion).GetMembers(BindingFlags.Public | BindingFlags.Static).Select(m => m switch
        {
            PropertyInfo p => p.GetValue(null),
            MethodInfo { IsSpecialName: false } f => f.Invoke(null, [.. f.GetParameters().Select(_ => (object)Hostile)]),
            _ => null,
        }).OfType<MySqlQuestion>().ToList();
        Assert.True(questions.Count >= 10, $"{questions.Count} statements");
        Assert.All(questions, q =>
        {
            Assert.Matches("^(SELECT|SHOW) ", q.Sql);
            Assert.DoesNotContain(";", q.Sql, StringComparison.Ordinal);
            Assert.DoesNotContain("DROP", q.Sql, StringComparison.Ordinal);
            Assert.DoesNotContain("INTO", q.Sql, StringComparison.Ordinal);
        });
        Assert.Null(MySqlQuestion.Migrations(Hostile, "t"));
        Assert.Empty(typeof(MySqlQuestion).GetConstructors());
    }

    private static X509Certificate2Collection Trusted(X509Certificate2 certificate) => [X509CertificateLoader.LoadCertificate(certificate.RawData)];

    private static async Task<(WireStage Stage, string Code)> EndAsync(Func<Stream, CancellationToken, Task> serve, double seconds = 5, bool tls = false)
    {
        await using var server = new FakeServer(serve);
        var failure = await Assert.ThrowsAsync<WireFailure>(() => MySqlReader.OpenAsync(server.Target(seconds) with { Tls = tls }, Login, Cancel));
        return (failure.Stage, failure.Code);
    }
}
