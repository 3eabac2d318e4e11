using System.Net;
using System.Text.Json.Nodes;
using Tocsin.Collect.Aws;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>What the values that a task gets say about themselves and against what AWS says. A value leaves this class as true, false or a shape.</summary>
/// <param name="own">The service's own secret.</param>
internal sealed class ValueLook(AwsGround ground, ServiceView view, Sighting sighting, Func<string, (bool Known, string? Value)> value, JsonObject own)
{
    private static readonly NodaTime.Duration Skew = NodaTime.Duration.FromSeconds(30);
    private static readonly (string Key, string Fact)[] Kept = [("SESSION_SECRET", "sessionSecretChanged"), ("RAZORPAY_KEY_SECRET", "razorpaySecretChanged"), ("SHOPIFY_WEBHOOK_SECRET", "shopifySecretChanged")];
    private readonly List<string> changed = [];

    public async Task LookAsync(CancellationToken cancel)
    {
        Flags();
        Shapes();
        await DatabaseAsync(cancel);
        await HostsAsync(cancel);
        await CoreApiAsync(cancel);
        await ChangedAsync(cancel);
    }

    private string? Of(string name) => value(name).Value;

    // A key is expected where the checklist names it, the secret has it or the revision passes it.
    private bool Expects(string name) => value(name).Known && (view.Service.CriticalEnv.Contains(name, StringComparer.Ordinal) || own.ContainsKey(name) || Of(name) is not null);

    private void Flags()
    {
        if (Of("DB_HOST") is not null && Expects("DB_SSL")) sighting.Fact("tlsFlagSet", Of("DB_SSL") is { } flag && SecretShapes.IsYes(flag));
        if (Of("REDIS_URL") is { } url) sighting.Fact("redisTlsSet", url.StartsWith("rediss:", StringComparison.OrdinalIgnoreCase));
        else if (new[] { "REDIS_TLS", "REDIS_SSL" }.FirstOrDefault(Expects) is { } key) sighting.Fact("redisTlsSet", Of(key) is { } flag && SecretShapes.IsYes(flag));
        if (Of("REDIS_HOST") is { } redis) sighting.Fact("redisHostIsLocal", SecretShapes.IsLocal(redis));
        if (Of("CH_DATABASE") is { } database && ground.Map.Component("clickhouse", "database") is { } known) sighting.Fact("clickhouseDatabaseMatches", database == known);
    }

    private void Shapes()
    {
        if (Expects("FIREBASE_SERVICE_ACCOUNT")) sighting.Fact("firebaseShape", SecretShapes.Firebase(Of("FIREBASE_SERVICE_ACCOUNT")));
        if (Expects("RAZORPAY_KEY_SECRET")) sighting.Fact("razorpaySecretShape", SecretShapes.Key(Of("RAZORPAY_KEY_SECRET")));
        if (Expects("SHOPIFY_WEBHOOK_SECRET")) sighting.Fact("shopifySecretShape", SecretShapes.Key(Of("SHOPIFY_WEBHOOK_SECRET")));
        if (Expects("SESSION_SECRET")) sighting.Fact("sessionSecretShape", SecretShapes.Session(Of("SESSION_SECRET")));
        if (Of("RAZORPAY_KEY_ID") is { } id && id.StartsWith("rzp_", StringComparison.Ordinal)) sighting.Fact("razorpayPairMatchesMode", id.StartsWith("rzp_live_", StringComparison.Ordinal) == (ground.Map.Environment == "production"));
    }

    private async Task DatabaseAsync(CancellationToken cancel)
    {
        if (ground.Map.Component("aurora", "secret") is not { } master || Of("DB_USER") is not { } user) return;
        await EcsProbes.PartAsync(sighting, async _ =>
        {
            var answer = await ground.AskAsync(sighting, "secretsmanager", "GetSecretValue", new JsonObject { ["SecretId"] = master }, cancel);
            if (Tree.Object(answer.Text("SecretString")) is not { } known) return;
            if (user != known.Text("username") && user != ground.Map.Component("aurora", "user")) return;
            sighting.Fact("dbUserMatchesMaster", true);
            if (Of("DB_PASSWORD") is { } password && known.Text("password") is { } right) sighting.Fact("dbPasswordMatchesMaster", Digests.Of(password) == Digests.Of(right));
        }, cancel);
    }

    private async Task HostsAsync(CancellationToken cancel)
    {
        var elsewhere = await ElsewhereAsync(cancel);
        Host("DB_HOST", "dbHostMatches", ground.Map.Component("aurora", "endpoint"), elsewhere);
        Host("REDIS_HOST", "redisHostMatches", ground.Map.Component("redis", "endpoint"), elsewhere);
        if (!sighting.Has("dbHostMatches")) await AgreedAsync("DB_HOST", "dbHostMatches", cancel);
        if (!sighting.Has("redisHostMatches")) await AgreedAsync("REDIS_HOST", "redisHostMatches", cancel);
        if (Of("CH_HOST") is not { } host) return;
        await EcsProbes.PartAsync(sighting, async _ =>
        {
            var known = (await ComponentProbes.InstanceAsync(ground, sighting, cancel)).Select(i => i.Text("privateIpAddress") ?? i.Text("PrivateIpAddress")).OfType<string>().ToList();
            if (known.Count > 0 && IPAddress.TryParse(host, out var _)) sighting.Fact("clickhouseHostMatches", known.Contains(host, StringComparer.Ordinal));
            else if (elsewhere is not null && elsewhere.TryGetValue("CH_HOST", out var other) && Digests.Of(host) == other) sighting.Fact("clickhouseHostMatches", false);
        }, cancel);
    }

