using System.Globalization;
using System.Text.Json;
using Tocsin.Cli.Setup;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;

namespace Tocsin.Cli.Output;

/// <summary>An explanation for a person, for a program, and in bulk.</summary>
internal static class ExplainOutput
{
    private const int MaxSeen = 3;
    private const int MaxRuledOut = 3;

    public static string ToNdjson(JsonElement id, Explanation explanation) => Json.Write(Json.Line, w =>
    {
        w.WriteStartObject();
        w.WritePropertyName("id");

        // As it was given: a number beyond any type, or half a surrogate pair, comes back the same.
        w.WriteRawValue(id.GetRawText(), skipInputValidation: true);
        WriteVerdict(w, explanation);
        w.WriteStartArray("candidates");
        foreach (var candidate in explanation.Candidates)
        {
            w.WriteStartObject();
            w.WriteString("error", candidate.Entry.Id);
            w.WriteNumber("score", candidate.Score);
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WriteEndObject();
    });

    public static string ToJson(Explanation explanation) => Json.Write(Json.Indented, w =>
    {
        w.WriteStartObject();
        WriteVerdict(w, explanation);
        w.WriteStartArray("candidates");
        foreach (var candidate in explanation.Candidates) WriteCandidate(w, candidate);
        w.WriteEndArray();
        w.WriteStartArray("against");
        foreach (var against in explanation.Against)
        {
            w.WriteStartObject();
            w.WriteString("error", against.Entry);
            w.WriteString("signature", against.Signature);
            w.WriteString("because", against.Because);
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WriteEndObject();
    });

    public static void Write(Terminal terminal, Explanation explanation, IEnumerable<RuledOut> ruledOut, string? nearId)
    {
        if (!explanation.IsKnown)
        {
            terminal.Out.WriteLine($"{terminal.Yellow(terminal.Bold("unknown"))}  nothing in the error reference matches this text");
            terminal.Out.WriteLine(nearId is null
                ? $"  {terminal.Dim("once you know what it is:")} {terminal.Cyan("tocsin catalog new LAYER/ID")}"
                : $"  did you mean {terminal.Cyan($"tocsin explain {nearId}")}?");
        }
        var report = new Report(terminal);
        foreach (var candidate in explanation.Candidates) WriteCandidate(terminal, report, candidate);
        foreach (var (entry, words) in ruledOut.Take(MaxRuledOut))
            terminal.Out.WriteLine(terminal.Dim($"not {entry}: \"{words}\" in the text speaks against it"));
    }

    private static void WriteVerdict(Utf8JsonWriter w, Explanation explanation) => w.WriteString("verdict", explanation.IsKnown ? "known" : "unknown");

    private static void WriteCandidate(Utf8JsonWriter w, Candidate candidate)
    {
        w.WriteStartObject();
        w.WriteString("error", candidate.Entry.Id);
        w.WriteNumber("score", candidate.Score);
        w.WriteString("title", candidate.Entry.Title);
        w.WriteString("summary", candidate.Entry.Summary);
        w.WriteStartArray("matches");
        foreach (var match in candidate.Matches)
        {
            var shown = ShownMatch.Of(match);
            w.WriteStartObject();
            w.WriteString("signature", match.Signature);
            w.WriteNumber("line", match.Line);
            w.Captures(shown.Captures);
            w.WriteString("text", shown.Text);
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WriteStartArray("causes");
        foreach (var cause in Ordered(candidate))
        {
            w.WriteStartObject();
            w.WriteString("cause", $"{candidate.Entry.Id}/{cause.Id}");
            w.WriteString("title", cause.Title);
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WriteString("drill", Drill(candidate.Entry));
        w.Texts("fixes", Report.FixesOf(candidate.Entry, Ordered(candidate)).Select(f => f.Does));
        w.WriteEndObject();
    }

    private static void WriteCandidate(Terminal terminal, Report report, Candidate candidate)
    {
        var entry = candidate.Entry;
        report.Heading(entry, candidate.Matches.Max(m => m.Says), terminal.Dim($"score {candidate.Score.ToString("0.00", CultureInfo.InvariantCulture)}"));
        report.Text("what", entry.Summary);
        var label = "seen";
        foreach (var match in candidate.Matches.DistinctBy(m => m.Signature, StringComparer.Ordinal).Take(MaxSeen))
        {
            var shown = ShownMatch.Of(match, PlainText.Of);
            var place = string.Create(CultureInfo.InvariantCulture, $"line {match.Line}");
            report.Line(label, $"{terminal.Cyan(place)}  {Report.Excerpt(shown.Text, report.Width - place.Length - 2, entry, match.Signature)}");
            report.Text("", string.Join(" · ", shown.Captures.Where(c => c.Value.Length > 0).Select(c => $"{c.Name} {c.Value}").Prepend($"as {match.Signature}")), terminal.Dim);
            label = "";
        }
        var rivals = candidate.Matches.SelectMany(m => m.Rivals).Distinct(StringComparer.Ordinal).ToList();
        if (rivals.Count > 0) report.Text("note", $"the same words also fit {string.Join(", ", rivals)}", terminal.Yellow);
        report.CausesAndFix(entry, Ordered(candidate), Drill(entry));
    }

    // An entry about no service in particular is looked for in all of them.
    private static string Drill(Entry entry) => EntryNames.Roles.Contains(entry.Service, StringComparer.Ordinal) ? $"tocsin drill {entry.Service}" : "tocsin drill";

    private static IReadOnlyList<Cause> Ordered(Candidate candidate) => Report.CausesOf(candidate.Entry, candidate.Matches.SelectMany(m => m.Signatures));
}
