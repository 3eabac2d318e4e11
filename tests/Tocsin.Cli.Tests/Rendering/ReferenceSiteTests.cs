using AngleSharp.Dom;
using AngleSharp.Html.Parser;
using Tocsin.Cli.Rendering;

namespace Tocsin.Cli.Tests.Rendering;

public sealed class ReferenceSiteTests
{
    private static readonly Dictionary<string, string> Pages =
        ReferenceSite.Pages(SmallReference.Reference, SmallReference.Platform).ToDictionary(p => p.Path, p => p.Text, StringComparer.Ordinal);

    private static readonly IDocument Site = new HtmlParser().ParseDocument(Pages["index.html"]);

    private static IElement Article => Site.GetElementById("db-unreachable")!;

    [Fact]
    public void The_site_is_three_files_that_load_nothing_else()
    {
        Assert.Equal(["index.html", "site.js", "style.css"], Pages.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(["style.css"], Site.QuerySelectorAll("link[href]").Select(l => l.GetAttribute("href")));
        Assert.Equal(["site.js"], Site.QuerySelectorAll("script").Select(s => s.GetAttribute("src")));
        Assert.Empty(Site.QuerySelectorAll("img, iframe, object, embed, form[action]"));
        Assert.DoesNotContain("url(", Pages["style.css"], StringComparison.Ordinal);
        Assert.DoesNotContain("@import", Pages["style.css"], StringComparison.Ordinal);
    }

    [Fact]
    public void The_policy_forbids_inline_script_and_style_and_the_page_has_none()
    {
        var policy = Site.QuerySelector("meta[http-equiv=Content-Security-Policy]")!.GetAttribute("content");
        Assert.Equal("default-src 'none'; style-src 'self'; script-src 'self'; base-uri 'none'; form-action 'none'", policy);
        Assert.Empty(Site.QuerySelectorAll("style, [style]"));
        Assert.DoesNotContain(Site.QuerySelectorAll("script"), s => s.TextContent.Length > 0);
        Assert.DoesNotContain(Site.All.SelectMany(e => e.Attributes), a => a.Name.StartsWith("on", StringComparison.Ordinal));
    }

    [Fact]
    public void Ids_are_unique()
    {
        var ids = Site.QuerySelectorAll("[id]").Select(e => e.Id).ToList();
        Assert.Equal(ids.Count, ids.Distinct(StringComparer.Ordinal).Count());
    }

    [Fact]
    public void Every_link_inside_the_page_resolves()
    {
        var links = Site.QuerySelectorAll("a[href^='#']").Select(a => a.GetAttribute("href")![1..]).ToList();
        Assert.All(links, id => Assert.NotNull(Site.GetElementById(id)));
        Assert.Contains("task-crash--cause-no-database", links);
        foreach (var element in Site.QuerySelectorAll("[aria-labelledby], [aria-describedby], label[for]"))
        {
            var id = element.GetAttribute("aria-labelledby") ?? element.GetAttribute("aria-describedby") ?? element.GetAttribute("for")!;
            Assert.NotNull(Site.GetElementById(id));
        }
    }

    [Fact]
    public void Every_entry_is_an_article_with_its_headings_and_a_place_in_the_contents()
    {
        foreach (var entry in SmallReference.Reference.Entries)
        {
            var article = Site.QuerySelector($"article#{entry.Entry.Id}")!;
            var headings = article.QuerySelectorAll("h4").Select(h => h.TextContent).ToList();
            Assert.StartsWith(entry.Entry.Title, article.QuerySelector("h3")!.TextContent, StringComparison.Ordinal);
            Assert.Equal(["What it is", "Root cause", "Diagnose", "Fix"], headings.Take(4));
            Assert.Contains("Evidence by cause", headings);
            Assert.Contains("When it pages", headings);
            Assert.NotNull(article.QuerySelector("details.signatures"));
            Assert.NotNull(Site.QuerySelector($"nav a[href='#{entry.Entry.Id}']"));
        }
        Assert.Single(Site.QuerySelectorAll("h1"));
    }

    [Fact]
    public void What_a_guide_or_an_entry_says_is_text_and_never_markup()
    {
        Assert.Contains("<script>alert(1)</script>", Article.QuerySelector(".guide")!.TextContent, StringComparison.Ordinal);
        Assert.Contains("<b>stands</b>", Article.QuerySelector(".cause summary")!.TextContent, StringComparison.Ordinal);
        Assert.Contains("<MySQL>", Article.QuerySelector(".signatures")!.TextContent, StringComparison.Ordinal);
        Assert.Empty(Article.QuerySelectorAll("script, .guide b, a[href^=javascript]"));
    }

    [Fact]
    public void Every_placeholder_is_filled() => Assert.DoesNotContain("{{", Pages["index.html"], StringComparison.Ordinal);

    [Fact]
    public void A_command_block_is_labelled_with_its_environment_and_can_be_copied()
    {
        var blocks = Article.QuerySelectorAll("figure.command").ToList();
        Assert.Equal(
            [("", "production / staging"), ("production", "production"), ("staging", "staging"), ("production", "production"), ("staging", "staging"), ("", "")],
            blocks.Select(b => (b.GetAttribute("data-env") ?? "", b.QuerySelector(".env")?.TextContent ?? "")));
        Assert.All(blocks, b => Assert.NotNull(b.QuerySelector("button.copy[type=button][aria-label^=Copy]")));
        Assert.Equal("nc -zv db.staging.example 3306 && echo \"<open>\"", blocks[2].QuerySelector("pre code")!.TextContent);
        Assert.Equal("aws rds start-db-cluster \\\n  --region ap-south-1", blocks[3].QuerySelector("code")!.TextContent);
        Assert.Equal("li", blocks[3].ParentElement!.LocalName);
    }

    [Fact]
    public void Names_in_prose_are_marked_with_their_environment_and_read_without_script()
    {
        var first = Article.QuerySelector(".guide p")!;
        Assert.Contains("The port of db.production.example / db.staging.example is shut", first.TextContent, StringComparison.Ordinal);
        Assert.Equal("db.staging.example", first.QuerySelector("[data-env=staging]")!.TextContent);
        Assert.Equal(["ap-south-1", "ap-southeast-1"], Article.QuerySelectorAll("code[data-env]").Where(c => c.ParentElement!.LocalName is "p").Select(c => c.TextContent));
    }

    [Fact]
    public void The_environment_is_chosen_by_radio_and_production_comes_first()
    {
        var choices = Site.QuerySelectorAll("input[type=radio][name=environment]").ToList();
        Assert.Equal(["production", "staging"], choices.Select(c => c.GetAttribute("value")));
        Assert.Equal([true, false], choices.Select(c => c.HasAttribute("checked")));
    }

    [Fact]
    public void A_guide_s_list_goes_on_with_its_own_number_after_a_block() => Assert.NotNull(Article.QuerySelector("ol[start='3']"));

    [Fact]
    public void Every_table_scrolls_inside_itself_and_has_column_headings()
    {
        Assert.All(Site.QuerySelectorAll("table"), t => Assert.Equal("scroll", t.ParentElement!.ClassName));
        Assert.All(Site.QuerySelectorAll("table"), t => Assert.NotNull(t.QuerySelector("th[scope=col]")));
    }

    [Fact]
    public void The_search_is_labelled_and_its_count_is_announced()
    {
        Assert.NotNull(Site.QuerySelector("label[for='page--search']"));
        Assert.Equal("2 errors", Site.QuerySelector("[role=status][aria-live=polite]")!.TextContent);
        Assert.NotNull(Site.QuerySelector("a.skip"));
    }

    [Fact]
    public void The_same_reference_gives_the_same_bytes()
    {
        var again = ReferenceSite.Pages(SmallReference.Build(SmallReference.Reference.Find("db-unreachable")!.Guide), SmallReference.Platform).Select(p => p.Text);
        Assert.Equal(Pages.Values, again);
        Assert.All(Pages.Values, p => Assert.DoesNotContain('\r', p));
    }
}
