using System.Collections.Immutable;
using NodaTime;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Faults;

/// <summary>A named fault: what breaks, which known error and cause it is, and how one sees from outside that it landed.</summary>
public sealed record Fault
{
    public required string Id { get; init; }

    public required string Title { get; init; }

    public required string About { get; init; }

    /// <summary>The entry of the error reference that it shows as.</summary>
    public required string Entry { get; init; }

    /// <summary>The cause of that entry.</summary>
    public required string Cause { get; init; }

    /// <summary>ENTRY/CAUSE of what lies behind, where the entry is of a symptom that other entries lead to; empty: nothing does, the cause itself is the root.</summary>
    public required string Root { get; init; }

    /// <summary>What a diagnosis comes down to: the root, else the cause.</summary>
    public string Expected => Root.Length > 0 ? Root : $"{Entry}/{Cause}";

    /// <summary>Real: it happens in running processes. Emulated: a stand-in does what the documentation of AWS, Cloudflare or a partner says.</summary>
    public required bool Real { get; init; }

    /// <summary>What is played, and by what; empty for a real one.</summary>
    public required string Why { get; init; }

    /// <summary>The lab's profiles in which it can happen.</summary>
    public required ImmutableArray<LabProfile> Profiles { get; init; }

    /// <summary>The merchant's domain that is complained about; empty: none in particular. Whoever looks is told it.</summary>
    public required string Domain { get; init; }

    /// <summary>Why nobody could tell its cause from what the core profile shows, so that the exam does not ask there; empty: it does.</summary>
    public required string CoreHides { get; init; }

    /// <summary>Why no action can repair it, whatever its cause's fixes are elsewhere; empty: those that are proposed must.</summary>
    public required string ByHand { get; init; }

    /// <summary>Whether the platform prints a text that the entry's signatures know. A mere state prints none.</summary>
    public required bool Prints { get; init; }

    public required ImmutableArray<string> Environments { get; init; }

    /// <summary>Verb lines that make what must be there before; the platform is healthy again before the first of <see cref="Break"/>.</summary>
    public required ImmutableArray<string> Prepare { get; init; }

    /// <summary>What works once all is prepared: that it worked until then is part of what happened.</summary>
    public required ImmutableArray<LandedCheck> Before { get; init; }

    public required ImmutableArray<string> Break { get; init; }

    public required ImmutableArray<LandedCheck> Landed { get; init; }

    /// <summary>Lab time that it may take to land.</summary>
    public required Duration Within { get; init; }

    /// <summary>Verb lines that are the fix's own way; <c>lab heal</c> needs none of them.</summary>
    public required ImmutableArray<string> Heal { get; init; }

    /// <summary>What holds again once it is healed, beside healthy services: some of it is back later than they are.</summary>
    public required ImmutableArray<LandedCheck> Healed { get; init; }

    public string Kind => Real ? "real" : "emulated";

    /// <summary>All verb lines, in the order in which they are run.</summary>
    public IEnumerable<string> Lines => Prepare.Concat(Break).Concat(Heal);
}

/// <summary>A documented cause that no fault of the lab can be, and why.</summary>
public sealed record NotPossible(string Entry, string Cause, string Why);

/// <summary>What one look saw, landed or not.</summary>
public sealed record Sighting(bool Landed, string Saw)
{
    public static Sighting Yes(string saw) => new(true, saw);

    public static Sighting No(string saw) => new(false, saw);
}

/// <summary>One independent probe of the lab from outside: AWS's API by signed calls, requests through the load balancers, or a real client of a server.</summary>
public abstract record LandedCheck
{
    /// <summary>As fault.yaml names it.</summary>
    public abstract string Kind { get; }

    /// <summary>Names that it looks at: services, a host, or the words of a client.</summary>
    internal abstract IEnumerable<string> Names { get; }

    internal abstract Task<Sighting> LookAsync(FaultEyes eyes, CancellationToken cancel);
}
