using System.Text.RegularExpressions;
using NodaTime;
using Tocsin.Core.Matching;
using Tocsin.Core.Signals;

namespace Tocsin.Core.Catalog;

/// <summary>
/// What the whole reference must keep, beyond what each file keeps by itself: names that exist elsewhere, causes that can be told apart,
/// guides a person can use, samples that prove the signatures, silence on healthy logs.
/// </summary>
public sealed partial class Linter
{
    private static readonly string[] Headings = ["## What it is", "## Root cause", "## Diagnose", "## Fix"];
    private const int MinNearMisses = 2;

    private readonly ErrorReference reference;
    private readonly IReadOnlySet<string> placeholders;
    private readonly MatchSet set;
    private readonly Instant now;
    private readonly List<Problem> problems = [];

    private Linter(ErrorReference reference, IReadOnlySet<string> placeholders, Instant now)
    {
        this.reference = reference;
        this.placeholders = placeholders;
        this.now = now;
        set = MatchSet.Build(reference.Entries.Select(e => e.Entry));
    }

    /// <summary>All problems, those of reading first. <paramref name="placeholders"/>: the names guides may use.</summary>
    public static IReadOnlyList<Problem> Lint(ErrorReference reference, IReadOnlySet<string> placeholders, Instant now)
    {
        var linter = new Linter(reference, placeholders, now);
        linter.problems.AddRange(reference.Problems);
        foreach (var entry in reference.Entries) linter.Visit(entry);
        linter.VisitQuiet();
        return linter.problems;
    }

    private void Visit(ReferenceEntry entry)
    {
        VisitDraft($"{entry.Folder.Path}/entry.yaml", entry.Folder.Yaml);
        VisitDraft($"{entry.Folder.Path}/guide.md", entry.Guide);
        VisitNames(entry);
        VisitFacts(entry);
        VisitSiblings(entry);
        VisitSignatures(entry);
        VisitGuide(entry);
        VisitSamples(entry);
    }

