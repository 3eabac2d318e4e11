using System.Net;
using System.Text;
using Tocsin.Server.Storage;
using Tocsin.Server.Web;

namespace Tocsin.Web.Tests;

public sealed class ScanTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_log_is_read_its_errors_are_marked_and_nothing_of_it_is_kept()
    {
        await using var site = await Site.StartAsync();
        var before = await CountAsync(site);
        const string Log = "2026-11-23T05:00:00Z starting\nError: connect ECONNREFUSED 10.0.12.34:3306\n    at TCPConnectWrap.afterConnect\npassword=hunter2-very-secret fatal: the frobnicator failed 17\nfatal: the frobnicator failed 18\nall is well\n";
        using var answer = await SendAsync(site, Encoding.UTF8.GetBytes(Log), "app.log");
        var page = await Site.ReadAsync(answer);
        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Contains("ECONNREFUSED 10.0.12.34:3306", page.QuerySelector("mark")!.TextContent, StringComparison.Ordinal);
        Assert.NotNull(page.QuerySelector("a[href='/reference/mysql-unreachable']"));
        Assert.Contains("6 lines", page.QuerySelector("main")!.TextContent, StringComparison.Ordinal);
        var unknown = page.QuerySelectorAll("section").Single(s => s.QuerySelector("#unknown-title") is not null).TextContent;
        Assert.Contains("frobnicator", unknown, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2-very-secret", page.DocumentElement.OuterHtml, StringComparison.Ordinal);
        Assert.Equal(before, await CountAsync(site));
    }

    [Fact]
    public async Task Forty_megabytes_are_read_in_flat_memory_and_more_than_fifty_refused()
    {
        await using var site = await Site.StartAsync();
        var line = Encoding.UTF8.GetBytes("2026-11-23T05:00:00Z info request 200 in 12 ms from 10.0.0.1 to /checkout and back again\n");
        var log = new byte[40 * 1024 * 1024 / line.Length * line.Length];
        for (var at = 0; at < log.Length; at += line.Length) line.CopyTo(log, at);
        Encoding.UTF8.GetBytes("Error: connect ECONNREFUSED 10.0.12.34:3306\n").CopyTo(log, log.Length - 44);
        using (var answer = await SendAsync(site, log, "big.log"))
        {
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
            Assert.NotNull((await Site.ReadAsync(answer)).QuerySelector("mark"));
        }
        using var request = new HttpRequestMessage(HttpMethod.Post, "/scan") { Content = new MultipartFormDataContent { { new ByteArrayContent(new byte[ScanPages.MostBytes + (1024 * 1024)]), "file", "huge.log" } } };
        request.Headers.ExpectContinue = true;
        using var refused = await site.Browser.SendAsync(request, Cancel);
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, refused.StatusCode);
    }

    [Fact]
    public async Task An_empty_form_says_what_is_missing()
    {
        await using var site = await Site.StartAsync();
        using var answer = await SendAsync(site, [], "");
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        Assert.Contains("paste some", (await Site.ReadAsync(answer)).QuerySelector("[role=alert]")!.TextContent, StringComparison.Ordinal);
    }

    private static async Task<HttpResponseMessage> SendAsync(Site site, byte[] log, string name)
    {
        using var form = new MultipartFormDataContent { { new StringContent(""), "text" } };
        if (name.Length > 0) form.Add(new ByteArrayContent(log), "file", name);
        return await site.Browser.PostAsync("/scan", form, Cancel);
    }

    private static Task<long> CountAsync(Site site) => site.World.Host.Part<Database>().ReadAsync((s, c) => s.FirstAsync<long>("select (select count(*) from signals) + (select count(*) from intake) + (select count(*) from events)", null, c), Cancel);
}
