using Tocsin.Core.Catalog;
using Tocsin.Core.Platforms;

namespace Tocsin.Cli.Rendering;

/// <summary>One entry of the site.</summary>
internal sealed class SiteArticle(ReferenceEntry reference, ErrorReference all, Platform platform)
{
    private readonly Entry entry = reference.Entry;
    private readonly GuideNames names = new(platform, reference.Entry.Service);

    public HtmlText Html()
    {
        var guide = GuideHtml.Of(reference, all, names);
        return HtmlText.Of(
            $"""
            <article id="{entry.Id}" aria-labelledby="{entry.Id}--title" data-keywords="{string.Join(' ', entry.Keywords)}">
            <header>
            <h3 id="{entry.Id}--title">{entry.Title} <a class="anchor" href="#{entry.Id}" aria-label="Link to this error">#</a></h3>
            <p class="badges"><code class="id">{entry.Id}</code> <span class="badge">{EntryWords.Layer(entry.Layer)}</span> <span class="badge">{entry.Component}</span> {PageBadge()}</p>
            <p class="summary">{Say(entry.Summary)}</p>
            {Jumps(guide)}
            </header>
            <div class="guide">
            {guide.Html}</div>
            <div class="rules">
            {Causes()}
            {Fixes()}
            {Signatures()}
            {Paging()}
            {Related()}
            <p class="proof">{EntryWords.Samples(reference)}</p>
            </div>
            </article>
            """);
    }

    private HtmlText Say(string text) => VariantHtml.Entry(text, names);

    private HtmlText PageBadge() => EntryWords.Gravest(entry.Page) is { Length: > 0 } severity
        ? HtmlText.Of($"<a class=\"badge page {severity.ToLowerInvariant()}\" href=\"#{entry.Id}--pages\">pages {severity}</a>")
        : HtmlText.Of($"<a class=\"badge page\" href=\"#{entry.Id}--pages\">never pages</a>");

    private HtmlText Jumps(GuideHtml guide)
    {
        (string Id, string Title)[] own = [($"{entry.Id}--causes", "Evidence"), ($"{entry.Id}--fixes", "Verify and undo"), ($"{entry.Id}--signatures", "Signatures")];
        var links = guide.Sections.Concat(own).Select(s => HtmlText.Of($"<li><a href=\"#{s.Id}\">{s.Title}</a></li>"));
        return HtmlText.Of($"<ul class=\"jumps\" aria-label=\"Sections of {entry.Id}\">{HtmlText.Join(links)}</ul>");
    }

    private HtmlText Causes()
    {
        var causes = entry.Causes.Select(c => HtmlText.Of(
            $"""
            <details class="cause" id="{entry.Id}--cause-{c.Id}">
            <summary><span class="name">{Say(c.Title)}</span> <span class="badge">{EntryWords.Of(c.Prior)}</span></summary>
            <ul class="evidence">
            {HtmlText.Join(Conditions(c).Concat(c.Evidence.OrderByDescending(r => r.For).Select(Evidence)), "\n")}
            </ul>
            {CauseFixes(c)}{LeadsTo(c)}
            </details>
            """));
        return HtmlText.Of($"<h4 id=\"{entry.Id}--causes\">Evidence by cause</h4>\n{HtmlText.Join(causes, "\n")}");
    }

    private IEnumerable<HtmlText> Conditions(Cause cause) =>
        cause.Requires.Select(c => HtmlText.Of($"<li class=\"only\"><b>only if</b> <code>{EntryWords.Of(c, all.Facts)}</code></li>"))
            .Concat(cause.Excludes.Select(c => HtmlText.Of($"<li class=\"against\"><b>ruled out if</b> <code>{EntryWords.Of(c, all.Facts)}</code></li>")));

    private HtmlText Evidence(EvidenceRule rule)
    {
        var side = rule.For ? "for" : "against";
        return HtmlText.Of($"<li class=\"{side}\"><b>{side}, {EntryWords.Of(rule.Weight)}</b> {Say(rule.Because)} <code>{EntryWords.Of(rule.When, all.Facts)}</code></li>");
    }

    private HtmlText CauseFixes(Cause cause)
    {
        var links = entry.FixesOf(cause.Fixes)
            .Select(f => HtmlText.Of($"<a href=\"#{entry.Id}--fix-{f.Id}\">{Say(f.Title)}</a>")).ToList();
        return links.Count == 0 ? default : HtmlText.Of($"<p><b>Fix:</b> {HtmlText.Join(links, ", ")}</p>\n");
    }

