using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Collect.Wire;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Collect.Probes.Servers;

/// <summary>Where a component is, and as whom Tocsin reads there. An empty user is nobody.</summary>
public sealed record Place(string Host, int Port)
{
    public string User { get; init; } = "";

    public string Password { get; init; } = "";

    public bool Tls { get; init; }

    public X509Certificate2Collection? Authorities { get; init; }

    public bool IsHere => IPAddress.TryParse(Host, out var address) && IPAddress.IsLoopback(address);
}

/// <summary>One question to AWS in the environment's region.</summary>
public delegate Task<JsonObject> AwsAsk(Sighting sighting, string service, string operation, JsonObject input, CancellationToken cancel);

/// <summary>What the probes of servers, names and pages share.</summary>
/// <param name="Variable">A variable of Tocsin's own surroundings, or null: addresses and read-only logins, which no file of the platform holds.</param>
public sealed record ServerGround(PlatformMap Map, Func<string, string?> Variable, TimeProvider Time)
{
    private static readonly ImmutableDictionary<string, int> Ports = ImmutableDictionary.CreateRange(StringComparer.Ordinal, [new KeyValuePair<string, int>("aurora", 3306), new("redis", 6379), new("clickhouse", 8123), new("cloudflare", 443)]);

    /// <summary>For one walk to a server.</summary>
    public Duration Limit { get; init; } = Duration.FromSeconds(3);

    /// <summary>What is older is no matter of this look; null: everything is.</summary>
    public Instant? Since { get; init; }

    /// <summary>Null: AWS is not asked, and what only AWS knows stays unknown.</summary>
    public AwsAsk? Aws { get; init; }

    /// <summary>Whether the status pages of third parties are asked.</summary>
    public bool AsksProviders { get; init; } = true;

    /// <summary>Whether values of secrets may be read, in memory only.</summary>
    public bool ReadsSecretValues { get; init; }

    /// <summary>Only variables say where components are: names of the platform's own file lead elsewhere, as in a lab.</summary>
    public bool OnlyVariables { get; init; }

    /// <summary>Asked for names instead of the system's resolver.</summary>
    public IPEndPoint? Resolver { get; init; }

    /// <summary>Asked instead of the name's own address: host names of the platform by where they are, for a platform whose names are in no public DNS.</summary>
    public ImmutableDictionary<string, (string Host, int Port)> Hosts { get; init; } = ImmutableDictionary<string, (string Host, int Port)>.Empty;

    private bool OwnAuthorities { get; init; } = true;

    /// <summary>The value of <c>TOCSIN_ENVIRONMENT_COMPONENT_FIELD</c>, or null.</summary>
    public string? Setting(string component, string field) => Variable(Name(component, field)) is { Length: > 0 } value ? value : null;

    public string Name(string component, string field) => $"TOCSIN_{Map.Environment}_{component}_{field}".ToUpperInvariant().Replace('-', '_');

    /// <summary>Whether the component is one that can be looked at.</summary>
    public bool Has(string component) => Map.Has(component) && (!OnlyVariables || Setting(component, "host") is not null);

    /// <summary>Where the component is; null where neither a variable nor the platform says so.</summary>
    public Place? Find(string component)
    {
        if (!Has(component)) return null;
        var host = Setting(component, "host") ?? Map.Component(component, "endpoint") ?? Map.Component(component, "host");
        if (string.IsNullOrWhiteSpace(host)) return null;
        var port = int.TryParse(Setting(component, "port") ?? Map.Component(component, "port"), NumberStyles.None, CultureInfo.InvariantCulture, out var given) ? given : Ports.GetValueOrDefault(component);
        return new Place(host, port)
        {
            User = Setting(component, "user") ?? "",
            Password = Setting(component, "password") ?? "",
            Tls = Map.Component(component, "tls") is "required",
            Authorities = Authorities(Setting(component, "ca") ?? Variable("TOCSIN_CA") ?? Map.Component(component, "authority")),
        };
    }

    public Place Place(string component) => Find(component) ?? throw new CouldNotLook(ObservationStatus.NotConfigured, $"where {component} of {Map.Environment} is, is not known: {Name(component, "host")} or its endpoint in platform.yaml says it");

    public WireTarget Target(Place place) => new(place.Host, place.Port) { Limit = Limit, Tls = place.Tls, Authorities = place.Authorities, Resolver = Resolver, Time = Time };

    /// <summary>Asks as someone who trusts public authorities only.</summary>
    public ServerGround WithoutOwnAuthorities() => this with { OwnAuthorities = false };

    public WireTarget Web() => new("", 0) { Limit = Limit, Resolver = Resolver, Time = Time, Authorities = OwnAuthorities ? Authorities(Variable("TOCSIN_CA")) : null };

    public Probe Probe(string name, Subject subject, Vantage vantage, string target, Func<Sighting, CancellationToken, Task> look) =>
        new(name, subject, vantage, target, look) { Limit = Limit + Duration.FromSeconds(1) };

    /// <summary>Whether the address lies in the environment's network; null where the platform does not say which that is.</summary>
    public bool? IsInside(IPAddress? address) => address is not null && Map.Cidr is { } cidr && IPNetwork.TryParse(cidr, out var network) ? network.Contains(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address) : null;

