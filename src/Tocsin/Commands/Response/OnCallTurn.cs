using System.Text.Json;
using NodaTime;
using NodaTime.Text;
using Tocsin.Cli.Setup;
using Tocsin.Core.Response;

namespace Tocsin.Cli.Commands.Response;

/// <summary>What whoever's turn began said to a server that asked them.</summary>
/// <param name="Confirmed">When they said that pages reach them; null: they have not.</param>
/// <param name="Told">When the backup was told; null: not.</param>
internal sealed record OnCallTurn(string Schedule, string Person, string Backup, Instant Began, Instant Until, Instant? Confirmed, Instant? Told)
{
    private static OnCallTurn Of(JsonElement turn) => new(Text(turn, "schedule"), Text(turn, "person"), Text(turn, "backup"), Time(turn, "began")!.Value, Time(turn, "until")!.Value, Time(turn, "confirmed"), Time(turn, "told"));

    private static string Text(JsonElement turn, string key) => turn.GetProperty(key).GetString()!;

    private static Instant? Time(JsonElement turn, string key) => turn.TryGetProperty(key, out var at) ? InstantPattern.ExtendedIso.Parse(at.GetString()!).Value : null;

    /// <summary>Of the server that is named in the environment, the newest first; none where none is named. A server that does not answer is said on stderr, and by the exit code.</summary>
    public static async Task<(IReadOnlyList<OnCallTurn> Turns, int Code)> AskAsync(Terminal terminal, CancellationToken cancel)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable(ServerClient.Url)) || string.IsNullOrEmpty(Environment.GetEnvironmentVariable(ServerClient.Token))) return ([], ExitCode.Done);
        var turns = new List<OnCallTurn>();
        var code = await ServerRun.DoAsync(
            terminal,
            async (server, c) =>
            {
                using var answer = await server.GetAsync("api/v1/oncall/turns", c);
                turns.AddRange(answer.RootElement.EnumerateArray().Select(Of));
                return ExitCode.Done;
            },
            cancel);
        return (turns, code);
    }

    /// <summary>The answer of whoever has a shift at its start; null: nobody was asked, or by no server that is known here.</summary>
    public static OnCallTurn? Of(IReadOnlyList<OnCallTurn> turns, OnCallSchedule schedule, Instant at) =>
        turns.FirstOrDefault(t => t.Schedule == schedule.Id && t.Began <= at && schedule.Shifts(new Interval(t.Began, at + Duration.FromTicks(1))).Any(s => s.Person == t.Person && s.When.Start <= t.Began && s.When.End > at));
}
