using System.Globalization;
using Tocsin.Cli.Setup;
using Tocsin.Core.Catalog;

namespace Tocsin.Cli.Output;

/// <summary>The table of catalog test: per entry how many samples hit, how many near misses stayed away, and what was confused.</summary>
internal static class CatalogTestOutput
{
    public static void Write(Terminal terminal, IReadOnlyList<(string Entry, List<SampleOutcome> Outcomes)> entries)
    {
        var width = entries.Select(e => e.Entry.Length).DefaultIfEmpty(5).Max();
        terminal.Out.WriteLine(terminal.Bold($"{"entry".PadRight(width)}  samples  near misses"));
        foreach (var (entry, outcomes) in entries)
        {
            var failed = outcomes.Exists(o => o.Problem is not null);
            var line = $"{entry.PadRight(width)}  {Share(outcomes, nearMisses: false),7}  {Share(outcomes, nearMisses: true),11}";
            terminal.Out.WriteLine(failed ? terminal.Red(line) : line);
        }
        foreach (var outcome in entries.SelectMany(e => e.Outcomes).Where(o => o.Problem is not null))
            terminal.Out.WriteLine($"{terminal.Cyan(outcome.Place.ToString())}: {outcome.Problem}");
        WriteConfusions(terminal, entries);
        var all = entries.SelectMany(e => e.Outcomes).ToList();
        var bad = all.Count(o => o.Problem is not null);
        var summary = string.Create(CultureInfo.InvariantCulture, $"{all.Count - bad} of {all.Count} samples as expected");
        terminal.Out.WriteLine(bad == 0 ? terminal.Green(summary) : terminal.Red(summary));
    }

    public static string ToJson(IReadOnlyList<(string Entry, List<SampleOutcome> Outcomes)> entries) => Json.Write(Json.Indented, w =>
    {
        w.WriteStartArray();
        foreach (var outcome in entries.SelectMany(e => e.Outcomes))
        {
            w.WriteStartObject();
            w.WriteString("entry", outcome.Entry);
            w.WriteString("sample", outcome.Sample);
            w.WriteBoolean("nearMiss", outcome.IsNearMiss);
            w.WriteString("leader", outcome.Leader);
            w.WriteBoolean("passed", outcome.Problem is null);
            if (outcome.Problem is { } problem) w.WriteString("problem", problem);
            w.WriteEndObject();
        }
        w.WriteEndArray();
    });

    // Which entry led on another entry's texts: the pairs a reader may mix up.
    private static void WriteConfusions(Terminal terminal, IReadOnlyList<(string Entry, List<SampleOutcome> Outcomes)> entries)
    {
        var pairs = entries.SelectMany(e => e.Outcomes)
            .Where(o => !o.IsNearMiss && o.Leader is not "-" && !string.Equals(o.Leader, o.Entry, StringComparison.Ordinal))
            .GroupBy(o => (o.Entry, o.Leader)).OrderByDescending(g => g.Count()).ToList();
        if (pairs.Count == 0) return;
        terminal.Out.WriteLine(terminal.Bold("confusions: another entry leads"));
        foreach (var pair in pairs)
            terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {pair.Key.Entry} -> {pair.Key.Leader}  {pair.Count()} ({string.Join(", ", pair.Take(4).Select(o => o.Sample))})"));
    }

    private static string Share(List<SampleOutcome> outcomes, bool nearMisses)
    {
        var all = outcomes.Where(o => o.IsNearMiss == nearMisses).ToList();
        return string.Create(CultureInfo.InvariantCulture, $"{all.Count(o => o.Problem is null)}/{all.Count}");
    }
}
