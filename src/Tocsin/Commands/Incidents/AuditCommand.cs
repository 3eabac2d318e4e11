using System.CommandLine;
using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;

namespace Tocsin.Cli.Commands.Incidents;

/// <summary>tocsin audit: checks the audit log, or prints it.</summary>
internal static class AuditCommand
{
    public static Command Create(CommonOptions common, Terminal terminal)
    {
        _ = common;
        return new Command("audit", "The audit log of a server: whether it is whole, and what it says.") { Verify(terminal), Export(terminal) };
    }

    private static ExampledCommand Verify(Terminal terminal)
    {
        var format = CommonOptions.Format("text", "json");
        var command = new ExampledCommand("verify", "Recompute every hash of the log and of the events it vouches for; exits with 1 when something was changed.", ["tocsin audit verify"]) { Options = { format } };
        command.SetAction((parsed, cancel) => ServerRun.DoAsync(
            terminal,
            async (server, c) =>
            {
                using var answer = await server.GetAsync("api/v1/audit/verify", c);
                var problem = answer.RootElement.GetProperty("problem").GetString()!;
                if (parsed.GetValue(format) is "json") IncidentText.Json(terminal, answer);
                else if (problem.Length > 0) terminal.Fail(problem);
                else terminal.Out.WriteLine($"{terminal.Green("ok")}: {answer.RootElement.GetProperty("rows").GetInt64()} rows, head {answer.RootElement.GetProperty("head").GetString()}");
                return problem.Length > 0 ? ExitCode.Found : ExitCode.Done;
            },
            cancel));
        return command;
    }

    private static ExampledCommand Export(Terminal terminal)
    {
        var command = new ExampledCommand("export", "Print the whole log, one JSON object per line.", ["tocsin audit export > audit.ndjson"]);
        command.SetAction((_, cancel) => ServerRun.DoAsync(
            terminal,
            async (server, c) =>
            {
                await server.CopyAsync("api/v1/audit/export", terminal.Out, c);
                return ExitCode.Done;
            },
            cancel));
        return command;
    }
}
