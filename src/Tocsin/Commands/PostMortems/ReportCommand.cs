using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using NodaTime;
using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;
using Tocsin.Core.Response;

namespace Tocsin.Cli.Commands.PostMortems;

/// <summary>tocsin report: MTTA, MTTR and promises over a server's incidents.</summary>
internal sealed class ReportCommand(Terminal terminal)
{
    private readonly Option<string> by = new("--by") { Description = "What incidents are gathered by: all, severity, service, entry or month", HelpName = "GROUP", DefaultValueFactory = _ => "severity" };
    private readonly Option<int> days = new("--days") { Description = "Of how many days, 1 to 366", HelpName = "NUMBER", DefaultValueFactory = _ => 90 };
    private readonly Option<string> format = CommonOptions.Format("text", "json");

    public static Command Create(CommonOptions _, Terminal terminal) => new ReportCommand(terminal).Create();

    private ExampledCommand Create()
    {
        by.AcceptOnlyFromAmong("all", "severity", "service", "entry", "month");
        var command = new ExampledCommand("report", "How incidents were answered: mean times to acknowledge and to resolve, promises kept and missed. What is no number is counted apart.", ["tocsin report", "tocsin report --by service --days 30", "tocsin report --by month --format json"]);
        foreach (var option in (Option[])[by, days, format]) command.Options.Add(option);
        command.SetAction((parsed, cancel) => ServerRun.DoAsync(
            terminal,
            async (server, c) =>
            {
                using var found = await server.GetAsync(string.Create(CultureInfo.InvariantCulture, $"api/v1/reports?by={parsed.GetValue(by)}&days={parsed.GetValue(days)}"), c);
                if (parsed.GetValue(format) is "json") IncidentText.Json(terminal, found);
                else Show(found.RootElement);
                return ExitCode.Done;
            },
            cancel));
        return command;
    }

    private void Show(JsonElement report)
    {
        var rows = report.GetProperty("rows").EnumerateArray().ToList();
        if (rows.Count == 0) terminal.Out.WriteLine("no incident in this time");
        var width = rows.Select(r => r.GetProperty("name").GetString()!.Length).DefaultIfEmpty().Max();
        foreach (var row in rows)
        {
            terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{terminal.Bold(row.GetProperty("name").GetString()!.PadRight(width))}  {row.GetProperty("incidents").GetInt32(),4}  acknowledged {Time(row.GetProperty("toAcknowledge"))}  resolved {Time(row.GetProperty("toResolve"))}  promises {row.GetProperty("kept").GetInt32()} kept, {row.GetProperty("missed").GetInt32()} missed"));
        }
    }

    private static string Time(JsonElement time)
    {
        var left = new[] { ("notYet", "not yet"), ("notApplicable", "not applicable"), ("invalid", "invalid") }.Where(l => time.GetProperty(l.Item1).GetInt32() > 0).Select(l => string.Create(CultureInfo.InvariantCulture, $"{time.GetProperty(l.Item1).GetInt32()} {l.Item2}")).ToList();
        var mean = time.TryGetProperty("meanSeconds", out var seconds) && seconds.ValueKind == JsonValueKind.Number ? $"{Words.Length(Duration.FromSeconds(seconds.GetInt64()))} (median {Words.Length(Duration.FromSeconds(time.GetProperty("medianSeconds").GetInt64()))})" : "–";
        return left.Count > 0 ? $"{mean} ({string.Join(", ", left)})" : mean;
    }
}
