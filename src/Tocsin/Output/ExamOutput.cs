using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Tocsin.Cli.Commands.Lab;
using Tocsin.Cli.Rendering;
using Tocsin.Cli.Setup;
using Tocsin.Core.Diagnosis;
using Tocsin.Lab.Faults;

namespace Tocsin.Cli.Output;

/// <summary>The exam's tables: each fault, what was taken for what, and how often each verdict was right.</summary>
internal static class ExamOutput
{
    private const int Podium = 3;

    public static string Write(ImmutableArray<ExamRow> rows, string format, Terminal terminal) => format switch
    {
        "json" => ToJson(rows),
        "md" => Page(rows).TrimEnd(),
        _ => TerminalMarkdown.Render(Page(rows), new TerminalStyle(terminal.Width, terminal.Colour)).TrimEnd(),
    };

    /// <summary>One answer as it comes.</summary>
    public static string Line(ExamRow row) => string.Create(CultureInfo.InvariantCulture, $"{(row.Right ? "right" : "WRONG")}  {row.Fault.Id} {FaultVariants.Name(row.Variant)}: {row.Verdict?.ToString() ?? "not asked"} {row.Top1} (rank {row.Rank} of {row.Expected}) {row.Seconds:0.0} s {PlainText.Of(row.Note)}{(row is { Landed: false, Answered: true } ? " · did not land" : "")}{(row.Repair is { } r ? $" · {Repaired(r, row.Fault)}" : "")}");

    private static string Repaired(RepairResult repair, Fault fault) => repair.Tried.IsEmpty ? "no fix by itself" : $"{(repair.Healthy ? "repaired" : fault.ByHand.Length > 0 ? "not repaired, as no action can," : "NOT REPAIRED")} by {PlainText.Of(string.Join(", then ", repair.Tried))}{(repair.Beside.IsEmpty ? "" : $", beside {string.Join(", ", repair.Beside)}")}{string.Concat(repair.Undone.Select(u => $"; {Taken(u)}"))}";

    private static string Taken(UndoResult undo) => $"{undo.Action} {(undo.Done switch { true => "taken back", false => "NOT TAKEN BACK", null => "is not taken back" })} ({PlainText.Of(undo.Words)})";

    private static bool HasCause(ExamRow row) => row.Variant is FaultVariant.Plain or FaultVariant.RedHerring or FaultVariant.Two;

    private static string Page(ImmutableArray<ExamRow> rows)
    {
        var page = new StringBuilder("# Exam\n\n");
        var asked = rows.Where(HasCause).ToList();
        page.Append(CultureInfo.InvariantCulture, $"{rows.Count(r => r.Right)} of {rows.Length} right; top-1 {Share(asked, r => r.Rank == 1)}, top-3 {Share(asked, r => r.Rank is > 0 and <= Podium)}; median {Median(rows):0.0} s\n\n");
        page.Append("| fault | variant | verdict | top-1 | top-3 | found | s | probes | coverage | |\n|---|---|---|---|---|---|---|---|---|---|\n");
        foreach (var row in rows)
        {
            page.Append(CultureInfo.InvariantCulture, $"| {row.Fault.Id} | {FaultVariants.Name(row.Variant)} | {row.Verdict?.ToString() ?? "-"} | {Yes(row.Rank == 1)} | {Yes(row.Rank is > 0 and <= Podium)} | {MarkdownSafe.Text(row.Top1)} | {row.Seconds:0.0} | {row.Probes} | {row.Coverage:P0} | {(row.Right ? "" : "**wrong** ")}{MarkdownSafe.Text(row.Note)} |\n");
        }
        Confusion(page, asked);
        Calibration(page, asked);
        Abstentions(page, rows);
        Repairs(page, rows);
        return page.ToString();
    }

    private static void Confusion(StringBuilder page, List<ExamRow> asked)
    {
        var wrong = asked.Where(r => r.Rank != 1).GroupBy(r => (r.Expected, r.Top1)).OrderByDescending(g => g.Count()).ToList();
        if (wrong.Count == 0) return;
        page.Append("\n## Taken for another\n\n| cause | taken for | times |\n|---|---|---|\n");
        foreach (var pair in wrong) page.Append(CultureInfo.InvariantCulture, $"| {pair.Key.Expected} | {(pair.Key.Top1.Length > 0 ? pair.Key.Top1 : "nothing")} | {pair.Count()} |\n");
    }

    private static void Calibration(StringBuilder page, List<ExamRow> asked)
    {
        page.Append("\n## How sure, how right\n\n| verdict | said | right cause first |\n|---|---|---|\n");
        foreach (var verdict in Enum.GetValues<Verdict>())
        {
            var said = asked.Where(r => r.Verdict == verdict).ToList();
            if (said.Count > 0) page.Append(CultureInfo.InvariantCulture, $"| {verdict} | {said.Count} | {Share(said, r => r.Rank == 1)} |\n");
        }
    }

    private static void Abstentions(StringBuilder page, ImmutableArray<ExamRow> rows)
    {
        page.Append("\n## By variant\n\n| variant | asked | right | named no cause |\n|---|---|---|---|\n");
        foreach (var variant in rows.GroupBy(r => r.Variant))
            page.Append(CultureInfo.InvariantCulture, $"| {FaultVariants.Name(variant.Key)} | {variant.Count()} | {variant.Count(r => r.Right)} | {variant.Count(r => r.Verdict is not (Verdict.Confirmed or Verdict.Likely))} |\n");
    }

