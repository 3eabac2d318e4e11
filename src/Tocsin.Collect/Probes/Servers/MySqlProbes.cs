using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Tocsin.Collect.Wire;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Collect.Probes.Servers;

/// <summary>The database, walked to and asked by one login of a user that only reads.</summary>
internal static class MySqlProbes
{
    private const string Component = "aurora";
    private const double LongSleep = 60;
    private static readonly string[] Pools = ["DB_POOL", "DB_POOL_SIZE", "DB_CONNECTION_LIMIT", "DATABASE_POOL_SIZE", "POOL_SIZE"];

    public static IEnumerable<Probe> For(ServerGround ground)
    {
        if (!ground.Has(Component)) return [];
        var login = new Shared<MySqlReader>(c => OpenAsync(ground, c));
        for (var i = 0; i < 3; i++) login.Join();
        var (subject, target) = (ground.Map.Of(Component), $"mysql {ground.Map.Environment}");
        return
        [
            // Two tries, and as long again on a busy machine to tell of them.
            ground.Probe("mysql.connect", subject, Vantage.Host, target, (s, c) => ConnectAsync(ground, login, s, c)) with { Limit = ground.Limit * 3 },
            ground.Probe("mysql.server", subject, Vantage.Api, target, (s, c) => UseAsync(login, r => ServerAsync(ground, r, s, c), c)),
            ground.Probe("mysql.migrations", subject, Vantage.Api, target, (s, c) => UseAsync(login, r => new MigrationLook(ground, r, s).LookAsync(c), c)) with { Needs = [new("logs:FilterLogEvents"), new("ecs:DescribeServices"), new("ecs:DescribeTaskDefinition")] },
        ];
    }

    private static Task<MySqlReader> OpenAsync(ServerGround ground, CancellationToken cancel)
    {
        var place = ground.Place(Component);
        if (place.User.Length == 0) throw new CouldNotLook(ObservationStatus.NotConfigured, $"there is no login that reads the database: {ground.Name(Component, "user")} and {ground.Name(Component, "password")}");
        return MySqlReader.OpenAsync(ground.Target(place), new MySqlLogin(place.User, place.Password), cancel);
    }

    private static async Task UseAsync(Shared<MySqlReader> login, Func<MySqlReader, Task> work, CancellationToken cancel)
    {
        try
        {
            await login.UseAsync(work, cancel);
        }
        catch (WireFailure e)
        {
            throw e.AsLook();
        }
    }

    private static async Task ConnectAsync(ServerGround ground, Shared<MySqlReader> login, Sighting sighting, CancellationToken cancel)
    {
        var place = ground.Place(Component);
        sighting.Asked($"mysql {place.Host}:{place.Port}");
        try
        {
            await login.UseAsync(
                async reader =>
                {
                    await reader.AskAsync(MySqlQuestion.Alive, cancel);
                    sighting.Done(login.Took);
                    sighting.Fact("resolvesInside", ground.IsInside(reader.Address));
                    sighting.Fact("viaVpn", ViaVpn(ground, reader.Address));
                },
                cancel);
        }
        catch (WireFailure e)
        {
            sighting.Ended("mysql.connect", e, login.Took);
            sighting.Fact("viaVpn", ViaVpn(ground, IPAddress.TryParse(place.Host, out var address) ? address : null));
            // The one login that is tried twice: a server that demands TLS says no more than that the login is refused.
            if (!place.Tls && e.Stage is WireStage.Authenticate && e.Code is "ER_1045" or "ER_3159") sighting.Fact("reachableWithTls", await WithTlsAsync(ground, place, cancel));
            // A second try, once, and only where no password was refused: a database that resumes comes back, a stalled one does not.
            if (e.Stage is WireStage.Greeting && e.Code is "NO_GREETING" or "ECONNRESET") sighting.Fact("secondTryWorked", await AgainAsync(ground, cancel));
        }
    }

