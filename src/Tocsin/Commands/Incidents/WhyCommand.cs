using System.CommandLine;
using NodaTime.Text;
using Tocsin.Cli.Commands.Response;
using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;

namespace Tocsin.Cli.Commands.Incidents;

/// <summary>tocsin why: why somebody was, or was not, paged.</summary>
internal static class WhyCommand
{
    public static Command Create(CommonOptions common, Terminal terminal)
    {
        _ = common;
        var id = new Argument<string>("INCIDENT") { Description = "Such as INC-12" };
        var person = new Argument<string>("PERSON") { Description = "A person of response.yaml" };
        var at = new Option<string?>("--at") { Description = "Up to when, such as 2026-11-22T03:30Z (default: now)", HelpName = "TIME" };
        var format = CommonOptions.Format("text", "json");
        var command = new ExampledCommand("why", "Why a person was, or was not, paged: the whole chain of reasons.", ["tocsin why INC-12 engineer-1", "tocsin why INC-12 lead --at 2026-11-22T03:30Z"]) { Arguments = { id, person }, Options = { at, format } };
        command.SetAction((parsed, cancel) => ServerRun.DoAsync(
            terminal,
            async (server, c) =>
            {
                var until = parsed.GetValue(at) is { } time ? $"?at={Uri.EscapeDataString(InstantPattern.ExtendedIso.Format(OnCallTimes.Instant(time, "--at")))}" : "";
                using var answer = await server.GetAsync($"api/v1/incidents/{Uri.EscapeDataString(parsed.GetValue(id)!)}/why/{Uri.EscapeDataString(parsed.GetValue(person)!)}{until}", c);
                if (parsed.GetValue(format) is "json") IncidentText.Json(terminal, answer);
                else new IncidentText(terminal).Why(answer.RootElement);
                return ExitCode.Done;
            },
            cancel));
        return command;
    }
}
