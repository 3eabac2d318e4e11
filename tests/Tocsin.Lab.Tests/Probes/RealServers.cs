using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Security.Cryptography.X509Certificates;
using NodaTime;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Probes;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Collect.Probes.Servers;
using Tocsin.Collect.Wire;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;
using Tocsin.Lab.Tests.Components;

namespace Tocsin.Lab.Tests.Probes;

/// <summary>The ways to a full lab's real servers, and its probes.</summary>
internal sealed class RealServers(FullLab full)
{
    private static readonly FactTable Facts = FactTable.Parse(File.ReadAllText(Path.Combine(TestLab.Root, "catalog", "observations.yaml")), "observations.yaml").Value!;

    public X509Certificate2Collection Authorities
    {
        get
        {
            var all = new X509Certificate2Collection();
            all.ImportFromPemFile(full.Authority);
            return all;
        }
    }

    public WireTarget Target(string component, bool tls = true) => new(full.Place(component).Host, full.Place(component).Port) { Tls = tls, Authorities = Authorities, Limit = Duration.FromSeconds(5) };

    public MySqlLogin Database => new(full.Place("aurora").User!, full.Place("aurora").Password!);

    public ServerGround Ground(AwsAsk? aws = null)
    {
        var lab = full.Lab.Host;
        return new ServerGround(new PlatformMap(lab.Options.Platform, lab.Options.Platform.Environment("production")!), Variable, TimeProvider.System)
        {
            OnlyVariables = true,
            Limit = Duration.FromSeconds(5),
            AsksProviders = false,
            ReadsSecretValues = true,
            Aws = aws,
            Resolver = new IPEndPoint(IPAddress.Parse(full.Place("dns").Host), full.Place("dns").Port),
        };
    }

    /// <summary>What the probes see, by their names.</summary>
    public async Task<List<Observation>> LookAsync(string? domain, Func<string, bool> wanted, CancellationToken cancel)
    {
        var state = full.Lab.Host.State;
        using var caller = new AwsCaller(new AwsCallerOptions { Login = AwsLogin.Keys(state.AccessKeyId, state.SecretAccessKey), Endpoint = new Uri(state.Endpoint) });
        var calls = new AwsCalls(caller, TimeProvider.System, cancel);
        var ground = Ground((s, service, operation, input, c) => calls.AskAsync(s, service, "ap-south-1", operation, input, c));
        if (domain is not null) ground = ground with { Hosts = ImmutableDictionary<string, (string, int)>.Empty.Add(domain, (full.Place("nlb").Host, full.Place("nlb").Port)) };
        var probes = ServerProbes.For(ground).Concat(domain is null ? [] : DomainProbes.For(ground, domain)).Where(p => wanted(p.Name)).ToList();
        Assert.NotEmpty(probes);
        var all = new List<Observation>();
        await foreach (var result in new ProbeRunner(Facts, TimeProvider.System, new ProbeLimits { Run = Duration.FromSeconds(60) }).RunAsync(probes, cancel)) all.Add(result.Observation);
        return all;
    }

    public async Task<Observation> OneAsync(string probe, CancellationToken cancel, string item = "", string? domain = null) =>
        (await LookAsync(domain, p => p == probe, cancel)).First(o => item.Length == 0 || o.Subject.Item == item);

    /// <summary>What a probe sees that speaks to the database without TLS.</summary>
    public async Task<Observation> PlainAsync(string probe, CancellationToken cancel)
    {
        var ground = Ground();
        var production = full.Lab.Host.Options.Platform.Environment("production")!;
        var plain = production with { Components = production.Components.SetItem("aurora", production.Components["aurora"].SetItem("tls", "no")) };
        ground = ground with { Map = new PlatformMap(full.Lab.Host.Options.Platform, plain) };
        await foreach (var result in new ProbeRunner(Facts, TimeProvider.System, new ProbeLimits { Run = Duration.FromSeconds(60) }).RunAsync([.. ServerProbes.For(ground).Where(p => p.Name == probe)], cancel)) return result.Observation;
        throw new InvalidOperationException($"no probe is called {probe}");
    }

    private string? Variable(string name)
    {
        if (name == "TOCSIN_CA") return full.Authority;
        var parts = name.Split('_', 4);
        if (parts is not ["TOCSIN", "PRODUCTION", var component, var field] || !full.Lab.Host.State.Environments[0].Components.TryGetValue(component.ToLowerInvariant(), out var place)) return null;
        return field switch
        {
            "HOST" => place.Host,
            "PORT" => place.Port.ToString(CultureInfo.InvariantCulture),
            "USER" => place.Reader ?? place.User,
            "ACT_USER" => place.User,
            "PASSWORD" => place.Password,
            "ACT_PASSWORD" => place.Password ?? "",
            _ => null,
        };
    }
}
