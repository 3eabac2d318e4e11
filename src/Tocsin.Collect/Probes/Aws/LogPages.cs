using System.Collections.Immutable;
using System.Text.Json.Nodes;
using NodaTime;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>One event of a log group.</summary>
public sealed record LogEvent(string Stream, Instant At, string Text);

/// <summary>Events of a group, oldest first, and whether there were more than are read.</summary>
internal sealed record LogPage(ImmutableArray<LogEvent> Events, bool Cut)
{
    /// <summary>Says what was not read.</summary>
    public void Tell(Sighting sighting)
    {
        if (Cut) sighting.Lacks($"the log holds more than {Events.Length} events in this time; the first were read");
    }
}

/// <summary>FilterLogEvents to its end, in at most so many pages: one may be empty and still have one after it.</summary>
internal static class LogPages
{
    private const int Most = 8;

    /// <param name="question">The group, the time and a pattern, without a token.</param>
    public static async Task<LogPage> ReadAsync(JsonObject question, Func<JsonObject, Task<JsonObject>> ask, CancellationToken cancel)
    {
        var events = ImmutableArray.CreateBuilder<LogEvent>();
        string? token = null;
        for (var page = 0; page < Most; page++)
        {
            cancel.ThrowIfCancellationRequested();
            var asked = (JsonObject)question.DeepClone();
            if (token is not null) asked["nextToken"] = token;
            var answer = await ask(asked);
            events.AddRange(answer.Items("events").Select(e => new LogEvent(e.Text("logStreamName") ?? "", Instant.FromUnixTimeMilliseconds((long)(e.Number("timestamp") ?? 0)), e.Text("message") ?? "")));
            token = answer.Text("nextToken");
            if (token is null) break;
        }
        return new LogPage([.. events.OrderBy(e => e.At)], token is not null);
    }
}
