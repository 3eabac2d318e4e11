using System.Collections.Immutable;
using System.Security.Cryptography.X509Certificates;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Probes;
using Tocsin.Collect.Wire;
using Tocsin.Core.Catalog;
using Tocsin.Core.Platforms;
using Tocsin.Lab.Tests;
using Tocsin.Lab.Verbs;
using Tocsin.Server.Watch;

namespace Tocsin.Server.Tests.Watch;

/// <summary>The shipped platform in a lab, as the watch reaches it.</summary>
internal sealed class WatchedLab : IAsyncDisposable
{
    /// <summary>How much faster than the wall's the lab's time and the watch's run.</summary>
    public const int Times = 10;

    private readonly TestLab owned;

    private WatchedLab(TestLab lab, AwsCaller caller, WatchSetup setup) => (owned, Caller, Setup) = (lab, caller, setup);

    public AwsCaller Caller { get; }

    public WatchSetup Setup { get; }

    public static async Task<WatchedLab> StartAsync(CancellationToken cancel)
    {
        var lab = await TestLab.StartAsync(Times, cancel);
        await lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(120), cancel);
        var state = lab.Host.State;
        var caller = new AwsCaller(new AwsCallerOptions { Login = AwsLogin.Keys(state.AccessKeyId, state.SecretAccessKey), Endpoint = new Uri(state.Endpoint) });
        var platform = PlatformReader.Parse(await File.ReadAllTextAsync(Path.Combine(TestLab.Root, "platforms", "zelly", "platform.yaml"), cancel), "platform.yaml").Value!;
        var facts = FactTable.Parse(await File.ReadAllTextAsync(Path.Combine(TestLab.Root, "catalog", "observations.yaml"), cancel), "observations.yaml").Value!;
        var trusted = new X509Certificate2Collection();
        trusted.ImportFromPemFile(lab.Folder.Trusted);
        var production = state.Environments[0];
        WatchDoor Door(string component, bool tls) => new(production.Components[component].Host, production.Components[component].Port, tls);
        var plan = platform.Watch!;
        return new WatchedLab(lab, caller, new WatchSetup
        {
            // The paces are the shipped ones; a round of facts may take as long as on the wall's clock.
            Plan = plan with { RulePace = plan.RulePace with { Limit = plan.RulePace.Limit * Times } },
            Facts = facts,
            Places = [.. platform.Environments.Select(e => new WatchPlace(new PlatformMap(platform, e), caller, null))],
            Variable = n => n is "WATCHED_STOREFRONT" ? "kiran-books.example" : null,
            Doors = plan.Addresses.ToImmutableDictionary(a => a.Id, a => platform.Service(a.Service)!.Fields["ingress"] is "nlb" ? Door("nlb", tls: true) : Door("alb", tls: false), StringComparer.Ordinal),
            Web = new WireTarget("", 0) { Authorities = trusted },
            AsksControl = false,
        });
    }

    public void Do(string verb) => VerbTable.Run(owned.Host, VerbRequest.Read(verb, "production", "test"));

    public async ValueTask DisposeAsync()
    {
        Caller.Dispose();
        await owned.DisposeAsync();
    }
}
