using System.Globalization;
using System.Text.Json;
using Tocsin.Cli.Setup;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;
using Tocsin.Core.Signals;

namespace Tocsin.Cli.Output;

/// <summary>An explanation for a person, for a program, and in bulk.</summary>
internal static class ExplainOutput
{
    private const int MaxCauses = 5;

    public static string ToNdjson(JsonElement id, Explanation explanation) => Json.Write(Json.Line, w =>
    {
        w.WriteStartObject();
        w.WritePropertyName("id");
        id.WriteTo(w);
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

    public static void Write(Terminal terminal, Explanation explanation, string? nearId)
    {
        if (!explanation.IsKnown)
        {
            terminal.Out.WriteLine($"{terminal.Yellow(terminal.Bold("unknown"))}: nothing in the error reference matches this text");
            if (nearId is not null) terminal.Out.WriteLine($"  did you mean the entry {terminal.Cyan($"tocsin explain {nearId}")}?");
        }
        foreach (var candidate in explanation.Candidates) WriteCandidate(terminal, candidate);
        foreach (var against in explanation.Against.Where(a => !explanation.Candidates.Any(c => string.Equals(c.Entry.Id, a.Entry, StringComparison.Ordinal))))
            terminal.Out.WriteLine(terminal.Dim($"not {against.Entry}: it looks like {against.Signature}, but the text also says \"{PlainText.Of(against.Because)}\""));
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
            w.WriteStartObject();
            w.WriteString("signature", match.Signature);
            w.WriteNumber("line", match.Line);
            w.Captures(match.Captures);
            w.WriteString("text", Redactor.Default.Redact(match.Text));
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
        w.Texts("fixes", Fixes(candidate).Select(f => f.Does));
        w.WriteEndObject();
    }

    private static void WriteCandidate(Terminal terminal, Candidate candidate)
    {
        var score = candidate.Score.ToString("0.00", CultureInfo.InvariantCulture);
        terminal.Out.WriteLine($"{terminal.Bold(terminal.Red(candidate.Entry.Id))}  {score}  {candidate.Entry.Title}");
        foreach (var match in candidate.Matches.DistinctBy(m => m.Signature, StringComparer.Ordinal).Take(3))
        {
            var captures = match.Captures.Length == 0 ? "" : $" ({string.Join(", ", match.Captures.Select(c => $"{c.Name} {PlainText.Of(Redactor.Default.Redact(c.Value))}"))})";
            Field(terminal, "because", $"{match.Signature}{captures}, line {match.Line.ToString(CultureInfo.InvariantCulture)}");
        }
        var rivals = candidate.Matches.SelectMany(m => m.Rivals).Distinct(StringComparer.Ordinal).ToList();
        if (rivals.Count > 0) Field(terminal, "rivals", $"the same words also fit {string.Join(", ", rivals)}");
        Field(terminal, "causes", PlainText.Wrap(string.Join(" · ", Ordered(candidate).Take(MaxCauses).Select(c => c.Title)), terminal.Width - 11, 11));
        if (Fixes(candidate).FirstOrDefault() is { } fix) Field(terminal, "do", PlainText.Wrap(fix.Does, terminal.Width - 11, 11));
        Field(terminal, "more", terminal.Cyan($"tocsin explain {candidate.Entry.Id}"));
        terminal.Out.WriteLine();
    }

    // The causes that a matched signature points at come first, then the usual ones.
    private static IEnumerable<Cause> Ordered(Candidate candidate)
    {
        var matched = candidate.Matches.SelectMany(m => m.Signatures).ToHashSet(StringComparer.Ordinal);
        var pointed = candidate.Entry.Signatures.Where(s => matched.Contains(s.Id)).SelectMany(s => s.Causes).ToHashSet(StringComparer.Ordinal);
        return candidate.Entry.Causes.OrderByDescending(c => pointed.Contains(c.Id)).ThenByDescending(c => c.Prior);
    }

    private static IEnumerable<Fix> Fixes(Candidate candidate) =>
        Ordered(candidate).SelectMany(c => c.Fixes).Distinct(StringComparer.Ordinal)
            .Select(id => candidate.Entry.Fixes.First(f => string.Equals(f.Id, id, StringComparison.Ordinal)));

    private static void Field(Terminal terminal, string label, string text) => terminal.Out.WriteLine($"  {terminal.Dim(label.PadRight(8))} {text}");
}
