using System.CommandLine;
using Tocsin.Cli.Setup;
using Tocsin.Core.PostMortems;

namespace Tocsin.Cli.Commands.PostMortems;

/// <summary>tocsin postmortem: the document of an incident, from what the server keeps of it.</summary>
internal sealed class PostMortemCommand(Terminal terminal)
{
    private readonly Argument<string?> incident = new("INCIDENT") { Description = "The incident, such as INC-1", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> from = new("--from") { Description = "Read the incident from this file, as the API gives it, instead of from a server; - is the standard input", HelpName = "FILE" };
    private readonly Option<string?> url = new("--url") { Description = "The server (default: $TOCSIN_URL)", HelpName = "URL" };
    private readonly Option<string?> write = new("--write") { Description = "First write what only people know, from this file: JSON as the API takes it; - is the standard input", HelpName = "FILE" };
    private readonly Option<bool> final = new("--final") { Description = "First make it final; refused with everything that is missing" };
    private readonly Option<bool> issues = new("--issues") { Description = "First make each open action item an issue of the server's repository, once" };
    private readonly Option<bool> everyEvent = new("--all") { Description = "The whole timeline: also what was held back, and every channel that gave no answer" };
    private readonly Option<string> format = CommonOptions.Format("md", "html", "json");

    public static Command Create(CommonOptions _, Terminal terminal) => new PostMortemCommand(terminal).Create();

    private ExampledCommand Create()
    {
        var command = new ExampledCommand(
            "postmortem",
            "The post-mortem of an incident, written from its events: the template filled with timeline, times, pages, promises, diagnosis and actions; what only people know is what they wrote, or an open question. The token is read from $TOCSIN_TOKEN.",
            ["tocsin postmortem INC-1 --url https://tocsin.example", "tocsin postmortem INC-1 --format html > INC-1.html", "tocsin postmortem INC-1 --write known.json --final", "tocsin postmortem --from incident.json"]);
        command.Arguments.Add(incident);
        foreach (var option in (Option[])[from, url, write, final, issues, everyEvent, format]) command.Options.Add(option);
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var file = parsed.GetValue(from);
        var id = parsed.GetValue(incident);
        if ((file is null) == (id is null)) throw new SettingsException("an incident such as INC-1 is expected, or a file with --from");
        if (file is not null && (parsed.GetValue(write) is not null || parsed.GetValue(final) || parsed.GetValue(issues))) throw new SettingsException("a file is only read: --write, --final and --issues take an incident of a server");
        if (file is not null)
        {
            Show(file == "-" ? await Console.In.ReadToEndAsync(cancel) : ResponseFile.Text(file), file, parsed);
            return ExitCode.Done;
        }
        try
        {
            using var server = PostMortemServer.At(parsed.GetValue(url));
            await AskAsync(server, id!, parsed, cancel);
            return ExitCode.Done;
        }
        catch (ServerException e)
        {
            terminal.Fail(e.Message);
            return e.Code;
        }
    }

    private async Task AskAsync(PostMortemServer server, string id, ParseResult parsed, CancellationToken cancel)
    {
        if (parsed.GetValue(write) is { } known) await server.WriteAsync(id, known == "-" ? await Console.In.ReadToEndAsync(cancel) : ResponseFile.Text(known), cancel);
        if (parsed.GetValue(final)) await server.CloseAsync(id, cancel);
        if (parsed.GetValue(issues)) terminal.Error.WriteLine(await server.PushAsync(id, cancel));
        if (parsed.GetValue(format) is "json") Show(await server.IncidentAsync(id, cancel), id, parsed);
        else terminal.Out.Write(await server.DocumentAsync(id, parsed.GetValue(format)!, parsed.GetValue(everyEvent), cancel));
    }

    private void Show(string json, string name, ParseResult parsed) =>
        terminal.Out.Write(PostMortemOutput.Of(new PostMortem(IncidentJson.Read(json, name), PostMortemText.Empty), parsed.GetValue(format)!, parsed.GetValue(everyEvent)));
}
