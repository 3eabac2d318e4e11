using System.Text;
using Tocsin.Core.Catalog;
using Tocsin.Core.Platforms;

namespace Tocsin.Cli.Rendering;

/// <summary>The error reference as Markdown files. The same catalog and platform give the same bytes.</summary>
public static class ReferenceMarkdown
{
    /// <summary>README.md and one <c>layer/id.md</c> per entry, paths with slashes.</summary>
    public static IEnumerable<(string Path, string Text)> Pages(ErrorReference reference, Platform platform) =>
        reference.Entries.Select(e => (MarkdownText.Path(e.Entry), Page(e, reference, platform)))
            .Prepend(("README.md", Index(reference, platform)));

    private static string Index(ErrorReference reference, Platform platform)
    {
        var text = new StringBuilder();
        text.Append($"# {MarkdownText.Escape(platform.Name)} error reference\n\n");
        text.Append($"{EntryWords.Count(reference.Entries.Length, "known error", "known errors")}. Written by `tocsin catalog docs` from the catalog: change it there, not here.\n");
        foreach (var layer in reference.Entries.GroupBy(e => e.Entry.Layer, StringComparer.Ordinal))
        {
            text.Append($"\n## {EntryWords.Layer(layer.Key)}\n\n| error | what it means | pages |\n|---|---|---|\n");
            foreach (var entry in layer.Select(e => e.Entry))
            {
                var names = new GuideNames(platform, entry.Service);
                text.Append($"| [{MarkdownText.Escape(entry.Title)}]({MarkdownText.Path(entry)}) | {MarkdownText.Prose(names.Prose(entry.Summary))} | {Pages(entry)} |\n");
            }
        }
        return text.ToString();
    }

    private static string Pages(Entry entry) => EntryWords.Gravest(entry.Page) is { Length: > 0 } severity ? severity : "never";

    private static string Page(ReferenceEntry entry, ErrorReference reference, Platform platform)
    {
        var names = new GuideNames(platform, entry.Entry.Service);
        var guide = FilledGuide.Of(entry, reference, names);
        string[] parts =
        [
            $"# {MarkdownText.Escape(entry.Entry.Title)}",
            $"`{entry.Entry.Id}` · {EntryWords.Layer(entry.Entry.Layer)} · {entry.Entry.Component}",
            MarkdownText.Prose(names.Prose(entry.Entry.Summary)),
            Signatures(entry.Entry),
            guide,
            Causes(entry.Entry, reference),
            Fixes(entry.Entry, names),
            $"## When it pages\n\n{string.Join('\n', EntryWords.Of(entry.Entry.Page).Select(w => $"- {MarkdownText.Prose(w)}"))}",
            Related(entry.Entry, reference),
            EntryWords.Samples(entry),
        ];
        return string.Join("\n\n", parts.Where(p => p.Length > 0)) + "\n";
    }

    private static string Signatures(Entry entry)
    {
        var rows = entry.Signatures.Select(s => $"| `{s.Id}` | {EntryWords.Of(s.Says)} | {Patterns(s)} |")
            .Concat(entry.Timing.Select(t => $"| `{t.Id}` | {EntryWords.Of(t.Says)} | {MarkdownText.Prose(EntryWords.Of(t))} |"));
        return $"## What it matches\n\n| id | says | patterns |\n|---|---|---|\n{string.Join('\n', rows)}";
    }

    private static string Patterns(Signature signature)
    {
        var parts = new[] { ("all of", signature.All), ("one of", signature.Any), ("none of", signature.Not) }
            .Where(p => !p.Item2.IsEmpty)
            .Select(p => $"{p.Item1}:<br>{string.Join("<br>", p.Item2.Select(x => $"{EntryWords.Kind(x)} {MarkdownText.Code(EntryWords.Of(x))}"))}");
        var each = signature.Each.Length == 0 ? [] : new[] { $"in one element of {MarkdownText.Code(signature.Each)}" };
        return string.Join("<br>", each.Concat(parts));
    }

    private static string Causes(Entry entry, ErrorReference reference)
    {
        var rows = entry.Causes.Select(c => $"| **{MarkdownText.Prose(c.Title)}**<br>`{c.Id}` | {EntryWords.Of(c.Prior)} | {Evidence(c, reference)} | {LeadsTo(c, reference)} |");
        return $"## Evidence by cause\n\n| cause | how common | evidence | leads to |\n|---|---|---|---|\n{string.Join('\n', rows)}";
    }

    private static string Evidence(Cause cause, ErrorReference reference)
    {
        string Shown(Condition condition) => MarkdownText.Code(EntryWords.Of(condition, reference.Facts));
        var rules = cause.Evidence.OrderByDescending(r => r.For)
            .Select(r => $"{(r.For ? "for" : "against")}, {EntryWords.Of(r.Weight)}: {MarkdownText.Prose(r.Because)} ({Shown(r.When)})");
        return string.Join("<br>", cause.Requires.Select(c => $"only if {Shown(c)}").Concat(cause.Excludes.Select(c => $"ruled out if {Shown(c)}")).Concat(rules));
    }

    private static string LeadsTo(Cause cause, ErrorReference reference) =>
        string.Join("<br>", cause.LeadsTo.Select(id =>
        {
            var parts = id.Split('/');
            return MarkdownText.Link(reference, parts[0], "../") + (parts.Length > 1 ? $": {MarkdownText.Code(parts[1])}" : "");
        }));

    private static string Fixes(Entry entry, GuideNames names)
    {
        string Say(string text) => MarkdownText.Prose(names.Prose(text));
        var fixes = entry.Fixes.Select(f =>
        {
            List<string> lines = [$"### {MarkdownText.Prose(f.Title)}", "", $"- Do: {Say(f.Does)}", $"- Verify: {Say(f.Verify)}"];
            if (f.Follows) lines.Add($"- When: {Fix.WhenItFollows}");
            if (f.Undo.Length > 0) lines.Add($"- Undo: {Say(f.Undo)}");
            if (f.NoUndo.Length > 0) lines.Add($"- Cannot be undone: {Say(f.NoUndo)}");
            if (f.Action.Length > 0) lines.Add($"- Guarded action: `{f.Action}`");
            return string.Join('\n', lines);
        });
        return $"## Fixes: verify and undo\n\n{string.Join("\n\n", fixes)}";
    }

    private static string Related(Entry entry, ErrorReference reference) =>
        entry.Related.IsEmpty ? "" : $"## Related\n\n{string.Join('\n', entry.Related.Select(id => $"- {MarkdownText.Link(reference, id, "../")}"))}";
}
