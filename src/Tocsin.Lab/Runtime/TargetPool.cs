using System.Collections.Concurrent;
using System.Net;
using NodaTime;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Runtime;

/// <summary>Connections to targets that are kept between requests, as long as the load balancer's idle timeout lets them.</summary>
internal sealed class TargetPool(LabClock clock, Func<Duration> idle) : IDisposable
{
    private readonly ConcurrentDictionary<IPEndPoint, ConcurrentStack<(TargetConnection Connection, Duration Since)>> kept = new();
    private volatile bool disposed;

    public TargetConnection? Take(IPEndPoint target)
    {
        if (!kept.TryGetValue(target, out var stack)) return null;
        while (stack.TryPop(out var one))
        {
            if (!one.Connection.IsSpent && clock.Elapsed - one.Since < idle()) return one.Connection;
            one.Connection.Dispose();
        }
        return null;
    }

    public void Keep(TargetConnection connection)
    {
        kept.GetOrAdd(connection.Target, static _ => new()).Push((connection, clock.Elapsed));
        if (disposed) Dispose();
    }

    public void Dispose()
    {
        disposed = true;
        foreach (var stack in kept.Values)
        {
            while (stack.TryPop(out var one)) one.Connection.Dispose();
        }
    }
}
