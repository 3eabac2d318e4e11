using System.Globalization;
using NodaTime;
using Tocsin.Cli.Setup;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;
using Tocsin.Core.Signals;

namespace Tocsin.Cli.Output;

/// <summary>For a person: what it is, where, how often, what causes it, what to do, and the command that says more.</summary>
internal sealed class TextScanOutput(Terminal terminal, bool withContext, bool live) : ScanOutput
{
    private const int MaxForms = 3;
    private const int MaxSources = 3;
    private const int MaxCauses = 4;

    public override void End(ScanSummary summary)
    {
        var found = Tally.Entries.ToList();
        if (withContext || live) terminal.Out.WriteLine();
        foreach (var entry in found) WriteEntry(entry);
        var read = live ? "" : string.Create(CultureInfo.InvariantCulture, $" in {summary.Sources} {(summary.Sources == 1 ? "log" : "logs")} ({ProgressLine.Size(summary.Bytes)}, {summary.Lines:#,0} lines, {summary.Seconds:0.00} s)");
        var what = found.Count switch
        {
            0 => terminal.Green("no known error"),
            1 => terminal.Bold("1 known error"),
            var n => terminal.Bold(string.Create(CultureInfo.InvariantCulture, $"{n} known errors")),
        };
        terminal.Out.WriteLine($"{what}{read}");
        if (summary.Stopped) terminal.Out.WriteLine(terminal.Yellow("stopped before the end: this is what was found so far"));
    }

    protected override void Show(string source, Match match)
    {
        if (!withContext && !live) return;
        foreach (var line in match.Before) terminal.Out.WriteLine(terminal.Dim($"  {Tidy(line)}"));
        var place = string.Create(CultureInfo.InvariantCulture, $"{source}:{match.Line}");
        terminal.Out.WriteLine($"{terminal.Cyan(place)} {Severity(match.Says, match.Entry.Id)} {Tidy(match.Text)}");
        foreach (var line in match.After) terminal.Out.WriteLine(terminal.Dim($"  {Tidy(line)}"));
        if (withContext) terminal.Out.WriteLine(terminal.Dim("--"));
        if (live) terminal.Out.Flush();
    }

    private void WriteEntry(EntryTally tally)
    {
        var entry = tally.Entry;
        var count = string.Create(CultureInfo.InvariantCulture, $"×{tally.Count:#,0}");
        var when = tally.First is { } first && tally.Last is { } last ? terminal.Dim($"  {Span(first, last)}") : "";
        terminal.Out.WriteLine($"{Severity(tally.Strongest, entry.Id)}  {terminal.Bold(count)}{when}");
        terminal.Out.WriteLine($"  {Wrapped(entry.Title, 2)}");
        if (tally.Strongest == Says.Hint) Field("note", terminal.Yellow(Wrapped($"the text alone cannot decide; it may also be {Rivals(tally)}", 10)));
        var label = "seen";
        foreach (var group in tally.Groups.Take(MaxForms))
        {
            var place = string.Create(CultureInfo.InvariantCulture, $"{group.Source}:{group.First.Line}");
            var times = group.Count > 1 ? string.Create(CultureInfo.InvariantCulture, $" ×{group.Count:#,0}") : "";
            Field(label, $"{terminal.Cyan(place)}{times}  {Cut(Tidy(group.First.Text), terminal.Width - 14 - place.Length - times.Length)}");
            label = "";
        }
        var forms = tally.Groups.Count();
        if (forms > MaxForms) Field("", terminal.Dim(string.Create(CultureInfo.InvariantCulture, $"and {forms - MaxForms} more forms")));
        var sources = tally.Sources.ToList();
        if (sources.Count > 1) Field("in", Wrapped(string.Join(", ", sources.Take(MaxSources).Select(s => string.Create(CultureInfo.InvariantCulture, $"{s.Key} ({s.Value:#,0})"))) + (sources.Count > MaxSources ? $", {sources.Count - MaxSources} more" : ""), 10));
        var pointed = tally.Groups.SelectMany(g => entry.Signatures.Where(s => string.Equals(s.Id, g.First.Signature, StringComparison.Ordinal))).SelectMany(s => s.Causes).ToHashSet(StringComparer.Ordinal);
        var causes = entry.Causes.OrderByDescending(c => pointed.Contains(c.Id)).ThenByDescending(c => c.Prior).ToList();
        Field("causes", Wrapped(string.Join(" · ", causes.Take(MaxCauses).Select(c => c.Title)) + (causes.Count > MaxCauses ? " · …" : ""), 10));
        var fix = causes.SelectMany(c => c.Fixes).Select(id => entry.Fixes.FirstOrDefault(f => string.Equals(f.Id, id, StringComparison.Ordinal))).FirstOrDefault(f => f is not null) ?? entry.Fixes[0];
        Field("do", Wrapped(fix.Does, 10));
        Field("more", terminal.Cyan($"tocsin explain {entry.Id}"));
        terminal.Out.WriteLine();
    }

    private static string Rivals(EntryTally tally)
    {
        var rivals = tally.Groups.SelectMany(g => g.First.Rivals).Distinct(StringComparer.Ordinal).Take(3).ToList();
        return rivals.Count == 0 ? "another component" : string.Join(" or ", rivals);
    }

    private void Field(string label, string text) => terminal.Out.WriteLine($"  {terminal.Dim(label.PadRight(7))} {text}");

    private string Severity(Says says, string id) => says switch
    {
        Says.Cause or Says.Component => terminal.Red(terminal.Bold(id)),
        Says.Symptom => terminal.Yellow(terminal.Bold(id)),
        _ => terminal.Bold(id),
    };

    private static string Span(Instant first, Instant last) =>
        first == last || first.InUtc().Date != last.InUtc().Date
            ? first == last ? $"{first:uuuu-MM-dd HH:mm:ss} UTC" : $"{first:uuuu-MM-dd HH:mm} to {last:uuuu-MM-dd HH:mm} UTC"
            : $"{first:uuuu-MM-dd HH:mm:ss} to {last:HH:mm:ss} UTC";

    private static string Tidy(string text) => Redactor.Default.Redact(PlainText.Of(text));

    private static string Cut(string text, int width) => text.Length <= Math.Max(20, width) ? text : text[..(Math.Max(20, width) - 1)] + "…";

    private string Wrapped(string text, int indent) => PlainText.Wrap(text, terminal.Width - indent, indent);
}
