using System.Diagnostics;
using System.Globalization;
using Npgsql;

[assembly: AssemblyFixture(typeof(Tocsin.Server.Tests.PostgresServer))]

namespace Tocsin.Server.Tests;

/// <summary>Debian's PostgreSQL in a temporary folder, reached by a socket there and by loopback; it refuses root, so it runs as its own user then.</summary>
public sealed class PostgresServer : IAsyncLifetime
{
    // The kernel counts in these, whatever the machine.
    private const double TicksPerSecond = 100;
    private static readonly SemaphoreSlim Gate = new(1);
    private readonly string folder = Directory.CreateTempSubdirectory("tocsin-pg-").FullName;
    private bool started;
    private int databases;
    private int port;

    private string Bin { get; } = Directory.Exists("/usr/lib/postgresql") ? Path.Combine(Directory.EnumerateDirectories("/usr/lib/postgresql").Order(StringComparer.Ordinal).Last(), "bin") : "";

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>The connection string of a new, empty database.</summary>
    public async Task<string> CreateAsync(CancellationToken cancel)
    {
        await Gate.WaitAsync(cancel);
        try
        {
            if (!started) await StartAsync(cancel);
            var name = string.Create(CultureInfo.InvariantCulture, $"t{++databases}");
            await using var connection = new NpgsqlConnection(Connection("postgres"));
            await connection.OpenAsync(cancel);
            await using var command = new NpgsqlCommand($"create database {name}", connection);
            await command.ExecuteNonQueryAsync(cancel);
            return Connection(name);
        }
        finally
        {
            Gate.Release();
        }
    }

    /// <summary>The processor time of every PostgreSQL on this machine, with that of its processes that have ended.</summary>
    public static TimeSpan Processor() => TimeSpan.FromSeconds(Directory.EnumerateDirectories("/proc").Where(d => Path.GetFileName(d).All(char.IsAsciiDigit)).Sum(TicksOf) / TicksPerSecond);

    // Of /proc/PID/stat the fields 14 to 17: processor time of the process and of its ended children, for users and in the kernel.
    private static double TicksOf(string process)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(process, "stat"));
            var name = stat.LastIndexOf(')');
            if (!stat.AsSpan(0, name).EndsWith("(postgres")) return 0;
            return stat[(name + 2)..].Split(' ')[11..15].Sum(t => double.Parse(t, CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            // It has ended meanwhile.
            return 0;
        }
    }

    /// <summary>Ends it at once, as a crash would.</summary>
    public async Task StopAsync(CancellationToken cancel)
    {
        await RunAsync(cancel, "pg_ctl", "-D", Data, "-m", "immediate", "stop");
        started = false;
    }

    public async Task StartAgainAsync(CancellationToken cancel)
    {
        await LaunchAsync(cancel);
        started = true;
    }

    public async ValueTask DisposeAsync()
    {
        if (started) await StopAsync(CancellationToken.None);
        Directory.Delete(folder, recursive: true);
    }

    private string Data => Path.Combine(folder, "data");

    private string Connection(string database) => string.Create(CultureInfo.InvariantCulture, $"Host=127.0.0.1;Port={port};Username=tocsin;Database={database};Pooling=true;Maximum Pool Size=20");

    private async Task StartAsync(CancellationToken cancel)
    {
        if (Bin.Length == 0) throw new InvalidOperationException("PostgreSQL is not installed; ./test installs the package postgresql");
        if (Environment.UserName == "root") await ExecuteAsync(cancel, "chown", "postgres", folder);
        await RunAsync(cancel, "initdb", "-D", Data, "-U", "tocsin", "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C");
        using (var probe = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0))
        {
            probe.Start();
            port = ((System.Net.IPEndPoint)probe.LocalEndpoint).Port;
        }
        await LaunchAsync(cancel);
        started = true;
    }

    private Task LaunchAsync(CancellationToken cancel) => RunAsync(
        cancel,
        "pg_ctl",
        "-D",
        Data,
        "-w",
        "-l",
        Path.Combine(folder, "log"),
        "-o",
        string.Create(CultureInfo.InvariantCulture, $"-c listen_addresses=127.0.0.1 -p {port} -c unix_socket_directories={folder} -c fsync=off -c shared_buffers=64MB -c max_connections=100"),
        "start");

    private Task RunAsync(CancellationToken cancel, string program, params string[] arguments)
    {
        var path = Path.Combine(Bin, program);
        return Environment.UserName == "root" ? ExecuteAsync(cancel, "runuser", ["-u", "postgres", "--", path, .. arguments]) : ExecuteAsync(cancel, path, arguments);
    }

    private static async Task ExecuteAsync(CancellationToken cancel, string program, params string[] arguments)
    {
        // The server that pg_ctl leaves behind would hold a pipe open: its output goes nowhere.
        var start = new ProcessStartInfo("/bin/sh", ["-c", "exec \"$@\" </dev/null >/dev/null 2>&1", "sh", program, .. arguments]) { WorkingDirectory = "/" };
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync(cancel);
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}");
    }
}
