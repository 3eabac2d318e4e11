using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Logging;
using NodaTime;
using Tocsin.Core.Platforms;
using Tocsin.Lab.Aws;
using Tocsin.Lab.Aws.Ecs;
using Tocsin.Lab.Aws.Elb;
using Tocsin.Lab.Aws.Iam;
using Tocsin.Lab.Aws.Logs;
using Tocsin.Lab.Components;
using Tocsin.Lab.Platform;
using Tocsin.Lab.Runtime;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Host;

/// <summary>Core: AWS and small programs. Full: real databases, caches and proxies beside them.</summary>
public enum LabProfile
{
    Core,
    Full,
}

/// <summary>What a lab is started with.</summary>
public sealed record LabOptions(LabFolder Folder, Core.Platforms.Platform Platform, LabDescription Lab, string ProgramsFolder)
{
    /// <summary>How much faster lab time runs than the wall's.</summary>
    public double Scale { get; init; } = DefaultScale;

    public bool WithTraffic { get; init; } = true;

    public LabProfile Profile { get; init; } = LabProfile.Core;

    /// <summary>In a network namespace of its own; the process is in it already.</summary>
    public bool Isolated { get; init; }

    /// <summary>The folder <c>lab</c>, from which lab.yaml names files.</summary>
    public string LabRoot => Path.GetFullPath(Path.Combine(ProgramsFolder, "..", ".."));

    /// <summary>The same platform with real servers and the services on the real libraries.</summary>
    public LabOptions AsFull() => this with { Lab = Lab.AsFull(), Profile = LabProfile.Full, ProgramsFolder = Path.GetFullPath(Path.Combine(ProgramsFolder, "..", Lab.Full.Programs)) };

    public const double DefaultScale = 10;
}

/// <summary>
/// One running lab: the stand-in of AWS, the tasks, the load balancers and the traffic, all owned here and ended with it. What cannot be started ends what
/// was, and says why.
/// </summary>
public sealed partial class LabHost : IAsyncDisposable
{
    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(100);
    private readonly LabOptions options;
    private readonly ILoggerFactory logging;
    private readonly LabClock clock;
    private readonly CancellationTokenSource ending = new();
    private readonly List<Task> loops = [];
    private readonly Stack<IAsyncDisposable> owned = new();
    private readonly Dictionary<string, LogStore> logs;
    private readonly List<Broken> broken = [];
    private readonly Dictionary<string, Traffic> traffic = new(StringComparer.Ordinal);
    private readonly AccessLogs accessLogs = new();
    private Baseline? baseline;
    private bool disposed;

    private LabHost(LabOptions options, LabNetwork network, ILoggerFactory logging, TimeProvider time)
    {
        this.options = options;
        this.logging = logging;
        Network = network;
        clock = new LabClock(time, options.Scale);
        World = new LabWorld(clock, options.Platform.Environments.Select(e => e.Fields["region"]).Distinct(StringComparer.Ordinal)) { IsOwn = network.Contains };
        logs = World.Regions.Keys.ToDictionary(r => r, r => new LogStore(r, clock), StringComparer.Ordinal);
        Authority = new LabAuthority(clock.Now);
        Limits = MemoryLimits.For(options.Folder.Path);
        var ground = new TaskGround(World, Limits, options.ProgramsFolder)
        {
            HasEgress = HasEgress,
            HasLogGroup = (region, group) => logs[region].Groups().Any(g => g.Name == group),
            Log = (region, group, stream, at, line) => logs[region].Append(group, stream, at, line),
            Changed = static () => { },
        };
        Engine = new EcsEngine(ground, (region, _) => Network.NextTask(EnvironmentOf(region)), time);
        Balancing = new Balancing(World, Engine.Signal) { AccessLog = accessLogs.Add, Certificate = CertificateOf };
        Operations = new OperationTable(AllOperations());
        Door = new FrontDoor(World, Operations, logging.CreateLogger<FrontDoor>());
        Firewall = new Firewall(options.Folder.Path, TasksOf);
        if (options.Profile == LabProfile.Full) Components = new ComponentSet(new ComponentGround(World, Network, Authority, Limits, Dns, options) { Redeploy = Redeploy, Filled = Filled }, Firewall, logging.CreateLogger<ComponentSet>());
        State = FirstState(options, network);
    }

