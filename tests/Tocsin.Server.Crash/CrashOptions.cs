using System.Collections.Immutable;
using System.Diagnostics;
using System.Net.Http.Json;
using NodaTime;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Probes;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;
using Tocsin.Core.Platforms;
using Tocsin.Core.Response;
using Tocsin.Core.Response.Actions;
using Tocsin.Server.Actions;
using Tocsin.Server.Notify;
using Tocsin.Server.Setup;

namespace Tocsin.Server.Crash;

/// <summary>A server as the campaign runs it: real, live, and without storms, so that each report is an incident of its own.</summary>
public static class CrashOptions
{
    /// <param name="database">A folder, or a connection string of PostgreSQL.</param>
    public static ServerOptions For(string database, string repository, IChannel channel)
    {
        var folder = Path.Combine(repository, "platforms", "zelly");
        var plan = ResponseReader.Parse(File.ReadAllText(Path.Combine(folder, "response.yaml")), "response.yaml").Value!;
        var isPostgres = database.Contains("Host=", StringComparison.Ordinal);
        return new ServerOptions
        {
            Plan = plan with { Policy = plan.Policy with { Correlation = plan.Policy.Correlation with { StormOpens = int.MaxValue, StormWithin = Duration.FromSeconds(1) } }, Roster = WithoutQuestions(plan.Roster) },
            Matching = MatchSet.Build([]),
            Platform = PlatformReader.Parse(File.ReadAllText(Path.Combine(folder, "platform.yaml")), "platform.yaml").Value!,
            DataFolder = isPostgres ? "" : database,
            Postgres = isPostgres ? database : null,
            Listen = "http://127.0.0.1:0",
            Live = true,
            Kinds = [.. new[] { "pagerduty", "webhook", "ntfy", "slack" }.Select(k => new ChannelKind(k, new Shape.Map("the campaign's receiver", []), _ => channel))],
            Variable = static name => name,
        };
    }

    // Which day the campaign falls on changes nothing of what is counted.
    private static Roster WithoutQuestions(Roster roster) => roster with { Schedules = roster.Schedules.ToImmutableDictionary(s => s.Key, s => s.Value with { Ready = null }, StringComparer.Ordinal) };
}

/// <summary>Actions of such a server: they reach a lab, as whoever acts there.</summary>
public static class CrashActions
{
    /// <param name="lab">The lab's endpoint, key and secret, with spaces between; null: nothing acts.</param>
    public static ServerOptions With(ServerOptions options, string? lab)
    {
        if (lab?.Split(' ') is not [var endpoint, var key, var secret]) return options;
        var environment = options.Platform.Environment("production")!;
        var usual = new AwsCallerOptions { Login = AwsLogin.Keys(key, secret), Endpoint = new Uri(endpoint) };
        var acting = new ActingRole(usual, "arn:aws:iam::000000000000:role/tocsin-acting", environment.Fields["region"]);
        var ground = new ActionGround(new PlatformMap(options.Platform, environment), new AwsCaller(usual), endpoint, acting.AsAsync, TimeProvider.System);
        return options with { Actions = new ActionSetup { Modes = ImmutableDictionary<string, ActionMode>.Empty.Add("production", ActionMode.On), Ground = e => e is "production" ? ground : null, Pause = TimeSpan.FromMilliseconds(200) } };
    }
}

/// <summary>Takes each page to the campaign over HTTP.</summary>
public sealed class Receiver(HttpClient http, Uri address) : IChannel
{
    public bool KeepsAlarm => false;

    public async Task<SendResult> SendAsync(OutgoingPage page, CancellationToken cancel)
    {
        try
        {
            using var answer = await http.PostAsJsonAsync(address, new { key = page.IdempotencyKey, attempt = page.Attempt }, cancel);
            return answer.IsSuccessStatusCode ? new SendResult.Taken(Receipt.Accepted, "") : new SendResult.TryAgain("refused", null);
        }
        catch (HttpRequestException e)
        {
            return new SendResult.InDoubt(e.Message);
        }
    }
}

/// <summary>Ends this process with SIGKILL when a step is reached for the given time.</summary>
public sealed class Killer(string wanted, int number)
{
    private int seen;

    public void At(string step)
    {
        if (step == wanted && Interlocked.Increment(ref seen) == number) Process.GetCurrentProcess().Kill();
    }
}
