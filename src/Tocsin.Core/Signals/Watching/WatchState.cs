using System.Collections.Immutable;
using NodaTime;

namespace Tocsin.Core.Signals.Watching;

/// <summary>What kind of thing is watched.</summary>
public enum WatchKind
{
    Address,

    /// <summary>All addresses of an environment together.</summary>
    Everything,
    Rule,

    /// <summary>Whether a source can be asked at all; without it nothing is known, which is never health.</summary>
    Sight,
}

/// <summary>One thing that is watched. The same words for it in every process: its fingerprint comes from them.</summary>
/// <param name="Id">Of the address or rule, or the name of the source.</param>
/// <param name="Item">One of several of the same service, such as a queue; or empty.</param>
public sealed record WatchSubject(WatchKind Kind, string Environment, string Service, string Id, string Item = "");

public enum LookOutcome
{
    Good,
    Bad,

    /// <summary>It could not be looked at: denied, timed out, not set up. It says nothing.</summary>
    Unseen,
}

/// <summary>One look at one thing.</summary>
/// <param name="Says">What is wrong, in the words of a page; where it was not seen, what was missing.</param>
public sealed record Look(WatchSubject Subject, LookOutcome Outcome, Instant At, string Says);

/// <summary>What is known of one thing.</summary>
public sealed record Watched
{
    /// <summary>The newest looks that saw something, the newest last; as many as vote.</summary>
    public ImmutableArray<(Instant At, bool Bad)> Votes { get; init; } = [];

    /// <summary>The first of the bad looks since the last good one; null while the last one was good.</summary>
    public Instant? BadSince { get; init; }
    public Instant? LastBad { get; init; }
    public int GoodRun { get; init; }
    public Instant? LastSeen { get; init; }

    /// <summary>Since when it is ill, by vote; null while it is well.</summary>
    public Instant? IllSince { get; init; }
    public Instant? LastSaid { get; init; }

    /// <summary>When it began to be ill, as far back as flapping counts.</summary>
    public ImmutableArray<Instant> Onsets { get; init; } = [];
    public bool Flaps { get; init; }

    /// <summary>Since when it could not be looked at; null while it can.</summary>
    public Instant? UnseenSince { get; init; }
    public string Says { get; init; } = "";
}

/// <summary>All that the watch knows. Without it the next looks begin anew: some seconds are lost, never a wrong word said.</summary>
public sealed record WatchState(ImmutableDictionary<WatchSubject, Watched> Subjects)
{
    public static readonly WatchState Empty = new(ImmutableDictionary<WatchSubject, Watched>.Empty);

    public Watched Of(WatchSubject subject) => Subjects.GetValueOrDefault(subject, new Watched());
}