    internal LabWorld World { get; }

    internal LabNetwork Network { get; }

    internal LabAuthority Authority { get; }

    internal MemoryLimits Limits { get; }

    internal EcsEngine Engine { get; }

    internal Balancing Balancing { get; }

    internal OperationTable Operations { get; }

    internal FrontDoor Door { get; }

    internal LabDns Dns { get; } = new();

    internal Firewall Firewall { get; }

    /// <summary>None in the core profile.</summary>
    internal ComponentSet? Components { get; }

    internal LabOptions Options => options;

    public LabState State { get; private set; }

    /// <summary>Ends when the lab was asked to end.</summary>
    public Task Ended => Task.WhenAll(loops);

    /// <summary>Cleans up what a killed lab left in the folder, then starts everything; throws <see cref="LabException"/> in a sentence.</summary>
    public static async Task<LabHost> StartAsync(LabOptions options, ILoggerFactory logging, TimeProvider time, CancellationToken cancel)
    {
        options.Folder.Create();
        options.Folder.RequireFree();
        await Strays.CleanAsync(options.Folder.Path, cancel);
        options.Folder.Clear();
        var network = NetworkFor(options);
        var host = new LabHost(options, network, logging, time);
        try
        {
            await host.StartAsync(cancel);
            return host;
        }
        catch (Exception e)
        {
            await host.DisposeAsync();
            throw e switch
            {
                SocketException or IOException { InnerException: SocketException or Microsoft.AspNetCore.Connections.AddressInUseException } or Microsoft.AspNetCore.Connections.AddressInUseException => new LabException($"the lab could not listen: {e.Message}; what it had started is ended", e),
                IOException or UnauthorizedAccessException => new LabException($"the lab could not write to {options.Folder.Path}: {e.Message}; what it had started is ended", e),
                _ => e,
            };
        }
    }

    public StatusReport Status()
    {
        lock (World.Gate)
        {
            var services = Standing.Of(World, [.. options.Platform.Environments.Select(e => (e.Name, e.Fields["region"]))]);
            return new StatusReport(
                services.TrueForAll(s => s.Healthy) && broken.Count == 0 && Firewall.Open && (Components?.All.All(Components.IsHealthy) ?? true),
                clock.Scale,
                State.Endpoint,
                Limits.Kind.ToString(),
                Math.Round(Footprint.Megabytes(options.Folder.Path), 1),
                services,
                [.. broken],
                traffic.ToDictionary(t => t.Key, t => (IReadOnlyDictionary<string, long>)t.Value.Answers.ToDictionary(a => Answered(a.Key), a => a.Value, StringComparer.Ordinal), StringComparer.Ordinal))
            {
                Components = Components?.Status() ?? [],
                LeftOut = Components?.LeftOut ?? [],
            };
        }
    }

    /// <summary>Notes what a verb or fault broke, until it is healed. Called with the world's lock held.</summary>
    internal void Break(string by, string environment, string what) => broken.Add(new Broken(by, environment, what, clock.Now));

    /// <summary>A secret that the healthy platform has, also when it is deleted. Called with the world's lock held.</summary>
    internal Aws.Secrets.Secret? Remembered(LabRegion region, string name) => baseline!.Secret(region, name);

    /// <summary>Listener rules as the healthy platform has them. Called with the world's lock held.</summary>
    internal void RestoreRules(LabRegion region) => baseline!.RestoreRules(region);

    /// <summary>Puts everything back; the tasks then take their time to start.</summary>
    public void Heal()
    {
        lock (World.Gate)
        {
            Door.Throttle.Clear();
            baseline!.Restore();
            broken.Clear();
            Firewall.Clear();
            Components?.Restore();
        }
    }

    public void Step(Duration by) => clock.Step(by);

    public (string Certificate, string Key) Issue(string domain) => Authority.Issue(domain);

    public void RequestEnd() => ending.Cancel();

    internal string EnvironmentOf(string region) => options.Platform.Environments.First(e => e.Fields["region"] == region).Name;

