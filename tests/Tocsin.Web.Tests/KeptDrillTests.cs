using System.Net;
using System.Text;
using AngleSharp.Dom;

namespace Tocsin.Web.Tests;

/// <summary>Drills that are kept, taken along, brought from elsewhere and compared.</summary>
public sealed class KeptDrillTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_drill_is_kept_by_a_name_and_its_evidence_judged_again_at_each_look()
    {
        await using var site = await Site.StartAsync();
        var drill = await DrilledAsync(site, "staging");
        Assert.Equal(HttpStatusCode.BadRequest, (await site.SendAsync(drill, $"{drill}/keep", ("name", " "))).StatusCode);
        Assert.Equal(HttpStatusCode.SeeOther, (await site.SendAsync(drill, $"{drill}/keep", ("name", "before <b>it</b>"))).StatusCode);
        var list = await site.PageAsync("/drill");
        Assert.Equal("before <b>it</b>", list.QuerySelectorAll($"a[href='{drill}']").Last().TextContent);
        Assert.Contains("before <b>it</b>", (await site.PageAsync(drill)).QuerySelector("h1")!.TextContent, StringComparison.Ordinal);

        Assert.Equal(HttpStatusCode.SeeOther, (await site.SendAsync(drill, $"{drill}/forget")).StatusCode);
        Assert.DoesNotContain("before", (await site.PageAsync("/drill")).Body!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_bundle_comes_out_and_in_again_as_it_was_and_two_drills_show_what_differs()
    {
        await using var site = await Site.StartAsync();
        var drill = await DrilledAsync(site, "staging");
        var bundle = await site.Browser.GetStringAsync(new Uri($"{drill}/bundle.json", UriKind.Relative), Cancel);
        var same = await UploadAsync(site, bundle, "same.json");
        Assert.Equal(HttpStatusCode.SeeOther, same.StatusCode);
        var kept = same.Headers.Location!.ToString();
        // It was not looked at here: only what was kept knows it.
        Assert.Contains("same", (await site.PageAsync(kept)).QuerySelector("h1")!.TextContent, StringComparison.Ordinal);
        Assert.Equal(bundle, await site.Browser.GetStringAsync(new Uri($"{kept}/bundle.json", UriKind.Relative), Cancel));
        Assert.Contains("the same was seen both times", (await DiffAsync(site, drill, kept)).Body!.TextContent, StringComparison.Ordinal);

        var changed = (await UploadAsync(site, bundle.Replace("\"running\":0", "\"running\":2", StringComparison.Ordinal), "later.json")).Headers.Location!.ToString();
        var row = Assert.Single((await DiffAsync(site, drill, changed)).QuerySelectorAll("#differences tbody tr"));
        Assert.Equal(["0", "2"], row.QuerySelectorAll("td").Select(c => c.TextContent));
        Assert.Contains("running", row.QuerySelector("th")!.TextContent, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_is_no_bundle_is_refused_with_its_place_and_a_viewer_keeps_nothing()
    {
        await using var site = await Site.StartAsync();
        using var wrong = await UploadAsync(site, "{ \"observations\": 7 }", "wrong.json");
        Assert.Equal(HttpStatusCode.BadRequest, wrong.StatusCode);
        Assert.Contains("wrong.json", (await Site.ReadAsync(wrong)).QuerySelector("[role=alert]")!.TextContent, StringComparison.Ordinal);
        Assert.Empty((await site.PageAsync("/drill")).QuerySelectorAll("a[href^='/drill/']"));
        await site.PageAsync("/drill/diff?a=one&b=two", HttpStatusCode.NotFound);

        var drill = await DrilledAsync(site, "staging");
        using var vera = await site.PersonAsync("vera", "viewer");
        Assert.Empty((await Site.PageAsync(vera, drill)).QuerySelectorAll("main form"));
    }

    private static async Task<string> DrilledAsync(Site site, string environment)
    {
        var begun = await site.SendAsync("/drill", "/drill", ("environment", environment), ("service", "core-api"));
        var address = begun.Headers.Location!.ToString();
        await Wait.UntilAsync(async () => (await site.PageAsync(address)).QuerySelector("a[download]") is not null, "the drill has no outcome", Cancel);
        return address;
    }

    private static Task<IDocument> DiffAsync(Site site, string before, string after) => site.PageAsync($"/drill/diff?a={before[(before.LastIndexOf('/') + 1)..]}&b={after[(after.LastIndexOf('/') + 1)..]}");

    private static async Task<HttpResponseMessage> UploadAsync(Site site, string text, string name)
    {
        var token = (await site.PageAsync("/drill")).QuerySelector("form[action='/drill/bundle'] input[type=hidden]")!;
        using var content = new MultipartFormDataContent { { new StringContent(token.GetAttribute("value")!), token.GetAttribute("name")! }, { new ByteArrayContent(Encoding.UTF8.GetBytes(text)), "bundle", name } };
        return await site.Browser.PostAsync("/drill/bundle", content, Cancel);
    }
}
