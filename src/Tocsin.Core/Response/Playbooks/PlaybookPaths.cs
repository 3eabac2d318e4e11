using Tocsin.Core.Catalog;

namespace Tocsin.Core.Response.Playbooks;

/// <summary>Where the steps of a playbook lead.</summary>
public static class PlaybookPaths
{
    /// <summary>Where a step can go on, by id; the end is no id.</summary>
    public static IEnumerable<string> From(Playbook playbook, PlaybookStep step)
    {
        if (!step.Branches.IsEmpty) return step.Branches.Select(b => b.To).Where(t => t != Playbook.End);
        if (step.Next.Length > 0) return step.Next == Playbook.End ? [] : [step.Next];
        return step.Number < playbook.Steps.Length ? [playbook.Steps[step.Number].Id] : [];
    }

    /// <summary>Ids that are used twice or lead nowhere, ways that lead back, and steps that no way leads to.</summary>
    internal static IEnumerable<Problem> Check(Playbook playbook, string file)
    {
        var ids = playbook.Steps.Select(s => s.Id).ToList();
        foreach (var twice in playbook.Steps.GroupBy(s => s.Id, StringComparer.Ordinal).Where(g => g.Count() > 1).Select(g => g.Last()))
            yield return new Problem(new Place(file, twice.Line, 1), "twice", $"two steps have the id \"{twice.Id}\"");
        foreach (var step in playbook.Steps)
        {
            foreach (var target in step.Branches.Select(b => b.To).Concat(step.After).Append(step.Next).Where(t => t.Length > 0 && t != Playbook.End))
            {
                var at = ids.IndexOf(target);
                if (at < 0) yield return new Problem(new Place(file, step.Line, 1), "unknown-step", $"there is no step \"{target}\"; {Nearest.Suggest(target, ids)}known: {string.Join(", ", ids)}");
                else if (step.After.Contains(target, StringComparer.Ordinal) ? at >= step.Number - 1 : at <= step.Number - 1)
                    yield return new Problem(new Place(file, step.Line, 1), "leads-back", step.After.Contains(target, StringComparer.Ordinal) ? $"\"{step.Id}\" waits for \"{target}\", which comes later" : $"\"{step.Id}\" leads back to \"{target}\"; a step leads only to later ones");
            }
            if (step.Branches.Length == 1) yield return new Problem(new Place(file, step.Line, 1), "one-branch", "a decision has at least two ways on");
        }
        foreach (var lost in Unreachable(playbook)) yield return new Problem(new Place(file, lost.Line, 1), "unreachable", $"no way leads to \"{lost.Id}\"");
    }

    private static IEnumerable<PlaybookStep> Unreachable(Playbook playbook)
    {
        if (!playbook.Ordered) return [];
        var reached = new HashSet<string>(StringComparer.Ordinal) { playbook.Steps[0].Id };
        // Ways lead only forward, so one pass in order sees them all.
        foreach (var step in playbook.Steps.Where(s => reached.Contains(s.Id) || s.Anytime)) reached.UnionWith(From(playbook, step));
        return playbook.Steps.Where(s => !reached.Contains(s.Id) && !s.Anytime);
    }
}