    internal LogStore Logs(string region) => logs[region];

    public async ValueTask DisposeAsync()
    {
        if (disposed) return;
        disposed = true;
        await ending.CancelAsync();
        await Task.WhenAll(loops).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        while (owned.TryPop(out var one)) await one.DisposeAsync();
        await Strays.CleanAsync(options.Folder.Path, CancellationToken.None);
        Engine.Dispose();
        Authority.Dispose();
        clock.Dispose();
        Network.Dispose();
        options.Folder.Clear();
        if (options.Isolated) await Isolation.LeaveAsync(options.Folder, CancellationToken.None);
        ending.Dispose();
    }

    private static LabNetwork NetworkFor(LabOptions options)
    {
        string[] environments = [.. options.Platform.Environments.Select(e => e.Name)];
        if (!options.Isolated) return LabNetwork.Free(environments) ?? throw new LabException("no network is left for another lab: every front door from 127.40.0.1 on is taken");
        var own = Isolation.FirstNetwork(options.Folder) ?? throw new LabException("an isolated lab runs only within its own network namespace");
        return LabNetwork.Isolated(own, environments) ?? throw new LabException("another lab is already in this namespace");
    }

    private static LabState FirstState(LabOptions options, LabNetwork network) => new()
    {
        Pid = Environment.ProcessId,
        Started = LabFolder.StartOf(Environment.ProcessId),
        Endpoint = $"http://{network.FrontDoor}",
        AccessKeyId = LabIds.Key("AKIALAB"),
        SecretAccessKey = "LAB" + LabIds.Mixed(37),
        Profile = options.Profile,
        Environments = [.. options.Platform.Environments.Select(e => Place(options, network, e))],
    };

    private static LabPlace Place(LabOptions options, LabNetwork network, PlatformEnvironment environment)
    {
        var components = new Dictionary<string, LabAddress>(StringComparer.Ordinal)
        {
            ["alb"] = new(network.Balancer(environment.Name), network.HttpPort),
            ["nlb"] = new(network.ElasticIp(environment.Name), network.HttpsPort),
        };
        var hosts = options.Lab.Programs.SelectMany(p => p.Hosts.Select(h => (Host: h, Service: p.Service))).ToDictionary(h => h.Host, h => h.Service, StringComparer.Ordinal);
        return new LabPlace(environment.Name, environment.Fields["region"], environment.Fields["cluster"], components, hosts);
    }

    private async Task StartAsync(CancellationToken cancel)
    {
        owned.Push(Reaper.Start(Limits));
        foreach (var file in new[] { options.Folder.Authority, options.Folder.Trusted }) await File.WriteAllTextAsync(file, Authority.RootPem, cancel);
        lock (World.Gate)
        {
            AddPeople();
            new PlatformSetup(Ground()).Build();
            new ComponentSetup(World, Network, options.Platform, Dns).Build();
            baseline = new Baseline(World, Engine);
            if (Components is not null) AddComponents(Components, baseline);
            baseline.Add(Dns.Remember());
        }
        if (Components is not null) await StartAsync(Components, cancel);
        owned.Push(Balancing);
        await Balancing.StartAsync(cancel);
        owned.Push(await LabServer.ListenAsync(Network.FrontDoor, Door.Handle, cancel));
        owned.Push(await LabServer.ListenAsync(options.Folder.Socket, new LabControl(this).Handle, cancel));
        loops.Add(GuardedAsync("scheduler", Engine.RunAsync, ending.Token));
        loops.Add(GuardedAsync("load balancing", Balancing.RunAsync, ending.Token));
        loops.Add(GuardedAsync("packet filter", Firewall.FollowAsync, ending.Token));
        loops.Add(GuardedAsync("upkeep", new Upkeep(World, Balancing, accessLogs, TimeProvider.System).RunAsync, ending.Token));
        if (options.WithTraffic) foreach (var environment in options.Platform.Environments) StartTraffic(environment);
        options.Folder.Write(State);
    }

