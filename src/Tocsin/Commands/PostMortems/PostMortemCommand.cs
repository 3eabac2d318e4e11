using System.CommandLine;
using System.Net.Http.Headers;
using Tocsin.Cli.Setup;
using Tocsin.Core.PostMortems;

namespace Tocsin.Cli.Commands.PostMortems;

/// <summary>tocsin postmortem: the document of an incident, from what the server keeps of it.</summary>
internal sealed class PostMortemCommand(Terminal terminal)
{
    private const int MostBytes = 64 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Argument<string?> incident = new("INCIDENT") { Description = "The incident, such as INC-1", Arity = ArgumentArity.ZeroOrOne };
    private readonly Option<string?> from = new("--from") { Description = "Read the incident from this file, as the API gives it, instead of from a server; - is the standard input", HelpName = "FILE" };
    private readonly Option<string?> url = new("--url") { Description = "The server (default: $TOCSIN_URL)", HelpName = "URL" };
    private readonly Option<bool> everyEvent = new("--all") { Description = "The whole timeline: also what was held back, and every channel that gave no answer" };
    private readonly Option<string> format = CommonOptions.Format("md", "html", "json");

    public static Command Create(CommonOptions _, Terminal terminal) => new PostMortemCommand(terminal).Create();

    private ExampledCommand Create()
    {
        var command = new ExampledCommand(
            "postmortem",
            "The post-mortem of an incident, written from its events: the template filled with timeline, times, pages, promises and diagnosis; what only people know stays an open question. The token is read from $TOCSIN_TOKEN.",
            ["tocsin postmortem INC-1 --url https://tocsin.example", "tocsin postmortem INC-1 --format html > INC-1.html", "tocsin postmortem --from incident.json"]);
        command.Arguments.Add(incident);
        foreach (var option in (Option[])[from, url, everyEvent, format]) command.Options.Add(option);
        command.SetAction(RunAsync);
        return command;
    }

    private async Task<int> RunAsync(ParseResult parsed, CancellationToken cancel)
    {
        var file = parsed.GetValue(from);
        var id = parsed.GetValue(incident);
        if ((file is null) == (id is null)) throw new SettingsException("an incident such as INC-1 is expected, or a file with --from");
        string? json;
        if (file is not null) json = file == "-" ? await Console.In.ReadToEndAsync(cancel) : ResponseFile.Text(file);
        else json = await AskAsync(Server(parsed.GetValue(url)), id!, cancel);
        if (json is null) return ExitCode.CouldNotLook;
        var account = IncidentJson.Read(json, file ?? id!);
        terminal.Out.Write(PostMortemOutput.Of(new PostMortem(account, PostMortemText.Empty), parsed.GetValue(format)!, parsed.GetValue(everyEvent)));
        return ExitCode.Done;
    }

    private static Uri Server(string? option)
    {
        var text = option ?? Environment.GetEnvironmentVariable("TOCSIN_URL");
        if (string.IsNullOrEmpty(text)) throw new SettingsException("which server? --url or $TOCSIN_URL says it; --from reads a file");
        return Uri.TryCreate(text.TrimEnd('/') + "/", UriKind.Absolute, out var server) && server.Scheme is "http" or "https" ? server : throw new SettingsException($"--url {text}: an address such as https://tocsin.example is expected");
    }

    private async Task<string?> AskAsync(Uri server, string id, CancellationToken cancel)
    {
        using var client = new HttpClient { Timeout = Patience, MaxResponseContentBufferSize = MostBytes };
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server, $"api/v1/incidents/{Uri.EscapeDataString(id)}"));
        if (Environment.GetEnvironmentVariable("TOCSIN_TOKEN") is { Length: > 0 } token) request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        try
        {
            using var answer = await client.SendAsync(request, cancel);
            if (answer.IsSuccessStatusCode) return await answer.Content.ReadAsStringAsync(cancel);
            terminal.Fail(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{server.Authority} answers {(int)answer.StatusCode} for {id}{((int)answer.StatusCode is 401 or 403 ? ": is $TOCSIN_TOKEN right?" : "")}"));
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !cancel.IsCancellationRequested)
        {
            terminal.Fail($"{server.Authority} could not be asked: {e.Message}");
        }
        return null;
    }
}
