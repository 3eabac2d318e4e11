using System.CommandLine;
using Tocsin.Cli.Setup;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Cli.Commands.Incidents;

/// <summary>tocsin serve: the server, until Ctrl-C.</summary>
internal static class ServeCommand
{
    public static Command Create(CommonOptions common, Terminal terminal)
    {
        var live = new Option<bool>("--live") { Description = "Send pages; without it the server only shows whom it would page" };
        var data = new Option<string?>("--data") { Description = "Folder of the embedded database (default: ./tocsin-data)", HelpName = "FOLDER" };
        var listen = new Option<string?>("--listen") { Description = "Where to listen (default: http://127.0.0.1:8080)", HelpName = "URL" };
        var postgres = new Option<string?>("--postgres") { Description = "Use PostgreSQL: a connection string, or $NAME of a variable that holds it", HelpName = "CONNECTION" };
        var endpoint = new Option<string?>("--endpoint") { Description = "The address at which the watch asks all of AWS instead of its own", HelpName = "URL" };
        var lab = new Option<bool>("--lab") { Description = "Watch the lab that runs on this machine" };
        var noWatch = new Option<bool>("--no-watch") { Description = "Do not watch what platform.yaml says; signals come from outside only" };
        var actions = new Option<string?>("--actions") { Description = "off, plan or on in every environment (default: as tocsin.yaml says, else plan)", HelpName = "MODE" };
        actions.AcceptOnlyFromAmong("off", "plan", "on");
        var command = new ExampledCommand(
            "serve",
            "Run the server: takes in signals, opens incidents, keeps their clocks, pages people.",
            ["tocsin serve", "tocsin serve --data /var/lib/tocsin --listen http://127.0.0.1:8080 --live", "tocsin serve --postgres '$TOCSIN_POSTGRES' --live"])
        {
            Options = { live, data, listen, postgres, endpoint, lab, noWatch, actions },
        };
        command.SetAction((parsed, cancel) => new ServeRun(common.Load(parsed), terminal).RunAsync(new ServeRequest(parsed.GetValue(live), parsed.GetValue(data), parsed.GetValue(listen), parsed.GetValue(postgres)) { Endpoint = parsed.GetValue(endpoint), Lab = parsed.GetValue(lab), Watches = !parsed.GetValue(noWatch), Actions = parsed.GetValue(actions) is { } mode ? Enum.Parse<ActionMode>(mode, ignoreCase: true) : null }, cancel));
        return command;
    }
}

/// <summary>What was typed; null: as tocsin.yaml says, else the usual.</summary>
internal sealed record ServeRequest(bool Live, string? Data, string? Listen, string? Postgres)
{
    public string? Endpoint { get; init; }

    /// <summary>The watch looks at the lab on this machine.</summary>
    public bool Lab { get; init; }

    public bool Watches { get; init; }

    /// <summary>For every environment; null: as tocsin.yaml says.</summary>
    public ActionMode? Actions { get; init; }
}
