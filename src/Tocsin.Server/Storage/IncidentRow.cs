using System.Globalization;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;

namespace Tocsin.Server.Storage;

/// <summary>One incident as lists show it, and with its next deadline as the clock looks for it. A fold of its events, kept beside them.</summary>
public sealed record IncidentRow
{
    public const string Columns =
        "number, version, title, environment, service, entry, severity, phase, impact, declared, acknowledged, mitigated, resolved, held_by, lease_until, acknowledge_by, update_by, due, due_why, opened, last_signal, signals, storm, alarms, verdict, merged_into, mark";

    /// <summary>What changes of one that is there. Title, environment, service and entry are what they were at the declaration; signals are counted apart.</summary>
    public const string OnConflict =
        "on conflict (number) do update set version = excluded.version, severity = excluded.severity, phase = excluded.phase, impact = excluded.impact, acknowledged = excluded.acknowledged, mitigated = excluded.mitigated, resolved = excluded.resolved, held_by = excluded.held_by, lease_until = excluded.lease_until, acknowledge_by = excluded.acknowledge_by, update_by = excluded.update_by, due = excluded.due, due_why = excluded.due_why, opened = case when excluded.opened = '' then incidents.opened else incidents.opened || ' ' || excluded.opened end, alarms = excluded.alarms, verdict = excluded.verdict, merged_into = excluded.merged_into, mark = excluded.mark where incidents.version < excluded.version";

    public long Number { get; init; }
    public long Version { get; init; }
    public string Title { get; init; } = "";
    public string Environment { get; init; } = "";
    public string Service { get; init; } = "";
    public string Entry { get; init; } = "";
    public long Severity { get; init; }
    public string Phase { get; init; } = "";
    public long Impact { get; init; }
    public long Declared { get; init; }
    public long? Acknowledged { get; init; }
    public long? Mitigated { get; init; }
    public long? Resolved { get; init; }

    /// <summary>Who holds the lease, or empty.</summary>
    public string HeldBy { get; init; } = "";
    public long? LeaseUntil { get; init; }
    public long? AcknowledgeBy { get; init; }
    public long? UpdateBy { get; init; }
    public long? Due { get; init; }
    public string DueWhy { get; init; } = "";

    /// <summary>When it was opened and reopened, with blanks between.</summary>
    public string Opened { get; init; } = "";
    public long LastSignal { get; init; }
    public long Signals { get; init; }
    public long Storm { get; init; }
    public long Alarms { get; init; }
    public string Verdict { get; init; } = "";
    public long? MergedInto { get; init; }

    /// <summary>See <see cref="IncidentVersion"/>.</summary>
    public long Mark { get; init; }

    public IncidentId Id => new((int)Number);

    /// <summary>In the order of <see cref="Columns"/>.</summary>
    public object?[] Values =>
    [
        Number, Version, Title, Environment, Service, Entry, Severity, Phase, Impact, Declared, Acknowledged, Mitigated, Resolved, HeldBy, LeaseUntil, AcknowledgeBy, UpdateBy, Due, DueWhy, Opened, LastSignal, Signals, Storm, Alarms, Verdict, MergedInto, Mark,
    ];

    public Severity Level => (Severity)Severity;

    public static IncidentRow Of(Append append, long mark)
    {
        var i = append.After;
        var deadlines = Deadlines.Of(i).ToList();
        long? When(DeadlineKind kind) => deadlines.Find(d => d.Kind == kind) is { } found ? Micros.Of(found.At) : null;
        return new IncidentRow
        {
            Number = i.Id.Number,
            Version = i.Version,
            Title = i.Title,
            Environment = i.Environment,
            Service = i.Service,
            Entry = i.Entry,
            Severity = (long)i.Severity,
            Phase = i.Phase.ToString().ToLowerInvariant(),
            Impact = Micros.Of(i.Times.ImpactStart),
            Declared = Micros.Of(i.Times.Declared),
            Acknowledged = Micros.Of(i.Times.Acknowledged),
            Mitigated = Micros.Of(i.Times.Mitigated),
            Resolved = Micros.Of(i.Times.Resolved),
            HeldBy = i.IsAcknowledged ? i.AcknowledgedBy.MaxBy(a => a.Value).Key : "",
            LeaseUntil = When(DeadlineKind.Lease),
            AcknowledgeBy = When(DeadlineKind.Acknowledge),
            UpdateBy = When(DeadlineKind.Update),
            Due = deadlines.Count > 0 ? Micros.Of(deadlines[0].At) : null,
            DueWhy = deadlines.Count > 0 ? deadlines[0].Why : "",
            Opened = string.Join(' ', append.Events.Where(e => e is Core.Incidents.Declared or Reopened).Select(e => Micros.Of(e.At).ToString(CultureInfo.InvariantCulture))),
            LastSignal = Micros.Of(i.Times.Declared),
            Alarms = i.Alarms.Length,
            Verdict = i.Diagnosis is { } found ? $"{found.Verdict} {found.Cause}".Trim() : "",
            MergedInto = i.MergedInto?.Number,
            Mark = mark,
        };
    }
}
