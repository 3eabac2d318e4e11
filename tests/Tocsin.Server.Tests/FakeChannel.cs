using System.Collections.Concurrent;
using Tocsin.Core.Response;
using Tocsin.Server.Notify;

namespace Tocsin.Server.Tests;

/// <summary>A channel that keeps what it was given, and answers as it is told.</summary>
internal sealed class FakeChannel : IChannel
{
    private readonly ConcurrentQueue<OutgoingPage> sent = new();

    public bool KeepsAlarm { get; set; }

    public Func<OutgoingPage, SendResult> Answer { get; set; } = _ => new SendResult.Taken(Receipt.Accepted, "");

    public IReadOnlyList<OutgoingPage> Sent => [.. sent];

    public Task<SendResult> SendAsync(OutgoingPage page, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        sent.Enqueue(page);
        return Task.FromResult(Answer(page));
    }
}
