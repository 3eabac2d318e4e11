using System.Text;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;

namespace Tocsin.Core.Tests.Matching;

public sealed class StructuredEventTests
{
    private const string Task = """{"detail":{"stopCode":"TaskFailed","containers":[{"name":"app","exitCode":137},{"name":"sidecar","exitCode":0,"reason":"x"}],"attachments":[]}}""";

    [Theory]
    [InlineData("stopCode", true)]
    [InlineData("detail.stopCode", true)]
    [InlineData("STOPCODE", true)]
    [InlineData("Code", false)]
    [InlineData("other.stopCode", false)]
    public void A_path_is_compared_from_its_end(string path, bool expected) => Assert.Equal(expected, Holds(Task, path, new Comparison.Is("taskfailed")));

    [Theory]
    [InlineData("containers.exitCode", "137", true)]
    [InlineData("exitCode", "0", true)]
    [InlineData("exitCode", "1", false)]
    [InlineData("attachments", "[]", true)]
    public void Indices_of_arrays_are_left_out(string path, string value, bool expected) => Assert.Equal(expected, Holds(Task, path, new Comparison.Is(value)));

    [Theory]
    [InlineData("app", "137", true)]
    [InlineData("app", "0", false)]
    [InlineData("sidecar", "0", true)]
    public void Each_asks_for_one_element_that_has_it_all(string name, string code, bool expected)
    {
        Pattern.Field[] fields = [new("containers.name", new Comparison.Is(name)), new("detail.containers.exitCode", new Comparison.Is(code))];
        Assert.Equal(expected, Read(Task)!.Holds(fields, "containers"));
        Assert.True(Read(Task)!.Holds(fields, ""));
    }

    [Theory]
    [InlineData("reason", true)]
    [InlineData("containers.reason", true)]
    [InlineData("containers", true)]
    [InlineData("detail", true)]
    [InlineData("attachments", true)]
    [InlineData("nothing", false)]
    [InlineData("detail.reason", false)]
    public void A_field_is_there_or_is_not(string path, bool expected)
    {
        Assert.Equal(expected, Holds(Task, path, new Comparison.Exists(true)));
        Assert.Equal(!expected, Holds(Task, path, new Comparison.Exists(false)));
    }

    [Fact]
    public void Absence_can_be_asked_of_one_element()
    {
        Assert.True(Read(Task)!.Holds([new("containers.name", new Comparison.Is("app")), new("reason", new Comparison.Exists(false))], "containers"));
        Assert.False(Read(Task)!.Holds([new("containers.name", new Comparison.Is("sidecar")), new("reason", new Comparison.Exists(false))], "containers"));
    }

    [Theory]
    [InlineData("2026-11-21 INFO {\"code\":5}")]
    [InlineData("[Nest] 12 [x] {\"code\":5}")]
    [InlineData("{\"code\":5} trailing words")]
    [InlineData("{\"code\":5,}")]
    [InlineData("[{\"code\":5}]")]
    [InlineData("{\"message\":\"{\\\"code\\\":5}\"}")]
    [InlineData("{\"Message\":\"{\\\"detail\\\":\\\"{\\\\\\\"code\\\\\\\":5}\\\"}\"}")]
    [InlineData("{\n  \"code\": 5\n}")]
    public void The_value_is_found_in_its_wrapping(string line) => Assert.True(Holds(line, "code", new Comparison.Is("5")));

    [Theory]
    [InlineData("")]
    [InlineData("no json")]
    [InlineData("{\"code\":5")]
    [InlineData("{code:5}")]
    [InlineData("{{{{")]
    [InlineData("[1,2")]
    public void Broken_json_is_no_structured_event(string line) => Assert.Null(Read(line));

    [Theory]
    [InlineData("{\"a\":\"\\ud800\",\"code\":5}")]
    [InlineData("{\"\\udc00\":1,\"code\":5}")]
    [InlineData("{\"a\":\"{\\\\ud800\\\"\",\"code\":5}")]
    [InlineData("{\"a\":\"{\\\"b\\\":\\\"\\\\ud800\\\"}\",\"code\":5}")]
    public void Half_a_surrogate_pair_does_no_harm(string line) => Assert.True(Holds(line, "code", new Comparison.Is("5")));