    private void VisitDraft(string file, string text)
    {
        var number = 0;
        foreach (var line in text.Split('\n'))
        {
            number++;
            var at = line.IndexOf(EntryDraft.Mark, StringComparison.Ordinal);
            if (at >= 0) problems.Add(new Problem(new Place(file, number, at + 1), "draft", $"still to be said: {line[(at + EntryDraft.Mark.Length)..].Trim(' ', '"', '\r')}"));
        }
    }

    private void VisitNames(ReferenceEntry entry)
    {
        foreach (var id in entry.Entry.Related.Where(id => reference.Find(id) is null))
            Add(entry, "unknown-name", $"related names \"{id}\"; {Nearest.Suggest(id, Ids)}there is no such entry", id);
        foreach (var target in entry.Entry.Causes.SelectMany(c => c.LeadsTo))
        {
            var parts = target.Split('/');
            var found = reference.Find(parts[0]);
            if (found is null) Add(entry, "unknown-name", $"leadsTo names \"{target}\"; {Nearest.Suggest(parts[0], Ids)}there is no such entry", target);
            else if (parts.Length == 2 && !found.Entry.Causes.Any(c => string.Equals(c.Id, parts[1], StringComparison.Ordinal)))
                Add(entry, "unknown-name", $"leadsTo names \"{target}\"; {Nearest.Suggest(parts[1], found.Entry.Causes.Select(c => c.Id))}{parts[0]} has no such cause", target);
        }
        foreach (var fix in entry.Entry.Fixes.Where(f => !entry.Entry.Causes.Any(c => c.Fixes.Contains(f.Id, StringComparer.Ordinal))))
            Add(entry, "unused-fix", $"no cause names the fix \"{fix.Id}\"", fix.Id, isWarning: true);
    }

    private void VisitFacts(ReferenceEntry entry)
    {
        foreach (var cause in entry.Entry.Causes)
        {
            foreach (var condition in cause.Requires.Concat(cause.Excludes).Concat(cause.Evidence.Select(e => e.When)))
            {
                if (condition is not Condition.Fact(var name, var comparison)) continue;
                if (!reference.Facts.Facts.TryGetValue(name, out var fact))
                    Add(entry, "unknown-fact", $"the cause \"{cause.Id}\" names the fact \"{name}\"; {Nearest.Suggest(name, reference.Facts.Facts.Keys)}observations.yaml has no such fact", name);
                else if (fact.Refuse(comparison) is { } refusal)
                    Add(entry, "wrong-fact", $"the cause \"{cause.Id}\": {refusal}", name);
            }
        }
    }

    private void VisitSiblings(ReferenceEntry entry)
    {
        var causes = entry.Entry.Causes;
        for (var i = 0; i < causes.Length; i++)
        {
            for (var j = i + 1; j < causes.Length; j++)
            {
                var missing = Separation.Missing(causes[i], causes[j]);
                if (missing is not null) Add(entry, "inseparable", missing, $"id: {causes[j].Id}");
            }
        }
    }

    private void VisitSignatures(ReferenceEntry entry)
    {
        var shown = Shown(entry);
        foreach (var signature in entry.Entry.Signatures)
        {
            if (Factors.Of(signature).Count == 0)
            {
                Add(
                    entry,
                    "no-literal",
                    $"the signature \"{signature.Id}\" requires no text of {Factors.MinLength} plain characters, so every line would have to be tried; give one of its patterns such a text",
                    $"id: {signature.Id}",
                    isWarning: !entry.Folder.Shipped);
            }
            if (signature.Says != Says.Part && entry.Samples.Length > 0 && !shown.Contains(signature.Id))
                Add(entry, "unshown", $"no sample shows the signature \"{signature.Id}\"", $"id: {signature.Id}", isWarning: true);
        }
    }

    // By the entry alone, so that a hint that gives way to another entry counts as shown.
    private HashSet<string> Shown(ReferenceEntry entry)
    {
        var alone = MatchSet.Build([entry.Entry]);
        return entry.Samples.SelectMany(s => Explainer.Explain(alone, s.Text, now).Candidates).SelectMany(c => c.Matches).SelectMany(m => m.Signatures).ToHashSet(StringComparer.Ordinal);
    }

    private void VisitGuide(ReferenceEntry entry)
    {
        var place = new Place($"{entry.Folder.Path}/guide.md", 1, 1);
        if (entry.Guide.Length == 0)
        {
            problems.Add(new Problem(place, "no-guide", $"the guide is missing or empty; its headings are {string.Join(", ", Headings)}"));
            return;
        }
        var lines = entry.Guide.Split('\n');
        var last = -1;
        foreach (var heading in Headings)
        {
            var at = Array.FindIndex(lines, l => string.Equals(l.TrimEnd(), heading, StringComparison.Ordinal));
            if (at < 0) problems.Add(new Problem(place, "guide-heading", $"the heading \"{heading}\" is missing"));
            else if (at < last) problems.Add(new Problem(place with { Line = at + 1 }, "guide-heading", $"\"{heading}\" stands before the heading it follows; the order is {string.Join(", ", Headings)}"));
            last = Math.Max(last, at);
        }
        for (var i = 0; i < lines.Length; i++)
        {
            foreach (var found in Placeholder().EnumerateMatches(lines[i]))
            {
                var name = lines[i].Substring(found.Index + 2, found.Length - 4);
                if (!placeholders.Contains(name))
                    problems.Add(new Problem(new Place(place.File, i + 1, found.Index + 1), "unknown-placeholder", $"{{{{{name}}}}} is unknown; {Nearest.Suggest(name, placeholders)}known: {string.Join(", ", placeholders.Order(StringComparer.Ordinal).Take(40))}"));
            }
        }
    }

    private void VisitSamples(ReferenceEntry entry)
    {
        var samples = new Place($"{entry.Folder.Path}/samples", 1, 1);
        if (entry.Samples.IsEmpty) problems.Add(new Problem(samples, "no-sample", "the entry has no positive sample; a folder samples/ holds one YAML file at least"));
        if (entry.NearMisses.Length < MinNearMisses)
            problems.Add(new Problem(samples, "no-near-miss", $"the entry has {entry.NearMisses.Length} near misses; {MinNearMisses} at least show where it ends"));
        var ids = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (id, place, text) in entry.Samples.Select(s => (s.Id, s.Place, s.Text)).Concat(entry.NearMisses.Select(n => (n.Id, n.Place, n.Text))))
        {
            if (!ids.Add(id)) problems.Add(new Problem(place, "id-reused", $"the sample id \"{id}\" stands twice in this entry"));
            foreach (var secret in Redactor.Default.Find(text).Take(1))
                problems.Add(new Problem(place, "secret", $"the sample \"{id}\" holds what looks like a secret ({secret.Kind}, {secret.Length} characters); replace it by a placeholder"));
            if (entry.Entry.Signatures.SelectMany(s => s.All.Concat(s.Any)).Any(p => IsWhole(p, text)))
                problems.Add(new Problem(place, "sample-is-pattern", $"the sample \"{id}\" is equal to a pattern; a pattern proves nothing on itself"));
        }
        foreach (var outcome in SampleTest.Run(set, entry, now).Where(o => o.Problem is not null))
            problems.Add(new Problem(outcome.Place, outcome.Rule, outcome.Problem!));
        foreach (var name in entry.Samples.SelectMany(s => s.Among).Concat(entry.NearMisses.Select(n => n.GoesTo)).Distinct(StringComparer.Ordinal))
        {
            if (name is not (NearMiss.None or NearMiss.Silent) && reference.Find(name) is null)
                problems.Add(new Problem(samples, "unknown-name", $"a sample names the entry \"{name}\"; {Nearest.Suggest(name, Ids)}there is no such entry"));
        }
    }

    private void VisitQuiet()
    {
        foreach (var log in reference.Quiet)
        {
            foreach (var candidate in Explainer.Explain(set, log.Text, now).Candidates)
            {
                var first = candidate.Matches[0];
                problems.Add(new Problem(
                    new Place(log.File, (int)first.Line, 1),
                    "quiet-hit",
                    $"{candidate.Entry.Id} ({first.Signature}) matches a healthy log: {Redactor.Default.Redact(first.Text.Length > 160 ? first.Text[..160] : first.Text)}"));
            }
        }
    }

    private static bool IsWhole(Pattern pattern, string text) => pattern switch
    {
        Pattern.Literal p => string.Equals(p.Text.Trim(), text.Trim(), StringComparison.OrdinalIgnoreCase),
        Pattern.Template p => string.Equals(p.Text.Trim(), text.Trim(), StringComparison.OrdinalIgnoreCase),
        Pattern.Regex p => string.Equals(p.Text.Trim(), text.Trim(), StringComparison.OrdinalIgnoreCase),
        _ => false,
    };

    private IEnumerable<string> Ids => reference.Entries.Select(e => e.Entry.Id);

    // The line of a name in entry.yaml is found by its text: relations are checked after reading, on values without places.
    private void Add(ReferenceEntry entry, string rule, string message, string near, bool isWarning = false)
    {
        var at = entry.Folder.Yaml.IndexOf(near, StringComparison.Ordinal);
        var line = at < 0 ? 1 : entry.Folder.Yaml.AsSpan(0, at).Count('\n') + 1;
        problems.Add(new Problem(new Place($"{entry.Folder.Path}/entry.yaml", line, 1), rule, message, isWarning));
    }

    [GeneratedRegex(@"\{\{[^{}\n]{1,80}\}\}", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
