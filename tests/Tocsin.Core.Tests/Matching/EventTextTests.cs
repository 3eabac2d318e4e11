using System.Text;
using Tocsin.Core.Matching;

namespace Tocsin.Core.Tests.Matching;

public sealed class EventTextTests
{
    private readonly EventText text = new();

    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("", "")]
    [InlineData("\e[31mred\e[0m text", "red text")]
    [InlineData("\e[1;38;5;214mx\e[m", "x")]
    [InlineData("a\e]8;;https://x\aLink\e]8;;\e\\b", "aLinkb")]
    [InlineData("a\e", "a")]
    [InlineData("a\e[", "a")]
    [InlineData("a\e[31", "a")]
    [InlineData("a\e]0;title\nnext", "a]0;title\nnext")]
    [InlineData("a\e(Bb", "a(Bb")]
    [InlineData("one\r\ntwo\r", "one\ntwo")]
    [InlineData("a \\\"quoted\\\" word", "a \"quoted\" word")]
    [InlineData("a\\nb\\tc\\rd", "a\nb c d")]
    [InlineData("a \\\\\\\"twice\\\\\\\" b", "a \"twice\" b")]
    [InlineData("C:\\Users\\x", "C:\\Users\\x")]
    [InlineData("ends in \\", "ends in \\")]
    [InlineData("it\\'s \\/path \\`x\\`", "it's /path `x`")]
    [InlineData("\\u0022x\\u0022", "\"x\"")]
    [InlineData("caf\\u00e9 \\u20AC", "café €")]
    [InlineData("\\ud83d\\ude00!", "😀!")]
    [InlineData("\\ud83d!", "\ufffd!")]
    [InlineData("\\ude00\\ud83d", "\ufffd\ufffd")]
    [InlineData("\\ud83d\\u0041", "\ufffdA")]
    [InlineData("\\u12", "\\u12")]
    [InlineData("\\u", "\\u")]
    [InlineData("\\uzzzz", "\\uzzzz")]
    [InlineData("\\u001b[31mred\\u001b[0m", "red")]
    [InlineData("\\x1b[31mred\\x1B[0m", "red")]
    [InlineData("a\\u000db", "ab")]
    [InlineData("\\\\u001b[31mred", "red")]
    public void Wrapping_is_taken_away(string source, string expected)
    {
        text.Set(Encoding.UTF8.GetBytes(source));
        Assert.Equal(expected, text.Text);
        Assert.Equal(expected, Encoding.UTF8.GetString(text.Bytes));
    }

    [Fact]
    public void Json_inside_json_inside_json_is_read()
    {
        var message = "Error: connect \"ECONNREFUSED\"\nat x";
        var wrapped = message;
        for (var i = 0; i < 3; i++) wrapped = System.Text.Json.JsonSerializer.Serialize(new { msg = wrapped }, new System.Text.Json.JsonSerializerOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        text.Set(Encoding.UTF8.GetBytes(wrapped));
        Assert.Contains(message, text.Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_raw_text_is_kept_beside()
    {
        text.Set("{\"a\":\"\\\"\"}"u8);
        Assert.Equal("{\"a\":\"\\\"\"}", Encoding.UTF8.GetString(text.Raw.Span));
        Assert.Equal("{\"a\":\"\"\"}", text.Text);
    }

    [Fact]
    public void The_buffer_forgets_a_longer_event()
    {
        text.Set(Encoding.UTF8.GetBytes(new string('x', 10_000)));
        Assert.Equal(10_000, text.Text.Length);
        text.Set("short"u8);
        Assert.Equal("short", text.Text);
        Assert.Equal("short"u8, text.Raw.Span);
    }

    [Fact]
    public void Invalid_bytes_are_left_as_they_are()
    {
        text.Set([0x61, 0xff, 0xfe, 0x00, 0x62]);
        Assert.Equal([0x61, 0xff, 0xfe, 0x00, 0x62], text.Bytes.ToArray());
    }
}
