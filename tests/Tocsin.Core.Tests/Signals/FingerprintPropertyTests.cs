using System.Globalization;
using Tocsin.Core.Signals;

namespace Tocsin.Core.Tests.Signals;

/// <summary>The passes by hand against the regular expressions that define them.</summary>
public sealed class FingerprintPropertyTests
{
    private const int Rounds = 40_000;

    private static readonly string[] Pieces =
    [
        "2026-11-21", "2026/11/21", "2026.11-21", "T", "t", " ", ", ", "21:49:40", "9:08:20", ".123", ",1234567890", "Z", "z", " UTC", " GMT", "+05:30", "-0530", " AM", "\u202fPM", "11/21/2026",
        "Sat, ", "Sat ", "Nov 21 ", "Nov  1 ", "21 Nov 2026", "21/Nov/2026:", "Dec", "Mon", "May", " 2026", " 20261", "08:09", ":", "::1", "[2001:db8::1]:443", "fe80:", "a:b:c:d:e:f:1:2", "]", "]:80", "[", "12345:",
        "10.0.3.17", ":3306", ":123456", "/24", "/245", ".", "..", "1.2.3.4.5", "550e8400-e29b-41d4-a716-446655440000", "0x7ffd", "0x", "xyz", "deadbeef", "i-0abc123def456",
        "ada@example.com", "@", "a.b-c@d.e", "@x.y.z.w.v.u.t", "?page=2&x=y", "/a?b=c d", "?", "=", "12.5ms", "5000 ms", "1m30s", "512MB", "1.5GiB", "3 min", "µs", "5µs", "7 days", "+5", "-111", "-", "+", "_", "1_",
        "\"msg\":\"", "\"", "'", "`", "\\\"", "\\", "\\n", "\n", "\r", "{\"level\":50,", "\"host\":\"x\"", "'code': '", "error=", "key=\"v\"", "err: `", "message", ": ", ":", "\": ", "{", "}", ", ", ",", "\"*\"", "\"a\": *,", "*", "*.*", "**", "*-",
        "E11000", "P2002", "42S02", "HY000", "A_12", "ABCDEFG1", "worker3", "mysql2", "utf8mb4", "sha256_old", "sha2561", "a1", "abcd", "abcde1234567", "abcd1_efgh2_", "abcd__e1", "cafe1", "zzz9zz9", "can't", "isn't", "x",
        "\u001b[31m", "\u001b[0;1;32m", "\u001b[", "\u001b", "é", "ж", "\u0301", "\u0903", "\u200d", "\u200c", "٣", "‿", "\u00a0", "\u2028", "\0", "\t", "  ", "\ud83d\udea8", "\ud83d", "(", ")", "<", ">", "%", "~", "timeout", "Error",
    ];

    [Fact]
    public void Pieces_put_together_in_any_order_give_the_same()
    {
        var random = new Random(20261121);
        for (var round = 0; round < Rounds; round++) Same(string.Concat(random.GetItems(Pieces, random.Next(1, 14))));
    }

    [Fact]
    public void Single_characters_in_any_order_give_the_same()
    {
        var random = new Random(7);
        const string Few = "aF1 0:.-\"'\\*/?=@_[]mskx,TZ+";
        const string Many = "abcdefxyzABFKMTZ 0123456789.:/-_'\"`\\{}[]@?=&+,;%~()<>*\u001b\ud83d\udea8\n\r\t\0éµ\u200d\u0301";
        for (var round = 0; round < Rounds; round++) Same(new string(random.GetItems<char>(round % 2 == 0 ? Few : Many, random.Next(round % 50 == 0 ? 700 : 40))));
    }

    [Fact]
    public void Every_character_beside_a_word_and_a_number_gives_the_same()
    {
        for (var c = 0; c <= char.MaxValue; c++) Same($"{(char)c}21:49:40{(char)c}0x1f{(char)c}5 ms{(char)c}a@b.c \"k{(char)c}\":\"{(char)c}\"");
    }

    [Fact]
    public void The_samples_of_the_catalog_and_the_healthy_logs_give_the_same_whole_and_spoiled()
    {
        var random = new Random(3);
        var lines = ShippedCatalog.SampleTexts.Concat(ShippedCatalog.SampleTexts.Concat(ShippedCatalog.Texts("*.log")).SelectMany(f => f.Split('\n'))).Distinct(StringComparer.Ordinal).ToArray();
        Assert.True(lines.Length > 5000);
        foreach (var line in lines)
        {
            Same(line);
            if (line.Length < 2) continue;
            var at = random.Next(line.Length - 1);
            Same(line.Remove(at, random.Next(1, Math.Min(6, line.Length - at))));
            Same(line.Insert(at, Pieces[random.Next(Pieces.Length)]));
            Same(line[at..] + line[..at]);
        }
    }

    [Theory]
    [InlineData("a", 199)]
    [InlineData("a", 200)]
    [InlineData("a", 201)]
    [InlineData("a", 1999)]
    [InlineData("a1", 1001)]
    [InlineData("abcd", 6)]
    [InlineData("abcd", 24)]
    [InlineData("abcd", 25)]
    [InlineData("1", 18)]
    [InlineData("1", 19)]
    [InlineData("f", 32)]
    [InlineData("f", 33)]
    [InlineData("f", 63)]
    [InlineData("f", 64)]
    [InlineData("f", 65)]
    [InlineData(".f", 7)]
    [InlineData("0;", 16)]
    [InlineData("0;", 17)]
    [InlineData("k", 40)]
    [InlineData("k", 41)]
    [InlineData("k", 42)]
    [InlineData("x ", 150)]
    [InlineData("x ", 151)]
    [InlineData("x ", 1000)]
    [InlineData("x ", 1001)]
    [InlineData("x ", 3000)]
    public void At_its_limits_it_gives_the_same(string part, int times)
    {
        var run = string.Concat(Enumerable.Repeat(part, times));
        string[] forms = ["{0}", "{0}1", "1{0}", "\e[{0}m", "0x{0}", "{0}@b.c", "a@{0}.c", "a@b{0}", "{0} ms", "1.{0}s", "1s{0}h", "/a?{0}=b", "/a?b={0}", "{0}=\"x\"", "{0}: 'x'", "\"{0}\"", "'{0}'", "`{0}`", "\"{0}\": *, x", "A{0}", "\"msg\":\"'{0}' down\""];
        foreach (var form in forms) Same(string.Format(CultureInfo.InvariantCulture, form, run));
    }

    private static void Same(string text) => Assert.Equal(RegexFingerprint.Generalise(text), Fingerprint.Generalise(text));
}
