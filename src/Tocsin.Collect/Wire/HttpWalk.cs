using System.Collections.Immutable;
using System.Diagnostics;
using System.Text;
using NodaTime;

namespace Tocsin.Collect.Wire;

/// <summary>A request that changes nothing by its method.</summary>
public sealed record HttpQuestion(Uri Address)
{
    public HttpMethod Method { get; init; } = HttpMethod.Get;

    public ImmutableArray<(string Name, string Value)> Headers { get; init; } = [];

    public string? Body { get; init; }

    /// <summary>Connected to instead of the address's own host; the name stays in TLS and in the request.</summary>
    public (string Host, int Port)? Via { get; init; }
}

/// <summary>How far a request came, and what was answered. A body that is longer than is read is cut.</summary>
/// <param name="Code">NONE, or the raw code of the stage that failed.</param>
/// <param name="Words">Written by whoever answered or failed.</param>
public sealed record HttpSeen(WireStage Stage, string Code, string Words, int Status, Duration Took, ImmutableArray<(string Name, string Value)> Headers, string Body)
{
    public bool IsDone => Stage is WireStage.Done;

    public bool Cut { get; init; }

    public string Header(string name) => Headers.FirstOrDefault(h => string.Equals(h.Name, name, StringComparison.OrdinalIgnoreCase)).Value ?? "";

    public IEnumerable<string> AllOf(string name) => Headers.Where(h => string.Equals(h.Name, name, StringComparison.OrdinalIgnoreCase)).Select(h => h.Value);

    /// <summary>Who answered, as far as headers and body say.</summary>
    public string AnsweredBy => !IsDone ? "NONE"
        : Header("server").StartsWith("awselb", StringComparison.OrdinalIgnoreCase) ? "ALB"
        : Header("server").Equals("cloudflare", StringComparison.OrdinalIgnoreCase) && (Status is 403 or >= 500) && Body.Contains("cloudflare", StringComparison.OrdinalIgnoreCase) ? "CLOUDFLARE"
        : "APPLICATION";
}

/// <summary>One HTTP request, stage by stage: resolve, connect, TLS, ask. Follows no redirect, and no answer makes it throw.</summary>
public static class HttpWalk
{
    private const int MostBody = 256 * 1024;
    private const int MostHeaderKb = 32;

    public static async Task<HttpSeen> AskAsync(HttpQuestion question, WireTarget settings, CancellationToken cancel)
    {
        var began = Stopwatch.GetTimestamp();
        Duration Took() => Duration.FromTimeSpan(Stopwatch.GetElapsedTime(began));
        using var limit = new CancellationTokenSource(settings.Limit.ToTimeSpan(), settings.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            return await SendAsync(question, settings, Took, either.Token);
        }
        catch (WireFailure e)
        {
            return new(e.Stage, e.Code, e.Words, 0, Took(), [], "");
        }
        catch (HttpRequestException e)
        {
            return Failed(e, Took());
        }
        catch (IOException e)
        {
            return new(WireStage.Ask, WireFailure.Reset, e.Message, 0, Took(), [], "");
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            return new(WireStage.Ask, WireFailure.TimedOut, $"no answer within {settings.Limit.TotalSeconds:0.#} s", 0, Took(), [], "");
        }
    }

    private static async Task<HttpSeen> SendAsync(HttpQuestion question, WireTarget settings, Func<Duration> took, CancellationToken cancel)
    {
        var address = question.Address;
        var tls = address.Scheme == Uri.UriSchemeHttps;
        var (host, port) = question.Via ?? (address.IdnHost, address.Port);
        var target = settings with { Host = host, Port = port, Tls = tls, TlsName = address.IdnHost };
        using var handler = new SocketsHttpHandler
        {
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
            MaxResponseHeadersLength = MostHeaderKb,
            ConnectCallback = async (_, token) =>
            {
                var wire = await WireConnection.OpenAsync(target, token);
                if (tls) await wire.UpgradeAsync(token);
                return wire.Raw;
            },
        };
        using var invoker = new HttpMessageInvoker(handler);
        // TLS lies below already: the library itself speaks plain HTTP over it.
        using var request = new HttpRequestMessage(question.Method, new UriBuilder(address) { Scheme = Uri.UriSchemeHttp, Port = port, Host = address.Host }.Uri);
        request.Headers.Host = address.IsDefaultPort ? address.IdnHost : address.Authority;
        request.Headers.TryAddWithoutValidation("User-Agent", "tocsin");
        if (question.Body is { } body) request.Content = new StringContent(body, Encoding.UTF8, "application/json");
        foreach (var (name, value) in question.Headers) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await invoker.SendAsync(request, cancel);
        var first = took();
        var (text, cut) = await ReadAsync(response, cancel);
        var headers = response.Headers.Concat(response.Content.Headers).SelectMany(h => h.Value.Select(v => (h.Key, v))).ToImmutableArray();
        return new(WireStage.Done, "NONE", "", (int)response.StatusCode, first, headers, text) { Cut = cut };
    }

    private static async Task<(string Text, bool Cut)> ReadAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        await using var stream = await response.Content.ReadAsStreamAsync(cancel);
        var buffer = new byte[MostBody];
        var length = 0;
        while (length < MostBody)
        {
            var count = await stream.ReadAsync(buffer.AsMemory(length), cancel);
            if (count == 0) return (Encoding.UTF8.GetString(buffer, 0, length), false);
            length += count;
        }
        return (Encoding.UTF8.GetString(buffer, 0, length), true);
    }

    private static HttpSeen Failed(HttpRequestException failure, Duration took)
    {
        for (Exception? inner = failure; inner is not null; inner = inner.InnerException)
        {
            if (inner is WireFailure e) return new(e.Stage, e.Code, e.Words, 0, took, [], "");
        }
        var code = failure.HttpRequestError is HttpRequestError.ResponseEnded || failure.InnerException is IOException ? WireFailure.Reset : "HTTP";
        return new(WireStage.Ask, code, failure.Message, 0, took, [], "");
    }
}
