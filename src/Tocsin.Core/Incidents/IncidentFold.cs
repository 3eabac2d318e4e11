using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Response;

namespace Tocsin.Core.Incidents;

/// <summary>State from events. Total: an event that storage holds is never refused here.</summary>
public static class IncidentFold
{
    /// <summary>Null for a stream that does not begin with its declaration.</summary>
    public static Incident? Of(IEnumerable<IncidentEvent> events)
    {
        Incident? incident = null;
        foreach (var e in events) incident = e is Declared declared && incident is null ? Start(declared) : incident?.With(e);
        return incident;
    }

    public static Incident Start(Declared e)
    {
        var rule = e.Policy.Of(e.Severity.Severity);
        return new Incident
        {
            Id = e.Id,
            Title = e.Title,
            Environment = e.Environment,
            Service = e.Service,
            Entry = e.Entry,
            Fingerprints = e.Fingerprint.Length > 0 ? [e.Fingerprint] : [],
            IsDeclared = e.Fingerprint.Length == 0,
            Severity = e.Severity.Severity,
            Facts = e.Facts,
            Times = new IncidentTimes(e.ImpactStart, e.Detected, e.At),
            Policy = e.Policy,
            Version = 1,
            LastAt = e.At,
            ClockStart = e.At,
            SeveritySince = e.At,
            RevenueSince = e.Facts.Revenue ? e.ImpactStart : null,
            BreachSince = e.Facts.Breach ? e.At : null,
            Promise = Promised(rule.FirstUpdate ?? rule.Update, e.At, 0),
        };
    }

    public static Incident With(this Incident state, IEnumerable<IncidentEvent> events) => events.Aggregate(state, With);

    public static Incident With(this Incident state, IncidentEvent e)
    {
        var next = Apply(state, e);
        // Work on it renews the lease; only an acknowledgement takes it.
        if (e.IsActivity && next is { IsOpen: true, IsAcknowledged: true }) next = next with { LeaseFrom = e.At };
        return next with { Version = state.Version + 1, LastAt = e.At };
    }

    private static Incident Apply(Incident state, IncidentEvent e) => e switch
    {
        Acknowledged a => state with
        {
            LeaseFrom = a.At,
            AcknowledgedBy = state.AcknowledgedBy.SetItem(a.By, a.At),
            Times = state.Times with { Acknowledged = state.Times.Acknowledged ?? a.At },
        },
        RoleAssigned r => state with { Roles = state.Roles.SetItem(r.Role, r.Person) },
        SeverityChanged s => Changed(state, s),
        ImpactReported i => Known(state, i.Facts, i.At),
        MatchAttached m => state with { Matches = With(state.Matches, m.Match), Fingerprints = With(state.Fingerprints, m.Match.Fingerprint) },
        DiagnosisAttached d => state with { Diagnosis = d.Diagnosis, Times = IsDiagnosed(d) ? state.Times with { Diagnosed = state.Times.Diagnosed ?? d.At } : state.Times },
        UpdatePosted u => state with { UpdateOwedSince = null, Promise = Promised(u.Next, u.At, state.Promise.Epoch + 1) },
        Mitigated m => state with { Phase = IncidentPhase.Mitigating, Times = state.Times with { Mitigated = m.At } },
        Resolved r => state with { Phase = IncidentPhase.Resolved, UpdateOwedSince = null, Times = state.Times with { Resolved = r.At } },
        Reopened r => Again(state with { Phase = IncidentPhase.Investigating, Times = state.Times with { Mitigated = null, Resolved = null } }, r.At),
        MergedInto m => state with { Phase = IncidentPhase.Merged, MergedInto = m.Other },
        Absorbed a => Known(state, a.Facts, a.At) with
        {
            Matches = a.Matches.Aggregate(state.Matches, With),
            Fingerprints = a.Fingerprints.Aggregate(state.Fingerprints, With),
            Times = state.Times with { ImpactStart = Instant.Min(state.Times.ImpactStart, a.ImpactStart) },
        },
        SplitOff s => state with { Matches = state.Matches.RemoveAll(m => s.Fingerprints.Contains(m.Fingerprint, StringComparer.Ordinal)), Fingerprints = state.Fingerprints.RemoveRange(s.Fingerprints, StringComparer.Ordinal) },
        PostMortemFiled p => state with { PostMortem = p.Link },
        Declared or Noted or Recorded or PageSuppressed => state,
        _ => OfTheClock(state, e),
    };

