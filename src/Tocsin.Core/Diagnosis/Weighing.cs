using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;

namespace Tocsin.Core.Diagnosis;

/// <summary>One statement for or against a cause, with the observation that makes it.</summary>
/// <param name="Points">Decibans, positive for the cause. What it counts is the strongest of its group on either side.</param>
/// <param name="Counts">Whether it is the one of its group that counts.</param>
public sealed record Claim(int Points, bool Counts, string Group, string Says, string Because, string By, string Compared);

/// <summary>A condition that nobody could answer, and why.</summary>
public sealed record MissingEvidence(string Asks, string By, string Why, bool Needed);

/// <summary>A condition whose answer is unknown.</summary>
internal readonly record struct Open(Condition Condition, Answer Answer, bool Needed);

/// <summary>A cause weighed for one service.</summary>
internal sealed record Hypothesis
{
    public required CauseModel Model { get; init; }

    /// <summary>The service whose trouble it would be; empty where that is not known.</summary>
    public required string Service { get; init; }
    public required int Score { get; init; }
    public required string RuledOutBy { get; init; }
    public required ImmutableArray<Claim> Claims { get; init; }
    public required ImmutableArray<Open> Missing { get; init; }

    /// <summary>What speaks for it, by observation and fact, and how much.</summary>
    public required ImmutableArray<(Observation Observation, string Fact, int Points)> Support { get; init; }

    /// <summary>Its requirements are all known to hold.</summary>
    public required bool RequiresKnown { get; init; }

    /// <summary>A strong or decisive claim by an observation: text is written by anyone and confirms nothing.</summary>
    public required bool Proven { get; init; }
    public required bool Printed { get; init; }

    /// <summary>Where the cause lies: at the service, or at what the service depends on.</summary>
    public required Subject Seat { get; init; }
    public required int Known { get; init; }

    /// <summary>The findings it explains, as indexes.</summary>
    public ImmutableArray<int> Explains { get; init; } = [];

    /// <summary>An answer of its is missing because a permission was, or nobody could read what the service printed.</summary>
    public required bool IsRefused { get; init; }

    public string Id => Model.Id;

    public bool IsRuledOut => RuledOutBy.Length > 0;
}

/// <summary>An answer that nobody gave: what would be if a fact had this value.</summary>
internal sealed record Supposed(string Fact, string Of, string Value);

/// <summary>Weighs one cause for one service by the evidence at hand.</summary>
internal sealed class Weighing(Evidence evidence)
{
    private static readonly Duration ClockSkew = Duration.FromMinutes(1);

    public Hypothesis Weigh(CauseModel model, string service, Supposed? supposed = null)
    {
        var entry = model.Entry;
        var missing = new List<Open>();
        var (ruledOut, requiresKnown) = Logic(model, service, supposed, missing);
        var printed = evidence.MatchesOf(entry, service).ToList();
        var onset = evidence.Bundle.Onset ?? printed.Select(m => (Instant?)m.First).Min();
        var applied = new List<Applied>();
        var known = 0;
        foreach (var rule in model.Rules)
        {
            var answer = Ask(rule.When, entry, service, supposed, ofAll: !rule.For);
            if (answer.Truth == Truth.Unknown) missing.Add(new Open(rule.When, answer, Needed: false));
            else known++;
            if (answer.Truth == Truth.True) applied.Add(Apply(rule, answer, onset));
        }
        if (applied.Exists(a => a.Late)) applied.Add(new Applied(TooLate, Decibans.ChangedAfterOnset, [], "", Late: false));
        var claims = Counted(applied);
        var support = Support(model, service, applied);
        return new Hypothesis
        {
            Model = model,
            Service = service,
            Score = Decibans.Of(model.Cause.Prior) + (printed.Count > 0 ? 0 : Decibans.TextNotSeen) + claims.Where(c => c.Counts).Sum(c => c.Points),
            RuledOutBy = ruledOut,
            Claims = claims,
            Missing = [.. missing],
            Support = support,
            RequiresKnown = requiresKnown,
            Proven = applied.Exists(a => a.Points >= (int)Weight.Strong && !a.By.IsEmpty),
            Printed = printed.Count > 0,
            Seat = SeatOf(entry, service, [.. applied.Where(a => a.Points > 0).SelectMany(a => a.By)]),
            Known = known,
            IsRefused = missing.Exists(m => m.Answer.By.Any(s => s.Observation.IsRefused)) || evidence.IsLogRefused(service),
        };
    }

    private sealed record Applied(EvidenceRule Rule, int Points, ImmutableArray<Seen> By, string Compared, bool Late);

    private static readonly EvidenceRule TooLate = new(new Condition.Saw("onset"), false, Weight.Strong, "time-order", "What it rests on was changed only after the trouble had begun");

