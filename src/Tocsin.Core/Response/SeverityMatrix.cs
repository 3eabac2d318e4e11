using System.Collections.Immutable;
using System.Globalization;
using NodaTime;

namespace Tocsin.Core.Response;

/// <summary>What is known of the harm. Share of users in percent.</summary>
public sealed record ImpactFacts
{
    public bool Production { get; init; } = true;
    public bool AllDown { get; init; }
    public bool DataLoss { get; init; }
    public bool Breach { get; init; }
    public bool Revenue { get; init; }

    /// <summary>A major feature or user flow does not work.</summary>
    public bool MajorFeature { get; init; }

    /// <summary>One service works, but badly, or for few.</summary>
    public bool Degraded { get; init; }
    public double? Users { get; init; }

    /// <summary>The words by which facts are named in files and on the command line.</summary>
    public static readonly ImmutableArray<string> Words = ["all-down", "data-loss", "breach", "revenue", "major-feature", "degraded", "cosmetic"];

    /// <summary>What is known, as one says it; empty: nothing yet.</summary>
    public string Said()
    {
        var known = new[] { (AllDown, "everything is down"), (DataLoss, "data is lost"), (Breach, "access was broken into"), (Revenue, "revenue is affected"), (MajorFeature, "a major feature does not work"), (Degraded, "degraded for some") }.Where(f => f.Item1).Select(f => f.Item2);
        return string.Join(", ", Users is { } users ? known.Append(string.Create(CultureInfo.InvariantCulture, $"about {users:0.#} % of users")) : known);
    }

    public static ImpactFacts Of(IEnumerable<string> words, double? users, bool production) => words.Aggregate(
        new ImpactFacts { Users = users, Production = production },
        (facts, word) => word switch
        {
            "all-down" => facts with { AllDown = true },
            "data-loss" => facts with { DataLoss = true },
            "breach" => facts with { Breach = true },
            "revenue" => facts with { Revenue = true },
            "major-feature" => facts with { MajorFeature = true },
            "degraded" => facts with { Degraded = true },
            _ => facts,
        });

    /// <summary>Both together: what was known once stays known.</summary>
    public ImpactFacts And(ImpactFacts more) => new()
    {
        Production = Production || more.Production,
        AllDown = AllDown || more.AllDown,
        DataLoss = DataLoss || more.DataLoss,
        Breach = Breach || more.Breach,
        Revenue = Revenue || more.Revenue,
        MajorFeature = MajorFeature || more.MajorFeature,
        Degraded = Degraded || more.Degraded,
        Users = more.Users ?? Users,
    };
}

/// <param name="Why">The fact that decides.</param>
public sealed record SuggestedSeverity(Severity Severity, string Why);

/// <summary>Severity from facts. It suggests; a person decides.</summary>
public static class SeverityMatrix
{
    /// <param name="facts">What is known.</param>
    /// <param name="majorUsers">Percent of users from which on it is a P1.</param>
    public static SuggestedSeverity Suggest(ImpactFacts facts, double majorUsers)
    {
        // What leaked is used from anywhere: the environment does not matter.
        if (facts.Breach) return new(Severity.P0, "a security breach");
        if (!facts.Production) return new(Severity.P3, "not production");
        if (facts.DataLoss) return new(Severity.P0, "data is lost or corrupt in production");
        if (facts.AllDown) return new(Severity.P0, "all services of production are down");
        if (facts.Revenue) return new(Severity.P1, "revenue is impacted");
        if (facts.MajorFeature) return new(Severity.P1, "a major feature is broken");
        if (facts.Users is { } share && share >= majorUsers)
            return new(Severity.P1, string.Create(CultureInfo.InvariantCulture, $"{share:0.#} % of users are affected, {majorUsers:0.#} % or more is P1"));
        if (facts.Users is > 0)
            return new(Severity.P2, string.Create(CultureInfo.InvariantCulture, $"{facts.Users:0.#} % of users are affected, less than {majorUsers:0.#} %"));
        return facts.Degraded ? new(Severity.P2, "one service is degraded") : new(Severity.P3, "minor or cosmetic");
    }
}

/// <summary>What says that something is wrong.</summary>
public enum SignalSource
{
    /// <summary>Someone declares it.</summary>
    Person,

    /// <summary>The watch saw it from outside: an address that fails, a task that stopped.</summary>
    Observation,

    /// <summary>Words in a log, which anyone can write.</summary>
    Text,
}

/// <summary>How the watched addresses stand.</summary>
/// <param name="FailingSince">Since when all of them fail; null while one answers.</param>
public sealed record WatchedAddresses(int Watched, Instant? FailingSince);

/// <summary>Which severity a signal may open by itself.</summary>
public static class Opening
{
    public static SuggestedSeverity Decide(SuggestedSeverity wanted, SignalSource source, WatchedAddresses watch, OpeningRule rule, Instant now)
    {
        if (source == SignalSource.Person) return wanted;
        if (watch is { Watched: > 0, FailingSince: { } since } && now - since >= rule.AllHandsAfter)
            return new(Severity.P0, string.Create(CultureInfo.InvariantCulture, $"every watched address ({watch.Watched}) fails since {Words.Time(since)}"));
        if (source == SignalSource.Text && wanted.Severity < rule.TextAtMost)
            return new(rule.TextAtMost, $"{wanted.Why}; but text alone opens at most {rule.TextAtMost}");
        return wanted.Severity == Severity.P0
            ? new(Severity.P1, $"{wanted.Why}; but all hands are called by a person, or when every watched address fails for {Words.Length(rule.AllHandsAfter)}")
            : wanted;
    }
}
