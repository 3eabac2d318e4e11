using System.Collections.Immutable;
using System.Net;
using Tocsin.Core.Matching;
using Tocsin.Core.Platforms;
using Tocsin.Core.Response;
using Tocsin.Core.Response.Playbooks;
using Tocsin.Server.Access;
using Tocsin.Server.Notify;
using Tocsin.Server.Watch;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Server.Setup;

/// <summary>What a server is started with.</summary>
public sealed record ServerOptions
{
    public const string DefaultListen = "http://127.0.0.1:8080";

    public required ResponsePlan Plan { get; init; }

    public required MatchSet Matching { get; init; }

    public required Platform Platform { get; init; }

    /// <summary>Where the embedded database and other files lie.</summary>
    public required string DataFolder { get; init; }

    /// <summary>A connection string of PostgreSQL; null: SQLite in <see cref="DataFolder"/>.</summary>
    public string? Postgres { get; init; }

    public string Listen { get; init; } = DefaultListen;

    /// <summary>By which people reach it, for the links in pages; null: <see cref="Listen"/>.</summary>
    public Uri? PublicAddress { get; init; }

    /// <summary>Whether pages leave. Else each is recorded as one that would have been sent.</summary>
    public bool Live { get; init; }

    /// <summary>Settings of channels by id, checked against their kinds.</summary>
    public ImmutableDictionary<string, YamlMappingNode> Channels { get; init; } = ImmutableDictionary<string, YamlMappingNode>.Empty;

    /// <summary>Kinds of channels that there are.</summary>
    public ImmutableArray<ChannelKind> Kinds { get; init; } = ChannelKinds.All;

    /// <summary>Private networks that may be reached all the same.</summary>
    public ImmutableArray<IPNetwork> AllowNetworks { get; init; } = [];

    /// <summary>The environment's variables.</summary>
    public Func<string, string?> Variable { get; init; } = Environment.GetEnvironmentVariable;

    /// <summary>The server's own output.</summary>
    public Action<string> Write { get; init; } = static _ => { };

    /// <summary>The largest body that a sender may post, in bytes.</summary>
    public int MostBytes { get; init; } = 5 * 1024 * 1024;

    /// <summary>For how long raw signals and their texts are kept.</summary>
    public NodaTime.Duration KeepSignals { get; init; } = NodaTime.Duration.FromDays(30);

    /// <summary>For how long it is kept how a page was sent, after that was over; the page itself is an event and stays.</summary>
    public NodaTime.Duration KeepPages { get; init; } = NodaTime.Duration.FromDays(400);

    /// <summary>An address outside that is pinged while all is alive; null: none.</summary>
    public Clock.OutsideHeartbeat? Heartbeat { get; init; }

    /// <summary>What the server watches by itself; null: nothing.</summary>
    public WatchSetup? Watch { get; init; }

    /// <summary>How a new incident is looked at; null: it is not.</summary>
    public Diagnosing? Diagnose { get; init; }

    /// <summary>How responses go, step by step; their names are filled in for the environment of an incident.</summary>
    public ImmutableArray<Playbook> Playbooks { get; init; } = [];

    /// <summary>What is said to everyone, by the template's name.</summary>
    public ImmutableDictionary<string, CommunicationTemplate> Templates { get; init; } = ImmutableDictionary<string, CommunicationTemplate>.Empty;

    /// <summary>How the server may act; by default it may not.</summary>
    public Actions.ActionSetup Actions { get; init; } = new();

    /// <summary>What the pages need beside the server's own parts.</summary>
    public Web.WebOptions Web { get; init; } = new();

    /// <summary>Where P3 incidents and action items become issues, such as owner/name; empty: nowhere.</summary>
    public string IssueRepository { get; init; } = "";

    /// <summary>How the public may have the status page sent to it.</summary>
    public Publishing.SubscriberSettings Subscribers { get; init; } = Publishing.SubscriberSettings.None;

    public TrustedProxy Proxy { get; init; } = TrustedProxy.None;

    /// <summary>An identity provider that people sign in with; null: none.</summary>
    public Access.Oidc.OidcSettings? Oidc { get; init; }

    /// <summary>A collector that traces and metrics are sent to; null: none.</summary>
    public Telemetry.OtlpSettings? Otlp { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>Whether the loops run; a test that sets the clock runs them itself.</summary>
    public bool Loops { get; init; } = true;

    /// <summary>Called at named moments: before-commit, after-commit, before-send, after-send, before-receipt, after-mark, after-receipt. A crash test ends the process there.</summary>
    public Action<string> Step { get; init; } = static _ => { };
}

/// <summary>A server that cannot start as it was asked to; the message says what to change.</summary>
public sealed class ServerSetupException(string message) : Exception(message);
