using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using NodaTime;
using Tocsin.Cli.Commands.Lab;
using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Platforms;
using Tocsin.Collect.Probes;
using Tocsin.Core.Catalog;
using Tocsin.Core.Platforms;

namespace Tocsin.Cli.Commands.Platforms;

/// <summary>tocsin logs: a saved query of CloudWatch Logs Insights, or a free one.</summary>
internal static class LogsCommand
{
    private const string QueriesFile = "queries.yaml";

    public static Command Create(CommonOptions common, Terminal terminal)
    {
        var environment = new Argument<string>("ENV") { Description = "The environment" };
        var query = new Argument<string?>("QUERY") { Description = "A saved query's name, or a query in quotes; without it the saved ones are listed", Arity = ArgumentArity.ZeroOrOne };
        var service = new Option<string?>("--service") { Description = "Only this service's log group", HelpName = "NAME" };
        var since = new Option<string?>("--since") { Description = "How far back: a time or an age (default: the query's own, else 1h; at most 24h)", HelpName = "TIME" };
        var limit = new Option<int>("--limit") { Description = $"Rows at most (default: 50, at most {LogQuery.MostRows})", DefaultValueFactory = _ => 50, HelpName = "ROWS" };
        var format = CommonOptions.Format("text", "json");
        var ask = new AskOptions();
        var command = new ExampledCommand(
            "logs",
            "Query the logs of an environment by CloudWatch Logs Insights. It says what it scanned, which is paid for.",
            ["tocsin logs production all-errors", "tocsin logs staging slow-requests --service core-api --since 3h", "tocsin logs production 'fields @timestamp, @message | filter @message like /ECONNREFUSED/ | limit 20'"])
        {
            Arguments = { environment, query }, Options = { service, since, limit, ask.Endpoint, ask.Lab, format },
        };
        command.SetAction((parsed, cancel) => new LabRun(terminal).DoAsync(
            c =>
            {
                var platform = ask.Load(common, parsed);
                var saved = SavedQueryReader.Parse(platform.Beside(QueriesFile), QueriesFile);
                if (saved.Value is not { } queries) throw new SettingsException(string.Join(Environment.NewLine, saved.Problems));
                var wanted = parsed.GetValue(query);
                if (wanted is null) return Task.FromResult(List(terminal, queries));
                return new LogsRun(platform, terminal).RunAsync(platform.Environment(parsed.GetValue(environment)), Find(queries, wanted), parsed.GetValue(service), parsed.GetValue(since), parsed.GetValue(limit), parsed.GetValue(format) is "json", c);
            },
            cancel));
        return command;
    }

    private static int List(Terminal terminal, SavedQueries queries)
    {
        foreach (var one in queries.All) terminal.Out.WriteLine($"{terminal.Bold(one.Id)}  {one.Title}{(one.About.Length > 0 ? $". {one.About}" : "")}");
        return ExitCode.Done;
    }

    // One word is a name; anything longer is a query of its own.
    private static SavedQuery Find(SavedQueries queries, string wanted) =>
        queries.All.FirstOrDefault(q => q.Id == wanted)
        ?? (wanted.Contains(' ', StringComparison.Ordinal) ? new SavedQuery("", "", "", AllGroups: true, 3600, wanted)
        : throw new SettingsException($"there is no saved query {wanted}; {Nearest.Suggest(wanted, queries.All.Select(q => q.Id))}there are {string.Join(", ", queries.All.Select(q => q.Id))}"));
}

/// <summary>One query from its name to its rows.</summary>
internal sealed class LogsRun(PlatformAsk platform, Terminal terminal)
{
    public async Task<int> RunAsync(PlatformEnvironment environment, SavedQuery query, string? service, string? since, int limit, bool json, CancellationToken cancel)
    {
        var now = SystemClock.Instance.GetCurrentInstant();
        if (!TimeWindow.TryParse(since, null, now, out var window, out var problem)) throw new SettingsException(problem);
        var from = window.Since ?? now - Duration.FromSeconds(query.RangeSeconds);
        if (service is null && !query.AllGroups) throw new SettingsException($"{query.Id} looks into one log group: --service names it");
        ImmutableArray<string> groups = [.. platform.Services(service).Select(s => s.Fields["logGroup"])];
        var connection = platform.Connection(environment);
        using var caller = PlatformAsk.Caller(connection);
        var map = platform.Map(environment);
        try
        {
            var answer = await new LogQuery(caller, map.Region, TimeProvider.System).RunAsync(groups, query.Text, from, now, limit, cancel);
            if (json) terminal.Out.WriteLine(Write(answer));
            else await ShowAsync(answer, groups, from, now, connection, caller, map, cancel);
            return answer.Status is "Complete" ? ExitCode.Done : ExitCode.CouldNotLook;
        }
        catch (AwsFailure e)
        {
            terminal.Fail(PlainText.Of(Refusals.Words(e)));
            return ExitCode.CouldNotLook;
        }
    }

    private async Task ShowAsync(LogQueryAnswer answer, ImmutableArray<string> groups, Instant from, Instant now, AwsConnection connection, AwsCaller caller, PlatformMap map, CancellationToken cancel)
    {
        terminal.Out.WriteLine(terminal.Dim(await PlatformAsk.WhereAsync(connection, caller, map.Region, cancel)));
        var range = now - from > LogQuery.MostRange ? LogQuery.MostRange : now - from;
        terminal.Out.WriteLine(terminal.Dim($"{string.Join(", ", groups)} · the last {range.TotalMinutes:0} min{(range < now - from ? " (the most that is looked over)" : "")}"));
        foreach (var row in answer.Rows) terminal.Out.WriteLine(string.Join("  ", answer.Columns.Select((c, i) => c is "@timestamp" ? terminal.Cyan(PlainText.Of(row[i])) : PlainText.Of(row[i]))));
        terminal.Out.WriteLine(terminal.Dim(string.Create(CultureInfo.InvariantCulture, $"{answer.Rows.Length} rows · {answer.RecordsMatched} of {answer.RecordsScanned} lines matched · {answer.BytesScanned} bytes scanned{(answer.Status is "Complete" ? "" : $" · {answer.Status}")}")));
    }

    private static string Write(LogQueryAnswer answer) => Json.Write(Json.Indented, w =>
    {
        w.WriteStartObject();
        w.WriteString("status", answer.Status);
        w.WriteNumber("bytesScanned", answer.BytesScanned);
        w.WriteNumber("recordsScanned", answer.RecordsScanned);
        w.WriteNumber("recordsMatched", answer.RecordsMatched);
        w.WriteStartArray("rows");
        foreach (var row in answer.Rows)
        {
            w.WriteStartObject();
            for (var i = 0; i < row.Length; i++) w.WriteString(answer.Columns[i], row[i]);
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WriteEndObject();
    });
}
