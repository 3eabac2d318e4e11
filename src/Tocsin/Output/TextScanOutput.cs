using System.Globalization;
using Tocsin.Cli.Setup;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;
using Tocsin.Core.Signals;

namespace Tocsin.Cli.Output;

/// <summary>For a person: what it is, where, how often, since when, what causes it, what to do, and the command that says more.</summary>
internal sealed class TextScanOutput(Terminal terminal, bool withContext, bool live) : ScanOutput
{
    private const int MaxForms = 3;
    private const int MaxSources = 3;
    private const int WorthADigest = 3;
    private const int MaxBars = 40;
    private const string Bars = "▁▂▃▄▅▆▇█";
    private readonly Report report = new(terminal);

    public override void End(ScanSummary summary)
    {
        var found = Tally.Entries;
        if (live || (withContext && found.Count > 0)) terminal.Out.WriteLine();
        foreach (var tally in found) WriteEntry(tally, found);
        var what = found.Count switch
        {
            0 => terminal.Green("no known error"),
            1 => terminal.Bold("1 known error"),
            var n => terminal.Bold(string.Create(CultureInfo.InvariantCulture, $"{n} known errors")),
        };
        var logs = summary.Sources == 1 ? "log" : "logs";
        terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{what} in {summary.Sources} {logs} ({ProgressLine.Size(summary.Bytes)}, {summary.Lines:#,0} {(summary.Lines == 1 ? "line" : "lines")}, {summary.Seconds:0.00} s)"));
        if (found.Count >= WorthADigest) WriteDigest(found);
        if (summary.Stopped) terminal.Out.WriteLine(terminal.Yellow("stopped before the end: this is what was found so far"));
    }

    protected override void Show(string source, Match match)
    {
        if (!withContext && !live) return;
        var shown = ShownMatch.Of(match, PlainText.Of);
        var place = terminal.Cyan(Place(source, match.Line));
        if (withContext)
        {
            terminal.Out.WriteLine($"{place}  {report.Named(match.Entry.Id, match.Says)}");
            foreach (var line in shown.Before) terminal.Out.WriteLine(terminal.Dim($"  {line}"));
            terminal.Out.WriteLine($"> {shown.Text}");
            foreach (var line in shown.After) terminal.Out.WriteLine(terminal.Dim($"  {line}"));
            terminal.Out.WriteLine();
        }
        else
        {
            terminal.Out.WriteLine($"{place}  {report.Named(match.Entry.Id, match.Says)}  {shown.Text}");
        }
        if (live) terminal.Out.Flush();
    }

    private void WriteEntry(EntryTally tally, IReadOnlyList<EntryTally> all)
    {
        var entry = tally.Entry;
        report.Heading(entry, tally.Strongest, terminal.Bold(Times(tally.Count)));
        var groups = tally.Groups;
        WriteForms(tally, groups);
        var sources = tally.Sources;
        if (sources.Count > 1)
        {
            var named = sources.Take(MaxSources).Select(s => string.Create(CultureInfo.InvariantCulture, $"{PlainText.Of(s.Source)} ({s.Count:#,0})"));
            report.Text("in", string.Join(", ", named) + (sources.Count > MaxSources ? string.Create(CultureInfo.InvariantCulture, $" and {sources.Count - MaxSources} more logs") : ""));
        }
        WriteTimes(tally);
        if (tally.Strongest == Says.Hint || all.Count > 1) WriteNotes(tally, all);
        report.CausesAndFix(entry, Report.CausesOf(entry, Signatures(groups)));
    }

    private static List<string> Signatures(IReadOnlyList<ErrorGroup> groups)
    {
        var found = new List<string>();
        foreach (var group in groups)
        {
            foreach (var signature in group.First.Signatures)
            {
                if (!found.Contains(signature)) found.Add(signature);
            }
        }
        return found;
    }

    private void WriteForms(EntryTally tally, IReadOnlyList<ErrorGroup> groups)
    {
        var places = new string[groups.Count <= MaxForms + 1 ? groups.Count : MaxForms];
        var column = 0;
        for (var i = 0; i < places.Length; i++)
        {
            places[i] = Place(groups[i].Source, groups[i].First.Line) + (groups[i].Count > 1 && groups.Count > 1 ? $" {Times(groups[i].Count)}" : "");
            column = Math.Max(column, places[i].Length);
        }
        var label = "where";
        for (var i = 0; i < places.Length; i++)
        {
            var (group, place) = (groups[i], places[i]);
            var text = ShownMatch.Of(group.First, PlainText.Of).Text;
            if (column > report.Width / 2)
            {
                report.Line(label, terminal.Cyan(place));
                report.Line("", Report.Excerpt(text, report.Width, tally.Entry, group.First.Signature));
            }
            else
            {
                report.Line(label, $"{terminal.Cyan(place)}{PlainText.Blanks(column - place.Length)}  {Report.Excerpt(text, report.Width - column - 2, tally.Entry, group.First.Signature)}");
            }
            label = "";
        }
        if (groups.Count > places.Length) report.Line("", terminal.Dim(string.Create(CultureInfo.InvariantCulture, $"and {groups.Count - places.Length:#,0} more forms of it")));
    }

    private void WriteTimes(EntryTally tally)
    {
        if (tally.First is not { } first || tally.Last is not { } last) return;
        var bars = Histogram(tally);
        report.Line("when", Span(first, last) + (bars.Length == 0 ? "" : $"  {terminal.Dim(bars)}"));
    }

    private void WriteNotes(EntryTally tally, IReadOnlyList<EntryTally> all)
    {
        var id = tally.Entry.Id;

        // What the very same lines may be is a rival; what stands in other lines may be what came before.
        var rivals = tally.Groups.SelectMany(g => g.First.Rivals).Distinct(StringComparer.Ordinal).ToList();
        var before = all.Where(o => o != tally && !rivals.Contains(o.Entry.Id, StringComparer.Ordinal) && o.Entry.Causes.Any(c => c.LeadsTo.Any(l => string.Equals(l.Split('/')[0], id, StringComparison.Ordinal)))).Select(o => o.Entry.Id).ToList();
        if (before.Count > 0) report.Text("note", $"may only follow from {string.Join(" or ", before)}, which is in these logs too", terminal.Yellow);
        if (tally.Strongest != Says.Hint) return;
        report.Text("note", $"the text alone cannot decide; it may also be {(rivals.Count == 0 ? "another component" : string.Join(" or ", rivals.Take(3)))}", terminal.Yellow);
    }

    // Whoever has scrolled to the end sees everything once more, without going back.
    private void WriteDigest(IReadOnlyList<EntryTally> found)
    {
        var width = found.Max(t => t.Entry.Id.Length);
        var counts = found.Max(t => Times(t.Count).Length);
        foreach (var tally in found)
        {
            var since = tally.First is { } first ? terminal.Dim($"  since {Shown(first, "yyyy-MM-dd HH:mm:ss")}") : "";
            terminal.Out.WriteLine($"  {report.Named(tally.Entry.Id, tally.Strongest)}{new string(' ', width - tally.Entry.Id.Length)}  {Times(tally.Count).PadLeft(counts)}{since}");
        }
    }

    // How often over the time it was seen, in equal steps of whole minutes.
    private static string Histogram(EntryTally tally)
    {
        var minutes = tally.Minutes;
        var span = minutes.Count < 2 ? 0 : (int)Math.Min((minutes[^1].Minute - minutes[0].Minute).TotalMinutes, int.MaxValue - 1) + 1;
        if (span < 3) return "";
        var step = (span + MaxBars - 1) / MaxBars;
        var counts = new long[(span + step - 1) / step];
        foreach (var minute in minutes) counts[(int)(minute.Minute - minutes[0].Minute).TotalMinutes / step] += minute.Count;
        var most = counts.Max();
        return string.Concat(counts.Select(c => c == 0 ? ' ' : Bars[(int)((c * Bars.Length - 1) / most)])).TrimEnd();
    }

    private static string Span(EventTime first, EventTime last) => first switch
    {
        _ when first == last => $"{Shown(first, "yyyy-MM-dd HH:mm:ss")} UTC",
        _ when first.Utc.Date == last.Utc.Date => $"{Shown(first, "yyyy-MM-dd HH:mm:ss")} to {Shown(last, "HH:mm:ss")} UTC",
        _ => $"{Shown(first, "yyyy-MM-dd HH:mm")} to {Shown(last, "yyyy-MM-dd HH:mm")} UTC",
    };

    private static string Shown(EventTime time, string pattern) => time.Utc.ToString(pattern, CultureInfo.InvariantCulture);

    private static string Times(long count) => string.Create(CultureInfo.InvariantCulture, $"×{count:#,0}");

    private static string Place(string source, long line) => string.Create(CultureInfo.InvariantCulture, $"{PlainText.Of(source)}:{line}");
}
