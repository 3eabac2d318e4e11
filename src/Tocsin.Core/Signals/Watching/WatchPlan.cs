using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Core.Response;

namespace Tocsin.Core.Signals.Watching;

/// <summary>When looks become a statement: <paramref name="Fails"/> bad ones among the last <paramref name="Of"/>; well again after <paramref name="Recovers"/> good ones in a row.</summary>
public sealed record Voting(int Of, int Fails, int Recovers)
{
    public static readonly Voting Once = new(1, 1, 1);
}

/// <summary>An address that visitors use, asked from outside. Its text may hold $NAME of a variable; while that is not set, it is not watched.</summary>
/// <param name="Status">What it must answer; 0: anything from 200 to 399.</param>
public sealed record WatchedAddress(string Id, string Environment, string Service, string Address, int Status, ImpactFacts Impact);

/// <summary>A fact that must not hold, of whatever it is observed.</summary>
/// <param name="For">How long it must have held, from the first look that saw it.</param>
/// <param name="Entry">The entry of the error reference that the fact names, or empty.</param>
/// <param name="Says">What a page says; {name} stands for another fact of the same observation.</param>
public sealed record WatchRule(string Id, Condition.Fact When, Duration For, string Entry, string Says, ImpactFacts Impact)
{
    /// <summary>Of whom it holds; empty: of all.</summary>
    public ImmutableArray<string> Environments { get; init; } = [];

    public string Probe => When.Name[..When.Name.LastIndexOf('.')];
}

/// <summary>How often is looked, and how long one look may take.</summary>
public sealed record WatchPace(Duration Every, Duration Limit, Voting Voting);

/// <summary>The part of platform.yaml that says what is watched without any alert source.</summary>
public sealed record WatchPlan
{
    /// <summary>Environments whose trouble is more than a P3.</summary>
    public required ImmutableArray<string> Production { get; init; }
    public required WatchPace AddressPace { get; init; }
    public required ImmutableArray<WatchedAddress> Addresses { get; init; }

    /// <summary>Addresses that are none of the platform's. Where none of them answers either, this host sees nothing, and says nothing about the platform.</summary>
    public ImmutableArray<string> Control { get; init; } = [];

    /// <summary>Environments in which facts are looked at.</summary>
    public required ImmutableArray<string> Environments { get; init; }
    public required WatchPace RulePace { get; init; }
    public required ImmutableArray<WatchRule> Rules { get; init; }

    /// <summary>Calls to AWS in an hour, all environments together; when they are used up, looks at facts are left out, and that is said.</summary>
    public required int CallsPerHour { get; init; }

    /// <summary>Tasks that stopped longer ago are no news.</summary>
    public required Duration StoppedWithin { get; init; }
    public required int FlapTimes { get; init; }
    public required Duration FlapWithin { get; init; }

    /// <summary>What goes on is said again after this time.</summary>
    public required Duration Remind { get; init; }

    /// <summary>Of response.yaml: that long must every address of an environment fail.</summary>
    public Duration AllHandsAfter { get; init; } = Duration.FromMinutes(2);

    public bool IsProduction(string environment) => Production.Contains(environment, StringComparer.OrdinalIgnoreCase);

    /// <summary>The probes that the rules name.</summary>
    public ImmutableHashSet<string> Probes => [.. Rules.Select(r => r.Probe)];

    /// <summary>What the catalog does not know: facts that no probe yields, entries that do not exist.</summary>
    public IEnumerable<string> Refuse(FactTable facts, IReadOnlySet<string> entries)
    {
        foreach (var rule in Rules)
        {
            if (!facts.Facts.TryGetValue(rule.When.Name, out var fact)) yield return $"watch rule {rule.Id}: no probe yields \"{rule.When.Name}\"; {Nearest.Suggest(rule.When.Name, facts.Facts.Keys)}".TrimEnd(' ', ';');
            else if (fact.Refuse(rule.When.Compare) is { } why) yield return $"watch rule {rule.Id}: {why}";
            if (rule.Entry.Length > 0 && !entries.Contains(rule.Entry)) yield return $"watch rule {rule.Id}: there is no entry {rule.Entry}; {Nearest.Suggest(rule.Entry, entries)}".TrimEnd(' ', ';');
        }
    }
}
