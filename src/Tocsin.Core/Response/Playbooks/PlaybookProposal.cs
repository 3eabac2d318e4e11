using System.Collections.Immutable;

namespace Tocsin.Core.Response.Playbooks;

/// <param name="Because">What speaks for it.</param>
public sealed record ProposedPlaybook(Playbook Playbook, string Because);

/// <summary>What is known when a playbook is looked for.</summary>
/// <param name="Entries">Entries of the error reference: of the diagnosis first, then of what matched.</param>
public sealed record Situation(Severity Severity, ImpactFacts Facts, ImmutableArray<string> Entries);

/// <summary>The right playbook from what the incident and its diagnosis say. It is a proposal: a person starts it.</summary>
public static class PlaybookProposal
{
    // What is being lost, or taken, is stopped before anything is repaired: so these come before every other sign.
    private static readonly ImmutableArray<string> First = ["breach", "data-loss"];

    /// <summary>The best first; only those for which something speaks beside the severity.</summary>
    public static ImmutableArray<ProposedPlaybook> For(IEnumerable<Playbook> playbooks, Situation situation) =>
    [
        .. playbooks.Where(p => p.Use.Production is not { } production || production == situation.Facts.Production)
            .Select(p => (Playbook: p, Signs: Signs(p, situation)))
            .Where(p => p.Signs.Weight > 0)
            .OrderByDescending(p => p.Signs.Weight + (p.Playbook.Severity == situation.Severity ? 2 : 0))
            .ThenBy(p => Math.Abs((int)(p.Playbook.Severity ?? situation.Severity) - (int)situation.Severity))
            .ThenBy(p => p.Playbook.Id, StringComparer.Ordinal)
            .Select(p => new ProposedPlaybook(p.Playbook, p.Signs.Words)),
    ];

    private static (int Weight, string Words) Signs(Playbook playbook, Situation situation)
    {
        var facts = Known(situation.Facts).Intersect(playbook.Use.Facts, StringComparer.Ordinal).ToList();
        var entry = situation.Entries.FirstOrDefault(e => playbook.Use.Entries.Contains(e, StringComparer.Ordinal));
        var weight = facts.Sum(f => First.Contains(f, StringComparer.Ordinal) ? 20 : 4) + (entry is null ? 0 : entry == situation.Entries[0] ? 5 : 3);
        return (weight, string.Join(", ", facts.Append(entry).OfType<string>()));
    }

    private static IEnumerable<string> Known(ImpactFacts facts) =>
        new[] { ("all-down", facts.AllDown), ("data-loss", facts.DataLoss), ("breach", facts.Breach), ("revenue", facts.Revenue), ("major-feature", facts.MajorFeature), ("degraded", facts.Degraded) }.Where(f => f.Item2).Select(f => f.Item1);
}
