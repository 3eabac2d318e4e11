using Tocsin.Core.Incidents;

namespace Tocsin.Server.Storage;

/// <summary>
/// Incidents as they were folded last, so that a change reads none of the events before it. The database stays the only truth: a state is taken from here only
/// where the row of the incident, held by the transaction that asks, names the same version and the same mark; else its events are read.
/// </summary>
public sealed class FoldedIncidents
{
    // Of these come two at most; what was not asked for while so many others were goes. One takes two or three KB.
    private const int MostOfAGeneration = 16_384;

    private readonly Lock gate = new();
    private Dictionary<long, (Incident State, long Mark)> young = [];
    private Dictionary<long, (Incident State, long Mark)> old = [];

    /// <summary>Null where it is not known as of this version and mark.</summary>
    public Incident? Find(IncidentVersion wanted)
    {
        lock (gate)
        {
            if (!young.TryGetValue(wanted.Number, out var known))
            {
                if (!old.TryGetValue(wanted.Number, out known)) return null;
                Put(wanted.Number, known);
            }
            return known.State.Version == wanted.Version && known.Mark == wanted.Mark ? known.State : null;
        }
    }

    /// <summary>Only for what is committed: what is rolled back must leave nothing here.</summary>
    public void Keep(Incident state, long mark)
    {
        lock (gate) Put(state.Id.Number, (state, mark));
    }

    private void Put(long number, (Incident State, long Mark) known)
    {
        if (young.Count >= MostOfAGeneration) (old, young) = (young, []);
        young[number] = known;
    }
}

/// <summary>How far an incident is.</summary>
/// <param name="Mark">Drawn from the digest of the events that were appended last: two histories of one length differ in it.</param>
public sealed record IncidentVersion(long Number, long Version, long Mark);
