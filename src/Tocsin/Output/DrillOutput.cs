using System.Globalization;
using Markdig;
using Tocsin.Cli.Commands.Diagnose;
using Tocsin.Cli.Rendering;
using Tocsin.Cli.Setup;
using Tocsin.Collect.Probes;

namespace Tocsin.Cli.Output;

/// <summary>A drill as text, Markdown, HTML or JSON. The first three are one document.</summary>
internal static class DrillOutput
{
    private const string Style =
        "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}code,pre{background:#f2f4f7;border-radius:4px;padding:.1em .3em;overflow-wrap:anywhere}"
        + "pre{padding:.8em;overflow-x:auto}blockquote{border-left:.4rem solid #c2410c;margin:0;padding:.2rem 1rem;background:#fff3e8}@media(prefers-color-scheme:dark){body{color:#e6e9ee;background:#14171c}code,pre{background:#232830}blockquote{background:#33231a}}";

    public static string Write(DrillOutcome outcome, string format, Terminal terminal) => format switch
    {
        "json" => DrillJson.Write(outcome),
        "md" => DrillPage.Of(outcome).TrimEnd(),
        "html" => Html(outcome),
        _ => TerminalMarkdown.Render(DrillPage.Of(outcome), new TerminalStyle(terminal.Width, terminal.Colour)).TrimEnd(),
    };

    /// <summary>One result as it comes.</summary>
    public static string Progress(ProbeResult result, Terminal terminal)
    {
        var seen = result.Observation;
        var mark = seen.IsEvidence ? terminal.Green("seen") : terminal.Yellow(seen.Status.ToString().ToLowerInvariant());
        return string.Create(CultureInfo.InvariantCulture, $"  {mark} {PlainText.Of(seen.Name)} {terminal.Dim($"{result.Took.TotalMilliseconds:0} ms")}");
    }

    private static string Html(DrillOutcome outcome)
    {
        var body = new HtmlText(Markdown.ToHtml(DrillPage.Of(outcome), GuideMarkdown.Pipeline));
        var title = $"Drill of {outcome.Bundle.Environment}";
        return HtmlText.Of(
            $"""
            <!doctype html>
            <html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title>
            <style>{new HtmlText(Style)}</style></head><body><main>
            {body}
            </main></body></html>
            """).Html;
    }
}

/// <summary>Text from elsewhere inside Markdown: it stays text, on one line.</summary>
internal static class MarkdownSafe
{
    public static string Text(string text) => MarkdownText.Escape(PlainText.Of(text));

    public static string Code(string text) => MarkdownText.Code(PlainText.Of(text));
}
