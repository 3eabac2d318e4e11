using System.Collections.Immutable;
using System.Globalization;
using NodaTime;
using Tocsin.Core.Response;

namespace Tocsin.Core.Signals.Watching;

/// <summary>What a new state of the watch says.</summary>
public sealed record WatchDecision(WatchState State, ImmutableArray<WatchSignal> Signals);

/// <summary>
/// Looks in, signals out: a thing is ill by vote, well after some good looks in a row, and where it comes and goes only after a calm. What was not seen changes
/// nothing but that it is known as unseen.
/// </summary>
public static class WatchDecisions
{
    // So many looks left out, and the ones before are no longer the ones before.
    private const int LostLooks = 3;

    public static WatchDecision Decide(WatchState state, IEnumerable<Look> looks, Instant now, WatchPlan plan)
    {
        var given = looks.OrderBy(l => l.At).ToList();
        var round = new Round(plan, state);
        foreach (var look in given.Where(l => l.Subject.Kind is not WatchKind.Everything)) round.Take(look);
        foreach (var environment in given.Where(l => l.Subject.Kind is WatchKind.Address).Select(l => l.Subject.Environment).Distinct(StringComparer.Ordinal)) round.Everything(environment, now);
        return new WatchDecision(new WatchState(round.Subjects.ToImmutable()), [.. round.Signals]);
    }

    /// <summary>How the addresses of an environment stand: all of them fail since the last of them began to, without one good look since.</summary>
    public static WatchedAddresses Addresses(WatchState state, string environment, WatchPlan plan) => Addresses(s => state.Of(s), environment, plan);

    /// <summary>The name of a thing over all processes and versions.</summary>
    public static string FingerprintOf(WatchSubject subject) => Fingerprint.Of($"watch/{subject.Kind}", $"{subject.Environment}/{subject.Service}", $"{subject.Id} {subject.Item}");

    /// <summary>All addresses of an environment as one thing.</summary>
    public static WatchSubject AllAddresses(string environment) => new(WatchKind.Everything, environment, "", "addresses");

    private static WatchedAddresses Addresses(Func<WatchSubject, Watched> of, string environment, WatchPlan plan)
    {
        // An address that was never seen is not watched, for want of its variable; one that is unseen now tells nothing.
        var seen = plan.Addresses.Where(a => a.Environment == environment).Select(a => of(new WatchSubject(WatchKind.Address, a.Environment, a.Service, a.Id))).Where(w => w.LastSeen is not null).ToList();
        var all = seen.Count > 0 && seen.TrueForAll(w => w is { BadSince: not null, UnseenSince: null });
        return new WatchedAddresses(seen.Count, all ? seen.Max(w => w.BadSince) : null);
    }

    private sealed class Round(WatchPlan plan, WatchState before)
    {
        public ImmutableDictionary<WatchSubject, Watched>.Builder Subjects { get; } = before.Subjects.ToBuilder();

        public List<WatchSignal> Signals { get; } = [];

        public void Take(Look look)
        {
            var known = Of(look.Subject);
            if (look.Outcome is LookOutcome.Unseen || IsNeverSeen(look, known))
            {
                Subjects[look.Subject] = known with { UnseenSince = known.UnseenSince ?? look.At, Says = look.Says };
                return;
            }
            Subjects[look.Subject] = Judged(look, Voted(look, Fresh(look, known)));
        }

        public void Everything(string environment, Instant now)
        {
            var addresses = Addresses(Of, environment, plan);
            var down = addresses.FailingSince is { } since && now - since >= plan.AllHandsAfter;
            // While they fail and the time is not over yet, nothing is known to be well.
            if (!down && addresses.FailingSince is not null) return;
            var says = string.Create(CultureInfo.InvariantCulture, $"every watched address ({addresses.Watched}) of {environment} fails");
            if (addresses.Watched > 0) Take(new Look(AllAddresses(environment), down ? LookOutcome.Bad : LookOutcome.Good, now, says));
        }

        private Watched Of(WatchSubject subject) => Subjects.GetValueOrDefault(subject) ?? new Watched();

        // A source that never answered, but for AWS itself, may not be meant to be reached from here.
        private static bool IsNeverSeen(Look look, Watched known) => look is { Outcome: LookOutcome.Bad, Subject.Kind: WatchKind.Sight } && look.Subject.Id != WatchLooks.Aws && known.LastSeen is null;

