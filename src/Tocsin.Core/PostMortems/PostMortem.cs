using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Response;

namespace Tocsin.Core.PostMortems;

public enum DocumentStatus
{
    Draft,
    Final,
}

public enum ItemKind
{
    /// <summary>So that it cannot happen again.</summary>
    Prevention,

    /// <summary>So that it is noticed sooner.</summary>
    Monitoring,

    /// <summary>So that it is answered sooner.</summary>
    Documentation,
}

/// <summary>What is to be done so that it does not come back.</summary>
/// <param name="Owner">Empty: nobody yet.</param>
/// <param name="Due">Null: as the severity says.</param>
public sealed record ActionItem(string Text, ItemKind Kind, string Owner, LocalDate? Due, bool Done);

/// <summary>What only people know. Whatever is empty stands in the document as an open question.</summary>
public sealed record PostMortemText
{
    public static readonly PostMortemText Empty = new();

    public DocumentStatus Status { get; init; }
    public string Author { get; init; } = "";
    public string Summary { get; init; } = "";
    public string Users { get; init; } = "";
    public string Revenue { get; init; } = "";
    public string Detection { get; init; } = "";
    public string RootCause { get; init; } = "";
    public ImmutableArray<string> Factors { get; init; } = [];
    public ImmutableArray<string> WentWell { get; init; } = [];
    public ImmutableArray<string> WentPoorly { get; init; } = [];
    public string Lessons { get; init; } = "";
    public ImmutableArray<ActionItem> Items { get; init; } = [];
}

/// <summary>How long an action item may take by severity: Tocsin's own choice, where the platform says nothing.</summary>
public static class ItemDue
{
    // A reminder comes this long before the due date.
    internal static readonly Period Early = Period.FromDays(2);

    public static LocalDate Usual(Severity severity, Instant resolved) => resolved.InUtc().Date.PlusDays(severity switch { Severity.P0 => 7, Severity.P1 => 14, _ => 30 });

    public static LocalDate Of(ActionItem item, Severity severity, Instant resolved) => item.Due ?? Usual(severity, resolved);

    public static ItemStanding Standing(ActionItem item, Severity severity, Instant resolved, LocalDate today)
    {
        var due = Of(item, severity, resolved);
        return item.Done ? ItemStanding.Done : today > due ? ItemStanding.Escalate : today >= due.Minus(Early) ? ItemStanding.Remind : ItemStanding.Waits;
    }
}

public enum ItemStanding
{
    Waits,

    /// <summary>Its owner is reminded.</summary>
    Remind,

    /// <summary>It is overdue: the tech lead is told.</summary>
    Escalate,
    Done,
}

/// <summary>A post-mortem: the account that wrote itself, and what people added.</summary>
public sealed record PostMortem(IncidentAccount Account, PostMortemText Text)
{
    /// <summary>What keeps it from being final; none: it can be closed.</summary>
    public IEnumerable<string> Missing()
    {
        if (Account.Times.Resolved is null) yield return "the incident is not resolved";
        foreach (var (name, value) in new[] { ("the author", Text.Author), ("the summary", Text.Summary), ("the root cause", Text.RootCause), ("the lessons learned", Text.Lessons), ("the users affected", UsersAffected), ("the revenue impact", Text.Revenue), ("the detection method", Detection) })
        {
            if (value.Length == 0) yield return $"{name} is open";
        }
        foreach (var (name, list) in new[] { ("contributing factors", Text.Factors), ("what went well", Text.WentWell), ("what went poorly", Text.WentPoorly) })
        {
            if (list.IsEmpty) yield return $"{name}: nothing is named";
        }
        if (Text.Items.IsEmpty) yield return "no action item is named";
        if (Account.Worst <= Severity.P1)
        {
            foreach (var item in Text.Items.Where(i => i.Owner.Length == 0)) yield return $"the action item \"{item.Text}\" has no owner, which a {Account.Worst} needs";
        }
    }

    /// <summary>As people wrote it, else what was reported; empty where nobody said.</summary>
    public string UsersAffected => Text.Users.Length > 0 ? Text.Users : Account.Impact.Users is { } users ? string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{users:0.#} %") : "";

    /// <summary>The template's three words; only a person knows whether a user reported it.</summary>
    public string Detection => Text.Detection.Length > 0 ? Text.Detection : Account.DeclaredBy.Length == 0 ? "monitoring alert" : "";

    public ImmutableArray<string> Services => [.. Account.Errors.Select(e => e.Service).Prepend(Account.Service).Where(s => s.Length > 0).Distinct(StringComparer.Ordinal)];
}