    [Fact]
    public void A_whole_surrogate_pair_is_kept() => Assert.True(Holds("{\"a\":\"\\ud83d\\ude00\\\\ud800\"}", "a", new Comparison.Is("😀\\ud800")));

    [Fact]
    public void Invalid_bytes_in_a_text_do_no_harm()
    {
        byte[] line = [.. "{\"a\":\""u8, 0xff, 0xc3, .. "\",\""u8, 0xfe, .. "\":1,\"code\":5}"u8];
        using var read = StructuredEvent.Read(line)!;
        Assert.True(read.Holds([new("code", new Comparison.Is("5"))], ""));
        Assert.False(read.Holds([new("a", new Comparison.Is("5"))], ""));
    }

    [Fact]
    public void A_name_as_long_as_the_event_is_not_copied_for_every_value()
    {
        var line = $"{{\"{new string('n', 100_000)}\":{{{string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"k{i}\":{i}"))}}}}}";
        Assert.True(Holds(line, "k19999", new Comparison.Is("19999")));
        Assert.False(Holds(line, "other", new Comparison.Is("1")));
    }

    [Fact]
    public void Depth_and_nesting_are_bounded()
    {
        Assert.Null(Read(new string('[', 5000)));
        var nested = "1";
        for (var i = 0; i < 12; i++) nested = $"{{\"n\":{System.Text.Json.JsonSerializer.Serialize(nested)}}}";
        Assert.NotNull(Read(nested));
        Assert.NotNull(Read($"[{string.Join(',', Enumerable.Repeat("\"{}\"", 1000))}]"));
    }

    private static bool Holds(string json, string path, Comparison comparison)
    {
        using var read = Read(json);
        return read is not null && read.Holds([new Pattern.Field(path, comparison)], "");
    }

    private static StructuredEvent? Read(string json) => StructuredEvent.Read(Encoding.UTF8.GetBytes(json));
}

public sealed class ComparisonsTests
{
    [Theory]
    [InlineData("5", "5", true)]
    [InlineData("5.0", "5", true)]
    [InlineData("abc", "ABC", true)]
    [InlineData("abc", "abd", false)]
    [InlineData("", "", true)]
    [InlineData("NaN", "nan", true)]
    [InlineData("5", "", false)]
    public void Equal_without_case_and_as_numbers(string value, string wanted, bool expected)
    {
        Assert.Equal(expected, new Comparison.Is(wanted).Holds(value));
        Assert.Equal(!expected, new Comparison.IsNot(wanted).Holds(value));
        Assert.Equal(expected, new Comparison.OneOf(["zzz", wanted]).Holds(value));
    }

    [Theory]
    [InlineData("6", true, false, true, false)]
    [InlineData("5", false, false, true, true)]
    [InlineData("4.5", false, true, false, true)]
    [InlineData("x", false, false, false, false)]
    [InlineData("", false, false, false, false)]
    public void Bounds_are_for_numbers(string value, bool above, bool below, bool atLeast, bool atMost)
    {
        Assert.Equal(above, new Comparison.Above(5).Holds(value));
        Assert.Equal(below, new Comparison.Below(5).Holds(value));
        Assert.Equal(atLeast, new Comparison.AtLeast(5).Holds(value));
        Assert.Equal(atMost, new Comparison.AtMost(5).Holds(value));
    }

    [Fact]
    public void Parts_and_expressions_ignore_case()
    {
        Assert.True(new Comparison.Contains("OUT OF").Holds("OutOfMemory: out of memory"));
        Assert.False(new Comparison.Contains("disk").Holds("out of memory"));
        Assert.True(new Comparison.Matches("^cannot.*:latest$").Holds("CannotPull x:latest"));
        Assert.False(new Comparison.Matches("^latest").Holds("x:latest"));
    }
}
