using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Tocsin.Cli.Setup;
using Tocsin.Core.Matching;
using Tocsin.Core.Signals;

namespace Tocsin.Cli.Output;

/// <summary>Shared ways of writing JSON: camelCase, RFC 3339 UTC, no escapes that a person would have to undo.</summary>
internal static class Json
{
    public static readonly JsonWriterOptions Line = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    public static readonly JsonWriterOptions Indented = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Indented = true };

    public static string Write(JsonWriterOptions options, Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, options)) write(writer);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    public static void Time(this Utf8JsonWriter writer, string name, EventTime? time)
    {
        if (time is { } at) writer.WriteString(name, at.ToString());
    }

    /// <summary>Captures of a <see cref="ShownMatch"/>: their secrets are taken out already.</summary>
    public static void Captures(this Utf8JsonWriter writer, IEnumerable<Capture> captures)
    {
        writer.WriteStartObject("captures");
        foreach (var capture in captures) writer.WriteString(capture.Name, capture.Value);
        writer.WriteEndObject();
    }

    public static void Texts(this Utf8JsonWriter writer, string name, IEnumerable<string> texts)
    {
        writer.WriteStartArray(name);
        foreach (var text in texts) writer.WriteStringValue(text);
        writer.WriteEndArray();
    }
}

/// <summary>One object per event and entry as it is found, and a summary last.</summary>
internal sealed class NdjsonScanOutput(Terminal terminal, bool live) : ScanOutput
{
    public override void End(ScanSummary summary)
    {
        terminal.Out.WriteLine(Json.Write(Json.Line, w =>
        {
            w.WriteStartObject();
            w.WriteStartObject("summary");
            w.WriteNumber("bytes", summary.Bytes);
            w.WriteNumber("lines", summary.Lines);
            w.WriteNumber("seconds", Math.Round(summary.Seconds, 3));
            w.WriteStartObject("counts");
            foreach (var entry in Tally.Entries) w.WriteNumber(entry.Entry.Id, entry.Count);
            w.WriteEndObject();
            w.WriteEndObject();
            w.WriteEndObject();
        }));
    }

    protected override void Show(string source, Match match)
    {
        var shown = ShownMatch.Of(match);
        terminal.Out.WriteLine(Json.Write(Json.Line, w =>
        {
            w.WriteStartObject();
            w.WriteString("error", match.Entry.Id);
            w.WriteString("signature", match.Signature);
            w.WriteString("file", source);
            w.WriteNumber("line", match.Line);
            w.WriteNumber("offset", match.Offset);
            w.Captures(shown.Captures);
            w.WriteString("text", shown.Text);
            if (shown.Before.Length + shown.After.Length > 0)
            {
                w.Texts("before", shown.Before);
                w.Texts("after", shown.After);
            }
            w.WriteEndObject();
        }));
        if (live) terminal.Out.Flush();
    }
}

/// <summary>One document at the end: every entry with counts, sources, minutes and forms.</summary>
internal sealed class JsonScanOutput(Terminal terminal) : ScanOutput
{
    private const int MaxForms = 100;

    // Piece by piece: the whole document at once would be the largest thing in memory.
    public override void End(ScanSummary summary)
    {
        var pieces = new ArrayBufferWriter<byte>(4096);
        using var w = new Utf8JsonWriter(pieces, Json.Indented);
        w.WriteStartObject();
        w.WriteNumber("bytes", summary.Bytes);
        w.WriteNumber("lines", summary.Lines);
        w.WriteNumber("seconds", Math.Round(summary.Seconds, 3));
        w.WriteBoolean("stopped", summary.Stopped);
        w.WriteStartArray("errors");
        foreach (var entry in Tally.Entries) WriteEntry(w, entry, pieces);
        w.WriteEndArray();
        w.WriteEndObject();
        Pass(w, pieces);
        terminal.Out.WriteLine();
    }

    private void Pass(Utf8JsonWriter w, ArrayBufferWriter<byte> pieces)
    {
        w.Flush();
        terminal.Out.Write(Encoding.UTF8.GetString(pieces.WrittenSpan));
        pieces.ResetWrittenCount();
    }

    protected override void Show(string source, Match match)
    {
        // Everything is told at the end, from the tally.
    }

    private void WriteEntry(Utf8JsonWriter w, EntryTally entry, ArrayBufferWriter<byte> pieces)
    {
        w.WriteStartObject();
        w.WriteString("error", entry.Entry.Id);
        w.WriteString("title", entry.Entry.Title);
        w.WriteString("layer", entry.Entry.Layer);
        w.WriteNumber("score", Match.ScoreOf(entry.Strongest));
        w.WriteNumber("count", entry.Count);
        w.Time("first", entry.First);
        w.Time("last", entry.Last);
        w.WriteStartObject("sources");
        foreach (var source in entry.Sources) w.WriteNumber(source.Source, source.Count);
        w.WriteEndObject();
        w.WriteStartObject("minutes");
        foreach (var minute in entry.Minutes) w.WriteNumber(minute.Minute.ToString(), minute.Count);
        w.WriteEndObject();
        w.WriteStartArray("forms");
        foreach (var group in entry.Groups.Take(MaxForms))
        {
            WriteGroup(w, group);
            Pass(w, pieces);
        }
        w.WriteEndArray();
        w.Texts("causes", entry.Entry.Causes.OrderByDescending(c => c.Prior).Select(c => $"{entry.Entry.Id}/{c.Id}"));
        w.WriteEndObject();
    }

    private static void WriteGroup(Utf8JsonWriter w, ErrorGroup group)
    {
        var shown = ShownMatch.Of(group.First);
        w.WriteStartObject();
        w.WriteString("fingerprint", group.Fingerprint);
        w.WriteNumber("count", group.Count);
        w.WriteString("signature", group.First.Signature);
        w.WriteString("file", group.Source);
        w.WriteNumber("line", group.First.Line);
        w.WriteNumber("offset", group.First.Offset);
        w.Captures(shown.Captures);
        w.WriteString("text", shown.Text);
        w.Texts("alsoMatches", group.First.Rivals);
        w.WriteEndObject();
    }
}