    private static async Task<bool?> WithTlsAsync(ServerGround ground, Place place, CancellationToken cancel)
    {
        try
        {
            await using var reader = await MySqlReader.OpenAsync(ground.Target(place with { Tls = true }), new MySqlLogin(place.User, place.Password), cancel);
            return true;
        }
        catch (WireFailure e)
        {
            // Refused again: TLS makes no difference. A certificate that is not trusted says nothing of the login.
            return e.Stage is WireStage.Authenticate || e.Code is "TLS_UNSUPPORTED" ? false : null;
        }
    }

    /// <summary>Whether this host's way there leaves by the VPN's interface. Nothing is sent: the system is asked which of its addresses it would use.</summary>
    internal static bool? ViaVpn(ServerGround ground, IPAddress? there)
    {
        if (there is null || ground.Map.Platform.Fields.GetValueOrDefault("vpn") is not { Length: > 0 } name) return null;
        try
        {
            using var socket = new Socket(there.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
            socket.Connect(new IPEndPoint(there, 9));
            var own = (socket.LocalEndPoint as IPEndPoint)?.Address;
            return Array.Find(NetworkInterface.GetAllNetworkInterfaces(), i => i.Name == name)?.GetIPProperties().UnicastAddresses.Any(a => a.Address.Equals(own)) ?? false;
        }
        catch (SocketException e)
        {
            // There is no way there at all.
            _ = e;
            return false;
        }
    }

    private static async Task<bool> AgainAsync(ServerGround ground, CancellationToken cancel)
    {
        try
        {
            await using var reader = await OpenAsync(ground, cancel);
            return true;
        }
        catch (WireFailure e)
        {
            return e.Stage > WireStage.Greeting;
        }
    }

    private static async Task ServerAsync(ServerGround ground, MySqlReader reader, Sighting sighting, CancellationToken cancel)
    {
        var status = Pairs(await AskAsync(reader, MySqlQuestion.Status, sighting, cancel));
        var variables = Pairs(await AskAsync(reader, MySqlQuestion.Variables, sighting, cancel));
        var (connected, most) = (Number(status, "Threads_connected"), Number(variables, "max_connections"));
        sighting.Fact("threadsConnected", connected);
        if (Number(status, "Uptime") is { } uptime) sighting.Since(RedisProbes.Started(ground, uptime));
        sighting.Fact("maxConnections", most);
        if (connected is { } now && most is > 0 and { } limit)
        {
            sighting.Fact("usedShare", Math.Round(100 * now / limit, 1));
            if (await PoolAsync(ground, sighting, cancel) is { } pool) sighting.Fact("largestPoolShare", Math.Round(100 * pool / limit, 1));
        }
        var demands = variables.GetValueOrDefault("require_secure_transport") is "ON" or "1";
        await PartAsync(sighting, "the process list", async _ => Connections(await AskAsync(reader, MySqlQuestion.Connections, sighting, cancel), sighting), cancel);
        await PartAsync(sighting, "mysql.user (SELECT on it for the reading user)", async _ => demands |= await AccountsAsync(ground, reader, sighting, cancel), cancel);
        sighting.Fact("requiresTls", demands);
        if (variables.GetValueOrDefault("require_secure_transport") is { } secure) sighting.Fact("serverRequiresTls", secure is "ON" or "1");
        if (ground.Map.Component(Component, "schema") is { Length: > 0 } schema)
        {
            var schemas = await AskAsync(reader, MySqlQuestion.Schemas, sighting, cancel);
            sighting.Fact("schemaExists", schemas.Rows.Any(r => string.Equals(r[0], schema, StringComparison.Ordinal)));
        }
    }

    private static void Connections(MySqlRows rows, Sighting sighting)
    {
        var clients = rows.Rows.Where(r => rows.Value(r, "USER") is not ("system user" or "event_scheduler" or "rdsadmin")).ToList();
        if (clients.Count == 0) return;
        double Seconds(ImmutableArray<string?> row) => double.TryParse(rows.Value(row, "TIME"), NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) ? seconds : 0;
        var sleeping = clients.Count(r => rows.Value(r, "COMMAND") is "Sleep" && Seconds(r) > LongSleep);
        sighting.Fact("sleepingShare", Math.Round(100.0 * sleeping / clients.Count, 1));
        sighting.Fact("oneUserShare", Math.Round(100.0 * clients.CountBy(r => rows.Value(r, "USER") ?? "", StringComparer.Ordinal).Max(c => c.Value) / clients.Count, 1));
        sighting.Fact("distinctHosts", clients.Select(r => (rows.Value(r, "HOST") ?? "").Split(':')[0]).Distinct(StringComparer.Ordinal).Count());
        var running = clients.Where(r => rows.Value(r, "COMMAND") is "Query" or "Execute").ToList();
        sighting.Fact("longestQuerySeconds", running.Select(Seconds).DefaultIfEmpty(0).Max());
        sighting.Fact("lockWaits", running.Count(r => (rows.Value(r, "STATE") ?? "").Contains("lock", StringComparison.OrdinalIgnoreCase)));
    }

    // Whether an account itself demands TLS. Asked is for each that a service logs in with; where one is wrong, that is told.
    private static async Task<bool> AccountsAsync(ServerGround ground, MySqlReader reader, Sighting sighting, CancellationToken cancel)
    {
        var (demands, users) = (false, await UsersAsync(ground, sighting, cancel));
        foreach (var user in users) demands |= await AccountAsync(ground, user, reader, new AccountFacts(sighting), cancel);
        if (users.Count > 0) sighting.Fact("accountRequiresTls", demands);
        return demands;
    }

    // The most connections that one task of a service may hold, where a variable says so.
    private static async Task<double?> PoolAsync(ServerGround ground, Sighting sighting, CancellationToken cancel)
    {
        if (ground.Aws is null) return null;
        double? most = null;
        foreach (var service in ground.Map.Users(Component))
        {
            try
            {
                foreach (var name in Pools)
                {
                    if (double.TryParse(await new AwsSide(ground, sighting).VariableAsync(service, name, cancel), NumberStyles.Integer, CultureInfo.InvariantCulture, out var size)) most = Math.Max(most ?? 0, size);
                }
            }
            catch (Exception e) when (e is CouldNotLook or Collect.Aws.AwsFailure)
            {
                // The others are asked all the same.
                _ = e;
            }
        }
        return most;
    }

    private static async Task<List<string>> UsersAsync(ServerGround ground, Sighting sighting, CancellationToken cancel)
    {
        var users = new List<string>();
        if (ground.Map.Component(Component, "user") is { Length: > 0 } known) users.Add(known);
        if (ground.Aws is null) return users;
        foreach (var service in ground.Map.Users(Component))
        {
            try
            {
                if (await new AwsSide(ground, sighting).VariableAsync(service, "DB_USER", cancel) is { Length: > 0 } user) users.Add(user);
            }
            catch (Exception e) when (e is CouldNotLook or Collect.Aws.AwsFailure)
            {
                // The platform's own user is asked for in any case.
                _ = e;
            }
        }
        return [.. users.Distinct(StringComparer.Ordinal)];
    }

    private static async Task<bool> AccountAsync(ServerGround ground, string user, MySqlReader reader, AccountFacts facts, CancellationToken cancel)
    {
        var rows = await AskAsync(reader, MySqlQuestion.Accounts(user), facts.Sighting, cancel);
        facts.Worst("userExists", rows.Rows.Length > 0, bad: false);
        if (rows.Rows.Length == 0) return false;
        if (ground.Map.Cidr is { } cidr) facts.Worst("hostAllowed", rows.Rows.Any(r => HostFits(rows.Value(r, "Host") ?? "", cidr)), bad: false);
        facts.Worst("accountLocked", rows.Rows.All(r => rows.Value(r, "account_locked") is "Y" || rows.Value(r, "password_expired") is "Y"), bad: true);
        if (user == ground.Map.Component(Component, "user")) facts.Sighting.Fact("userLimit", rows.Rows.Max(r => double.TryParse(rows.Value(r, "max_user_connections"), NumberStyles.Float, CultureInfo.InvariantCulture, out var limit) ? limit : 0));
        if (ground.Map.Component(Component, "schema") is { Length: > 0 } schema) facts.Worst("schemaGranted", await IsGrantedAsync(user, schema, reader, facts.Sighting, cancel), bad: false);
        return rows.Rows.Any(r => rows.Value(r, "ssl_type") is { Length: > 0 });
    }

    // Of several accounts the one that is wrong is told.
    private sealed record AccountFacts(Sighting Sighting)
    {
        public void Worst(string fact, bool value, bool bad)
        {
            if (value == bad || !Sighting.Has(fact)) Sighting.Fact(fact, value);
        }
    }

    private static async Task<bool> IsGrantedAsync(string user, string schema, MySqlReader reader, Sighting sighting, CancellationToken cancel)
    {
        var everywhere = await AskAsync(reader, MySqlQuestion.UserGrants(user), sighting, cancel);
        var there = await AskAsync(reader, MySqlQuestion.SchemaGrants(user), sighting, cancel);
        return everywhere.Rows.Any(r => everywhere.Value(r, "PRIVILEGE_TYPE") is "SELECT") || there.Rows.Any(r => Like(there.Value(r, "TABLE_SCHEMA") ?? "", schema));
    }

    private static async Task<MySqlRows> AskAsync(MySqlReader reader, MySqlQuestion question, Sighting sighting, CancellationToken cancel)
    {
        var rows = await reader.AskAsync(question, cancel);
        sighting.Asked($"mysql {question.Sql.Split(" WHERE ")[0]}", rows.Rows.Sum(r => r.Sum(v => (long)(v?.Length ?? 0))));
        return rows;
    }

    // What this user may not see leaves the rest standing.
    private static async Task PartAsync(Sighting sighting, string what, Func<CancellationToken, Task> look, CancellationToken cancel)
    {
        try
        {
            await look(cancel);
        }
        catch (WireFailure e) when (e.Code is "ER_1142" or "ER_1227" or "ER_1044" or "ER_1143")
        {
            sighting.Lacks($"{what}: {e.Words}");
        }
    }

    /// <summary>Whether an account's host pattern admits the addresses of a network.</summary>
    internal static bool HostFits(string pattern, string cidr)
    {
        if (!IPNetwork.TryParse(cidr, out var network)) return pattern is "%";
        var mask = pattern.Split('/');
        if (mask.Length == 2 && IPAddress.TryParse(mask[0], out var net) && IPAddress.TryParse(mask[1], out var bits))
            return network.BaseAddress.GetAddressBytes().Zip(bits.GetAddressBytes(), (a, b) => (byte)(a & b)).SequenceEqual(net.GetAddressBytes());
        var bytes = network.BaseAddress.GetAddressBytes();
        bytes[^1] = 7;
        return Like(pattern, new IPAddress(bytes).ToString());
    }

    // SQL's LIKE: % for any text, _ for any letter, a backslash before what is meant as it stands.
    private static bool Like(string pattern, string text)
    {
        var regex = Regex.Escape(pattern).Replace(@"\\_", "\u0001", StringComparison.Ordinal).Replace(@"\\%", "\u0002", StringComparison.Ordinal).Replace("%", ".*", StringComparison.Ordinal).Replace('_', '.').Replace("\u0001", "_", StringComparison.Ordinal).Replace("\u0002", "%", StringComparison.Ordinal);
        return Regex.IsMatch(text, $"^{regex}$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant | RegexOptions.IgnoreCase);
    }

    private static Dictionary<string, string> Pairs(MySqlRows rows) => rows.Rows.Where(r => r is [not null, ..]).DistinctBy(r => r[0], StringComparer.OrdinalIgnoreCase).ToDictionary(r => r[0]!, r => r[1] ?? "", StringComparer.OrdinalIgnoreCase);

    private static double? Number(Dictionary<string, string> pairs, string name) => double.TryParse(pairs.GetValueOrDefault(name), NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
}