    private (string RuledOut, bool RequiresKnown) Logic(CauseModel model, string service, Supposed? supposed, List<Open> missing)
    {
        var (ruledOut, requiresKnown) = ("", true);
        foreach (var needed in model.Cause.Requires)
        {
            var answer = Ask(needed, model.Entry, service, supposed);
            if (answer.Truth == Truth.False && ruledOut.Length == 0) ruledOut = $"it needs that {needed.Words()}; {By(answer)}";
            if (answer.Truth != Truth.Unknown) continue;
            requiresKnown = false;
            missing.Add(new Open(needed, answer, Needed: true));
        }
        foreach (var excluded in model.Cause.Excludes)
        {
            var answer = Ask(excluded, model.Entry, service, supposed, ofAll: true);
            if (answer.Truth == Truth.True && ruledOut.Length == 0) ruledOut = $"it cannot be while {excluded.Words()}; {By(answer)}";
            if (answer.Truth == Truth.Unknown) missing.Add(new Open(excluded, answer, Needed: false));
        }
        return (ruledOut, requiresKnown);
    }

    private Answer Ask(Condition condition, Entry entry, string service, Supposed? supposed, bool ofAll = false) =>
        supposed is not null && condition is Condition.Fact fact && fact.Name == supposed.Fact && fact.Of == supposed.Of
            ? new Answer(fact.Compare.Holds(supposed.Value) ? Truth.True : Truth.False, [])
            : evidence.Ask(condition, entry, service, ofAll);

    private Applied Apply(EvidenceRule rule, Answer answer, Instant? onset)
    {
        var points = rule.For ? (int)rule.Weight : -(int)rule.Weight;
        if (!rule.For || answer.By.IsEmpty) return new Applied(rule, points, answer.By, "", Late: false);
        if (onset is { } began && answer.By.All(s => s.Observation.ChangedAt > began + ClockSkew)) return new Applied(rule, 0, answer.By, "", Late: true);
        var compared = TwinComparison.Of(rule.When, answer.By, evidence, onset);
        return new Applied(rule, compared.SameWhereWell ? Math.Min(points, (int)Weight.Weak) : points, answer.By, compared.Words, Late: false);
    }

    // A group counts once on each side, by its strongest claim; claims that contradict each other cancel. So more evidence for never lowers.
    private static ImmutableArray<Claim> Counted(List<Applied> applied)
    {
        var claims = ImmutableArray.CreateBuilder<Claim>(applied.Count);
        foreach (var group in applied.GroupBy(a => (a.Rule.Group, Side: a.Points > 0 || a.Rule.For)))
        {
            var first = true;
            foreach (var one in group.OrderByDescending(a => Math.Abs(a.Points)).ThenBy(a => a.Rule.When.Words(), StringComparer.Ordinal))
            {
                var says = ReferenceEquals(one.Rule, TooLate) ? "changed after the onset" : one.Rule.When.Words();
                claims.Add(new Claim(one.Points, first && one.Points != 0, one.Rule.Group, says, one.Rule.Because, Named(one.By), one.Compared));
                first = false;
            }
        }
        return [.. claims.OrderByDescending(c => c.Points).ThenBy(c => c.Says, StringComparer.Ordinal).ThenBy(c => c.Group, StringComparer.Ordinal)];
    }

    // A requirement that holds speaks for its cause as a strong claim does.
    private ImmutableArray<(Observation, string, int)> Support(CauseModel model, string service, List<Applied> applied) =>
    [
        .. applied.Where(a => a.Points > 0 && a.Rule.When is Condition.Fact).SelectMany(a => a.By.Select(s => (s.Observation, ((Condition.Fact)a.Rule.When).Name, a.Points)))
            .Concat(model.Cause.Requires.OfType<Condition.Fact>().SelectMany(r => evidence.Ask(r, model.Entry, service) is { Truth: Truth.True } a ? a.By.Select(s => (s.Observation, r.Name, (int)Weight.Strong)) : []))
            .Distinct(),
    ];

    // The cause lies where its evidence lies: at one other service, at a component, else at the service itself.
    private Subject SeatOf(Entry entry, string service, ImmutableArray<Seen> by)
    {
        var environment = evidence.Bundle.Environment;
        var services = by.Select(s => evidence.Dependencies.ServiceName(s.Observation.Subject.Service)).Distinct(StringComparer.Ordinal).ToList();
        if (services is [var one] && one.Length > 0) return new Subject(environment, one);
        var components = by.Select(s => s.Observation.Subject.Component).Where(c => c.Length > 0).Distinct(StringComparer.Ordinal).ToList();
        if (services is [""] && components.Count <= 1) return new Subject(environment, components is [] && !IsOwn(entry) ? service : "", components.FirstOrDefault(IsOwn(entry) ? entry.Component : ""));
        return new Subject(environment, service, service.Length == 0 && IsOwn(entry) ? entry.Component : "");
    }

    private bool IsOwn(Entry entry) => evidence.Dependencies.IsComponent(entry.Component);

    public static MissingEvidence Missing(Open open) => open.Answer.By.IsEmpty
        ? new MissingEvidence(open.Condition.Words(), "", "nothing looked at it", open.Needed)
        : new MissingEvidence(open.Condition.Words(), Named(open.Answer.By), string.Join("; ", open.Answer.By.Select(s => s.IsEvidence ? "it did not say" : s.Blind).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)), open.Needed);

    private static string By(Answer answer) => answer.By.IsEmpty ? "it was supposed" : Named(answer.By);

    private static string Named(ImmutableArray<Seen> by) => string.Join(", ", by.Select(s => s.Observation.Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal));
}
