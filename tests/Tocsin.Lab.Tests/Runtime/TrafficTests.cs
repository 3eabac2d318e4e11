using System.Collections.Immutable;
using Tocsin.Lab.Runtime;

namespace Tocsin.Lab.Tests.Runtime;

public sealed class TrafficTests
{
    private static readonly ImmutableArray<TrafficRequest> Kinds =
        [new("GET", "shop.example", "/", 3), new("POST", "shop.example", "/cart", 1) { Body = "{}" }];

    [Fact]
    public async Task Requests_are_sent_by_their_shares_and_answers_counted_by_status()
    {
        await using var upstream = Upstream.Start(p => p.SayAsync("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"));
        var traffic = new Traffic(upstream.Address, Kinds, 200, TimeProvider.System);
        using var owner = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var running = traffic.RunAsync(owner.Token);
        await Wait.UntilAsync(() => traffic.Answers.GetValueOrDefault(503) >= 8, "eight answers");
        await owner.CancelAsync();
        await running;
        var sent = upstream.Requests.ToList();
        var posts = sent.Count(r => r.StartsWith("POST /cart ", StringComparison.Ordinal) && r.EndsWith("{}", StringComparison.Ordinal));
        Assert.InRange(posts * 4, sent.Count - 8, sent.Count + 8);
        Assert.All(sent, r => Assert.Contains("Host: shop.example\r\n", r, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_dead_address_counts_as_no_answer()
    {
        var traffic = new Traffic(Upstream.Nobody(), Kinds, 100, TimeProvider.System);
        using var owner = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        var running = traffic.RunAsync(owner.Token);
        await Wait.UntilAsync(() => traffic.Answers.GetValueOrDefault(Traffic.NoAnswer) >= 2, "two failures");
        await owner.CancelAsync();
        await running;
        Assert.Equal([Traffic.NoAnswer], traffic.Answers.Keys);
    }

    [Fact]
    public void Turns_keep_the_shares_in_any_run_of_them()
    {
        var turns = new long[2];
        Assert.Equal([0, 0, 1, 0, 0, 0, 1, 0], Enumerable.Range(0, 8).Select(_ => Traffic.Turn(Kinds, turns)));
    }
}
