using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tocsin.Server.Tests.Actions;

/// <summary>What becomes of a call on its way.</summary>
public enum Trouble
{
    None,

    /// <summary>It is answered by a 500 and never reaches the provider.</summary>
    Broken,

    /// <summary>It reaches nobody and is never answered.</summary>
    Silent,

    /// <summary>It is done, and the answer is lost.</summary>
    AnswerLost,

    /// <summary>Whoever asks who they are is told another account.</summary>
    OtherAccount,
}

/// <summary>A provider's address behind which it is, with trouble on the way for one operation.</summary>
internal sealed class TroubledProvider : IAsyncDisposable
{
    private readonly HttpListener listener = new();
    private readonly HttpClient forward = new(new SocketsHttpHandler { AutomaticDecompression = DecompressionMethods.None });
    private readonly CancellationTokenSource end = new();
    private readonly Task serving;
    private readonly Uri to;
    private readonly string operation;
    private volatile Trouble trouble;
    private int asked;

    public TroubledProvider(Uri to, string operation, Trouble trouble)
    {
        (this.to, this.operation, this.trouble) = (to, operation, trouble);
        using (var free = new TcpListener(IPAddress.Loopback, 0))
        {
            free.Start();
            Address = new Uri($"http://127.0.0.1:{((IPEndPoint)free.LocalEndpoint).Port}/");
        }
        listener.Prefixes.Add(Address.ToString());
        listener.Start();
        serving = ServeAsync();
    }

    public Uri Address { get; }

    /// <summary>How often the operation was sent here.</summary>
    public int Asked => Volatile.Read(ref asked);

    public void Begin(Trouble what) => trouble = what;

    public async ValueTask DisposeAsync()
    {
        await end.CancelAsync();
        listener.Close();
        await serving;
        forward.Dispose();
        end.Dispose();
    }

    private async Task ServeAsync()
    {
        try
        {
            while (true) _ = OneAsync(await listener.GetContextAsync());
        }
        catch (Exception e) when (e is HttpListenerException or ObjectDisposedException)
        {
            // The test is over.
            _ = e;
        }
    }

    private async Task OneAsync(HttpListenerContext context)
    {
        var met = context.Request.Headers["X-Amz-Target"]?.EndsWith($".{operation}", StringComparison.Ordinal) is true ? trouble : Trouble.None;
        if (met is not Trouble.None) Interlocked.Increment(ref asked);
        try
        {
            if (met is Trouble.Silent) await Task.Delay(Timeout.Infinite, end.Token);
            using var answer = met is Trouble.Broken ? new HttpResponseMessage(HttpStatusCode.InternalServerError) { Content = new StringContent("""{"__type":"ServerException","message":"it broke"}""") } : await forward.SendAsync(await CopyAsync(context.Request), end.Token);
            if (met is Trouble.AnswerLost)
            {
                context.Response.Abort();
                return;
            }
            var body = await answer.Content.ReadAsByteArrayAsync(end.Token);
            if (trouble is Trouble.OtherAccount && Encoding.UTF8.GetString(body) is var text && text.Contains("GetCallerIdentityResult", StringComparison.Ordinal)) body = Encoding.UTF8.GetBytes(text.Replace("000000000000", "111111111111", StringComparison.Ordinal));
            context.Response.StatusCode = (int)answer.StatusCode;
            context.Response.ContentType = answer.Content.Headers.ContentType?.ToString();
            await context.Response.OutputStream.WriteAsync(body, end.Token);
            context.Response.Close();
        }
        catch (Exception e) when (e is OperationCanceledException or HttpListenerException or HttpRequestException)
        {
            context.Response.Abort();
        }
    }

    // As it was signed: the host that was asked stays in it.
    private async Task<HttpRequestMessage> CopyAsync(HttpListenerRequest from)
    {
        var body = new MemoryStream();
        await from.InputStream.CopyToAsync(body, end.Token);
        var copy = new HttpRequestMessage(new HttpMethod(from.HttpMethod), new Uri(to, from.RawUrl)) { Content = new ByteArrayContent(body.ToArray()) };
        foreach (var name in from.Headers.AllKeys.OfType<string>().Where(n => n is not ("Content-Length" or "Host")))
        {
            if (!copy.Headers.TryAddWithoutValidation(name, from.Headers[name])) copy.Content.Headers.TryAddWithoutValidation(name, from.Headers[name]);
        }
        copy.Headers.Host = from.Headers["Host"];
        return copy;
    }
}
