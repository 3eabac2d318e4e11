using Tocsin.Core.Signals;

namespace Tocsin.Core.Tests.Signals;

public sealed class FingerprintTests
{
    [Theory]
    [InlineData("connect ECONNREFUSED 10.0.12.34:3306", "connect ECONNREFUSED 10.1.2.3:3307")]
    [InlineData("connect ECONNREFUSED ::1:6379", "connect ECONNREFUSED fe80::1:2:6380")]
    [InlineData("dial [2001:db8::1]:443 failed", "dial [2001:db8::2:1]:8443 failed")]
    [InlineData("Access denied for user 'zellymaster'@'10.0.3.17' (using password: YES)", "Access denied for user 'nova'@'10.9.9.9' (using password: YES)")]
    [InlineData("Unknown database \"zelly\"", "Unknown database \"other\"")]
    [InlineData("request 550e8400-e29b-41d4-a716-446655440000 failed", "request 6ba7b810-9dad-11d1-80b4-00c04fd430c8 failed")]
    [InlineData("2026-11-21T21:49:40.123Z ERROR timeout", "2026-11-22 01:02:03 ERROR timeout")]
    [InlineData("[Nest] 13130  - 11/21/2026, 9:08:20 PM   ERROR x", "[Nest] 7 - 1/2/2026, 11:08:20 AM ERROR x")]
    [InlineData("Nov 21 22:38:04 host x", "Dec  1 02:38:04 host x")]
    [InlineData("[21/Nov/2026:21:49:40 +0000] down", "[02/Dec/2027:01:49:40 -0530] down")]
    [InlineData("\u001b[31mError\u001b[0m: down", "Error: down")]
    [InlineData("took 12.5ms", "took 3s")]
    [InlineData("timeout of 5000 ms exceeded", "timeout of 3 s exceeded")]
    [InlineData("retry in 1m30s", "retry in 45s")]
    [InlineData("used 512MB of memory", "used 1.5GiB of memory")]
    [InlineData("at /app/dist/main.js:12:34", "at /app/dist/main.js:1200:3")]
    [InlineData("GET /api/orders/12345/items?page=2&x=y 500", "GET /api/orders/9/items?page=33&q=abc&z=1 500")]
    [InlineData("no such file /tmp/upload-8f3a2b1c.png", "no such file /tmp/upload-0011aa22.png")]
    [InlineData("main.8f3a2b1c.js failed", "main.77aa00ff.js failed")]
    [InlineData("mail to ada@example.com bounced", "mail to bob.x@shop.example.in bounced")]
    [InlineData("pointer 0x7ffd1234 freed", "pointer 0xdeadbeef01 freed")]
    [InlineData("job 17 of queue orders failed", "job 1700001 of queue orders failed")]
    [InlineData("worker3 died", "worker120 died")]
    [InlineData("req-abc123 failed", "req-9zx7k2 failed")]
    [InlineData("a   b\t c\n", "a b c")]
    [InlineData("{\"level\":50,\"time\":1795297414503,\"pid\":1,\"hostname\":\"a\",\"msg\":\"db down\"}", "{\"level\":50,\"time\":1795297999999,\"pid\":22,\"hostname\":\"b-c\",\"msg\":\"db down\"}")]
    [InlineData("{\"msg\":\"no shop \\\"acme\\\" here\",\"host\":\"x\"}", "{\"msg\":\"no shop \\\"zeta\\\" here\",\"host\":\"y\"}")]
    [InlineData("{\"log\":\"{\\\"msg\\\":\\\"down\\\",\\\"host\\\":\\\"a\\\"}\"}", "{\"log\":\"{\\\"msg\\\":\\\"down\\\",\\\"host\\\":\\\"bb\\\"}\"}")]
    [InlineData("errno: -111, code: 'ECONNREFUSED', address: '10.0.0.1'", "errno: -61, code: 'ECONNREFUSED', address: 'db.internal'")]
    [InlineData("{\"a\":1,\"msg\":\"db down\"}", "{\"b\":\"x\",\"c\":17,\"msg\":\"db down\"}")]
    [InlineData("task i-0abc123def456 stopped", "task i-0fff999eee111 stopped")]
    [InlineData("image sha256:9f86d081884c7d65 missing", "image sha256:00ffd081884c7d00 missing")]
    public void The_same_error_with_other_values_is_the_same(string one, string other)
    {
        Assert.Equal(Fingerprint.Generalise(one), Fingerprint.Generalise(other));
        Assert.Equal(Fingerprint.Of("e", "s", one), Fingerprint.Of("e", "s", other));
    }

