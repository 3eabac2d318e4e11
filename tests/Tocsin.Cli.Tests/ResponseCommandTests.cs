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
    public void Whoever_is_on_call_is_shown_with_the_backup_who_hears_of_their_silence()
    {
        Assert.Contains("whoever's turn begins confirms it within 30m, else Tech lead (lead) is told\n", at.Run("oncall", "show", "--at", At).Out, StringComparison.Ordinal);
        var shift = at.Run("oncall", "show", "--at", At, "--format", "json").Json[0];
        Assert.Equal(("PT30M", "lead"), (shift.GetProperty("confirmWithin").GetString(), shift.GetProperty("backup").GetString()));
        // A server that is away: what needs none is shown all the same.
        using var away = at.StartWith([("TOCSIN_URL", "http://127.0.0.1:9"), ("TOCSIN_TOKEN", "t")], "oncall", "show", "--at", At);
        var ended = away.End();
        Assert.Equal(3, ended.Code);
        Assert.Contains("does not answer", ended.Error, StringComparison.Ordinal);
        Assert.Contains("First engineer", ended.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(""" "confirmed":"2026-11-16T04:40:00Z" """, "First engineer (engineer-1) confirmed on Mon 2026-11-16 10:10")]
    [InlineData(""" "told":"2026-11-16T05:00:00Z" """, "First engineer (engineer-1) has not confirmed, Tech lead (lead) was told on Mon 2026-11-16 10:30")]
    [InlineData(""" "schedule":"primary" """, "has not confirmed yet, until Mon 2026-11-16 10:30")]
    public async Task What_a_server_was_told_at_the_start_of_a_turn_is_shown(string answer, string says)
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        using var running = at.StartWith([("TOCSIN_URL", $"http://{listener.LocalEndpoint}"), ("TOCSIN_TOKEN", "t")], "oncall", "show", "--at", At);
        using (var asked = await listener.AcceptTcpClientAsync(TestContext.Current.CancellationToken))
        await using (var stream = asked.GetStream())
        {
            Assert.StartsWith("GET /api/v1/oncall/turns ", await new StreamReader(stream).ReadLineAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
            // An older turn is there too, of somebody else.
            var body = $$"""[{"schedule":"primary","person":"engineer-1","backup":"lead","began":"2026-11-16T04:30:00Z","until":"2026-11-16T05:00:00Z",{{answer}}},{"schedule":"primary","person":"engineer-3","backup":"lead","began":"2026-11-09T04:30:00Z","until":"2026-11-09T05:00:00Z"}]""";
            await stream.WriteAsync(System.Text.Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"), TestContext.Current.CancellationToken);
        }
        var ended = running.End();
        Assert.Equal((0, ""), (ended.Code, ended.Error));
        Assert.Contains(says, ended.Out, StringComparison.Ordinal);
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
