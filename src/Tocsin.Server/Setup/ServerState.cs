using Microsoft.Extensions.Logging;
using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Setup;

/// <summary>How this process is: what health, metrics and pages say of it.</summary>
public sealed class ServerState(TimeProvider time, ILogger<ServerState> log)
{
    private readonly Lock gate = new();
    private Instant? downSince;

    /// <summary>Since when the database does not answer; null: it does.</summary>
    public Instant? DatabaseDownSince
    {
        get
        {
            lock (gate) return downSince;
        }
    }

    public Instant Started { get; } = time.Now();

    /// <summary>Told once, when it begins.</summary>
    public Action<string> WentDown { get; set; } = static _ => { };

    public void DatabaseFailed(Exception error)
    {
        lock (gate)
        {
            if (downSince is not null) return;
            downSince = time.Now();
        }
        ServerMessages.DatabaseDown(log, Words.Time(DatabaseDownSince ?? Started), error.Message);
        WentDown(error.Message);
    }

    public void DatabaseAnswered()
    {
        Instant since;
        lock (gate)
        {
            if (downSince is not { } at) return;
            (since, downSince) = (at, null);
        }
        ServerMessages.DatabaseBack(log, (long)(time.Now() - since).TotalSeconds);
    }
}
