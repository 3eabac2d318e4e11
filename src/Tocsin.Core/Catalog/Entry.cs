using System.Collections.Immutable;

namespace Tocsin.Core.Catalog;

/// <summary>One known error: what it looks like, what causes it, what proves the cause, what fixes it.</summary>
public sealed record Entry
{
    public required string Id { get; init; }
    public required string Title { get; init; }
    public required string Layer { get; init; }
    public required string Component { get; init; }
    public required string Service { get; init; }
    public required string Summary { get; init; }
    public ImmutableArray<string> Keywords { get; init; } = [];
    public ImmutableArray<string> Related { get; init; } = [];
    public required ImmutableArray<Signature> Signatures { get; init; }
    public ImmutableArray<TimingRule> Timing { get; init; } = [];
    public required PageRule Page { get; init; }
    public required ImmutableArray<Cause> Causes { get; init; }
    public required ImmutableArray<Fix> Fixes { get; init; }

    /// <summary>Fixes by their ids, in the order that a cause names them: the first is tried first.</summary>
    public IEnumerable<Fix> FixesOf(IEnumerable<string> ids) => ids.Select(id => Fixes.FirstOrDefault(f => string.Equals(f.Id, id, StringComparison.Ordinal))).OfType<Fix>();
}

/// <summary>How much a signature names; decides what leads when several entries match one event.</summary>
public enum Says
{
    /// <summary>Material for timing rules only, never a match by itself.</summary>
    Part,

    /// <summary>The text alone cannot decide between entries.</summary>
    Hint,

    /// <summary>A wrapper's symptom: ECS, load balancer or storefront text around another cause.</summary>
    Symptom,

    /// <summary>Names this component and that it fails.</summary>
    Component,

    /// <summary>Names the component and the cause.</summary>
    Cause,
}

/// <summary>Holds on an event when all of <see cref="All"/>, one of <see cref="Any"/> and none of <see cref="Not"/> is found.</summary>
public sealed record Signature
{
    public required string Id { get; init; }
    public required Says Says { get; init; }
    public ImmutableArray<string> Causes { get; init; } = [];
    public ImmutableArray<Pattern> All { get; init; } = [];
    public ImmutableArray<Pattern> Any { get; init; } = [];
    public ImmutableArray<Pattern> Not { get; init; } = [];

    /// <summary>Field patterns hold together in one element of the array with this path; empty: anywhere in the event.</summary>
    public string Each { get; init; } = "";

    /// <summary>Texts one of which stands in every event the signature holds on; empty: none is required. Drawn from the patterns unless given.</summary>
    public ImmutableArray<string> RequiredLiterals { get; init; }
}

/// <summary>One pattern of a signature.</summary>
public abstract record Pattern
{
    public bool ExactCase { get; init; }

    public sealed record Literal(string Text) : Pattern;

    public sealed record Template(string Text) : Pattern;

    public sealed record Regex(string Text) : Pattern;

    public sealed record Field(string Path, Comparison Compare) : Pattern;
}

/// <summary>How a field of a structured event or a fact of an observation is compared.</summary>
public abstract record Comparison
{
    public sealed record Is(string Value) : Comparison;

    public sealed record IsNot(string Value) : Comparison;

    public sealed record OneOf(ImmutableArray<string> Values) : Comparison;

    public sealed record Above(double Bound) : Comparison;

    public sealed record Below(double Bound) : Comparison;

    public sealed record AtLeast(double Bound) : Comparison;

    public sealed record AtMost(double Bound) : Comparison;

    public sealed record Contains(string Text) : Comparison;

    public sealed record Matches(string Regex) : Comparison;

    public sealed record Exists(bool Wanted) : Comparison;
}

/// <summary>Time logic over named signatures of the same entry, in stream time.</summary>
public sealed record TimingRule
{
    public required string Id { get; init; }
    public required Says Says { get; init; }
    public ImmutableArray<string> Of { get; init; } = [];
    public int Count { get; init; }
    public ImmutableArray<string> InOrder { get; init; } = [];
    public required long WithinSeconds { get; init; }
    public ImmutableArray<string> Unless { get; init; } = [];
}

/// <summary>When a match opens an incident. Text alone opens at most a P2, nothing here opens a P0.</summary>
public sealed record PageRule(ImmutableArray<PageWhen> Any, string Never);

/// <summary>One alternative of a page rule; exactly one of count with window, duration or impact is set.</summary>
public sealed record PageWhen(int Count, long WithinSeconds, long LastingSeconds, string Impact, string Severity);

public enum Prior
{
    Rare,
    Uncommon,
    Common,
}

/// <summary>One cause of an entry; its full id is <c>entry/cause</c>.</summary>
public sealed record Cause
{
    public required string Id { get; init; }
    public required string Title { get; init; }
    public required Prior Prior { get; init; }
    public ImmutableArray<Condition> Requires { get; init; } = [];
    public ImmutableArray<Condition> Excludes { get; init; } = [];
    public required ImmutableArray<EvidenceRule> Evidence { get; init; }
    public ImmutableArray<string> LeadsTo { get; init; } = [];
    public ImmutableArray<string> Fixes { get; init; } = [];
}

/// <summary>A condition over one fact of an observation, or over a signature of the entry having matched.</summary>
public abstract record Condition
{
    public sealed record Fact(string Name, Comparison Compare) : Condition
    {
        /// <summary>The role of the service whose fact it is; empty: the service that the error shows itself at.</summary>
        public string Of { get; init; } = "";
    }

    public sealed record Saw(string Signature) : Condition;
}

public enum Weight
{
    Weak = 2,
    Moderate = 5,
    Strong = 10,
    Decisive = 20,
}

/// <summary>Evidence in decibans, for or against its cause; rules of one group count once.</summary>
public sealed record EvidenceRule(Condition When, bool For, Weight Weight, string Group, string Because);

public sealed record Fix
{
    private static readonly ImmutableSortedDictionary<string, string> Nothing = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    public const string WhenItFollows = "once the fix that comes before it is done";

    public required string Id { get; init; }
    public required string Title { get; init; }
    public required string Does { get; init; }
    public required string Verify { get; init; }
    public string Action { get; init; } = "";

    /// <summary>What the action is given, where that is the same everywhere.</summary>
    public ImmutableSortedDictionary<string, string> With { get; init; } = Nothing;
    public string Undo { get; init; } = "";
    public string NoUndo { get; init; } = "";

    /// <summary>Whether it helps only once the fix before it, in the list of its cause, is done; where it is the first, it stands for itself.</summary>
    public bool Follows { get; init; }
}

/// <summary>A text that must match its entry.</summary>
public sealed record Sample
{
    public required string Id { get; init; }
    public required string From { get; init; }
    public required string Source { get; init; }
    public required string Text { get; init; }

    /// <summary>Rivals that match too where the text alone cannot decide; empty: this entry leads.</summary>
    public ImmutableArray<string> Among { get; init; } = [];
    public string Signature { get; init; } = "";
    public required Place Place { get; init; }
}

/// <summary>A text that looks like the entry and is not it.</summary>
public sealed record NearMiss
{
    public const string None = "none";
    public const string Silent = "silent";

    public required string Id { get; init; }
    public required string From { get; init; }
    public required string Source { get; init; }
    public required string Text { get; init; }

    /// <summary><see cref="None"/>: this entry stays silent; <see cref="Silent"/>: all do; else the entry that leads.</summary>
    public required string GoesTo { get; init; }
    public required string Because { get; init; }
    public required Place Place { get; init; }
}
