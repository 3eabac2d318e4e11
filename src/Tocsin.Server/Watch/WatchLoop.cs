using Microsoft.Extensions.Hosting;

namespace Tocsin.Server.Watch;

/// <summary>Runs the watch with the server, and ends with it.</summary>
public sealed class WatchLoop(PlatformWatch watch) : BackgroundService
{
    protected override Task ExecuteAsync(CancellationToken stoppingToken) => watch.RunAsync(stoppingToken);
}
