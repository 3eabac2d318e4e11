using System.Net;
using System.Net.Http.Json;
using Tocsin.Server.Api;

namespace Tocsin.Server.Tests;

public sealed class StreamTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_watcher_sees_each_change_once_and_goes_on_where_it_stopped()
    {
        await using var world = await TestWorld.SqliteAsync();
        await world.DeclareAsync("Checkout is broken", "P1");
        var (first, last) = await ReadAsync(world, "0", "event: receipt-recorded");
        Assert.Contains(first, l => l == "event: declared");
        await world.PostAsync("/api/v1/incidents/INC-1/note", new { text = "seen" });
        var (second, _) = await ReadAsync(world, last, "event: noted");
        Assert.DoesNotContain(second, l => l == "event: declared");
        Assert.Single(second, l => l == "event: noted");
    }

    [Fact]
    public async Task A_change_arrives_while_one_watches()
    {
        await using var world = await TestWorld.SqliteAsync();
        var id = await world.DeclareAsync("Checkout is broken", "P1");
        var watching = ReadAsync(world, "", "event: noted");
        for (var tries = 0; !watching.IsCompleted && tries < 200; tries++)
        {
            await world.PostAsync($"/api/v1/incidents/{id}/note", new { text = "look" });
            await Task.WhenAny(watching, Task.Delay(100, Cancel));
        }
        Assert.Contains((await watching).Lines, l => l == "event: noted");
    }

    [Fact]
    public async Task Who_is_the_first_to_watch_misses_no_change_that_follows_at_once()
    {
        await using var world = await TestWorld.SqliteAsync();
        var id = await world.DeclareAsync("Checkout is broken", "P1");
        var feed = world.Host.Part<ChangeFeed>();
        var watcher = feed.Join();
        var head = await feed.HeadAsync(Cancel);
        await world.PostAsync($"/api/v1/incidents/{id}/note", new { text = "look" });
        Change change;
        do change = await watcher.Reader.ReadAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(60), Cancel);
        while (change.Position <= head);
        Assert.Equal(("noted", head + 1), (change.Type, change.Position));
    }

    [Fact]
    public async Task A_command_for_a_version_that_is_past_is_refused()
    {
        await using var world = await TestWorld.SqliteAsync();
        var id = await world.DeclareAsync("Checkout is broken", "P1");
        var tag = (await world.Http.GetAsync($"/api/v1/incidents/{id}", Cancel)).Headers.ETag!;
        Assert.Equal(HttpStatusCode.OK, await NoteAsync(world, id, tag.Tag));
        Assert.Equal(HttpStatusCode.PreconditionFailed, await NoteAsync(world, id, tag.Tag));
        using var again = new HttpRequestMessage(HttpMethod.Get, $"/api/v1/incidents/{id}") { Headers = { IfNoneMatch = { (await world.Http.GetAsync($"/api/v1/incidents/{id}", Cancel)).Headers.ETag! } } };
        Assert.Equal(HttpStatusCode.NotModified, (await world.Http.SendAsync(again, Cancel)).StatusCode);
    }

    [Fact]
    public async Task A_list_leads_from_page_to_page()
    {
        await using var world = await TestWorld.SqliteAsync();
        for (var i = 0; i < 5; i++) await world.DeclareAsync($"Number {i}", "P3");
        var (path, seen) = ("/api/v1/incidents?most=2", 0);
        while (path.Length > 0)
        {
            var response = await world.Http.GetAsync(path, Cancel);
            seen += (await response.Content.ReadFromJsonAsync<List<object>>(Cancel))!.Count;
            path = response.Headers.TryGetValues("Link", out var links) ? links.Single().Split('<', '>')[1] : "";
        }
        Assert.Equal(5, seen);
    }

    private static async Task<HttpStatusCode> NoteAsync(TestWorld world, string id, string tag)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, $"/api/v1/incidents/{id}/note") { Content = JsonContent.Create(new { text = "x" }) };
        request.Headers.TryAddWithoutValidation("If-Match", tag);
        return (await world.Http.SendAsync(request, Cancel)).StatusCode;
    }

    // Reads until a line comes; gives all lines, and the last id.
    private static async Task<(List<string> Lines, string Last)> ReadAsync(TestWorld world, string from, string until)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/api/v1/events");
        if (from.Length > 0) request.Headers.TryAddWithoutValidation("Last-Event-ID", from);
        using var response = await world.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limit.Token);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync(limit.Token));
        var (lines, last) = (new List<string>(), from);
        while (await reader.ReadLineAsync(limit.Token) is { } line)
        {
            lines.Add(line);
            if (line.StartsWith("id: ", StringComparison.Ordinal)) last = line[4..];
            if (line == until) break;
        }
        return (lines, last);
    }
}
