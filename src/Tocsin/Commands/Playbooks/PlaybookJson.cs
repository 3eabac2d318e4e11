using System.Collections.Immutable;
using System.Text.Json;
using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;
using Tocsin.Core.Catalog;
using Tocsin.Core.Response.Playbooks;

namespace Tocsin.Cli.Commands.Playbooks;

/// <summary>Playbooks for programs.</summary>
internal static class PlaybookJson
{
    public static void List(Terminal terminal, ImmutableArray<ProposedPlaybook> shown) => Array(terminal, shown, (w, s) =>
    {
        Head(w, s.Playbook);
        if (s.Because.Length > 0) w.WriteString("because", s.Because);
    });

    public static void Problems(Terminal terminal, IEnumerable<Problem> problems) => Array(terminal, problems, (w, p) =>
    {
        w.WriteString("file", p.Place.File);
        w.WriteNumber("line", p.Place.Line);
        w.WriteString("rule", p.Rule);
        w.WriteString("message", p.Message);
    });

    public static void Whole(Terminal terminal, Playbook book, string environment) => terminal.Out.WriteLine(Json.Write(Json.Indented, w =>
    {
        w.WriteStartObject();
        Head(w, book);
        w.WriteString("environment", environment);
        if (book.Service.Length > 0) w.WriteString("service", book.Service);
        w.WriteBoolean("ordered", book.Ordered);
        w.WriteString("intro", book.Intro);
        w.WriteStartArray("steps");
        foreach (var step in book.Steps) Step(w, step);
        w.WriteEndArray();
        w.WriteEndObject();
    }));

    private static void Head(Utf8JsonWriter w, Playbook book)
    {
        w.WriteString("id", book.Id);
        if (book.Severity is { } severity) w.WriteString("severity", severity.ToString());
        w.WriteString("title", book.Title);
        w.WriteString("about", book.About);
        w.WriteString("version", book.Digest);
    }

    private static void Step(Utf8JsonWriter w, PlaybookStep step)
    {
        w.WriteStartObject();
        w.WriteString("id", step.Id);
        w.WriteNumber("number", step.Number);
        w.WriteString("kind", step.Kind.ToString().ToLowerInvariant());
        w.WriteString("title", step.Title);
        w.WriteString("who", step.Who);
        if (step.Service.Length > 0) w.WriteString("service", step.Service);
        if (step.Within is { } within) w.WriteNumber("withinSeconds", (long)within.TotalSeconds);
        if (step.Gate) w.WriteBoolean("gate", true);
        if (step.Anytime) w.WriteBoolean("anytime", true);
        if (!step.After.IsEmpty) w.Texts("after", step.After);
        if (!step.Probes.IsEmpty) w.Texts("probes", step.Probes);
        foreach (var (name, value) in new[] { ("expect", step.Expect), ("action", step.Action), ("verify", step.Verify), ("template", step.Template), ("next", step.Next) })
        {
            if (value.Length > 0) w.WriteString(name, value);
        }
        if (!step.Branches.IsEmpty)
        {
            w.WriteStartArray("branches");
            foreach (var branch in step.Branches)
            {
                w.WriteStartObject();
                w.WriteString("when", branch.When);
                w.WriteString("to", branch.To);
                w.WriteEndObject();
            }
            w.WriteEndArray();
        }
        w.WriteString("text", step.Text);
        w.WriteEndObject();
    }

    private static void Array<T>(Terminal terminal, IEnumerable<T> items, Action<Utf8JsonWriter, T> write) => terminal.Out.WriteLine(Json.Write(Json.Indented, w =>
    {
        w.WriteStartArray();
        foreach (var item in items)
        {
            w.WriteStartObject();
            write(w, item);
            w.WriteEndObject();
        }
        w.WriteEndArray();
    }));
}
