using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Tocsin.Lab.Host;

/// <summary>A bare HTTP server: one listener, one handler. The lab has two, AWS's port and its own control socket.</summary>
public sealed class LabServer : IAsyncDisposable
{
    private readonly KestrelServer server;

    private LabServer(KestrelServerOptions options)
    {
        options.AddServerHeader = false;
        server = new KestrelServer(Options.Create(options), new SocketTransportFactory(Options.Create(new SocketTransportOptions()), NullLoggerFactory.Instance), NullLoggerFactory.Instance);
    }

    public static Task<LabServer> ListenAsync(IPEndPoint address, Func<HttpContext, Task> handle, CancellationToken cancel)
    {
        var options = new KestrelServerOptions();
        options.Listen(address, static l => l.Protocols = HttpProtocols.Http1);
        return StartAsync(options, handle, cancel);
    }

    public static Task<LabServer> ListenAsync(string socket, Func<HttpContext, Task> handle, CancellationToken cancel)
    {
        var options = new KestrelServerOptions();
        options.ListenUnixSocket(socket, static l => l.Protocols = HttpProtocols.Http1);
        return StartAsync(options, handle, cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await server.StopAsync(new CancellationToken(canceled: true));
        server.Dispose();
    }

    private static async Task<LabServer> StartAsync(KestrelServerOptions options, Func<HttpContext, Task> handle, CancellationToken cancel)
    {
        var started = new LabServer(options);
        await started.server.StartAsync(new Application(handle), cancel);
        return started;
    }

    private sealed class Application(Func<HttpContext, Task> handle) : IHttpApplication<HttpContext>
    {
        HttpContext IHttpApplication<HttpContext>.CreateContext(IFeatureCollection contextFeatures) => new DefaultHttpContext(contextFeatures);

        Task IHttpApplication<HttpContext>.ProcessRequestAsync(HttpContext context) => handle(context);

        void IHttpApplication<HttpContext>.DisposeContext(HttpContext context, Exception? exception)
        {
        }
    }
}
