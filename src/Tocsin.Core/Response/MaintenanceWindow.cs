using System.Collections.Immutable;
using NodaTime;

namespace Tocsin.Core.Response;

/// <summary>What an incident or a signal is about, as far as silences care.</summary>
public sealed record MuteSubject(string Environment, string Service, string Entry, Severity Severity);

/// <summary>Pages that are held back for a time: a maintenance window or a silence. A P0 breaks through, and what was held back is sent when it ends.</summary>
/// <param name="Once">Its time; null where it recurs.</param>
/// <param name="Weekly">Its times of the week; null where it is once.</param>
/// <param name="Environments">None: all; the same for services and entries.</param>
/// <param name="NoticeBefore">How long before its end people are told that pages will come again.</param>
public sealed record MaintenanceWindow(
    string Id,
    string About,
    DateTimeZone Zone,
    Interval? Once,
    WeekWindow? Weekly,
    ImmutableArray<string> Environments,
    ImmutableArray<string> Services,
    ImmutableArray<string> Entries,
    Duration NoticeBefore)
{
    public bool Covers(MuteSubject subject) =>
        Holds(Environments, subject.Environment) && Holds(Services, subject.Service) && Holds(Entries, subject.Entry);

    /// <summary>The time it runs at an instant, or null.</summary>
    public Interval? At(Instant at) => Occurrences(new Interval(at, at + Duration.FromTicks(1))).Where(o => o.Contains(at)).Select(o => (Interval?)o).FirstOrDefault();

    public IEnumerable<Interval> Occurrences(Interval range)
    {
        if (Weekly is not null) return Weekly.Within(range, Zone);
        return Once is { } once && Spans.Common(once, range) is not null ? [once] : [];
    }

    /// <summary>When people are told of its end, for each time it runs in the range.</summary>
    public IEnumerable<Instant> Notices(Interval range) => Occurrences(range).Select(o => Instant.Max(o.Start, o.End - NoticeBefore));

    private static bool Holds(ImmutableArray<string> wanted, string value) => wanted.IsEmpty || wanted.Contains(value, StringComparer.OrdinalIgnoreCase);
}

/// <summary>Until when a subject's pages are held back, by which window; null: not at all.</summary>
public sealed record Muted(string Window, Instant Until)
{
    public static Muted? At(IEnumerable<MaintenanceWindow> windows, MuteSubject subject, Instant now)
    {
        if (subject.Severity == Severity.P0) return null;
        return windows.Where(w => w.Covers(subject)).Select(w => w.At(now) is { } when ? new Muted(w.Id, when.End) : null).OfType<Muted>()
            .OrderByDescending(m => m.Until).FirstOrDefault();
    }

    /// <summary>What a window would mute of the given subjects; those of P0 are never among them.</summary>
    public static IEnumerable<MuteSubject> Preview(MaintenanceWindow window, IEnumerable<MuteSubject> subjects) =>
        subjects.Where(s => s.Severity != Severity.P0 && window.Covers(s));
}