        private Watched Fresh(Look look, Watched known)
        {
            var lost = known.LastSeen is { } last && look.At - last > Terms(look.Subject).Pace.Every * LostLooks;
            return lost ? known with { Votes = [], BadSince = null, GoodRun = 0 } : known;
        }

        private Watched Voted(Look look, Watched known)
        {
            var bad = look.Outcome is LookOutcome.Bad;
            var votes = known.Votes.Add((look.At, bad));
            var most = Terms(look.Subject).Pace.Voting.Of;
            return known with
            {
                Votes = votes.Length > most ? votes[^most..] : votes,
                BadSince = bad ? known.BadSince ?? look.At : null,
                LastBad = bad ? look.At : known.LastBad,
                GoodRun = bad ? 0 : known.GoodRun + 1,
                LastSeen = look.At,
                UnseenSince = null,
                Says = bad ? look.Says : known.IllSince is null ? "" : known.Says,
            };
        }

        private Watched Judged(Look look, Watched known)
        {
            var terms = Terms(look.Subject);
            var calm = !known.Flaps || (known.LastBad is { } last && look.At - last >= plan.FlapWithin);
            return known switch
            {
                { IllSince: null } when look.Outcome is LookOutcome.Bad && Lasts(known, terms, look.At) => Began(look, known, terms),
                { IllSince: not null } when known.GoodRun >= terms.Pace.Voting.Recovers && calm => Ended(look, known, terms),
                { IllSince: not null } when look.Outcome is LookOutcome.Bad && look.At - known.LastSaid >= plan.Remind => Said(WatchSignalKind.Continues, look, known, terms),
                _ => known,
            };
        }

        private static bool Lasts(Watched known, Terms terms, Instant at) =>
            known.Votes.Count(v => v.Bad) >= terms.Pace.Voting.Fails && (terms.For == Duration.Zero || at - known.BadSince >= terms.For);

        private Watched Began(Look look, Watched known, Terms terms)
        {
            var onsets = known.Onsets.Add(look.At).RemoveAll(o => look.At - o > plan.FlapWithin);
            // By vote some looks between may have been good; it began with the first bad one that counts.
            var since = look.Subject.Kind is WatchKind.Everything ? Addresses(Of, look.Subject.Environment, plan).FailingSince ?? look.At : Instant.Min(known.BadSince ?? look.At, known.Votes.Where(v => v.Bad).Select(v => v.At).DefaultIfEmpty(look.At).Min());
            return Said(WatchSignalKind.Onset, look, known with { IllSince = since, Onsets = onsets, Flaps = onsets.Length >= plan.FlapTimes }, terms);
        }

        private Watched Ended(Look look, Watched known, Terms terms) => Said(WatchSignalKind.Recovery, look, known, terms) with { IllSince = null, Flaps = false, LastSaid = null, Says = "" };

        private Watched Said(WatchSignalKind kind, Look look, Watched known, Terms terms)
        {
            var impact = terms.Impact with { Production = plan.IsProduction(look.Subject.Environment) };
            Signals.Add(new WatchSignal(kind, look.Subject, terms.Entry, FingerprintOf(look.Subject), known.Says, impact, Addresses(Of, look.Subject.Environment, plan), known.IllSince!.Value, look.At, known.Flaps));
            return known with { LastSaid = look.At };
        }

        private Terms Terms(WatchSubject subject) => subject.Kind switch
        {
            WatchKind.Address => new Terms(plan.AddressPace, plan.Addresses.FirstOrDefault(a => a.Id == subject.Id)?.Impact ?? new ImpactFacts(), "", Duration.Zero),
            WatchKind.Everything => new Terms(plan.AddressPace with { Voting = Voting.Once }, new ImpactFacts { AllDown = true }, "", Duration.Zero),
            WatchKind.Sight => new Terms(plan.RulePace with { Voting = new Voting(3, 2, 1) }, new ImpactFacts { Degraded = true }, "", Duration.Zero),
            _ => plan.Rules.FirstOrDefault(r => r.Id == subject.Id) is { } rule ? new Terms(plan.RulePace, rule.Impact, rule.Entry, rule.For) : new Terms(plan.RulePace, new ImpactFacts(), "", Duration.Zero),
        };
    }

    private sealed record Terms(WatchPace Pace, ImpactFacts Impact, string Entry, Duration For);
}
