using System.Globalization;
using Tocsin.Lab.Components;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Verbs;

/// <summary>The full profile's servers: stopped, cut off, slowed, set up and commanded.</summary>
internal static class ServerVerbs
{
    private static readonly VerbArgument Component = new("NAME", "The component");

    public static IEnumerable<Verb> All =>
    [
        new("component stop", "Stop a server: connections to it are refused.", [Component], None)
        {
            Options = [new("--kill", "yes: by SIGKILL, as a crash would"), new("--host", "yes: AWS says that it was stopped there: the database cluster, or the instance that it runs on")],
            Beyond = c => For(
                c,
                async (s, cancel) =>
                {
                    await (c.Option("--kill") is "yes" ? s.KillAsync(cancel) : s.StopAsync(cancel));
                    if (c.Option("--host") is "yes") Tell(c, s, running: false);
                },
                s => $"{s.Name} is stopped"),
            Example = "component stop redis",
        },
        new("component start", "Start a server again, on the data that it had.", [Component], None)
        {
            Beyond = c => For(
                c,
                async (s, cancel) =>
                {
                    await s.StartAsync(cancel);
                    Tell(c, s, running: true);
                },
                s => $"{s.Name} runs, ready after {s.StartedInMs:0} ms"),
            Breaks = static _ => false,
            Example = "component start redis",
        },
        new("component slow", "Let a server answer only every so many milliseconds of the wall's time; 0 ends it.", [Component, new("MS", "How long it holds still")], None)
        {
            Beyond = Slow,
            Breaks = static c => c[1] is not "0",
            Example = "component slow aurora 800",
        },
        new("component exec", "Run SQL or a command by the server's own client, as its administrator; heal then starts it on its first data.", [Component, new("COMMAND", "SQL, or a command and its words", Many: true)], None)
        {
            Beyond = Exec,
            Example = "component exec redis FLUSHALL",
        },
    ];

    /// <summary>What may be named, with those that no server stands for.</summary>
    public static IEnumerable<string> Names(VerbCall call, params IEnumerable<string> others) =>
        others.Concat(call.Host.Components?.All.Select(c => c.Name) ?? []).Distinct(StringComparer.Ordinal);

    public static Func<CancellationToken, Task<string>>? Set(VerbCall call)
    {
        if (call.Component(call[0]) is not { } server) return null;
        var settings = call.From(1).Select(VerbCall.Pair).ToList();
        return async cancel =>
        {
            await server.SetAsync(settings, cancel);
            return $"{server.Name}: {string.Join(", ", call.From(1))}";
        };
    }

    public static Func<CancellationToken, Task<string>>? Block(VerbCall call)
    {
        if (Way(call) is not { } way) return null;
        var from = call.Option("--from") is { } name ? call.Host.Options.Platform.Service(name)?.Name ?? throw VerbCall.Unknown("service", name, call.Host.Options.Platform.Services.Select(s => s.Name)) : null;
        return async cancel =>
        {
            await call.Host.Firewall.AddAsync(new Block(way, from), cancel);
            if (from is null) Admit(call, way, open: false);
            return $"new connections to {way.Name} ({way.Address}:{way.Port.ToString(CultureInfo.InvariantCulture)}) are dropped{(from is null ? "" : $" when they come from {from}'s tasks")}";
        };
    }

    public static Func<CancellationToken, Task<string>>? Unblock(VerbCall call) => Way(call) is not { } way ? null : async cancel =>
    {
        await call.Host.Firewall.RemoveAsync(way, cancel);
        Admit(call, way, open: true);
        return $"the way to {way.Name} is open";
    };

    // Load balancers stand in every profile.
    private static Way? Way(VerbCall call) => call[0] switch
    {
        "alb" => new Way(call.Environment.Name, "alb", call.Host.Network.Balancer(call.Environment.Name), call.Host.Network.HttpPort),
        "nlb" => new Way(call.Environment.Name, "nlb", call.Host.Network.ElasticIp(call.Environment.Name), call.Host.Network.HttpsPort),
        var name => call.Component(name)?.Way,
    };

    // What AWS answers follows what the packet filter does.
    private static void Admit(VerbCall call, Way way, bool open)
    {
        if (call.Component(way.Name) is null) return;
        lock (call.Host.World.Gate) Platform.ComponentSetup.Admit(call.Environment, call.Region.Network, way.Name, open);
    }

    private static void Tell(VerbCall call, Component server, bool running)
    {
        lock (call.Host.World.Gate)
        {
            var fields = call.Environment.Components.GetValueOrDefault(server.Name);
            if (fields?.GetValueOrDefault("cluster") is { } id && call.Region.Rds.Clusters.GetValueOrDefault(id) is { } cluster) cluster.Status = running ? "available" : "stopped";
            if (fields?.GetValueOrDefault("instanceName") is { } name && call.Region.Network.Instances.Find(i => i.Name == name) is { } host) host.State = running ? "running" : "stopped";
        }
    }

    private static Func<CancellationToken, Task<string>> Slow(VerbCall call)
    {
        var delay = TimeSpan.FromMilliseconds(call.Whole(call[1], "MS"));
        return For(call, (s, cancel) => s.SlowAsync(delay, cancel), s => delay == TimeSpan.Zero ? $"{s.Name} answers at once" : $"{s.Name} answers every {delay.TotalMilliseconds:0} ms");
    }

    private static Func<CancellationToken, Task<string>> Exec(VerbCall call)
    {
        var server = Server(call);
        if (!server.TakesCommands) throw new LabException($"{server.Name} takes no commands");
        return cancel => server.ExecAsync([.. call.From(1)], cancel);
    }

    private static Func<CancellationToken, Task<string>> For(VerbCall call, Func<Component, CancellationToken, Task> work, Func<Component, string> said)
    {
        var server = Server(call);
        return async cancel =>
        {
            await work(server, cancel);
            return said(server);
        };
    }

    public static Component Server(VerbCall call) => call.Component(call[0]) ?? throw NoServer(call, call[0]);

    public static LabException NoServer(VerbCall call, string name) => call.Host.Components is null
        ? new LabException($"this lab runs the core profile, which has no servers; start it with: tocsin lab up --full")
        : VerbCall.Unknown("component", name, Names(call));

    // Every verb here has its work beyond the lock.
    private static string None(VerbCall call) => throw NoServer(call, call[0]);
}