    // Called with the world's lock held.
    private void AddComponents(ComponentSet components, Baseline restored)
    {
        foreach (var (name, place) in options.Lab.Full.Dns)
        {
            var parts = place.Split('@');
            Dns.Set(name, "A", Network.Component(parts.Length > 1 ? parts[1] : options.Platform.Environments[0].Name, parts[0]), proxied: false);
        }
        components.FollowRds();
        restored.Add(components.RememberRds());
    }

    private async Task StartAsync(ComponentSet components, CancellationToken cancel)
    {
        owned.Push(components);
        await components.StartAsync(cancel);
        loops.Add(GuardedAsync("components' changes", components.WorkAsync, ending.Token));
        loops.Add(GuardedAsync("components' metrics", components.MeasureAsync, ending.Token));
        foreach (var component in components.All) loops.Add(GuardedAsync($"{component.Name} of {component.Environment}", component.LiveAsync, ending.Token));
        State = State with { Environments = [.. State.Environments.Select(p => WithComponents(p, components))] };
    }

    private static LabPlace WithComponents(LabPlace place, ComponentSet components)
    {
        var addresses = place.Components.ToDictionary(StringComparer.Ordinal);
        foreach (var component in components.All.Where(c => c.Shared || c.Environment == place.Name)) addresses[component.Name] = new LabAddress(component.Address, component.Port) { User = component.User, Password = component.Password, Reader = component.Reader };
        return place with { Components = addresses };
    }

    private SetupGround Ground() => new(World, Engine, Network, options.Platform, options.Lab, (JsonObject)JsonNode.Parse(File.ReadAllText(Path.Combine(options.ProgramsFolder, options.Lab.SecretsFile)))!)
    {
        CreateLogGroup = (region, group) => logs[region].CreateGroup(group),
        ContainerEnvironment = options.Profile == LabProfile.Full ? static _ => ImmutableSortedDictionary<string, string>.Empty : CertificatesOf,
        Filled = Filled,
        HealthGrace = options.Profile == LabProfile.Full ? Duration.FromSeconds(options.Lab.Full.GraceSeconds) * options.Scale : Duration.Zero,
    };

    // Places of the lab in a variable's value: {authority}, {scratch}, {http}, {address:COMPONENT}. A task's own address is filled in when it starts.
    private string Filled(string environment, string value)
    {
        value = value.Replace("{authority}", options.Folder.Authority, StringComparison.Ordinal).Replace("{scratch}", Path.Combine(ComponentFolder.Of(Limits.LabFolder), "tasks"), StringComparison.Ordinal)
            .Replace("{http}", Network.HttpPort.ToString(System.Globalization.CultureInfo.InvariantCulture), StringComparison.Ordinal);
        return Place().Replace(value, m => Components?.Find(environment, m.Groups[1].Value)?.Address ?? Network.Component(environment, m.Groups[1].Value));
    }

    [GeneratedRegex(@"\{address:([a-z-]+)\}", RegexOptions.CultureInvariant)]
    private static partial Regex Place();

    // A component began with new data: what a service makes there at its start is to be made again.
    private void Redeploy(string environment, string service)
    {
        lock (World.Gate)
        {
            var of = options.Platform.Environment(environment)!;
            if (World.Regions[of.Fields["region"]].Ecs.Clusters[of.Fields["cluster"]].Services.GetValueOrDefault(service) is { } state) Engine.Deploy(state, state.Definition, null);
        }
    }

