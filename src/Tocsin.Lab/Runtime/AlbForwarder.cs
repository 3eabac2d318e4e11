using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Tocsin.Lab.Runtime;

/// <summary>
/// An Application Load Balancer's HTTP listener on a real address: it forwards to real targets, and whatever goes wrong on the way is answered, logged and
/// counted as AWS's does. What cannot be parsed as HTTP is refused by the server in front, with the right status but without the load balancer's page and
/// log entry.
/// </summary>
public sealed class AlbForwarder : IAsyncDisposable
{
    // What an Application Load Balancer takes (user guide, HTTP 400 and 463).
    private const int MaxRequestLine = 16 * 1024;
    private const int MaxHeaders = 64 * 1024;
    private const int MaxForwarded = 30;

    // Kestrel's TLS asks for services that only a web host registers.
    private static readonly Lazy<IServiceProvider> TlsServices = new(() => new HostBuilder().ConfigureWebHost(w => w.UseKestrelCore().UseKestrelHttpsConfiguration().Configure(_ => { })).Build().Services);

    private readonly KestrelServer server;
    private readonly TargetPool pool;
    private readonly RoundRobin turns = new();
    private readonly ConcurrentDictionary<string, AlbCounters> counters = new(StringComparer.Ordinal);
    private readonly Lock log = new();
    private AlbListener listener;

