using System.Text;
using Tocsin.Core.Catalog;
using Tocsin.Core.Platforms;

namespace Tocsin.Cli.Rendering;

/// <summary>The error reference as one static page that needs no server, no network and, for reading, no script.</summary>
public static class ReferenceSite
{
    // Ids of the page itself hold two hyphens, which no entry's id can.
    private const string Policy = "default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'";

    private static readonly HtmlText ContentSecurityPolicy = new(Policy);

    /// <summary>index.html, style.css and site.js.</summary>
    public static IEnumerable<(string Path, string Text)> Pages(ErrorReference reference, Platform platform) =>
        [("index.html", Index(reference, platform)), ("style.css", Asset("style.css")), ("site.js", Asset("site.js"))];

    private static string Index(ErrorReference reference, Platform platform)
    {
        var title = $"{platform.Name} error reference";
        return HtmlText.Of(
            $"""
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta http-equiv="Content-Security-Policy" content="{ContentSecurityPolicy}">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <meta name="color-scheme" content="light dark">
            <meta name="referrer" content="no-referrer">
            <title>{title}</title>
            <link rel="stylesheet" href="style.css">
            <script src="site.js"></script>
            </head>
            <body>
            <a class="skip" href="#page--errors">Skip to the errors</a>
            {Header(title, reference, platform)}
            <div class="page">
            {Contents(reference)}
            <main id="page--errors" tabindex="-1">
            <section id="page--found" aria-labelledby="page--found-title" hidden>
            <h2 id="page--found-title">Best matches</h2>
            <ol id="page--results"></ol>
            </section>
            <p id="page--none" hidden>No entry has any of these words. <code>tocsin explain -</code> reads a whole pasted text.</p>
            {Layers(reference, platform)}
            </main>
            </div>
            </body>
            </html>

            """).Html;
    }

    private static HtmlText Header(string title, ErrorReference reference, Platform platform) => HtmlText.Of(
        $"""
        <header class="top">
        <h1><a href="#page--errors">{title}</a></h1>
        <form class="search" role="search">
        <label for="page--search">Search</label>
        <input id="page--search" type="search" placeholder="Error text, name or id" autocomplete="off" autocapitalize="off" spellcheck="false" aria-describedby="page--count" aria-keyshortcuts="/">
        <kbd aria-hidden="true">/</kbd>
        <p id="page--count" role="status" aria-live="polite">{EntryWords.Count(reference.Entries.Length, "error", "errors")}</p>
        </form>
        {Environments(platform)}
        </header>
        """);

    private static HtmlText Environments(Platform platform)
    {
        var names = platform.Environments.Select(e => e.Name).ToList();
        if (names.Count < 2) return default;
        var chosen = names.Find(n => n is "production") ?? names[0];
        var choices = names.Select(n => HtmlText.Of(
            $"""<label><input type="radio" name="environment" value="{n}" autocomplete="off"{(string.Equals(n, chosen, StringComparison.Ordinal) ? new HtmlText(" checked") : default)}><span>{n}</span></label>"""));
        return HtmlText.Of($"<fieldset class=\"environments\"><legend>Commands for</legend>{HtmlText.Join(choices, "\n")}</fieldset>");
    }

    private static HtmlText Contents(ErrorReference reference)
    {
        var layers = ByLayer(reference).Select(l => HtmlText.Of(
            $"""
            <li><a class="layer" href="#page--layer-{l.Key}">{EntryWords.Layer(l.Key)}</a>
            <ul>
            {HtmlText.Join(l.Select(e => HtmlText.Of($"<li><a href=\"#{e.Entry.Id}\">{e.Entry.Title}</a></li>")), "\n")}
            </ul>
            </li>
            """));
        return HtmlText.Of(
            $"""
            <nav class="contents" aria-label="Errors by layer">
            <details open>
            <summary>All errors by layer</summary>
            <ul>
            {HtmlText.Join(layers, "\n")}
            </ul>
            </details>
            </nav>
            """);
    }

    private static HtmlText Layers(ErrorReference reference, Platform platform) => HtmlText.Join(
        ByLayer(reference).Select(l => HtmlText.Of(
            $"""
            <section class="layer" aria-labelledby="page--layer-{l.Key}">
            <h2 id="page--layer-{l.Key}">{EntryWords.Layer(l.Key)}</h2>
            {HtmlText.Join(l.Select(e => new SiteArticle(e, reference, platform).Html()), "\n")}
            </section>
            """)),
        "\n");

    private static IEnumerable<IGrouping<string, ReferenceEntry>> ByLayer(ErrorReference reference) =>
        reference.Entries.GroupBy(e => e.Entry.Layer, StringComparer.Ordinal);

    private static string Asset(string name)
    {
        var assembly = typeof(ReferenceSite).Assembly;
        var resource = $"Tocsin.Cli.Rendering.Assets.{name}";
        using var stream = assembly.GetManifestResourceStream(resource) ?? throw new InvalidOperationException($"{resource} is not embedded in {assembly.GetName().Name}");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd().ReplaceLineEndings("\n");
    }
}
