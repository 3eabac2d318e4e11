using System.Globalization;
using System.Text;
using NodaTime;
using NodaTime.Text;
using Tocsin.Core.Signals;

namespace Tocsin.Core.Tests.Signals;

public sealed class LogTimeTests
{
    private static readonly Instant Reference = Instant.FromUtc(2026, 11, 22, 8, 0);

    [Theory]
    [InlineData("2026-11-21T21:49:40Z GET /", "2026-11-21T21:49:40Z")]
    [InlineData("2026-11-21T21:49:40.1Z", "2026-11-21T21:49:40.1Z")]
    [InlineData("2026-11-21T21:49:40.123456789Z", "2026-11-21T21:49:40.123456789Z")]
    [InlineData("2026-11-21T21:49:40.1234567891234Z", "2026-11-21T21:49:40.123456789Z")]
    [InlineData("2026-11-21t21:49:40z", "2026-11-21T21:49:40Z")]
    [InlineData("2026-11-21 20:53:10 7 [Warning] Access denied", "2026-11-21T20:53:10Z")]
    [InlineData("2026-11-21 9:08:20 msg", "2026-11-21T09:08:20Z")]
    [InlineData("2026-11-21 21:49:40,123 INFO", "2026-11-21T21:49:40.123Z")]
    [InlineData("2026-11-21T21:49:40+05:30", "2026-11-21T16:19:40Z")]
    [InlineData("2026-11-21T21:49:40.5-0800 x", "2026-11-22T05:49:40.5Z")]
    [InlineData("2026-11-21 21:49:40.123+00 [12]", "2026-11-21T21:49:40.123Z")]
    [InlineData("2026-11-21 21:49:40 +0530 IST", "2026-11-21T16:19:40Z")]
    [InlineData("2026-11-21 21:49:40.264 UTC [123] LOG:", "2026-11-21T21:49:40.264Z")]
    [InlineData("2026-11-21 21:49:40 -12 items", "2026-11-21T21:49:40Z")]
    [InlineData("2026-11-21 21:49:40 - message", "2026-11-21T21:49:40Z")]
    [InlineData("[2026-11-21T21:49:40Z] x", "2026-11-21T21:49:40Z")]
    [InlineData("time=\"2026-11-21T21:49:40Z\" level=info", "2026-11-21T21:49:40Z")]
    [InlineData("ts=2026-11-21T21:49:40.1Z caller=main.go:1", "2026-11-21T21:49:40.1Z")]
    [InlineData("2026.11.21 21:21:37.264512 [ 1 ] {} <Information>", "2026-11-21T21:21:37.264512Z")]
    [InlineData("2026/11/21 21:24:54 [error] 7#7: *1 connect() failed", "2026-11-21T21:24:54Z")]
    [InlineData("{\"level\":30,\"time\":1795297414503,\"pid\":1}", "2026-11-21T21:43:34.503Z")]
    [InlineData("{\"level\":30,\"time\":\"2026-11-21T21:49:40.123Z\"}", "2026-11-21T21:49:40.123Z")]
    [InlineData("{\"name\":\"x\",\"msg\":\"a {\\\"time\\\": 1} b\",\"time\": \"2026-11-21T21:49:40+01:00\"}", "2026-11-21T20:49:40Z")]
    [InlineData("{\"level\":\"error\",\"ts\":1795296367.13,\"msg\":\"x\"}", "2026-11-21T21:26:07.13Z")]
    [InlineData("{\"level\":\"error\",\"ts\":1795296367.1359615}", "2026-11-21T21:26:07.1359615Z")]
    [InlineData("{\"ts\":1.795296367135962e+09}", "2026-11-21T21:26:07.135962Z")]
    [InlineData("{\"timestamp\":1795296367}", "2026-11-21T21:26:07Z")]
    [InlineData("{\"timestamp\":1795296367135}", "2026-11-21T21:26:07.135Z")]
    [InlineData("{\"timestamp\":1795296367135000}", "2026-11-21T21:26:07.135Z")]
    [InlineData("{\"timestamp\":\"1795296367135\"}", "2026-11-21T21:26:07.135Z")]
    [InlineData("{\"timestamp\":\"2026-11-21 21:26:07,135\"}", "2026-11-21T21:26:07.135Z")]
    [InlineData("{\"@timestamp\":\"2026-11-21T21:26:07.135Z\"}", "2026-11-21T21:26:07.135Z")]
    [InlineData("{ \"@t\" : \"2026-11-21T21:26:07.135Z\" }", "2026-11-21T21:26:07.135Z")]
    [InlineData("{\"req\":{\"time\":1},\"list\":[{\"ts\":1795296360}],\"ts\":1795296367", "2026-11-21T21:26:07Z")]
    [InlineData("{\"time\":null,\"ts\":1795296367}", "2026-11-21T21:26:07Z")]
    [InlineData("1795296367 x", "2026-11-21T21:26:07Z")]
    [InlineData("1795296367.135 [0 127.0.0.1:4] \"PING\"", "2026-11-21T21:26:07.135Z")]
    [InlineData("  1795296367135: x", "2026-11-21T21:26:07.135Z")]
    [InlineData("[1795296367] x", "2026-11-21T21:26:07Z")]
    [InlineData("1795296367135000001 x", "2026-11-21T21:26:07.135000001Z")]
    [InlineData("[Nest] 13130  - 11/21/2026, 9:08:20 PM   ERROR [ExceptionHandler] x", "2026-11-21T21:08:20Z")]
    [InlineData("[Nest] 13130  - 11/21/2026, 9:08:20\u202fPM   LOG", "2026-11-21T21:08:20Z")]
    [InlineData("[Nest] 1  - 1/2/2026, 12:00:01 AM", "2026-01-02T00:00:01Z")]
    [InlineData("[Nest] 1  - 11/21/2026, 12:00:01 PM", "2026-11-21T12:00:01Z")]
    [InlineData("11/21/2026 21:08:20 service", "2026-11-21T21:08:20Z")]
    [InlineData("Nov 21 22:38:04 host sshd[1]: x", "2026-11-21T22:38:04Z")]
    [InlineData("<34>Nov  1 22:38:04 host x", "2026-11-01T22:38:04Z")]
    [InlineData("Nov 22 09:00:00 host x", "2026-11-22T09:00:00Z")]
    [InlineData("Nov 23 07:59:59 host x", "2026-11-23T07:59:59Z")]
    [InlineData("Nov 23 09:00:00 host x", "2025-11-23T09:00:00Z")]
    [InlineData("Dec 31 23:59:59 host x", "2025-12-31T23:59:59Z")]
    [InlineData("Feb 29 01:02:03 host x", "2024-02-29T01:02:03Z")]
    [InlineData("Nov 21 22:38:04.123456 host x", "2026-11-21T22:38:04.123456Z")]
    [InlineData("Nov 21 22:38:04 2026 is a host here", "2026-11-21T22:38:04Z")]
    [InlineData("[Sat Nov 21 21:21:12.123456 2020] [core:error]", "2020-11-21T21:21:12.123456Z")]
    [InlineData("Nov 21 2020 22:38:04: %ASA", "2020-11-21T22:38:04Z")]
    [InlineData("10.0.0.1 - - [21/Nov/2026:21:49:40 +0000] \"GET / HTTP/1.1\" 502", "2026-11-21T21:49:40Z")]
    [InlineData("10.0.0.1 - bob [21/Nov/2026:21:49:40 -0530] \"GET /\"", "2026-11-22T03:19:40Z")]
    [InlineData("10.0.0.1:3434 [21/Nov/2026:21:49:40.508] fe be/srv", "2026-11-21T21:49:40.508Z")]
    [InlineData("Sat, 21 Nov 2026 21:21:12 GMT express-session cookie signature invalid", "2026-11-21T21:21:12Z")]
    [InlineData("Sat, 21 Nov 2026 21:21:12 +0200", "2026-11-21T19:21:12Z")]
    [InlineData("14356:M 21 Nov 2026 21:10:00.942 * Ready to accept connections", "2026-11-21T21:10:00.942Z")]
    [InlineData("2026-11-21T21:49:40.123456789Z stdout F {\"level\":30,\"time\":1}", "2026-11-21T21:49:40.123456789Z")]
    [InlineData("2026-11-21T21:49:40.123456789+01:00 stderr P msg", "2026-11-21T20:49:40.123456789Z")]
    [InlineData("api-1  | 2026-11-21T21:49:40Z x", "2026-11-21T21:49:40Z")]
    [InlineData("api-1  | {\"level\":30,\"time\":1795297414503}", "2026-11-21T21:43:34.503Z")]
    [InlineData("h2 2026-11-21T21:49:40.186641Z app/zelly/50dc6c495c0c9188 10.0.0.1:1", "2026-11-21T21:49:40.186641Z")]
    [InlineData("\u001b[32m2026-11-21T21:49:40Z\u001b[0m x", "2026-11-21T21:49:40Z")]
    public void A_time_is_found(string line, string expected) =>
        Assert.Equal(InstantPattern.ExtendedIso.Parse(expected).Value, LogTime.Find(Encoding.UTF8.GetBytes(line), Reference));

