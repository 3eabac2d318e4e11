using System.Collections.Immutable;
using System.Text;
using Tocsin.Core.Catalog;
using Tocsin.Core.Signals;

namespace Tocsin.Core.Matching;

/// <summary>One entry a text may be, best first.</summary>
/// <param name="Matches">Where and by which signatures, in the order of the text.</param>
public sealed record Candidate(Entry Entry, double Score, ImmutableArray<Match> Matches);

/// <summary>A signature that would have matched but for something in the text.</summary>
public sealed record SpeaksAgainst(string Entry, string Signature, string Because);

/// <summary>What one text is.</summary>
public sealed record Explanation(ImmutableArray<Candidate> Candidates, ImmutableArray<SpeaksAgainst> Against)
{
    public bool IsKnown => Candidates.Length > 0;
}

/// <summary>Ranks the entries one text may be. The text is matched as scan matches it, then ranked over all its events.</summary>
public static class Explainer
{
    public const int MaxCandidates = 5;
    private const int MaxMatches = 50;
    private const double PerFurtherSignature = 0.01;

    public static Explanation Explain(MatchSet set, string text, EventTime reference)
    {
        var matches = new List<Match>();
        var against = new List<SpeaksAgainst>();
        var matcher = new StreamMatcher(set, new StreamOptions(reference), (entry, signature, because) => against.Add(new SpeaksAgainst(entry.Id, signature, because)));
        matcher.Feed(Encoding.UTF8.GetBytes(text), 0, final: true, full: true, matches.Add);
        var candidates = matches
            .GroupBy(m => m.Entry.Id, StringComparer.Ordinal)
            .Select(g => new Candidate(g.First().Entry, Score([.. g]), [.. g.Take(MaxMatches)]))
            .OrderByDescending(c => c.Score)
            .ThenBy(c => c.Matches[0].Offset)
            .Take(MaxCandidates);
        return new Explanation([.. candidates], [.. against.Distinct()]);
    }

    private static double Score(List<Match> matches)
    {
        var further = matches.SelectMany(m => m.Signatures).Distinct(StringComparer.Ordinal).Count() - 1;
        return Math.Round(Math.Min(0.99, matches.Max(m => m.Score) + (PerFurtherSignature * Math.Min(further, 3))), 2);
    }
}
