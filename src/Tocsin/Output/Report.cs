using System.Globalization;
using Tocsin.Cli.Setup;
using Tocsin.Core.Catalog;

namespace Tocsin.Cli.Output;

/// <summary>The labelled lines under an entry's name, wrapped to the terminal, the same for scan and explain.</summary>
internal sealed class Report(Terminal terminal)
{
    private const int LabelWidth = 7;
    private const int Indent = 2 + LabelWidth + 1;
    private const int MaxCauses = 4;
    private const int LeastExcerpt = 24;

    /// <summary>Columns beside the label.</summary>
    public int Width => terminal.Width - Indent;

    public void Heading(Entry entry, Says says, string beside)
    {
        terminal.Out.WriteLine($"{Named(entry.Id, says)}  {beside}");
        terminal.Out.WriteLine($"  {PlainText.Wrap(entry.Title, terminal.Width - 2, 2)}");
    }

    /// <summary>The entry's id in the colour of how much it names.</summary>
    public string Named(string id, Says says) => says switch
    {
        Says.Cause or Says.Component => terminal.Red(terminal.Bold(id)),
        Says.Symptom => terminal.Yellow(terminal.Bold(id)),
        _ => terminal.Bold(id),
    };

    public void Line(string label, string text) => terminal.Out.WriteLine($"  {terminal.Dim(label + PlainText.Blanks(LabelWidth - label.Length))} {text}");

    /// <summary>Text wrapped beside its label; a colour goes around each line.</summary>
    public void Text(string label, string text, Func<string, string>? paint = null)
    {
        foreach (var line in PlainText.Wrap(text, Width, 0).Split('\n'))
        {
            Line(label, paint is null ? line : paint(line));
            label = "";
        }
    }

    /// <summary>The usual causes, those first that the text points at, and what to do about the first of them.</summary>
    /// <param name="drill">The command that looks for the cause, where it is to be shown.</param>
    public void CausesAndFix(Entry entry, IReadOnlyList<Cause> causes, string? drill = null)
    {
        var label = causes.Count == 1 ? "cause" : "causes";
        var shown = causes.Count <= MaxCauses + 1 ? causes.Count : MaxCauses;
        for (var i = 0; i < shown; i++)
        {
            var lines = PlainText.Wrap(causes[i].Title, Width - 2, 2);
            Line(label, $"· {lines.Replace("\n", $"\n{PlainText.Blanks(Indent)}", StringComparison.Ordinal)}");
            label = "";
        }
        if (causes.Count > MaxCauses + 1) Line("", terminal.Dim(string.Create(CultureInfo.InvariantCulture, $"and {causes.Count - MaxCauses} more")));
        if (FixesOf(entry, causes).FirstOrDefault() is { } fix) Text("do", fix.Does);
        if (drill is not null) Line("drill", terminal.Cyan(drill));
        Line("next", terminal.Cyan($"tocsin explain {entry.Id}"));
        terminal.Out.WriteLine();
    }

    public static IEnumerable<Fix> FixesOf(Entry entry, IEnumerable<Cause> causes) =>
        entry.FixesOf(causes.SelectMany(c => c.Fixes).Distinct(StringComparer.Ordinal));

    /// <summary>The causes that a matched signature points at come first, then the usual ones.</summary>
    public static IReadOnlyList<Cause> CausesOf(Entry entry, IEnumerable<string> signatures)
    {
        var matched = new HashSet<string>(signatures, StringComparer.Ordinal);
        var pointed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var signature in entry.Signatures)
        {
            if (!matched.Contains(signature.Id)) continue;
            foreach (var cause in signature.Causes) pointed.Add(cause);
        }
        var ordered = new List<Cause>(entry.Causes.Length);
        foreach (var cause in entry.Causes)
        {
            var at = ordered.Count;
            while (at > 0 && ComesBefore(cause, ordered[at - 1], pointed)) at--;
            ordered.Insert(at, cause);
        }
        return ordered;
    }

    private static bool ComesBefore(Cause one, Cause other, HashSet<string> pointed)
    {
        var isPointed = pointed.Contains(one.Id);
        return isPointed != pointed.Contains(other.Id) ? isPointed : one.Prior > other.Prior;
    }

    /// <summary>A line cut to the width around the words by which the signature was found, which in a long line stand far from its start.</summary>
    public static string Excerpt(string text, int width, Entry entry, string signature)
    {
        width = Math.Max(width, LeastExcerpt);
        if (text.Length <= width) return text;
        var literals = entry.Signatures.FirstOrDefault(s => string.Equals(s.Id, signature, StringComparison.Ordinal))?.RequiredLiterals ?? default;
        var at = literals.IsDefaultOrEmpty ? -1 : literals.Select(l => text.IndexOf(l, StringComparison.OrdinalIgnoreCase)).Where(i => i >= 0).DefaultIfEmpty(-1).Min();
        var start = at < width * 2 / 3 ? 0 : Math.Min(at - (width / 3), text.Length - width + 1);
        var length = Math.Min(text.Length - start, width - (start > 0 ? 1 : 0));
        var cut = start + length < text.Length;
        return $"{(start > 0 ? "…" : "")}{text.AsSpan(start, length - (cut ? 1 : 0))}{(cut ? "…" : "")}";
    }
}