    private static X509Certificate2Collection? Authorities(string? file)
    {
        if (string.IsNullOrEmpty(file)) return null;
        var all = new X509Certificate2Collection();
        try
        {
            all.ImportFromPemFile(file);
            return all;
        }
        catch (Exception e) when (e is IOException or CryptographicException or UnauthorizedAccessException)
        {
            throw new CouldNotLook(ObservationStatus.NotConfigured, $"the authorities in {file} cannot be read: {e.Message}", e);
        }
    }
}

/// <summary>All probes that ask servers, names and pages themselves.</summary>
public static class ServerProbes
{
    public static IEnumerable<Probe> For(ServerGround ground) =>
    [
        .. VpnProbe.For(ground),
        .. MySqlProbes.For(ground),
        .. RedisProbes.For(ground),
        .. QueueProbes.For(ground),
        .. ClickHouseProbes.For(ground),
        .. WebProbes.For(ground),
        .. CloudflareProbes.For(ground),
        .. ProviderProbes.For(ground),
        .. RecordProbe.For(ground),
        .. PaymentProbe.For(ground),
    ];
}

/// <summary>What walks have in common when they become facts.</summary>
internal static class WalkFacts
{
    /// <summary>A walk that ended: its stage, its code as far as the probe knows it, its time.</summary>
    public static void Ended(this Sighting sighting, string probe, WireFailure failure, Duration took)
    {
        sighting.Fact("stage", WireFailure.Text(failure.Stage));
        sighting.Fact("code", Known(probe, failure.Code));
        sighting.Fact("seconds", Seconds(took));
        sighting.Lacks($"{failure.Code} at {WireFailure.Text(failure.Stage)}: {failure.Words}");
    }

    public static void Done(this Sighting sighting, Duration took)
    {
        sighting.Fact("stage", "done");
        sighting.Fact("code", "NONE");
        sighting.Fact("seconds", Seconds(took));
    }

    public static double Seconds(Duration took) => Math.Round(took.TotalSeconds, 3);

    /// <summary>A refusal after the login, as a look that could not be made.</summary>
    public static CouldNotLook AsLook(this WireFailure failure) => new(
        failure switch
        {
            { IsTruncated: true } => ObservationStatus.Truncated,
            { Code: "ETIMEDOUT" or "NO_GREETING" } => ObservationStatus.Timeout,
            // A login that is refused is no permission that is missing: the walk itself tells of it, and it may be the very trouble.
            { Code: "ER_1142" or "ER_1227" or "ER_1044" } => ObservationStatus.Denied,
            _ => ObservationStatus.Failed,
        },
        failure.Message,
        failure);

    private static string Known(string probe, string code) => probe switch
    {
        "mysql.connect" when MySql.Contains(code, StringComparer.Ordinal) => code,
        "redis.connect" when Redis.Contains(code, StringComparer.Ordinal) => code,
        _ => "OTHER",
    };

    private static readonly string[] MySql =
    [
        "ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH", "ECONNRESET", "NO_GREETING", "WRONG_PROTOCOL", "TLS_UNSUPPORTED", "TLS_UNTRUSTED", "TLS_NAME",
        "ER_1040", "ER_1044", "ER_1045", "ER_1049", "ER_1129", "ER_1130", "ER_1203", "ER_1226", "ER_3159", "ER_4151",
    ];

    private static readonly string[] Redis =
    [
        "ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ETIMEDOUT", "EHOSTUNREACH", "ECONNRESET", "TLS_UNTRUSTED", "TLS_NAME", "TLS_REQUIRED", "PLAIN_SERVER", "WRONG_PROTOCOL", "NOAUTH", "WRONGPASS", "READONLY", "OOM",
        "MAXCLIENTS", "LOADING",
    ];
}

/// <summary>One connection that the probes of a target share: opened once, when the first wants it, and never again where that failed.</summary>
internal sealed class Shared<T>(Func<CancellationToken, Task<T>> open)
    where T : class, IAsyncDisposable
{
    private readonly SemaphoreSlim turn = new(1, 1);
    private T? opened;
    private Exception? failed;
    private int users;

    public Duration Took { get; private set; }

    /// <summary>One probe at a time; the last of those announced by <see cref="Join"/> closes it.</summary>
    public async Task UseAsync(Func<T, Task> work, CancellationToken cancel)
    {
        await turn.WaitAsync(cancel);
        try
        {
            await OpenAsync(cancel);
            if (failed is not null) throw failed;
            await work(opened!);
        }
        finally
        {
            if (--users == 0 && opened is not null) await opened.DisposeAsync();
            turn.Release();
        }
    }

    public void Join() => users++;

    private async Task OpenAsync(CancellationToken cancel)
    {
        if (opened is not null || failed is not null) return;
        var began = System.Diagnostics.Stopwatch.GetTimestamp();
        try
        {
            opened = await open(cancel);
        }
        catch (WireFailure e)
        {
            failed = e;
        }
        Took = Duration.FromTimeSpan(System.Diagnostics.Stopwatch.GetElapsedTime(began));
    }
}