    [Theory]
    [InlineData("connect ECONNREFUSED 10.0.12.34:3306", "connect ETIMEDOUT 10.0.12.34:3306")]
    [InlineData("Access denied for user 'a'@'b' (using password: YES)", "Access denied for user 'a'@'b' (using password: NO)")]
    [InlineData("Unknown database 'a'", "Unknown column 'a'")]
    [InlineData("E11000 duplicate", "E11001 duplicate")]
    [InlineData("PrismaError P2002", "PrismaError P1001")]
    [InlineData("SQLSTATE[42S02]", "SQLSTATE[42S22]")]
    [InlineData("code: 'ECONNREFUSED'", "code: 'ENOTFOUND'")]
    [InlineData("{\"level\":50,\"msg\":\"db down\"}", "{\"level\":50,\"msg\":\"cache down\"}")]
    [InlineData("{\"error\":\"a b\",\"host\":\"x\"}", "{\"error\":\"a c\",\"host\":\"x\"}")]
    [InlineData("{\"log\":\"{\\\"msg\\\":\\\"down\\\"}\"}", "{\"log\":\"{\\\"msg\\\":\\\"up\\\"}\"}")]
    [InlineData("Redis error", "MySQL error")]
    [InlineData("queue orders stalled", "queue mails stalled")]
    [InlineData("GET /api/orders/1 failed", "GET /api/carts/1 failed")]
    [InlineData("GET /api failed", "POST /api failed")]
    [InlineData("can't connect, isn't up", "can't connect, wasn't up")]
    [InlineData("at main.js:1", "at worker.js:1")]
    [InlineData("TypeError: x is undefined", "RangeError: x is undefined")]
    [InlineData("CannotPullContainerError: not found", "CannotPullContainerError: i/o timeout")]
    [InlineData("WRONGTYPE Operation against a key", "WRONGPASS invalid username-password pair")]
    [InlineData("level=error msg=\"dial failed\"", "level=error msg=\"read failed\"")]
    [InlineData("Error: a", "Error: a: b")]
    public void Another_error_is_another(string one, string other) => Assert.NotEqual(Fingerprint.Generalise(one), Fingerprint.Generalise(other), StringComparer.Ordinal);

    [Fact]
    public void Entry_and_signature_count_and_do_not_run_together()
    {
        Assert.NotEqual(Fingerprint.Of("a", "b", "x"), Fingerprint.Of("b", "a", "x"), StringComparer.Ordinal);
        Assert.NotEqual(Fingerprint.Of("ab", "c", "x"), Fingerprint.Of("a", "bc", "x"), StringComparer.Ordinal);
        Assert.NotEqual(Fingerprint.Of("a", "b", "x"), Fingerprint.Of("a", "b", "y"), StringComparer.Ordinal);
    }

    /// <summary>Stored fingerprints must outlive releases: a failure here means that every known error gets a new name.</summary>
    [Fact]
    public void A_fingerprint_never_changes() =>
        Assert.Equal("d62b15dfb73ad9bd", Fingerprint.Of("mysql-unreachable", "econnrefused", "Error: connect ECONNREFUSED 10.0.12.34:3399"));

    [Theory]
    [InlineData("Access denied for user 'zellymaster'@'10.0.3.17' (using password: YES)", "Access denied for user '*'@'*' (using password: YES)")]
    [InlineData("2026-11-21T21:49:40Z Error: connect ECONNREFUSED 10.0.12.34:3399", "* Error: connect ECONNREFUSED *")]
    [InlineData("{\"level\":30,\"msg\":\"GET /shops/17 took 12ms\",\"host\":\"a\"}", "{\"msg\":\"GET /shops/* took *\",}")]
    [InlineData("mysql2 on utf8mb4 lost worker3", "mysql* on utf*mb* lost worker*")]
    [InlineData("", "")]
    public void Generalised_text_stays_readable(string text, string expected) => Assert.Equal(expected, Fingerprint.Generalise(text));

    [Fact]
    public void Text_is_cut_at_300_and_never_within_a_character()
    {
        Assert.Equal(Fingerprint.MaxLength, Fingerprint.Generalise(new string('x', 5000)).Length);
        Assert.Equal(299, Fingerprint.Generalise(new string('x', 299) + "\ud83d\udea8 alarm").Length);
    }

    [Fact]
    public void Any_text_gives_sixteen_digits()
    {
        var random = new Random(11);
        const string alphabet = "abcXYZ 0123456789.:/-_'\"`\\{}[]@?=&\u001b\ud83d\udea8\n\0";
        for (var round = 0; round < 5000; round++)
        {
            var text = string.Create(random.Next(400), random, (span, source) => source.GetItems(alphabet.AsSpan(), span));
            Assert.Matches("^[0-9a-f]{16}$", Fingerprint.Of("e", "s", text));
            Assert.True(Fingerprint.Generalise(text).Length <= Fingerprint.MaxLength);
        }
    }

    [Fact]
    public void Long_hostile_text_is_done()
    {
        foreach (var part in new[] { "a@", "1.", "1:", ":", "\"", "'a", "\"a\":\"", "0x", "a_", "?a=", "1 ", "Nov ", "*.", "\u001b[", "a1", "\\\"" })
            Assert.NotEmpty(Fingerprint.Of("e", "s", string.Concat(Enumerable.Repeat(part, 1_000_000 / part.Length))));
    }
}