    private ImmutableSortedDictionary<string, string> CertificatesOf(string environment)
    {
        var (certificate, key) = Authority.Issue($"*.{options.Platform.Fields["baseDomain"]}", options.Platform.Fields["baseDomain"]);
        var files = (Certificate: Path.Combine(options.Folder.Path, $"{environment}.crt"), Key: Path.Combine(options.Folder.Path, $"{environment}.key"));
        File.WriteAllText(files.Certificate, certificate);
        File.WriteAllText(files.Key, key);
        if (!OperatingSystem.IsWindows()) File.SetUnixFileMode(files.Key, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        return ImmutableSortedDictionary.CreateRange<string, string>(StringComparer.Ordinal,
        [
            new("LAB_CERT_FILE", files.Certificate),
            new("LAB_KEY_FILE", files.Key),
            new("LAB_ISSUE", new JsonArray("node", "issue.mjs", options.Folder.Socket).ToJsonString()),
        ]);
    }

    // The person who runs the lab may do everything in it.
    private void AddPeople()
    {
        var operators = new Principal("lab-operator", isRole: false, clock.Now);
        operators.Inline["everything"] = Policy.Read("""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}""");
        World.Iam.Principals[operators.Name] = operators;
        World.Iam.Principals[ActingRole.Name] = ActingRole.Of(clock.Now);
        World.Iam.Keys[State.AccessKeyId] = new AccessKey(State.AccessKeyId, State.SecretAccessKey, operators.Name, clock.Now);
    }

    private void StartTraffic(PlatformEnvironment environment)
    {
        var secure = new IPEndPoint(IPAddress.Parse(Network.ElasticIp(environment.Name)), Network.HttpsPort);
        var requests = options.Lab.Requests.Where(r => r.Environment is null || r.Environment == environment.Name)
            .Select(r => new TrafficRequest(r.Method, r.Domain ?? options.Lab.Programs.First(p => p.Service == r.Service).Hosts[0], r.Path, r.Share) { Body = r.Body, Secure = r.Domain is null ? null : secure })
            .ToImmutableArray();
        if (requests.Length == 0) return;
        var running = traffic[environment.Name] = new Traffic(new IPEndPoint(IPAddress.Parse(Network.Balancer(environment.Name)), Network.HttpPort), requests, options.Lab.PerSecond, TimeProvider.System);
        loops.Add(GuardedAsync($"traffic of {environment.Name}", c => SendAsync(environment, running, c), ending.Token));
    }

    // Visitors come when the shop is open: what services print while they start beside each other is no healthy log.
    private async Task SendAsync(PlatformEnvironment environment, Traffic visitors, CancellationToken cancel)
    {
        while (!IsServing(environment)) await Task.Delay(FirstLook, cancel);
        await visitors.RunAsync(cancel);
    }

    private bool IsServing(PlatformEnvironment environment)
    {
        lock (World.Gate) return Standing.Of(World, [(environment.Name, environment.Fields["region"])]).TrueForAll(s => s.Healthy);
    }

    private List<Operation> AllOperations() =>
    [
        .. new EcsOperations(World, Engine).All(),
        .. new TaskDefinitionOperations(World).All(),
        .. new ElbOperations(World).All(),
        .. AwsOperations.All(World),
        .. LogsOperations.All(r => logs[r]).Select(o => o with { OwnLock = true, OffTrail = o.Name is "PutLogEvents" or "FilterLogEvents" or "GetLogEvents" }),
    ];

    // Called with the world's lock held, as a task is prepared.
    private bool HasEgress(string region) => ComponentSetup.HasEgress(World.Regions[region].Network);

    private X509Certificate2? CertificateOf(LoadBalancer balancer)
    {
        var (certificate, key) = Authority.Issue($"*.{options.Platform.Fields["baseDomain"]}", options.Platform.Fields["baseDomain"], balancer.Address);
        using var pem = X509Certificate2.CreateFromPem(certificate, key);
        return X509CertificateLoader.LoadPkcs12(pem.Export(X509ContentType.Pkcs12), null);
    }

    private async Task GuardedAsync(string loop, Func<CancellationToken, Task> run, CancellationToken cancel)
    {
        await Task.Yield();
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await run(cancel);
                return;
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                LabMessages.LoopFailed(logging.CreateLogger<LabHost>(), loop, e);
                await Task.Delay(TimeSpan.FromMilliseconds(200), CancellationToken.None);
            }
        }
    }

    private List<string> TasksOf(string environment, string service)
    {
        var place = options.Platform.Environment(environment)!;
        lock (World.Gate)
        {
            return [.. World.Regions[place.Fields["region"]].Ecs.Clusters.Values.SelectMany(c => c.Tasks.Values).Where(t => !t.Gone && t.Group == $"service:{service}").Select(t => t.Ip).Order(StringComparer.Ordinal)];
        }
    }

    private static string Answered(int status) => status switch
    {
        Traffic.NoAnswer => "no answer",
        Traffic.LeftOut => "left out",
        _ => status.ToString(System.Globalization.CultureInfo.InvariantCulture),
    };
}
