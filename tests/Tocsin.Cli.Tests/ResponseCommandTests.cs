using Tocsin.Cli.Tests.Processes;

namespace Tocsin.Cli.Tests;

/// <summary>simulate and oncall, as they are called.</summary>
public sealed class ResponseCommandTests : IDisposable
{
    private const string At = "2026-11-22T03:00Z";
    private readonly Workplace at = new();

    public void Dispose() => at.Dispose();

    [Fact]
    public void A_simulated_p0_pages_everyone_at_once()
    {
        var ended = at.Run("simulate", "All services answer 503", "--fact", "all-down", "--at", At, "--for", "1m", "--format", "json");
        Assert.Equal((0, ""), (ended.Code, ended.Error));
        Assert.Equal("P0", ended.Json.GetProperty("severity").GetString());
        Assert.Equal("2026-11-22T03:15:00Z", ended.Json.GetProperty("acknowledgeBy").GetString());
        Assert.Equal(8, ended.Json.GetProperty("pages").GetArrayLength());
    }

    [Fact]
    public void A_window_that_holds_every_page_back_past_the_acknowledge_time_is_an_error()
    {
        var ended = at.Run("simulate", "Staging is slow", "--severity", "P1", "--env", "staging", "--at", "2026-11-22T20:00Z", "--for", "1h");
        Assert.Equal(1, ended.Code);
        Assert.Contains("held back by maintenance", ended.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("text", "P2")]
    [InlineData("observation", "P1")]
    [InlineData("person", "P0")]
    public void Only_a_person_calls_all_hands(string source, string severity)
    {
        var ended = at.Run("simulate", "alb-503", "--fact", "all-down", "--source", source, "--at", At, "--format", "json");
        Assert.Equal(severity, ended.Json.GetProperty("severity").GetString());
    }

    [Theory]
    [InlineData("simulate x --at yesterday", "a time such as")]
    [InlineData("simulate x --for long", "a time such as")]
    [InlineData("oncall ical primry", "did you mean \"primary\"")]
    [InlineData("oncall diff no-such.yaml", "could not be read")]
    public void A_mistake_is_told(string command, string says)
    {
        var ended = at.Run(command.Split(' '));
        Assert.Equal(2, ended.Code);
        Assert.Contains(says, ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_shipped_plan_is_ready()
    {
        Assert.Equal(0, at.Run("oncall", "check", "--at", At).Code);
        Assert.Equal("neither gap nor overlap until 2028-11-19 03:00Z\n", at.Run("oncall", "gaps", "--at", At).Out);
        Assert.Equal("engineer-1", at.Run("oncall", "show", "--at", At, "--format", "json").Json[0].GetProperty("person").GetString());
        Assert.Equal(672, at.Run("oncall", "hours", "--at", At, "--format", "json").Json.EnumerateArray().Sum(h => h.GetProperty("hours").GetDouble()));
    }

    [Fact]
    public void A_calendar_goes_out_and_comes_in_as_overrides()
    {
        var calendar = at.Run("oncall", "ical", "primary", "--at", At, "--for", "3w");
        Assert.StartsWith("BEGIN:VCALENDAR\r\n", calendar.Out, StringComparison.Ordinal);
        at.Write("own.ics", calendar.Out);
        Assert.Contains("person: engineer-1 }", at.Run("oncall", "ical", "primary", "--in", "own.ics").Out, StringComparison.Ordinal);
    }
}
