using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Signals.Watching;

namespace Tocsin.Server.Watch;

/// <summary>One thing that is watched, and what is known of it.</summary>
public sealed record WatchedThing(WatchSubject Subject, Watched Known);

/// <summary>The watch as it stands.</summary>
/// <param name="LastAddresses">When addresses were last looked at; null: not yet.</param>
/// <param name="LastFacts">When facts were last looked at.</param>
/// <param name="CallsLastHour">Calls to AWS, all environments together; what was tried again within a call counts once.</param>
/// <param name="Pending">Signals that nobody took yet.</param>
/// <param name="Unset">Addresses that are not watched, for want of a variable.</param>
public sealed record WatchView(Instant? LastAddresses, Instant? LastFacts, int CallsLastHour, int CallsPerHour, int Pending, ImmutableArray<string> Unset, ImmutableArray<WatchedThing> Things)
{
    public IEnumerable<WatchedThing> Ill => Things.Where(t => t.Known.IllSince is not null);

    /// <summary>What could not be looked at, with what was missing in <see cref="Watched.Says"/>: never health.</summary>
    public IEnumerable<WatchedThing> Unseen => Things.Where(t => t.Known.UnseenSince is not null);
}