    private static void Repairs(StringBuilder page, ImmutableArray<ExamRow> rows)
    {
        var tried = rows.Where(r => r.Repair is { Tried.IsEmpty: false }).ToList();
        if (tried.Count == 0) return;
        var (owed, byHand) = (tried.FindAll(r => r.Fault.ByHand.Length == 0), tried.FindAll(r => r.Fault.ByHand.Length > 0));
        page.Append(CultureInfo.InvariantCulture, $"\n## Repaired\n\n{Share(owed, r => r.Repair!.Healthy)} with a fix that needs nobody's knowledge; something else changed in {tried.Count(r => !r.Repair!.Beside.IsEmpty)} of {tried.Count}. In {byHand.Count} more what was broken lies where no action reaches.\n\n{Undos(tried)}\n\n| fault | healthy again | by | afterwards |\n|---|---|---|---|\n");
        foreach (var row in tried) page.Append(CultureInfo.InvariantCulture, $"| {row.Fault.Id} | {(row.Fault.ByHand.Length == 0 || row.Repair!.Healthy ? Yes(row.Repair!.Healthy) : MarkdownSafe.Text($"by hand: {row.Fault.ByHand}"))} | {MarkdownSafe.Text(string.Join("; ", row.Repair!.Tried.AddRange(row.Repair.Beside.Select(b => $"beside: {b}"))))} | {MarkdownSafe.Text(string.Join("; ", row.Repair.Undone.Select(Taken)))} |\n");
    }

    private static string Undos(List<ExamRow> tried)
    {
        var undone = tried.SelectMany(r => r.Repair!.Undone).ToList();
        return string.Create(CultureInfo.InvariantCulture, $"Taken back {undone.Count(u => u.Done is true)} of {undone.Count(u => u.Done is not null)} that can be; {undone.Count(u => u.Done is null)} cannot.");
    }

    private static string ToJson(ImmutableArray<ExamRow> rows) => Json.Write(Json.Indented, w =>
    {
        w.WriteStartObject();
        w.WriteStartArray("faults");
        foreach (var row in rows)
        {
            w.WriteStartObject();
            w.WriteString("fault", row.Fault.Id);
            w.WriteString("entry", row.Fault.Entry);
            w.WriteString("cause", row.Expected);
            w.WriteString("variant", FaultVariants.Name(row.Variant));
            w.WriteBoolean("landed", row.Landed);
            w.WriteString("verdict", row.Verdict is { } verdict ? JsonNamingPolicy.CamelCase.ConvertName(verdict.ToString()) : "notAsked");
            w.WriteString("top1", row.Top1);
            w.WriteNumber("rank", row.Rank);
            w.WriteNumber("seconds", Math.Round(row.Seconds, 3));
            w.WriteNumber("probes", row.Probes);
            w.WriteNumber("coverage", Math.Round(row.Coverage, 3));
            w.WriteBoolean("right", row.Right);
            w.WriteString("note", row.Note);
            if (row.Repair is { } repair) Write(w, repair, row.Fault);
            w.WriteEndObject();
        }
        w.WriteEndArray();
        var asked = rows.Where(HasCause).ToList();
        w.WriteStartObject("summary");
        w.WriteNumber("asked", rows.Length);
        w.WriteNumber("right", rows.Count(r => r.Right));
        w.WriteNumber("top1", asked.Count(r => r.Rank == 1));
        w.WriteNumber("top3", asked.Count(r => r.Rank is > 0 and <= Podium));
        w.WriteNumber("medianSeconds", Math.Round(Median(rows), 3));
        w.WriteEndObject();
        w.WriteEndObject();
    });

    private static void Write(Utf8JsonWriter w, RepairResult repair, Fault fault)
    {
        w.WriteStartObject("repair");
        w.Texts("tried", repair.Tried);
        w.WriteBoolean("healthy", repair.Healthy);
        if (fault.ByHand.Length > 0) w.WriteString("byHand", fault.ByHand);
        w.Texts("beside", repair.Beside);
        w.WriteStartArray("undone");
        foreach (var undo in repair.Undone)
        {
            w.WriteStartObject();
            w.WriteString("action", undo.Action);
            if (undo.Done is { } taken) w.WriteBoolean("done", taken);
            else w.WriteNull("done");
            w.WriteString("words", undo.Words);
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WriteEndObject();
    }

    private static string Share(IReadOnlyCollection<ExamRow> rows, Func<ExamRow, bool> holds) => rows.Count == 0 ? "-" : string.Create(CultureInfo.InvariantCulture, $"{rows.Count(holds)} of {rows.Count}");

    private static string Yes(bool value) => value ? "yes" : "no";

    private static double Median(ImmutableArray<ExamRow> rows)
    {
        var sorted = rows.Where(r => r.Verdict is not null).Select(r => r.Seconds).Order().ToList();
        return sorted.Count == 0 ? 0 : sorted[sorted.Count / 2];
    }
}
