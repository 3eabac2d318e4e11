using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace Tocsin.Lab.Runtime;

/// <summary>One kind of request; <see cref="Share"/> is its weight among the others.</summary>
public sealed record TrafficRequest(string Method, string Host, string Path, int Share)
{
    /// <summary>Sent as JSON.</summary>
    public string? Body { get; init; }

    /// <summary>Where TLS is spoken with this name; null: plain HTTP at the traffic's own address. The certificate's issuer is not checked: the lab's ACME authority has a new root at each of its starts.</summary>
    public IPEndPoint? Secure { get; init; }
}

/// <summary>
/// Light, steady traffic through an address, at a rate per second of wall time: people do not click faster because the lab's clock does. Requests do not
/// wait for each other; beyond <see cref="MaxOpen"/> open ones a request is left out and counted as such.
/// </summary>
public sealed class Traffic(IPEndPoint address, ImmutableArray<TrafficRequest> requests, double perSecond, TimeProvider time)
{
    public const int MaxOpen = 200;

    /// <summary>Stands for a request that got no answer: refused, reset or cut.</summary>
    public const int NoAnswer = 0;

    /// <summary>Stands for a request that was not sent, since too many others still waited.</summary>
    public const int LeftOut = -1;

    private static readonly HttpRequestOptionsKey<IPEndPoint> Place = new("place");

    private readonly ConcurrentDictionary<int, long> answers = new();

    /// <summary>How many answers of each status since the start; see <see cref="NoAnswer"/> and <see cref="LeftOut"/>.</summary>
    public ImmutableSortedDictionary<int, long> Answers => answers.ToImmutableSortedDictionary();

    /// <summary>Sends until cancelled; ends when the last open request has ended.</summary>
    public async Task RunAsync(CancellationToken cancel)
    {
        using var handler = new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false, UseProxy = false, ConnectCallback = ConnectAsync, SslOptions = { RemoteCertificateValidationCallback = static (_, _, _, problems) => problems is SslPolicyErrors.None or SslPolicyErrors.RemoteCertificateChainErrors } };
        using var client = new HttpMessageInvoker(handler);
        using var beat = new PeriodicTimer(TimeSpan.FromSeconds(1 / perSecond), time);
        var open = new List<Task>();
        var turns = new long[requests.Length];
        while (await NextAsync(beat, cancel))
        {
            open.RemoveAll(t => t.IsCompleted);
            var request = requests[Turn(requests, turns)];
            if (open.Count >= MaxOpen) Count(LeftOut);
            else open.Add(SendAsync(client, request, cancel));
        }
        await Task.WhenAll(open);
    }

    /// <summary>Smooth weighted turns: in any run of as many requests as all shares together, each kind comes as often as its share.</summary>
    internal static int Turn(ImmutableArray<TrafficRequest> requests, long[] turns)
    {
        for (var i = 0; i < turns.Length; i++) turns[i] += requests[i].Share;
        var next = Array.IndexOf(turns, turns.Max());
        turns[next] -= requests.Sum(r => r.Share);
        return next;
    }

    private static async Task<bool> NextAsync(PeriodicTimer beat, CancellationToken cancel)
    {
        try
        {
            return await beat.WaitForNextTickAsync(cancel);
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private async Task SendAsync(HttpMessageInvoker client, TrafficRequest request, CancellationToken cancel)
    {
        try
        {
            var to = request.Secure ?? address;
            using var message = new HttpRequestMessage(new HttpMethod(request.Method), new Uri($"{(request.Secure is null ? "http" : "https")}://{request.Host}:{to.Port}{request.Path}"));
            message.Headers.Host = request.Host;
            message.Options.Set(Place, to);
            message.Headers.UserAgent.ParseAdd("tocsin-lab-traffic");
            if (request.Body is not null) message.Content = new StringContent(request.Body, Encoding.UTF8, "application/json");
            using var answer = await client.SendAsync(message, cancel);
            await answer.Content.CopyToAsync(Stream.Null, cancel);
            Count((int)answer.StatusCode);
        }
        catch (Exception failed) when (failed is HttpRequestException || IoLimit.IsPeer(failed))
        {
            Count(NoAnswer);
        }
        catch (OperationCanceledException)
        {
            // The owner's end: what was under way counts for nothing.
            return;
        }
    }

    private void Count(int status) => answers.AddOrUpdate(status, 1, static (_, before) => before + 1);

    private static async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        if (!context.InitialRequestMessage.Options.TryGetValue(Place, out var address)) throw new InvalidOperationException("A request of the traffic has a place.");
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address, cancel);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
