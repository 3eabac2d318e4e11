using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tocsin.Lab.Aws.Cache;
using Tocsin.Lab.Aws.Metrics;
using Tocsin.Lab.Host;
using Tocsin.Lab.Runtime;

namespace Tocsin.Lab.Components;

/// <summary>
/// Redis in the place of ElastiCache: TLS only and with a token where the platform says so. The lab itself speaks to it by a socket file, so that no change
/// of its ports locks the lab out.
/// </summary>
internal sealed class Redis(ComponentGround ground, string environment, ImmutableDictionary<string, string> fields)
    : ServerProcess(ground, environment, "redis", int.Parse(fields["port"], CultureInfo.InvariantCulture))
{
    // By convention the key under which services get it.
    private const string TokenKey = "REDIS_AUTH_TOKEN";
    // Who looks has a login of its own, with the rights that docs/real-account.md asks for and no other. Who acts has the services'.
    private const string Looker = "tocsin";
    private static readonly ImmutableArray<string> MayRead = ["-@all", "+@read", "+info", "+client|list", "+ping", "+hello"];
    private static readonly ImmutableArray<string> MayConnect = ["-@all", "+ping", "+hello"];
    private string current = "";
    private RedisDoor? door;
    private bool refused;

    public override string? Reader => Password is null ? null : Looker;

    public override string? Password => fields.GetValueOrDefault("auth") is "token" ? Token() : null;

    public override bool TakesCommands => true;

    protected override ImmutableArray<string> Command() => [Tool.Find("redis-server")!, Path.Combine(Folder, "redis.conf")];

    protected override async Task PrepareAsync(bool first, CancellationToken cancel)
    {
        if (first) await CertifyAsync(cancel);
        (current, door) = (Password ?? "", new RedisDoor(Path.Combine(Folder, "redis.sock")));
        var tls = fields.GetValueOrDefault("tls") is "required";
        var text = $"""
            bind {Address}
            port {(tls ? 0 : Port)}
            tls-port {(tls ? Port : 0)}
            tls-cert-file server.crt
            tls-key-file server.key
            tls-ca-cert-file ca.crt
            tls-auth-clients no
            unixsocket redis.sock
            unixsocketperm 700
            protected-mode no
            save ""
            appendonly no
            maxmemory 256mb
            {(current.Length > 0 ? $"requirepass {current}\nuser {Looker} on >{current} ~* {string.Join(' ', refused ? MayConnect : MayRead)}" : "")}
            """;
        await WritePrivateAsync("redis.conf", text + "\n", cancel);
    }

    protected override async Task<bool> IsReadyAsync(CancellationToken cancel)
    {
        if (!LastLines().Exists(l => l.Contains("Ready to accept", StringComparison.OrdinalIgnoreCase) || l.Contains("server is now ready", StringComparison.Ordinal))) return false;
        Version = "Redis " + (await ClientAsync(["INFO", "server"], cancel)).Split('\n').First(l => l.StartsWith("redis_version:", StringComparison.Ordinal))["redis_version:".Length..].Trim();
        return true;
    }

    protected override async Task<string> ChangeAsync(string key, string value, CancellationToken cancel)
    {
        if (key is "reader") return await ReaderAsync(value, cancel);
        var was = (await ClientAsync(["CONFIG", "GET", key], cancel)).Split('\n');
        if (was.Length < 2 || was[0] != key) throw new LabException($"{Name} of {Environment} has no setting '{key}'");
        await ClientAsync(["CONFIG", "SET", key, value], cancel);
        if (key is "requirepass")
        {
            current = value;
            await ClientAsync(["ACL", "SETUSER", Looker, "resetpass", value.Length > 0 ? $">{value}" : "nopass"], cancel);
        }
        if (key is "tls-port") Encrypts(value is not "0");
        return was[1];
    }

    private async Task<string> ReaderAsync(string value, CancellationToken cancel)
    {
        if (value is not ("allowed" or "refused")) throw new LabException($"reader is allowed or refused, not '{value}'");
        if (Reader is null) throw new LabException($"{Name} of {Environment} wants no login: everyone may read");
        var was = refused ? "refused" : "allowed";
        await ClientAsync(["ACL", "SETUSER", Looker, .. value is "refused" ? MayConnect : MayRead], cancel);
        refused = value is "refused";
        return was;
    }

    protected override async Task<IReadOnlyList<MetricReading>> ReadingsAsync(CancellationToken cancel)
    {
        ReplicationGroup? group;
        lock (Ground.World.Gate) group = Ground.Region(Environment).Cache.Groups.Values.FirstOrDefault();
        if (group is null) return [];
        var info = (await ClientAsync(["INFO"], cancel)).Split('\n').Select(l => l.Trim().Split(':', 2)).Where(f => f.Length == 2).ToDictionary(f => f[0], f => f[1], StringComparer.Ordinal);
        MetricReading Reading(string name, double value) => new(MetricName.Of("AWS/ElastiCache", name, ("CacheClusterId", group.Node(1)), ("CacheNodeId", "0001")), value);
        double Number(string name) => double.Parse(info.GetValueOrDefault(name, "0"), CultureInfo.InvariantCulture);
        var items = info.Where(i => i.Key.StartsWith("db", StringComparison.Ordinal) && i.Value.StartsWith("keys=", StringComparison.Ordinal)).Sum(i => double.Parse(i.Value["keys=".Length..].Split(',')[0], CultureInfo.InvariantCulture));
        // The lab's own client is one of them.
        return [Reading("CurrConnections", Math.Max(0, Number("connected_clients") - 1)), Reading("CurrItems", items), Reading("BytesUsedForCache", Number("used_memory")), Reading("Evictions", Number("evicted_keys"))];
    }

    // ElastiCache says what its nodes do.
    private void Encrypts(bool it)
    {
        lock (Ground.World.Gate)
        {
            foreach (var group in Ground.Region(Environment).Cache.Groups.Values) group.TransitEncryption = it;
        }
    }

    protected override Task<string> CommandAsync(IReadOnlyList<string> words, CancellationToken cancel) => ClientAsync([.. words], cancel);

    protected override async Task EndAsync(bool atOnce, CancellationToken cancel)
    {
        await base.EndAsync(atOnce, cancel);
        door?.Dispose();
        door = null;
    }

    private async Task<string> ClientAsync(ImmutableArray<string> words, CancellationToken cancel)
    {
        try
        {
            return door is { } open ? await open.AskAsync(words, current, cancel) : throw new LabException("it does not run");
        }
        catch (LabException e)
        {
            throw new LabException($"{Name} of {Environment}: {e.Message}");
        }
    }

    private string? Token()
    {
        lock (Ground.World.Gate)
        {
            foreach (var secret in Ground.Region(Environment).Secrets.Secrets.Values)
            {
                if (Read(secret.Current?.Value)?[TokenKey] is { } token) return token.ToString();
            }
            return null;
        }
    }

    private static JsonObject? Read(string? text)
    {
        try
        {
            return JsonNode.Parse(text ?? "null") as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
