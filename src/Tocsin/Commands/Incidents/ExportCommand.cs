using System.CommandLine;
using System.Globalization;
using Tocsin.Cli.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Cli.Commands.Incidents;

/// <summary>tocsin export: what a server knows, for other programs.</summary>
internal static class ExportCommand
{
    public static Command Create(CommonOptions common, Terminal terminal)
    {
        var (data, postgres) = DatabaseOptions.Create();
        var file = new Argument<string>("FILE") { Description = "The file to write; - is standard output" };
        var command = new ExampledCommand("export", "Write incidents, events, pages, signals and the audit log as JSON, one object per line; no key and no password.", ["tocsin export tocsin.ndjson --data /var/lib/tocsin", "tocsin export - | jq 'select(.kind == \"incident\")'"]) { Arguments = { file }, Options = { data, postgres } };
        command.SetAction((parsed, cancel) => DatabaseOptions.DoAsync(
            terminal,
            common.Load(parsed),
            new ServeRequest(false, parsed.GetValue(data), null, parsed.GetValue(postgres)),
            isThere: true,
            async (database, c) =>
            {
                var path = parsed.GetValue(file)!;
                if (path == "-")
                {
                    await Export.WriteAsync(database, terminal.Out, c);
                    return;
                }
                var lines = await WholeFile.WriteAsync(
                    path,
                    async (to, t) =>
                    {
                        await using var text = new StreamWriter(to, leaveOpen: true);
                        return await Export.WriteAsync(database, text, t);
                    },
                    c);
                terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{path}: {lines} lines of {database.About}"));
            },
            cancel));
        return command;
    }
}
