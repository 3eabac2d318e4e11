using System.Text;
using Tocsin.Core.Matching;

namespace Tocsin.Core.Tests.Matching;

public sealed class EventBoundsTests
{
    [Theory]
    [InlineData("Error: connect ECONNREFUSED 10.0.0.1:3306\n    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:1555:16)\n    at next (x.js:1:1)\n")]
    [InlineData("Error: x\n    at a (b.js:1:1) {\n  errno: -111,\n  code: 'ECONNREFUSED'\n}\n")]
    [InlineData("java.lang.IllegalStateException: no\n\tat com.x.A.b(A.java:5)\nCaused by: java.net.ConnectException: refused\n\t... 12 more\n")]
    [InlineData("Traceback (most recent call last):\n  File \"x.py\", line 1, in <module>\n    main()\nValueError: no such thing\n")]
    [InlineData("{\n  \"code\": 5,\n  \"list\": [\n    1\n  ]\n}\n")]
    [InlineData("[Nest] 13130  - 11/21/2026, 9:08:20 PM   ERROR [TypeOrmModule] Unable to connect. Retrying (1)...\nError: connect ECONNREFUSED 10.0.0.1:3306\n    at x (y.js:1:1)\n")]
    [InlineData("{\"level\":\"error\",\"msg\":\"x\"}\nQueryFailedError: Duplicate column name 'x'\n")]
    [InlineData("HTTP/1.1 502 Bad Gateway\r\nServer: awselb/2.0\r\nContent-Type: text/html\r\nConnection: keep-alive\r\n")]
    [InlineData("<html>\n<head><title>502 Bad Gateway</title></head>\n<body>\n</body>\n</html>\n")]
    [InlineData("UpgradeError: Cannot start the service: it is not ready\n\nThe service needs more memory than the task has.\n")]
    [InlineData("Unhandled errors:\n- first thing\n- second thing\n")]
    [InlineData("CannotPullContainerError:\nfailed to resolve reference\n")]
    [InlineData("keys:\n(integer) 3\n")]
    public void Lines_of_one_message_are_one_event(string text) => Assert.Equal([text.TrimEnd('\n')], Split(text));

    [Theory]
    [InlineData("Error: one\nError: two\n")]
    [InlineData("Error: one\n    at a (b.js:1:1)\nError: two\n    at a (b.js:1:1)\n")]
    [InlineData("2026-11-21 INFO one\n2026-11-21 INFO two\n")]
    [InlineData("plain one\nplain two\n")]
    [InlineData("INFO fine\nError: two\n")]
    [InlineData("one\n\ntwo\n")]
    [InlineData("Error: one\n\n\nThe words of another\n")]
    [InlineData("Error: one\n\n2026-11-21 INFO two\n")]
    [InlineData("Error: one\n\nError: two\n")]
    [InlineData("- first\nsecond\n")]
    [InlineData("GET /a\nServer: not a head\n")]
    public void Other_lines_are_events_of_their_own(string text) => Assert.Equal(2, Split(text).Count(e => e.Trim().Length > 0));

    [Theory]
    [InlineData("web-1  | x\n  2026-11-21T10:00:00Z one\n  2026-11-21T10:00:01Z two\n", 3)]
    [InlineData("head\n  10:00:01 one\n  10:00:02 two\n", 3)]
    [InlineData("head\n  INFO one\n\tERROR two\n", 3)]
    [InlineData("head\n  2026/11/21 one\n", 2)]
    public void Indented_records_are_not_joined(string text, int events) => Assert.Equal(events, Split(text).Count);

    [Fact]
    public void An_event_does_not_grow_without_bound()
    {
        var line = "    at frame (file.js:1:1)\n";
        var text = "Error: x\n" + string.Concat(Enumerable.Repeat(line, 3 * EventBounds.MaxBytes / line.Length));
        Assert.All(Split(text), e => Assert.InRange(e.Length, 1, EventBounds.MaxBytes + 100));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n")]
    [InlineData("\n\n\n")]
    [InlineData("\r\n")]
    [InlineData("  ")]
    [InlineData("x")]
    [InlineData("}\n}\n")]
    public void Small_and_empty_texts_have_bounds(string text) => Assert.True(Split(text).Count <= text.Length);

    [Fact]
    public void An_event_has_the_same_bounds_from_each_line_that_says_something()
    {
        string[] lines =
        [
            "Error: x", "QueryFailedError: y:", "    at a (b.js:1:1)", "  code: 5,", "}", "", "  ", "plain words", "2026-11-21 ERROR x", "- item", "list:", "<p>", "HTTP/1.1 200 OK",
            "Server: x", "\tat com.x", "Caused by: z", "  2026-11-21 x", "... 3 more", new string('x', 600) + ":", "    " + new string('y', 700) + ",", "TypeError: z",
        ];
        for (var seed = 0; seed < 600; seed++)
        {
            var random = new Random(seed);
            var text = Encoding.UTF8.GetBytes(string.Join('\n', Enumerable.Range(0, random.Next(1, 30)).Select(_ => lines[random.Next(lines.Length)])));
            for (var at = 0; at < text.Length;)
            {
                var (start, end) = EventBounds.Around(text, at, at);
                Assert.Equal(at, start);
                for (var line = start; line <= end && line < text.Length; line = EventBounds.LineEnd(text, line) + 1)
                {
                    if (!EventBounds.IsBlank(text, line) && EventBounds.Around(text, line, 0) != (start, end))
                        Assert.Fail($"seed {seed}: the event {start}..{end} is {EventBounds.Around(text, line, 0)} from {line}:\n{Encoding.UTF8.GetString(text)}");
                }
                at = end + 1;
            }
        }
    }

    private static List<string> Split(string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        var events = new List<string>();
        for (var at = 0; at < bytes.Length;)
        {
            var (start, end) = EventBounds.Around(bytes, at, at);
            Assert.Equal(at, start);
            events.Add(Encoding.UTF8.GetString(bytes[start..end]));
            at = end + 1;
        }
        return events;
    }
}
