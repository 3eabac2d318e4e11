using Tocsin.Core.Catalog;
using Tocsin.Core.Response;

namespace Tocsin.Server.Notify.Log;

/// <summary>Writes the page to the server's own output: for a first look, and for a platform that needs nothing else.</summary>
internal sealed class LogChannel(Action<string> write) : IChannel
{
    public static readonly ChannelKind Kind = new("log", new Shape.Map("Pages in the server's own output", []), s => new LogChannel(s.Write));

    public bool KeepsAlarm => false;

    public Task<SendResult> SendAsync(OutgoingPage page, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        write($"PAGE {(page.Person.Length > 0 ? page.Person : page.Channel)}: {page.First}");
        return Task.FromResult<SendResult>(new SendResult.Taken(Receipt.Accepted, ""));
    }
}