    private HtmlText LeadsTo(Cause cause) =>
        cause.LeadsTo.IsEmpty ? default : HtmlText.Of($"<p><b>Leads to:</b> {HtmlText.Join(cause.LeadsTo.Select(Target), ", ")}</p>");

    /// <summary>A link to an entry or to one of its causes, or the bare id where the reference has no such entry.</summary>
    private HtmlText Target(string id)
    {
        var parts = id.Split('/');
        if (all.Find(parts[0]) is not { Entry: var other }) return HtmlText.Of($"<code>{id}</code>");
        var cause = parts.Length > 1 ? other.Causes.FirstOrDefault(c => string.Equals(c.Id, parts[1], StringComparison.Ordinal)) : null;
        return cause is null
            ? HtmlText.Of($"<a href=\"#{other.Id}\">{other.Title}</a>")
            : HtmlText.Of($"<a href=\"#{other.Id}--cause-{cause.Id}\">{other.Title}: {cause.Title}</a>");
    }

    private HtmlText Fixes()
    {
        var fixes = entry.Fixes.Select(f =>
        {
            var action = f.Action.Length == 0 ? default : HtmlText.Of($" <span class=\"badge\">guarded action <code>{f.Action}</code></span>");
            return HtmlText.Of(
                $"""
                <li id="{entry.Id}--fix-{f.Id}"><p><b class="name">{Say(f.Title)}</b>{action}</p>
                <p>{Say(f.Does)}</p>
                <dl><div><dt>Verify</dt><dd>{Say(f.Verify)}</dd></div>{Term("When", f.Follows ? Fix.WhenItFollows : "")}{Term("Undo", f.Undo)}{Term("Cannot be undone", f.NoUndo)}</dl>
                </li>
                """);
        });
        return HtmlText.Of($"<h4 id=\"{entry.Id}--fixes\">Fixes: verify and undo</h4>\n<ul class=\"fixes\">\n{HtmlText.Join(fixes, "\n")}\n</ul>");
    }

    private HtmlText Term(string term, string text) => text.Length == 0 ? default : HtmlText.Of($"<div><dt>{term}</dt><dd>{Say(text)}</dd></div>");

    private HtmlText Signatures()
    {
        var rows = entry.Signatures.Select(s => Row(s.Id, s.Says, Patterns(s))).Concat(entry.Timing.Select(t => Row(t.Id, t.Says, HtmlText.Of($"{EntryWords.Of(t)}"))));
        return HtmlText.Of(
            $"""
            <details class="signatures" id="{entry.Id}--signatures">
            <summary>What it matches: {EntryWords.Count(entry.Signatures.Length, "signature", "signatures")}</summary>
            <div class="scroll" tabindex="0" role="group" aria-label="Signatures"><table>
            <thead><tr><th scope="col">id</th><th scope="col">says</th><th scope="col">patterns</th></tr></thead>
            <tbody>
            {HtmlText.Join(rows, "\n")}
            </tbody>
            </table></div>
            </details>
            """);
    }

    private static HtmlText Row(string id, Says says, HtmlText patterns) =>
        HtmlText.Of($"<tr><th scope=\"row\">{id}</th><td>{EntryWords.Of(says)}</td><td>{patterns}</td></tr>");

    private static HtmlText Patterns(Signature signature)
    {
        var each = signature.Each.Length == 0 ? default : HtmlText.Of($"<p>in one element of <code>{signature.Each}</code></p>");
        var groups = new[] { ("all of", signature.All), ("one of", signature.Any), ("none of", signature.Not) }.Where(g => !g.Item2.IsEmpty)
            .Select(g => HtmlText.Of($"<p>{g.Item1}</p><ul class=\"{g.Item1.Split(' ')[0]}\">{HtmlText.Join(g.Item2.Select(p => HtmlText.Of($"<li>{EntryWords.Kind(p)} <code>{EntryWords.Of(p)}</code></li>")))}</ul>"));
        return HtmlText.Join(groups.Prepend(each));
    }

    private HtmlText Paging() => HtmlText.Of(
        $"""
        <h4 id="{entry.Id}--pages">When it pages</h4>
        <ul>
        {HtmlText.Join(EntryWords.Of(entry.Page).Select(w => HtmlText.Of($"<li>{w}</li>")), "\n")}
        </ul>
        """);

    private HtmlText Related() => entry.Related.IsEmpty
        ? default
        : HtmlText.Of($"<h4>Related</h4>\n<ul class=\"related\">{HtmlText.Join(entry.Related.Select(id => HtmlText.Of($"<li>{Target(id)}</li>")))}</ul>");
}
