using NodaTime;
using Tocsin.Core.Matching;

namespace Tocsin.Core.Catalog;

/// <summary>How one sample fared against the whole reference.</summary>
/// <param name="Leader">The entry that leads, or "-".</param>
/// <param name="Problem">What is wrong, or null.</param>
public sealed record SampleOutcome(string Entry, string Sample, bool IsNearMiss, Place Place, string Leader, string Rule, string? Problem);

/// <summary>Runs an entry's samples and near misses against every entry at once, as a log line would meet them.</summary>
public static class SampleTest
{
    public static IEnumerable<SampleOutcome> Run(MatchSet set, ReferenceEntry entry, Instant now) =>
        entry.Samples.Select(s => Positive(entry.Entry, s, Explainer.Explain(set, s.Text, now)))
            .Concat(entry.NearMisses.Select(n => Near(entry.Entry, n, Explainer.Explain(set, n.Text, now))));

    private static SampleOutcome Positive(Entry entry, Sample sample, Explanation explanation)
    {
        var own = explanation.Candidates.FirstOrDefault(c => Is(c, entry.Id));
        var problem = own is null
            ? $"the sample \"{sample.Id}\" is not matched by its entry{Instead(explanation)}"
            : RankProblem(sample, explanation, own) ?? SignatureProblem(sample, own);
        return new SampleOutcome(entry.Id, sample.Id, IsNearMiss: false, sample.Place, Leader(explanation), own is null ? "sample-missed" : "sample-won", problem);
    }

    private static string? RankProblem(Sample sample, Explanation explanation, Candidate own)
    {
        var ahead = explanation.Candidates.Where(c => !ReferenceEquals(c, own) && c.Score >= own.Score).ToList();
        if (sample.Among.IsEmpty)
        {
            return ahead.Count == 0
                ? null
                : $"the sample \"{sample.Id}\" says rank: first and is won or shared by {string.Join(", ", ahead.Select(Describe))}; its own is {Describe(own)}";
        }
        var unnamed = ahead.Where(c => !sample.Among.Any(a => Is(c, a))).ToList();
        if (unnamed.Count > 0) return $"the sample \"{sample.Id}\" does not name {string.Join(", ", unnamed.Select(Describe))} among its rivals; its own is {Describe(own)}";
        var absent = sample.Among.Where(a => !explanation.Candidates.Any(c => Is(c, a))).ToList();
        return absent.Count == 0 ? null : $"the sample \"{sample.Id}\" names the rivals {string.Join(", ", absent)}, which do not match it";
    }

    private static string? SignatureProblem(Sample sample, Candidate own) =>
        sample.Signature.Length == 0 || own.Matches.Any(m => m.Signatures.Contains(sample.Signature, StringComparer.Ordinal))
            ? null
            : $"the sample \"{sample.Id}\" is matched by {string.Join(", ", own.Matches.SelectMany(m => m.Signatures).Distinct(StringComparer.Ordinal))}, not by {sample.Signature}";

    private static SampleOutcome Near(Entry entry, NearMiss near, Explanation explanation)
    {
        var own = explanation.Candidates.FirstOrDefault(c => Is(c, entry.Id));
        var problem = near.GoesTo switch
        {
            NearMiss.Silent => explanation.IsKnown ? $"the near miss \"{near.Id}\" is to stay silent{Instead(explanation)}" : null,
            NearMiss.None => own is null ? null : $"the near miss \"{near.Id}\" is matched: {Describe(own)}",
            _ when !Leads(explanation, near.GoesTo) => $"the near miss \"{near.Id}\" goes to {near.GoesTo}{(explanation.IsKnown ? Instead(explanation) : ", but nothing matches")}",
            _ => null,
        };
        return new SampleOutcome(entry.Id, near.Id, IsNearMiss: true, near.Place, Leader(explanation), "near-miss", problem);
    }

    private static bool Leads(Explanation explanation, string entry) =>
        explanation.Candidates.Length > 0 && Is(explanation.Candidates[0], entry);

    private static bool Is(Candidate candidate, string entry) => string.Equals(candidate.Entry.Id, entry, StringComparison.Ordinal);

    private static string Leader(Explanation explanation) => explanation.IsKnown ? explanation.Candidates[0].Entry.Id : "-";

    private static string Instead(Explanation explanation) =>
        explanation.IsKnown ? $"; it is matched by {string.Join(", ", explanation.Candidates.Select(Describe))}" : "";

    private static string Describe(Candidate candidate) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{candidate.Entry.Id} ({candidate.Matches[0].Signature}, {candidate.Score:0.00})");
}
