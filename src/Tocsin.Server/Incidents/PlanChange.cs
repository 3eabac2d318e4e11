using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Incidents;

/// <summary>A change of the plan that somebody made on a page, for a time. It is laid over response.yaml, the later one over the earlier.</summary>
/// <param name="Id">Given when it is kept.</param>
public abstract record PlanChange(string Id, Interval When)
{
    /// <summary>One person takes over, for everybody or in place of <paramref name="Instead"/>.</summary>
    public sealed record TakeOver(string Id, Interval When, string Schedule, string Person, string Instead) : PlanChange(Id, When);

    /// <summary>Two people take each other's turns.</summary>
    public sealed record SwapTurns(string Id, Interval When, string Schedule, string One, string Other) : PlanChange(Id, When);

    /// <summary>Pages are held back; a P0 breaks through. No environment or service named: all.</summary>
    public sealed record HoldBack(string Id, Interval When, string About, ImmutableArray<string> Environments, ImmutableArray<string> Services) : PlanChange(Id, When);

    /// <summary>Why it cannot be; null: it can.</summary>
    public string? Refuse(ResponsePlan plan) => this switch
    {
        TakeOver t when !plan.Roster.Schedules.ContainsKey(t.Schedule) => $"there is no schedule {t.Schedule}",
        TakeOver t when !plan.Roster.People.ContainsKey(t.Person) => $"there is no person {t.Person}",
        TakeOver t when t.Instead.Length > 0 && !plan.Roster.People.ContainsKey(t.Instead) => $"there is no person {t.Instead}",
        TakeOver t when t.Person == t.Instead => "nobody takes over from themselves",
        SwapTurns s when !plan.Roster.Schedules.ContainsKey(s.Schedule) => $"there is no schedule {s.Schedule}",
        SwapTurns s when !plan.Roster.People.ContainsKey(s.One) || !plan.Roster.People.ContainsKey(s.Other) => "choose two people",
        SwapTurns s when s.One == s.Other => "choose two different people",
        HoldBack h when string.IsNullOrWhiteSpace(h.About) => "say what it is for",
        _ => null,
    };

    public ResponsePlan Over(ResponsePlan plan) => this switch
    {
        TakeOver t when plan.Roster.Schedules.TryGetValue(t.Schedule, out var schedule) => With(plan, schedule with { Overrides = schedule.Overrides.Add(new Override(t.When, t.Person, t.Instead)) }),
        SwapTurns s when plan.Roster.Schedules.TryGetValue(s.Schedule, out var schedule) => With(plan, schedule with { Swaps = schedule.Swaps.Add(new Swap(s.When, s.One, s.Other)) }),
        HoldBack h => plan with { Maintenance = plan.Maintenance.Add(new MaintenanceWindow(h.Id, h.About, DateTimeZone.Utc, h.When, null, h.Environments, h.Services, [], NoticeOf(h.When))) },
        _ => plan,
    };

    // Soon enough to look again, and not right after it began.
    private static Duration NoticeOf(Interval when) => Duration.Min(Duration.FromMinutes(15), when.Duration / 2);

    private static ResponsePlan With(ResponsePlan plan, OnCallSchedule schedule) => plan with { Roster = plan.Roster with { Schedules = plan.Roster.Schedules.SetItem(schedule.Id, schedule) } };
}

/// <summary>A change as it is stored.</summary>
public sealed record PlanChangeRow
{
    public const string Columns = "id, kind, schedule, start, finish, person, other, about, environments, services, made_by, made, ended";

    public string Id { get; init; } = "";

    /// <summary>take-over, swap or hold-back.</summary>
    public string Kind { get; init; } = "";
    public string Schedule { get; init; } = "";
    public long Start { get; init; }
    public long Finish { get; init; }
    public string Person { get; init; } = "";
    public string Other { get; init; } = "";
    public string About { get; init; } = "";
    public string Environments { get; init; } = "";
    public string Services { get; init; } = "";
    public string MadeBy { get; init; } = "";
    public long Made { get; init; }
    public long? Ended { get; init; }

    public static PlanChangeRow Of(PlanChange change, string by, Instant now)
    {
        var row = new PlanChangeRow { Id = change.Id, Start = Micros.Of(change.When.Start), Finish = Micros.Of(change.When.End), MadeBy = by, Made = Micros.Of(now) };
        return change switch
        {
            PlanChange.TakeOver t => row with { Kind = "take-over", Schedule = t.Schedule, Person = t.Person, Other = t.Instead },
            PlanChange.SwapTurns s => row with { Kind = "swap", Schedule = s.Schedule, Person = s.One, Other = s.Other },
            PlanChange.HoldBack h => row with { Kind = "hold-back", About = h.About, Environments = string.Join(' ', h.Environments), Services = string.Join(' ', h.Services) },
            _ => throw new ArgumentOutOfRangeException(nameof(change), change, "unknown change"),
        };
    }

    /// <summary>One that was ended early holds up to then.</summary>
    public PlanChange? Read()
    {
        var (start, end) = (Micros.At(Start), Instant.Min(Micros.At(Finish), Micros.At(Ended) ?? Instant.MaxValue));
        if (end <= start) return null;
        var when = new Interval(start, end);
        return Kind switch
        {
            "take-over" => new PlanChange.TakeOver(Id, when, Schedule, Person, Other),
            "swap" => new PlanChange.SwapTurns(Id, when, Schedule, Person, Other),
            "hold-back" => new PlanChange.HoldBack(Id, when, About, Names(Environments), Names(Services)),
            _ => null,
        };
    }

    private static ImmutableArray<string> Names(string text) => [.. text.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
}