    private AlbForwarder(AlbListener listener)
    {
        this.listener = listener;
        pool = new TargetPool(listener.Clock, listener.IdleTimeout);
        server = new KestrelServer(Options.Create(ServerOptions(listener)), new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance),
            NullLoggerFactory.Instance);
    }

    /// <summary>Where it listens, with the port that was given to it if it asked for any.</summary>
    public IPEndPoint Address => listener.Address;

    public static async Task<AlbForwarder> StartAsync(AlbListener listener, CancellationToken cancel)
    {
        var forwarder = new AlbForwarder(listener);
        try
        {
            await forwarder.server.StartAsync(new Application(forwarder), cancel);
        }
        catch
        {
            forwarder.server.Dispose();
            throw;
        }
        var port = new Uri(forwarder.server.Features.GetRequiredFeature<IServerAddressesFeature>().Addresses.First()).Port;
        forwarder.listener = listener with { Address = new IPEndPoint(listener.Address.Address, port) };
        return forwarder;
    }

    public AlbCounters Counters(string targetGroup) => counters.GetValueOrDefault(targetGroup) ?? AlbCounters.None;

    async ValueTask IAsyncDisposable.DisposeAsync()
    {
        await server.StopAsync(new CancellationToken(canceled: true));
        server.Dispose();
        pool.Dispose();
    }

    private static KestrelServerOptions ServerOptions(AlbListener listener)
    {
        var options = new KestrelServerOptions { AddServerHeader = false, ResponseHeaderEncodingSelector = static _ => Encoding.Latin1, RequestHeaderEncodingSelector = static _ => Encoding.Latin1 };
        if (listener.Certificate is not null) options.ApplicationServices = TlsServices.Value;
        options.Limits.MaxRequestLineSize = MaxRequestLine;
        options.Limits.MaxRequestHeadersTotalSize = MaxHeaders;
        options.Limits.MaxRequestBodySize = null;
        options.Limits.MinRequestBodyDataRate = null;
        options.Limits.MinResponseDataRate = null;
        var idle = listener.Clock.OnTheWall(listener.IdleTimeout());
        options.Limits.KeepAliveTimeout = idle > IoLimit.Floor ? idle : IoLimit.Floor;
        options.Listen(listener.Address, l =>
        {
            l.Protocols = HttpProtocols.Http1;
            if (listener.Certificate is { } certificate) l.UseHttps(certificate);
        });
        return options;
    }

    private async Task HandleAsync(HttpContext context, CancellationToken cancel)
    {
        var exchange = new AlbExchange(listener, context);
        try
        {
            if (await AnswerAsync(exchange, cancel) is { } status) await PageAsync(exchange, status, cancel);
        }
        catch (Exception gone) when (cancel.IsCancellationRequested && (gone is OperationCanceledException || IoLimit.IsPeer(gone)))
        {
            if (!context.Response.HasStarted) exchange.LoggedStatus = 460;
        }
        Record(exchange);
        // The server in front sends what it has and closes; aborting the request would throw away what is already on its way.
        if (exchange.CutOff) throw new IOException("the target's answer broke off");
    }

    /// <summary>The status of the load balancer's own page, or none when something was answered.</summary>
    private async Task<int?> AnswerAsync(AlbExchange exchange, CancellationToken cancel)
    {
        var request = exchange.Context.Request;
        if (HttpMethods.IsTrace(request.Method)) return 405;
        if (AlbRequest.ForwardedAddresses(request) > MaxForwarded) return 463;
        exchange.Rule = listener.Rules().Where(r => r.Fits(exchange.HostName)).MinBy(r => r.Priority);
        if (exchange.Rule is null)
        {
            await FixedAsync(exchange, listener.Default, cancel);
            return null;
        }
        exchange.Actions = "forward";
        exchange.Group = listener.TargetGroup(exchange.Rule.TargetGroup);
        exchange.Target = turns.Next(exchange.Rule.TargetGroup, exchange.Group?.Targets ?? [])?.Address;
        return exchange.Target is null ? 503 : await ForwardAsync(exchange, exchange.Target, cancel);
    }

    private async Task<int?> ForwardAsync(AlbExchange exchange, IPEndPoint target, CancellationToken cancel)
    {
        TargetConnection connection;
        try
        {
            connection = pool.Take(target) ?? await IoLimit.WithinAsync(listener.Clock, listener.ConnectTimeout,
                c => new ValueTask<TargetConnection>(TargetConnection.ConnectAsync(target, c)), cancel);
        }
        catch (Exception failed) when (failed is TimeoutException or SocketException)
        {
            exchange.ConnectionFailed = true;
            return failed is TimeoutException or SocketException { SocketErrorCode: SocketError.TimedOut } ? 504 : 502;
        }
        var reusable = false;
        try
        {
            (var status, reusable) = await ExchangeAsync(exchange, connection, cancel);
            return status;
        }
        finally
        {
            if (reusable) pool.Keep(connection);
            else connection.Dispose();
        }
    }

    private async Task<(int? Status, bool Reusable)> ExchangeAsync(AlbExchange exchange, TargetConnection connection, CancellationToken cancel)
    {
        var limit = new SilenceLimit(listener.Clock, listener.IdleTimeout());
        try
        {
            await connection.WriteAsync(AlbRequest.Head(exchange, listener), cancel);
            exchange.Dispatched = exchange.Now;
            if (await AlbRequest.SendBodyAsync(exchange, connection, limit, cancel) == BodyEnd.ClientSilent) return (408, false);
            var head = await limit.HoldAsync(connection.ReadHeadAsync, cancel);
            exchange.Answered = exchange.Now;
            return (null, await AlbResponse.CopyAsync(exchange, head, connection, limit, cancel));
        }
        catch (TimeoutException)
        {
            exchange.Answered = null;
            return (504, false);
        }
        catch (Exception fault) when ((IoLimit.IsPeer(fault) || fault is MalformedResponseException) && !cancel.IsCancellationRequested)
        {
            exchange.Answered ??= exchange.Now;
            return (502, false);
        }
    }

    private static Task FixedAsync(AlbExchange exchange, FixedResponse response, CancellationToken cancel)
    {
        exchange.Actions = "fixed-response";
        return OwnAsync(exchange, response.Status, response.ContentType, response.Body, cancel);
    }

    private static Task PageAsync(AlbExchange exchange, int status, CancellationToken cancel) =>
        OwnAsync(exchange, status, "text/html", AlbPage.Html(status), cancel);

    private static async Task OwnAsync(AlbExchange exchange, int status, string contentType, string body, CancellationToken cancel)
    {
        var response = exchange.Context.Response;
        var bytes = Encoding.UTF8.GetBytes(body);
        response.StatusCode = status;
        exchange.Context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = AlbPage.Reason(status);
        response.Headers.Server = AlbPage.Server;
        response.Headers.Connection = status is 400 or 408 ? "close" : "keep-alive";
        if (bytes.Length > 0) response.ContentType = contentType;
        response.ContentLength = bytes.Length;
        if (HttpMethods.IsHead(exchange.Context.Request.Method)) return;
        exchange.SentBody = bytes.Length;
        await response.Body.WriteAsync(bytes, cancel);
    }

    private void Record(AlbExchange exchange)
    {
        var entry = exchange.Entry();
        lock (log)
        {
            if (exchange.Rule is { } rule) counters[rule.TargetGroup] = Counters(rule.TargetGroup).With(entry, exchange.ConnectionFailed);
            listener.AccessLog(entry);
        }
    }

    private sealed class Application(AlbForwarder owner) : IHttpApplication<HttpContext>
    {
        HttpContext IHttpApplication<HttpContext>.CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

        Task IHttpApplication<HttpContext>.ProcessRequestAsync(HttpContext context) => owner.HandleAsync(context, context.RequestAborted);

        void IHttpApplication<HttpContext>.DisposeContext(HttpContext context, Exception? exception)
        {
        }
    }
}
