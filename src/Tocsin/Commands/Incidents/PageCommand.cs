using System.CommandLine;
using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;

namespace Tocsin.Cli.Commands.Incidents;

/// <summary>tocsin page: a test page over a person's real channels.</summary>
internal static class PageCommand
{
    public static Command Create(CommonOptions common, Terminal terminal)
    {
        _ = common;
        var person = new Argument<string>("PERSON") { Description = "A person of response.yaml" };
        var channel = new Option<string?>("--channel") { Description = "Only by this channel (default: all of the person's)", HelpName = "CHANNEL" };
        var format = CommonOptions.Format("text", "json");
        var command = new ExampledCommand("page", "Send a test page that says it is one, over a person's real channels.", ["tocsin page engineer-1", "tocsin page lead --channel phone"]) { Arguments = { person }, Options = { channel, format } };
        command.SetAction((parsed, cancel) => ServerRun.DoAsync(
            terminal,
            async (server, c) =>
            {
                using var answer = await server.PostAsync(
                    "api/v1/pages/test",
                    w =>
                    {
                        w.WriteString("person", parsed.GetValue(person));
                        if (parsed.GetValue(channel) is { } one) w.WriteString("channel", one);
                    },
                    c);
                if (parsed.GetValue(format) is "json") IncidentText.Json(terminal, answer);
                else terminal.Out.WriteLine($"{answer.RootElement.GetProperty("id").GetString()}: on its way to {parsed.GetValue(person)} by {string.Join(", ", answer.RootElement.GetProperty("channels").EnumerateArray().Select(x => x.GetString()))}");
                return ExitCode.Done;
            },
            cancel));
        return command;
    }
}