    // An address may be the endpoint's own; only a name, or another environment's value, is known to be another host.
    private void Host(string name, string fact, string? endpoint, Dictionary<string, string>? elsewhere)
    {
        if (Of(name) is not { Length: > 0 } host) return;
        if (elsewhere is not null && elsewhere.TryGetValue(name, out var other) && Digests.Of(host) == other && !SecretShapes.IsLocal(host)) sighting.Fact(fact, false);
        else if (endpoint is not null && string.Equals(host, endpoint, StringComparison.OrdinalIgnoreCase)) sighting.Fact(fact, true);
    }

    // The platform's file may name an alias. Where two or more other services agree on one host, that is the one.
    private async Task AgreedAsync(string name, string fact, CancellationToken cancel)
    {
        if (Of(name) is not { Length: > 0 } host) return;
        var others = new List<string>();
        foreach (var secret in ground.Map.Services.Where(s => s.Name != view.Service.Name).Select(s => s.Fields.GetValueOrDefault("secret")).OfType<string>().Distinct(StringComparer.Ordinal))
        {
            await EcsProbes.PartAsync(sighting, async _ =>
            {
                if (Tree.Object((await ground.AskAsync(sighting, "secretsmanager", "GetSecretValue", new JsonObject { ["SecretId"] = secret }, cancel)).Text("SecretString")).Text(name) is { Length: > 0 } value) others.Add(Digests.Of(value));
            }, cancel);
        }
        if (others.Count > 1 && others.TrueForAll(o => o == others[0])) sighting.Fact(fact, others[0] == Digests.Of(host));
    }

    private async Task<Dictionary<string, string>?> ElsewhereAsync(CancellationToken cancel)
    {
        if (view.Service.Fields.GetValueOrDefault("secret") is not { } name || ground.Map.Others.FirstOrDefault(o => o.Region != ground.Map.Region) is not { } other) return null;
        try
        {
            var answer = await ground.Calls.AskAsync(sighting, "secretsmanager", other.Region, "GetSecretValue", new JsonObject { ["SecretId"] = name }, cancel);
            return Tree.Object(answer.Text("SecretString")) is { } values ? Digests.Of(values) : null;
        }
        catch (AwsFailure e)
        {
            // A comparison with another environment is a help and no part of the look.
            _ = e;
            return null;
        }
    }

    private async Task CoreApiAsync(CancellationToken cancel)
    {
        if (!Expects("CORE_API_URL")) return;
        var address = SecretShapes.Address(Of("CORE_API_URL"));
        sighting.Fact("coreApiUrlSet", address is not null);
        if (address is null) return;
        var host = ground.Map.Platform.Service("core-api")?.Fields.GetValueOrDefault("host");
        if (string.Equals(address.Host, host, StringComparison.OrdinalIgnoreCase))
        {
            sighting.Fact("coreApiUrlMatches", ground.Map.Platform.Environments[0].Name == ground.Map.Environment);
            return;
        }
        await EcsProbes.PartAsync(sighting, async _ =>
        {
            var balancers = (await ground.AskAsync(sighting, "elasticloadbalancing", "DescribeLoadBalancers", [], cancel)).Items("LoadBalancers");
            sighting.Fact("coreApiUrlMatches", balancers.Any(b => string.Equals(b.Text("DNSName"), address.Host, StringComparison.OrdinalIgnoreCase)
                || b.Items("AvailabilityZones").SelectMany(z => z.Items("LoadBalancerAddresses")).Any(a => a.Text("IpAddress") == address.Host)));
        }, cancel);
    }

    private async Task ChangedAsync(CancellationToken cancel)
    {
        if (view.Service.Fields.GetValueOrDefault("secret") is not { } name) return;
        var then = await BeforeAsync(name, cancel);
        foreach (var (key, fact) in Kept)
        {
            if (Of(key) is { } now && (then is null || then.Text(key) is not null)) sighting.Fact(fact, then is not null && Digests.Of(now) != Digests.Of(then.Text(key)!));
        }
        if (then is not null) changed.AddRange(own.Select(k => k.Key).Union(then.Select(k => k.Key), StringComparer.Ordinal).Where(k => Digest(own, k) != Digest(then, k)));
        if (ground.Map.Component("aurora", "secret") is { } master && Of("DB_USER") is not null && await BeforeAsync(master, cancel) is { } old)
        {
            var now = Tree.Object((await ground.AskAsync(sighting, "secretsmanager", "GetSecretValue", new JsonObject { ["SecretId"] = master }, cancel)).Text("SecretString"));
            if (Digest(now, "username") != Digest(old, "username")) changed.Add("DB_USER");
            if (Digest(now, "password") != Digest(old, "password")) changed.Add("DB_PASSWORD");
        }
        sighting.Fact("changedKeys", string.Join(' ', changed.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)));
    }

    private static string Digest(JsonObject? of, string key) => of.Text(key) is { } value ? Digests.Of(value) : "";

    // The version before, where the current one is of the time that is looked at; null: there is none, or it is no news.
    private async Task<JsonObject?> BeforeAsync(string secret, CancellationToken cancel)
    {
        try
        {
            var answer = await ground.AskAsync(sighting, "secretsmanager", "GetSecretValue", new JsonObject { ["SecretId"] = secret, ["VersionStage"] = "AWSPREVIOUS" }, cancel);
            var current = await ground.AskAsync(sighting, "secretsmanager", "GetSecretValue", new JsonObject { ["SecretId"] = secret }, cancel);
            return current.Time("CreatedDate") >= ground.Since - Skew ? Tree.Object(answer.Text("SecretString")) : null;
        }
        catch (AwsFailure e) when (e.Code is "ResourceNotFoundException")
        {
            // There never was another version.
            return null;
        }
    }
}
