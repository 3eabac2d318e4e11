using System.CommandLine;
using System.Data.Common;
using Tocsin.Cli.Setup;
using Tocsin.Server;
using Tocsin.Server.Storage;

namespace Tocsin.Cli.Commands.Incidents;

/// <summary>tocsin backup: all of a server's database as one file.</summary>
internal static class BackupCommand
{
    public static Command Create(CommonOptions common, Terminal terminal)
    {
        var (data, postgres) = DatabaseOptions.Create();
        var file = new Argument<string>("FILE") { Description = "The file to write" };
        var command = new ExampledCommand("backup", "Write all of a server's database into one file; the server may run meanwhile.", ["tocsin backup tocsin-backup.gz --data /var/lib/tocsin", "tocsin backup tocsin-backup.gz --postgres '$TOCSIN_POSTGRES'"]) { Arguments = { file }, Options = { data, postgres } };
        command.SetAction((parsed, cancel) => DatabaseOptions.DoAsync(
            terminal,
            common.Load(parsed),
            new ServeRequest(false, parsed.GetValue(data), null, parsed.GetValue(postgres)),
            isThere: true,
            async (database, c) =>
            {
                var path = parsed.GetValue(file)!;
                var made = await WholeFile.WriteAsync(path, (to, t) => Backup.WriteAsync(database, to, t), c);
                terminal.Out.WriteLine($"{path}: {made.Rows} rows of {database.About}, version {made.Version}, audit head {made.AuditHead}");
            },
            cancel));
        return command;
    }
}

/// <summary>tocsin restore: a backup into an empty database.</summary>
internal static class RestoreCommand
{
    public static Command Create(CommonOptions common, Terminal terminal)
    {
        var (data, postgres) = DatabaseOptions.Create();
        var file = new Argument<string>("FILE") { Description = "A file that tocsin backup wrote" };
        var command = new ExampledCommand("restore", "Read a backup into an empty database, of either kind.", ["tocsin restore tocsin-backup.gz --data ./second"]) { Arguments = { file }, Options = { data, postgres } };
        command.SetAction(async (parsed, cancel) =>
        {
            // Before any database is made for it.
            await using var from = File.OpenRead(parsed.GetValue(file)!);
            return await DatabaseOptions.DoAsync(
                terminal,
                common.Load(parsed),
                new ServeRequest(false, parsed.GetValue(data), null, parsed.GetValue(postgres)),
                isThere: false,
                async (database, c) =>
                {
                    var made = await Backup.RestoreAsync(database, from, Micros.Of(TimeProvider.System.Now()), c);
                    terminal.Out.WriteLine($"{database.About}: {made.Rows} rows, audit head {made.AuditHead}");
                },
                cancel);
        });
        return command;
    }
}

/// <summary>Which database, for commands that open it themselves.</summary>
internal static class DatabaseOptions
{
    public static (Option<string?> Data, Option<string?> Postgres) Create() =>
    (
        new Option<string?>("--data") { Description = "Folder of the embedded database (default: ./tocsin-data)", HelpName = "FOLDER" },
        new Option<string?>("--postgres") { Description = "A connection string of PostgreSQL, or $NAME of a variable that holds it", HelpName = "CONNECTION" });

    /// <param name="isThere">Whether it is only read: then none is made where there is none.</param>
    public static async Task<int> DoAsync(Terminal terminal, Settings settings, ServeRequest request, bool isThere, Func<Database, CancellationToken, Task> act, CancellationToken cancel)
    {
        using var stop = new StopSignal();
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancel, stop.Token);
        try
        {
            var options = ServeRun.Options(settings, terminal, request);
            await using var database = isThere ? ServerHost.OpenExisting(options) : ServerHost.Open(options);
            if (isThere) await Schema.CheckAsync(database, both.Token);
            await act(database, both.Token);
            return ExitCode.Done;
        }
        catch (SchemaException e)
        {
            terminal.Fail(e.Message);
            return ExitCode.Refused;
        }
        catch (DbException e)
        {
            terminal.Fail($"the database cannot be used: {e.Message}");
            return ExitCode.CouldNotLook;
        }
    }
}