    private static Incident OfTheClock(Incident state, IncidentEvent e) => e switch
    {
        StepFired s => state with { Fired = state.Fired.SetItem((s.Key, s.Round, s.Epoch), s.Reached) },
        StepMuted s => state with { MutedUntil = state.MutedUntil.SetItem((s.Key, s.Round, s.Epoch), s.Mute.Until) },
        Paged p => state with { Pages = state.Pages.Add(new Page(p, p.At)) },
        ReceiptRecorded r => Page(state, r.Page, p => p with { Receipts = p.Receipts.Contains(r.Receipt) ? p.Receipts : p.Receipts.Add(r.Receipt) }),
        PageFailed f => Page(state, f.Page, p => p with { FailedAt = p.FailedAt ?? f.At }),
        ChannelGivenUp g => Page(state, g.Page, p => p with { GivenUp = true }),
        AlarmRaised a => state with { Alarms = state.Alarms.Add(a.Why) },
        DeadlineMissed d => Missed(state, d),
        ClockWentBack back => Back(state, back.At),
        _ => throw new ArgumentOutOfRangeException(nameof(e), e, "unknown event"),
    };

    // Worse: everyone is asked again. Better: who acknowledged has acknowledged.
    private static Incident Changed(Incident state, SeverityChanged e)
    {
        var rule = state.Policy.Of(e.To);
        var changed = state with { Severity = e.To, SeveritySince = e.At, SeverityEpoch = state.SeverityEpoch + 1, SeverityHistory = state.SeverityHistory.Add(e) };
        if (e.To < e.From) changed = Again(changed, e.At);
        var promise = Promised(rule.FirstUpdate ?? rule.Update, e.At, state.Promise.Epoch + 1);
        var sooner = promise.From is not null && (state.Promise.From is not { } from || e.At + promise.Within < from + state.Promise.Within);
        return e.To < e.From && sooner ? changed with { Promise = promise } : changed;
    }

    private static Incident Again(Incident state, Instant at) => state with
    {
        ClockStart = at,
        Cycle = state.Cycle + 1,
        LeaseFrom = null,
        AcknowledgedBy = state.AcknowledgedBy.Clear(),
        Promise = state.Promise.From is null ? Promised(state.Rule.FirstUpdate ?? state.Rule.Update, at, state.Promise.Epoch + 1) : state.Promise,
    };

    private static Incident Known(Incident state, ImpactFacts facts, Instant at) => state with
    {
        Facts = state.Facts.And(facts),
        RevenueSince = state.RevenueSince ?? (facts.Revenue ? at : null),
        BreachSince = state.BreachSince ?? (facts.Breach ? at : null),
    };

    private static Incident Missed(Incident state, DeadlineMissed e)
    {
        var missed = state with { Missed = state.Missed.Add((e.Kind, e.Epoch)) };
        return e.Kind switch
        {
            // From when it was due: a tick that comes late finds all that came due since.
            DeadlineKind.Lease => Again(missed, e.DueAt),
            DeadlineKind.Update => missed with { UpdateOwedSince = e.DueAt, Promise = state.Promise with { From = null } },
            _ => missed,
        };
    }

    private static Incident Back(Incident state, Instant now) => state with
    {
        ClockStart = Instant.Min(state.ClockStart, now),
        LeaseFrom = Earlier(state.LeaseFrom, now),
        SeveritySince = Instant.Min(state.SeveritySince, now),
        RevenueSince = Earlier(state.RevenueSince, now),
        BreachSince = Earlier(state.BreachSince, now),
        UpdateOwedSince = Earlier(state.UpdateOwedSince, now),
        Promise = state.Promise with { From = Earlier(state.Promise.From, now) },
        Times = state.Times with { Resolved = Earlier(state.Times.Resolved, now) },
        Pages = [.. state.Pages.Select(p => p with { SentAt = Instant.Min(p.SentAt, now), FailedAt = Earlier(p.FailedAt, now) })],
    };

    private static Instant? Earlier(Instant? time, Instant now) => time is { } at ? Instant.Min(at, now) : null;

    private static UpdatePromise Promised(Duration? within, Instant at, int epoch) => new(within is null ? null : at, within ?? Duration.Zero, epoch);

    private static bool IsDiagnosed(DiagnosisAttached e) => e.Diagnosis.Verdict.ToUpperInvariant() is "CONFIRMED" or "LIKELY";

    private static Incident Page(Incident state, int number, Func<Page, Page> change) =>
        number < 1 || number > state.Pages.Length ? state : state with { Pages = state.Pages.SetItem(number - 1, change(state.Pages[number - 1])) };

    private static ImmutableArray<string> With(ImmutableArray<string> all, string one) => one.Length == 0 || all.Contains(one, StringComparer.Ordinal) ? all : all.Add(one);

    private static ImmutableArray<AttachedMatch> With(ImmutableArray<AttachedMatch> all, AttachedMatch one)
    {
        for (var i = 0; i < all.Length; i++)
        {
            if (all[i].Fingerprint == one.Fingerprint) return all.SetItem(i, one with { Count = all[i].Count + one.Count });
        }
        return all.Add(one);
    }
}
