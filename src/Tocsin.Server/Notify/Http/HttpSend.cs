using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json.Nodes;
using NodaTime;
using Polly;
using Polly.Retry;

namespace Tocsin.Server.Notify.Http;

/// <summary>What a receiver answered: the status, and as much of the body as came in time.</summary>
/// <param name="RetryAfter">As the receiver asks, at most an hour; null where it asks nothing.</param>
internal sealed record HttpAnswer(int Status, string Body, Duration? RetryAfter)
{
    public bool IsGood => Status is >= 200 and < 300;

    public JsonObject? Json => SmallJson.Object(Body);
}

/// <summary>
/// One request of a channel, each on a connection of its own: whatever a receiver sends beside its answer can never be taken for the answer to another page.
/// What did not even connect is tried again a few times while the attempt lasts; whatever may have arrived is not, that is for the page's own clock to decide.
/// </summary>
internal sealed class HttpSend
{
    private const int MostBody = 16 * 1024;
    private static readonly Duration MostAsked = Duration.FromHours(1);

    // Below the sender's limit, so that the reason has a name.
    private static readonly Duration Limit = Sending.Limit - Duration.FromSeconds(1);

    private readonly HttpClient http;
    private readonly TimeProvider time;
    private readonly ResiliencePipeline<SendResult> pipeline;

    public HttpSend(ChannelSetup setup)
    {
        (http, time) = (setup.Http, setup.Time);
        var retry = new RetryStrategyOptions<SendResult>
        {
            ShouldHandle = a => ValueTask.FromResult(a.Outcome.Result is NotConnected),
            MaxRetryAttempts = 2,
            Delay = TimeSpan.FromMilliseconds(250),
            BackoffType = DelayBackoffType.Exponential,
            UseJitter = true,
        };
        pipeline = new ResiliencePipelineBuilder<SendResult> { TimeProvider = time }.AddRetry(retry).Build();
    }

    /// <param name="to">An address of http or https; anything else is refused.</param>
    /// <param name="fill">Gives the request its headers and body; called for each try.</param>
    /// <param name="read">What an answer means that <see cref="Usual"/> does not know better.</param>
    /// <param name="cancel">The sender's.</param>
    public async Task<SendResult> PostAsync(string to, Action<HttpRequestMessage> fill, Func<HttpAnswer, SendResult> read, CancellationToken cancel)
    {
        if (!Uri.TryCreate(to, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https")) return new SendResult.Refused("the address is no http or https address");
        using var limit = new CancellationTokenSource(Limit.ToTimeSpan(), time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            var result = await pipeline.ExecuteAsync(async token => await TryAsync(address, fill, read, token), either.Token);
            return result is NotConnected none ? new SendResult.TryAgain(none.Why, null) : result;
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new SendResult.InDoubt(string.Create(CultureInfo.InvariantCulture, $"no answer within {Limit.TotalSeconds:0} s"));
        }
    }

    /// <summary>What a status means by itself.</summary>
    /// <param name="why">The receiver's own short reason, cleaned; may be empty.</param>
    public static SendResult Usual(HttpAnswer answer, string why)
    {
        var said = string.Create(CultureInfo.InvariantCulture, $"answered {answer.Status}{(why.Length > 0 ? $": {why}" : "")}");
        return answer.Status switch
        {
            >= 200 and < 300 => new SendResult.Taken(Core.Response.Receipt.Accepted, ""),
            >= 300 and < 400 => new SendResult.Refused($"{said}; a redirect is not followed"),
            429 or 503 or 507 => new SendResult.TryAgain(said, answer.RetryAfter),
            408 or 425 => new SendResult.TryAgain(said, answer.RetryAfter),
            >= 500 => new SendResult.InDoubt(said),
            _ => new SendResult.Refused(said),
        };
    }

    private async Task<SendResult> TryAsync(Uri address, Action<HttpRequestMessage> fill, Func<HttpAnswer, SendResult> read, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, address);
        request.Headers.ConnectionClose = true;
        request.Headers.UserAgent.ParseAdd("tocsin");
        fill(request);
        try
        {
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            var body = await BodyAsync(response, cancel);
            return read(new HttpAnswer((int)response.StatusCode, body, Asked(response.Headers.RetryAfter)));
        }
        catch (HttpRequestException e)
        {
            return Lost(e);
        }
        catch (IOException)
        {
            return new SendResult.InDoubt("the connection broke before the answer");
        }
    }

    // The status is the answer: a body that drips, or breaks off, only leaves out the receiver's own words.
    private static async Task<string> BodyAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var buffer = new byte[MostBody];
        var length = 0;
        try
        {
            await using var stream = await response.Content.ReadAsStreamAsync(cancel);
            while (length < MostBody && await stream.ReadAsync(buffer.AsMemory(length), cancel) is var count and > 0) length += count;
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or HttpRequestException)
        {
            return Encoding.UTF8.GetString(buffer, 0, length);
        }
        return Encoding.UTF8.GetString(buffer, 0, length);
    }

    // Words of the library name the host, which may be part of a secret address: only their kind is told.
    private static SendResult Lost(HttpRequestException failure)
    {
        for (Exception? inner = failure; inner is not null; inner = inner.InnerException)
        {
            if (inner is ForbiddenAddressException) return new SendResult.Refused("the address lies in a private or reserved network, which server: allowNetworks: does not allow");
        }
        return failure.HttpRequestError switch
        {
            HttpRequestError.NameResolutionError => new NotConnected("its name does not resolve"),
            HttpRequestError.ConnectionError => new NotConnected("no connection"),
            HttpRequestError.SecureConnectionError => new NotConnected("no TLS connection: the certificate or the handshake was refused"),
            HttpRequestError.ResponseEnded => new SendResult.InDoubt("the connection ended before the answer"),
            _ => new SendResult.InDoubt($"no answer that can be read ({failure.HttpRequestError})"),
        };
    }

    private Duration? Asked(RetryConditionHeaderValue? header)
    {
        var asked = header switch
        {
            { Delta: { } delta } => Duration.FromTimeSpan(delta),
            { Date: { } date } => Duration.FromTimeSpan(date - time.GetUtcNow()),
            _ => Duration.MinValue,
        };
        return asked == Duration.MinValue ? null : Duration.Min(MostAsked, Duration.Max(Duration.Zero, asked));
    }

    // Surely not arrived; it never leaves this file.
    private sealed record NotConnected(string Why) : SendResult;
}
