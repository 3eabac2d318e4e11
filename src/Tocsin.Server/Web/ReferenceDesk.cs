using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Server.Reading;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Web;

/// <summary>Where and when an entry was seen.</summary>
public sealed record EntrySeen(long Count, Instant Last, IReadOnlyList<string> Services);

/// <summary>The error reference, to find something in.</summary>
public sealed class ReferenceDesk(ServerOptions options, SignalHour signals, TimeProvider time)
{
    private static readonly Duration Back = Duration.FromDays(7);
    private static readonly Duration Part = Duration.FromHours(6);
    private readonly Shared<IReadOnlyDictionary<string, EntrySeen>> counted = new(TimeSpan.FromSeconds(10));
    private readonly ImmutableArray<(ReferenceEntry Entry, string Name, string Words, string Guide)> all =
        [.. (options.Web.Reference?.Entries ?? []).Select(e => (e, $"{e.Entry.Id} {e.Entry.Title}".ToLowerInvariant(), $"{e.Entry.Summary} {e.Entry.Component} {string.Join(' ', e.Entry.Keywords)} {string.Join(' ', e.Entry.Causes.Select(c => c.Title))}".ToLowerInvariant(), e.Guide.ToLowerInvariant()))];

    /// <summary>Entries that hold every word, those that are named so first. Without words all, by layer.</summary>
    public IReadOnlyList<ReferenceEntry> Find(string text)
    {
        var words = text.ToLowerInvariant().Split(' ', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries).Take(8).ToArray();
        if (words.Length == 0) return [.. all.Select(e => e.Entry)];
        return [.. all.Select(e => (e.Entry, Score: words.Select(w => Score(e.Name, e.Words, e.Guide, w)).ToArray())).Where(e => e.Score.All(s => s > 0)).OrderByDescending(e => e.Score.Sum()).Select(e => e.Entry)];
    }

    public ReferenceEntry? Entry(string id) => options.Web.Reference?.Find(id);

    /// <summary>What was seen in the last week, by entry; counted anew every ten seconds at most.</summary>
    public Task<IReadOnlyDictionary<string, EntrySeen>> SeenAsync(CancellationToken cancel) => counted.OfAsync("", CountAsync, cancel);

    /// <summary>How often it was seen in each quarter of a day of the last week, the oldest first.</summary>
    public async Task<IReadOnlyList<long>> WeekAsync(string entry, CancellationToken cancel)
    {
        var week = new long[(int)(Back / Part)];
        foreach (var (part, count) in await signals.OfEntryAsync(entry, time.Now() - Back, Part, cancel)) week[Math.Min(part, week.Length - 1)] += count;
        return week;
    }

    /// <summary>What the lab's exam asked of it; empty: nothing is known.</summary>
    public IReadOnlyList<ExamAsked> Exam(string entry) => options.Web.Exam.GetValueOrDefault(entry, []);

    private async Task<IReadOnlyDictionary<string, EntrySeen>> CountAsync(CancellationToken cancel) =>
        (await signals.ByEntryAsync(time.Now() - Back, cancel)).GroupBy(s => s.Entry, StringComparer.Ordinal)
        .ToDictionary(g => g.Key, g => new EntrySeen(g.Sum(s => s.Count), g.Max(s => s.Last), [.. g.OrderByDescending(s => s.Last).Select(s => $"{s.Environment} {s.Service}".Trim()).Distinct(StringComparer.Ordinal).Take(5)]), StringComparer.Ordinal);

    private static int Score(string name, string words, string guide, string word) =>
        name.Contains(word, StringComparison.Ordinal) ? 10 : words.Contains(word, StringComparison.Ordinal) ? 4 : guide.Contains(word, StringComparison.Ordinal) ? 1 : 0;
}
