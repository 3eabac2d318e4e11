using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Response;

namespace Tocsin.Core.PostMortems;

public enum ItemStage
{
    /// <summary>Its day comes; the owner is told.</summary>
    Soon,

    /// <summary>Its day is here; the owner is told.</summary>
    Due,

    /// <summary>Its day is over; the owner and the tech lead are told.</summary>
    Overdue,
}

/// <summary>One time at which somebody is told of an action item.</summary>
/// <param name="Item">Its place in the list, from 0.</param>
/// <param name="Step">0 soon, 1 due, from 2 on overdue, a week apart.</param>
public sealed record ItemCall(int Item, ActionItem What, LocalDate Due, int Step, Instant At)
{
    public ItemStage Stage => (ItemStage)Math.Min(Step, (int)ItemStage.Overdue);
}

/// <summary>When people are told of action items, as a function of the document: nothing is scheduled anywhere else. Pure.</summary>
public static class ItemClock
{
    /// <summary>The last step: an item that is overdue is named four times and then stands in the lists only.</summary>
    public const int Last = 5;

    private static readonly Period Week = Period.FromWeeks(1);

    // Nobody is told of an item while its document is being typed.
    private static readonly Duration Settled = Duration.FromHours(1);

    /// <summary>All that lies ahead or is overdue, the earliest first. In the morning of a day, as the calendar of the policy has it.</summary>
    public static IEnumerable<ItemCall> Ahead(DocumentRecord record, Severity severity, Instant resolved, BusinessCalendar calendar)
    {
        var calls = new List<ItemCall>();
        foreach (var (item, at) in record.Text.Items.Select((i, n) => (i, n)).Where(x => !x.i.Done))
        {
            var due = ItemDue.Of(item, severity, resolved);
            for (var step = record.Told.GetValueOrDefault((item.Text, item.Owner, due), -1) + 1; step <= Last; step++)
                calls.Add(new ItemCall(at, item, due, step, Instant.Max(WallTime.At(Day(due, step) + calendar.From, calendar.Zone), record.WrittenAt + Settled)));
        }
        return calls.OrderBy(c => c.At).ThenBy(c => c.Item).ThenBy(c => c.Step);
    }

    /// <summary>What is to be said now: of each item the latest that came due, so that after any downtime nobody hears the same twice.</summary>
    public static ImmutableArray<ItemCall> Due(DocumentRecord record, Severity severity, Instant resolved, BusinessCalendar calendar, Instant now) =>
        [.. Ahead(record, severity, resolved, calendar).Where(c => c.At <= now).GroupBy(c => c.Item).Select(g => g.MaxBy(c => c.Step)!)];

    private static LocalDate Day(LocalDate due, int step) => step switch
    {
        0 => due.Minus(ItemDue.Early),
        1 => due,
        _ => Enumerable.Range(0, step - 2).Aggregate(due.PlusDays(1), (day, _) => day.Plus(Week)),
    };
}
