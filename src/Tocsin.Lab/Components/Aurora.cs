using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Lab.Aws.Metrics;
using Tocsin.Lab.Aws.Rds;
using Tocsin.Lab.Host;
using Tocsin.Lab.Runtime;

namespace Tocsin.Lab.Components;

/// <summary>
/// MariaDB in the place of Aurora MySQL: TLS by the lab's authority, the master user of the secret, as many connections as its capacity allows. With a
/// minimum capacity of zero it pauses when nobody is connected for a while, and the first to connect then waits for it to resume.
/// </summary>
internal sealed class Aurora(ComponentGround ground, string environment, ImmutableDictionary<string, string> fields)
    : ServerProcess(ground, environment, "aurora", int.Parse(fields["port"], CultureInfo.InvariantCulture))
{
    /// <summary>Aurora's own least time before it pauses.</summary>
    private static readonly Duration PauseAfter = Duration.FromMinutes(5);

    /// <summary>Aurora takes about fifteen seconds to resume.</summary>
    private static readonly Duration ColdStart = Duration.FromSeconds(15);

    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);

    // max_connections by the most capacity units: AWS's table for Aurora Serverless v2.
    private static readonly (double Capacity, int Connections)[] Connections = [(32, 3000), (16, 2000), (8, 1000), (4, 135), (0, 90)];

    // MariaDB will not run as root, and as its own user it could not come into the lab's folder: it may look through folders, and no more.
    private static readonly string[] AsItself =
        ["setpriv", "--reuid", "mysql", "--regid", "mysql", "--clear-groups", "--inh-caps", "+dac_read_search", "--ambient-caps", "+dac_read_search", "--bounding-set", "-all,+dac_read_search", "--"];

    // Accounts lie in Aria tables; what is not flushed is lost with a server that is killed.
    private const string Flush = "FLUSH TABLES;\n";

    private Dictionary<string, double> counted = [];
    private volatile bool paused;
    private Duration coldStart = ColdStart;
    private double? capacity;
    private Duration? idleSince;

    public override string? User => Master()?["username"]?.ToString();

    public override string? Password => Master()?["password"]?.ToString();

    public override string State => paused ? "paused" : base.State;

    public override bool TakesCommands => true;

    private string Data => Path.Combine(Folder, "data");

    // A starting server removes every temporary table's file of its folder, also those of a server that uses the same.
    private string Temporary => Path.Combine(Folder, "tmp");

    /// <summary>What RDS was asked to change.</summary>
    public async Task ApplyAsync(RdsChange change, CancellationToken cancel)
    {
        if (change is RdsChange.Password password) await InTurnAsync(() => PasswordAsync(password.NewPassword, cancel), cancel);
        if (change is RdsChange.Capacity { Min: > 0 }) await InTurnAsync(() => ResumeAsync(cancel), cancel);
    }

    public override async Task LiveAsync(CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(Beat);
        while (await timer.WaitForNextTickAsync(cancel))
        {
            if (!IsRunning) paused = false;
            else if (paused) await WakeAsync(cancel);
            else if (MayPause()) await InTurnAsync(() => PauseAsync(cancel), cancel);
        }
    }

    protected override ImmutableArray<string> Command() =>
    [
        .. AsUser, Tool.Find("mariadbd")!, "--no-defaults", $"--datadir={Data}", $"--tmpdir={Temporary}", "--socket=mysqld.sock", "--pid-file=mysqld.pid", $"--bind-address={Address}", $"--port={Port.ToString(CultureInfo.InvariantCulture)}",
        $"--ssl-cert={Path.Combine(Folder, "server.crt")}", $"--ssl-key={Path.Combine(Folder, "server.key")}", $"--ssl-ca={Path.Combine(Folder, "ca.crt")}",
        $"--require-secure-transport={(fields.GetValueOrDefault("tls") is "required" ? "ON" : "OFF")}", $"--max-connections={Connections.First(c => c.Capacity <= MostCapacity).Connections.ToString(CultureInfo.InvariantCulture)}",
        $"--secure-file-priv={Data}", "--skip-name-resolve", "--skip-log-bin", "--innodb-buffer-pool-size=24M", "--innodb-log-file-size=8M", "--innodb-flush-log-at-trx-commit=0", "--table-open-cache=400", "--performance-schema=OFF",
    ];

    protected override async Task PrepareAsync(bool first, CancellationToken cancel)
    {
        paused = false;
        if (!first) return;
        await CertifyAsync(cancel);
        ComponentFolder.Create(Data);
        ComponentFolder.Create(Temporary);
        if (System.Environment.IsPrivilegedProcess) await MustAsync("chown", ["-R", "mysql:mysql", Folder], "", cancel);
        string[] install = [.. AsUser, Tool.Find("mariadb-install-db")!, "--no-defaults", $"--datadir={Data}", $"--tmpdir={Temporary}", "--skip-test-db", "--auth-root-authentication-method=normal", "--innodb-log-file-size=8M"];
        await MustAsync(install[0], [.. install[1..]], "", cancel);
    }

    protected override async Task<bool> IsReadyAsync(CancellationToken cancel)
    {
        // Its client would say that there is no socket, at the price of a process.
        if (!File.Exists(Path.Combine(Data, "mysqld.sock"))) return false;
        var asked = await ClientAsync("SELECT VERSION();", cancel);
        if (asked.Code == 0) Version = "MariaDB " + asked.Output.Trim().Split('-')[0];
        return asked.Code == 0;
    }

    // MariaDB 10.11 takes its own system tables for another server's at every start and then finds mysql.proc corrupt, which fails the next DROP DATABASE.
    protected override async Task MendAsync(CancellationToken cancel) => await SqlAsync(
        """
        SELECT GROUP_CONCAT('`mysql`.`', table_name, '`') INTO @tables FROM information_schema.tables WHERE table_schema = 'mysql' AND engine = 'Aria';
        EXECUTE IMMEDIATE CONCAT('REPAIR NO_WRITE_TO_BINLOG TABLE ', @tables);
        FLUSH TABLES;
        """,
        cancel);

    protected override async Task PopulateAsync(CancellationToken cancel)
    {
        var text = $"SET @environment = {Quoted(Environment)}{string.Concat(Ground.Full.SqlVariables.Select(v => $", @{v.Key} = {Quoted(Secret(v.Value))}"))};\n";
        foreach (var file in Ground.Full.SqlOf(Name)) text += await File.ReadAllTextAsync(Path.Combine(Ground.Options.LabRoot, file), cancel) + "\n";
        await SqlAsync(text + Users() + Flush, cancel);
    }

    protected override async Task<string> ChangeAsync(string key, string value, CancellationToken cancel)
    {
        switch (key)
        {
            case "paused":
                var was = paused;
                await (value is "yes" ? PauseAsync(cancel) : ResumeAsync(cancel));
                return was ? "yes" : "no";
            case "cold-start":
                var before = coldStart;
                if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var seconds)) throw new LabException($"cold-start is a whole number of seconds, not '{value}'");
                coldStart = Duration.FromSeconds(seconds);
                return before.TotalSeconds.ToString("0", CultureInfo.InvariantCulture);
            case "capacity":
                var units = capacity;
                capacity = value.Length == 0 ? null : double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var now) ? now : throw new LabException($"capacity is a number of units, not '{value}'");
                Ground.Tell(Environment, Unasked());
                return units?.ToString(CultureInfo.InvariantCulture) ?? "";
            default:
                if (!key.All(c => char.IsAsciiLetterOrDigit(c) || c == '_')) throw new LabException($"'{key}' is no variable's name");
                await ResumeAsync(cancel);
                // In the words that one sets it by: ON, where @@GLOBAL says 1.
                var old = (await SqlAsync($"SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_VARIABLES WHERE VARIABLE_NAME = '{key}';", cancel)).Trim();
                await SqlAsync($"SET GLOBAL {key} = {(double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out _) ? value : Quoted(value))};", cancel);
                return old;
        }
    }

    protected override async Task<string> CommandAsync(IReadOnlyList<string> words, CancellationToken cancel)
    {
        await ResumeAsync(cancel);
        return (await SqlAsync(string.Join(' ', words), cancel)).Trim();
    }

    // A paused cluster is not asked: that would wake it, and it has no connection.
    protected override async Task<IReadOnlyList<MetricReading>> ReadingsAsync(CancellationToken cancel)
    {
        (string, string)[] cluster = [("DBClusterIdentifier", fields["cluster"])], instance = [("DBInstanceIdentifier", fields["cluster"] + "-1")];
        if (paused) return [Reading("DatabaseConnections", cluster, 0), Reading("DatabaseConnections", instance, 0)];
        var status = (await SqlAsync("SHOW GLOBAL STATUS WHERE Variable_name IN ('Threads_connected', 'Questions', 'Aborted_connects');", cancel)).Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(l => l.Split('\t')).ToDictionary(f => f[0], f => double.Parse(f[1], CultureInfo.InvariantCulture), StringComparer.Ordinal);
        // The lab's own client is one of them.
        var connected = Math.Max(0, status["Threads_connected"] - 1);
        double Since(string name) => Math.Max(0, status[name] - counted.GetValueOrDefault(name));
        var (queries, aborted) = (Since("Questions"), Since("Aborted_connects"));
        counted = status;
        return [Reading("DatabaseConnections", cluster, connected), Reading("DatabaseConnections", instance, connected), Reading("Queries", instance, queries / 60), Reading("AbortedClients", instance, aborted)];
    }

    // No capacity unit stands behind it: its least, unless a fault says another.
    protected override IReadOnlyList<MetricReading> Unasked() =>
        [Reading("ServerlessDatabaseCapacity", [("DBClusterIdentifier", fields["cluster"])], paused ? 0 : capacity ?? Ground.Region(Environment).Rds.Clusters.GetValueOrDefault(fields["cluster"])?.MinCapacity ?? 0)];

    private static MetricReading Reading(string name, (string, string)[] of, double value) => new(MetricName.Of("AWS/RDS", name, of), value);

    protected override async Task RestoredAsync(CancellationToken cancel)
    {
        await ResumeAsync(cancel);
        coldStart = ColdStart;
        capacity = null;
        if (Password is { } password) await PasswordAsync(password, cancel);
    }

    private static IEnumerable<string> AsUser => System.Environment.IsPrivilegedProcess ? AsItself.Select((w, i) => i == 0 ? Tool.Find(w)! : w) : [];

    private double MostCapacity => double.Parse(fields.GetValueOrDefault("maxAcu", "2"), CultureInfo.InvariantCulture);

    private static string Quoted(string text) => $"'{text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("'", "''", StringComparison.Ordinal)}'";

    private JsonNode? Master() => Read(fields.GetValueOrDefault("secret", ""));

    private string Secret(string place) => Read(place.Split(':')[0])?[place.Split(':')[1]]?.ToString() ?? throw new LabException($"lab.yaml names {place}, which no secret of {Environment} has");

    private JsonNode? Read(string secret)
    {
        lock (Ground.World.Gate)
        {
            try
            {
                return JsonNode.Parse(Ground.Region(Environment).Secrets.Find(secret)?.Current?.Value ?? "null");
            }
            catch (JsonException)
            {
                return null;
            }
        }
    }

    // The master user unless the platform's own file made it, and whoever else the services' secrets name.
    private string Users()
    {
        var sql = new System.Text.StringBuilder();
        if (User is { } master && Password is { } password) sql.Append(CultureInfo.InvariantCulture, $"CREATE USER IF NOT EXISTS {Quoted(master)}@'%' IDENTIFIED BY {Quoted(password)};\nALTER USER {Quoted(master)}@'%' IDENTIFIED BY {Quoted(password)};\n");
        List<string> names;
        lock (Ground.World.Gate) names = [.. Ground.Region(Environment).Secrets.Secrets.Keys];
        foreach (var secret in names.Select(Read).OfType<JsonObject>().Where(s => s["DB_USER"] is not null && s["DB_PASSWORD"] is not null && s["DB_USER"]!.ToString() != User))
        {
            var user = $"{Quoted(secret["DB_USER"]!.ToString())}@'%'";
            sql.Append(CultureInfo.InvariantCulture, $"CREATE OR REPLACE USER {user} IDENTIFIED BY {Quoted(secret["DB_PASSWORD"]!.ToString())};\nGRANT ALL ON `{secret["DB_NAME"]}`.* TO {user};\n");
        }
        return sql.ToString();
    }

    private async Task PasswordAsync(string password, CancellationToken cancel)
    {
        await ResumeAsync(cancel);
        if (User is { } master) await SqlAsync($"ALTER USER {Quoted(master)}@'%' IDENTIFIED BY {Quoted(password)};\n{Flush}", cancel);
    }

    private bool MayPause()
    {
        lock (Ground.World.Gate)
        {
            if (Ground.Region(Environment).Rds.Clusters.GetValueOrDefault(fields["cluster"]) is not { MinCapacity: 0 } || Delay > TimeSpan.Zero) idleSince = null;
        }
        var now = Ground.World.Clock.Elapsed;
        if (SocketTable.Connected(new IPEndPoint(IPAddress.Parse(Address), Port)) > 0) idleSince = now;
        idleSince ??= now;
        return now - idleSince >= PauseAfter;
    }

    // Whoever is connected is cut off: a paused cluster has no connection.
    private async Task PauseAsync(CancellationToken cancel)
    {
        if (paused) return;
        var kills = await ClientAsync("SELECT CONCAT('KILL ', id, ';') FROM information_schema.processlist WHERE host <> 'localhost' AND host <> '';", cancel);
        if (kills.Output.Length > 0) await ClientAsync(kills.Output, cancel);
        Freeze();
        (paused, idleSince) = (true, null);
    }

    private Task ResumeAsync(CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        (paused, idleSince) = (false, null);
        Thaw();
        return Task.CompletedTask;
    }

    // The kernel takes the connection; it waits in the queue of a server that does not accept.
    private async Task WakeAsync(CancellationToken cancel)
    {
        if (SocketTable.Waiting(new IPEndPoint(IPAddress.Parse(Address), Port)) == 0) return;
        await Ground.World.Clock.Delay(coldStart, cancel);
        await InTurnAsync(() => ResumeAsync(cancel), cancel);
    }

    private Task<ToolResult> ClientAsync(string sql, CancellationToken cancel) => Tool.RunAsync(
        new ToolCall(Ground.LabFolder, Tool.Find("mariadb")!, "--no-defaults", "--socket=mysqld.sock", "-u", "root", "--batch", "--skip-column-names") { Folder = Data, Input = sql }, cancel);

    private async Task<string> SqlAsync(string sql, CancellationToken cancel)
    {
        var done = await ClientAsync(sql, cancel);
        return done.Code == 0 ? done.Output : throw new LabException($"{Name} of {Environment}: {done.Words}");
    }

    private async Task MustAsync(string program, ImmutableArray<string> arguments, string input, CancellationToken cancel)
    {
        var done = await RunAsync(Path.GetFileName(program), arguments, input, cancel);
        if (done.Code != 0) throw new LabException($"{Path.GetFileName(program)} for {Name} of {Environment} failed: {done.Words}");
    }
}