    [Theory]
    [InlineData("")]
    [InlineData("Error: connect ECONNREFUSED 10.0.12.34:3306")]
    [InlineData("21:29:36 [ERROR] SyntaxError: x")]
    [InlineData("2026-11-21")]
    [InlineData("2026-13-21T21:49:40Z")]
    [InlineData("2026-02-30T21:49:40Z")]
    [InlineData("2025-02-29 21:49:40")]
    [InlineData("2026-11-21T24:00:00Z")]
    [InlineData("2026-11-21T21:60:00Z")]
    [InlineData("2026-11-21T21:49:61Z")]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("9999-12-31T23:59:59Z")]
    [InlineData("2026-11/21 21:49:40")]
    [InlineData("99/Nov/2026:21:49:40 +0000")]
    [InlineData("21/Nox/2026:21:49:40 +0000")]
    [InlineData("11/21/2026, 13:08:20 PM")]
    [InlineData("11/21/2026, 0:08:20 AM")]
    [InlineData("Feb 30 22:38:04 host")]
    [InlineData("Nov 21 host")]
    [InlineData("March 21 22:38:04")]
    [InlineData("1795296367135abc")]
    [InlineData("123456789 x")]
    [InlineData("9999999999 x")]
    [InlineData("1795296367-1 x")]
    [InlineData("at 1795296367 x")]
    [InlineData("550e8400-e29b-41d4-a716-446655440000")]
    [InlineData("{\"level\":30,\"msg\":\"expires 2026-11-21T21:49:40Z\"}")]
    [InlineData("{\"time\":\"soon\"}")]
    [InlineData("{\"time\":12}")]
    [InlineData("{\"time\":")]
    [InlineData("{\"time")]
    [InlineData("{\"req\":{\"time\":1795297414503}}")]
    [InlineData("{\"elapsed\":1795297414503}")]
    public void Nothing_is_found(string line) => Assert.Null(LogTime.Find(Encoding.UTF8.GetBytes(line), Reference));

    [Fact]
    public void Only_the_front_of_a_line_is_looked_at()
    {
        const string time = "2026-11-21T21:49:40Z";
        Assert.NotNull(Find(new string(' ', LogTime.Head - time.Length) + time));
        Assert.Null(Find(new string(' ', LogTime.Head) + time));
        Assert.NotNull(Find("{\"pad\":\"" + new string('x', 3000) + "\",\"time\":1795297414503}"));
        Assert.Null(Find("{\"pad\":\"" + new string('x', LogTime.JsonHead) + "\",\"time\":1795297414503}"));
    }

    [Fact]
    public void Any_instant_written_in_any_format_is_found_again()
    {
        var random = new Random(20261121);
        var formats = Formats();
        for (var round = 0; round < 20_000; round++)
        {
            var (format, unit) = formats[round % formats.Length];
            var nanoseconds = random.NextInt64(1_000_000_000, 4_102_444_800) * 1_000_000_000 + random.NextInt64(1_000_000_000);
            var time = Instant.FromUnixTimeTicks(0) + Duration.FromNanoseconds(nanoseconds - (nanoseconds % unit));
            var line = format(time.InUtc().LocalDateTime, time);
            Assert.True(LogTime.Find(Encoding.UTF8.GetBytes(line), time + Duration.FromHours(1)) == time, line);
        }
    }

    [Fact]
    public void Random_bytes_and_broken_times_never_throw()
    {
        var random = new Random(5);
        var formats = Formats();
        for (var round = 0; round < 20_000; round++)
        {
            var bytes = new byte[random.Next(300)];
            random.NextBytes(bytes);
            _ = LogTime.Find(bytes, Reference);
            _ = LogTime.Find(bytes, round % 2 == 0 ? Instant.MinValue + Duration.FromDays(4000) : Instant.MaxValue - Duration.FromDays(4000));

            var time = Instant.FromUnixTimeSeconds(random.NextInt64(4_102_444_800));
            var line = Encoding.UTF8.GetBytes(formats[round % formats.Length].Format(time.InUtc().LocalDateTime, time));
            for (var changes = random.Next(1, 4); changes > 0; changes--)
                line[random.Next(line.Length)] = (byte)"0123456789:.-/ TZ+\"{}[],eE\\"[random.Next(27)];
            _ = LogTime.Find(line.AsSpan(random.Next(3)), Reference);
            _ = LogTime.Find(line.AsSpan(0, random.Next(line.Length)), Reference);
        }
    }

    [Fact]
    public void A_line_without_a_time_allocates_nothing()
    {
        var line = "Error: connect ECONNREFUSED 10.0.12.34:3306 at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16)"u8;
        _ = LogTime.Find(line, Reference);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1000; i++)
            _ = LogTime.Find(line, Reference);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private static Instant? Find(string line) => LogTime.Find(Encoding.UTF8.GetBytes(line), Reference);

    /// <summary>Each way to write a time, and the nanoseconds of its smallest unit.</summary>
    private static (Func<LocalDateTime, Instant, string> Format, long Unit)[] Formats()
    {
        static string F(LocalDateTime time, string pattern) => time.ToDateTimeUnspecified().ToString(pattern, CultureInfo.InvariantCulture);
        static string East(Instant time, int minutes, string pattern) => F((time + Duration.FromMinutes(minutes)).InUtc().LocalDateTime, pattern);
        const long second = 1_000_000_000;
        return
        [
            ((_, at) => InstantPattern.ExtendedIso.Format(at), 1),
            ((at, _) => F(at, "yyyy-MM-dd HH:mm:ss") + " 7 [Warning]", second),
            ((at, _) => F(at, "yyyy-MM-dd HH:mm:ss,fff") + " INFO", second / 1000),
            ((_, at) => East(at, 330, "yyyy-MM-ddTHH:mm:ss.fffffff") + "+05:30", 100),
            ((_, at) => East(at, -480, "yyyy-MM-ddTHH:mm:ss.f") + "-0800 x", second / 10),
            ((at, _) => F(at, "yyyy.MM.dd HH:mm:ss.ffffff") + " [ 1 ]", 1000),
            ((at, _) => F(at, "yyyy/MM/dd HH:mm:ss") + " [error]", second),
            ((_, at) => $"{{\"level\":30,\"time\":{at.ToUnixTimeMilliseconds()},\"pid\":1}}", second / 1000),
            ((_, at) => $"{{\"level\":30,\"time\":\"{InstantPattern.ExtendedIso.Format(at)}\"}}", 1),
            ((_, at) => $"{{\"ts\":{at.ToUnixTimeSeconds()}.{(at - Instant.FromUnixTimeSeconds(at.ToUnixTimeSeconds())).SubsecondNanoseconds:D9}}}", 1),
            ((_, at) => $"{{\"timestamp\":{at.ToUnixTimeSeconds()}}}", second),
            ((_, at) => $"{at.ToUnixTimeSeconds()} x", second),
            ((_, at) => $"{at.ToUnixTimeMilliseconds()} x", second / 1000),
            ((_, at) => $"{at.ToUnixTimeTicks()}00 x", 100),
            ((at, _) => $"[Nest] 1  - {F(at, "M/d/yyyy, h:mm:ss tt")}   LOG", second),
            ((at, _) => $"{F(at, "MMM")} {at.Day,2} {F(at, "HH:mm:ss")} host x[1]: y", second),
            ((at, _) => $"10.0.0.1 - - [{F(at, "dd/MMM/yyyy:HH:mm:ss")} +0000] \"GET /\"", second),
            ((at, _) => $"10.0.0.1:1 [{F(at, "dd/MMM/yyyy:HH:mm:ss.fff")}] fe", second / 1000),
            ((at, _) => F(at, "ddd, dd MMM yyyy HH:mm:ss") + " GMT", second),
            ((at, _) => $"14356:M {F(at, "dd MMM yyyy HH:mm:ss.fff")} * x", second / 1000),
            ((at, _) => $"[{F(at, "ddd MMM dd HH:mm:ss.ffffff yyyy")}] [core:error]", 1000),
            ((_, at) => $"api-1  | {InstantPattern.ExtendedIso.Format(at)} x", 1),
            ((_, at) => $"{InstantPattern.ExtendedIso.Format(at)} stdout F x", 1),
        ];
    }
}
