using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Data.Common;
using Microsoft.Extensions.Logging;
using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Setup;

/// <summary>How this process is: what health, metrics and pages say of it. It lives in memory, so it is there when the database is not.</summary>
public sealed class ServerState(TimeProvider time, ILogger<ServerState> log)
{
    private readonly ConcurrentDictionary<string, (Instant At, long Stamp)> turns = new(StringComparer.Ordinal);
    private readonly Lock gate = new();
    private Instant? downSince;

    /// <summary>Since when the database does not answer, or takes nothing; null: it does.</summary>
    public Instant? DatabaseDownSince
    {
        get
        {
            lock (gate) return downSince;
        }
    }

    public Instant Started { get; } = time.Now();

    /// <summary>What the server does by itself and did not for longer than that, with when it last came round. A clock that is set meanwhile makes no loop late.</summary>
    public ImmutableArray<(string Loop, Instant At)> LateTurns(Duration limit) =>
        [.. turns.Where(t => time.GetElapsedTime(t.Value.Stamp) > limit.ToTimeSpan()).Select(t => (t.Key, t.Value.At)).OrderBy(t => t.Key, StringComparer.Ordinal)];

    public void Turned(string loop) => turns[loop] = (time.Now(), time.GetTimestamp());

    /// <summary>What two writers collided in says nothing about the database.</summary>
    public void DatabaseFailed(DbException error)
    {
        if (Database.IsCollision(error)) return;
        lock (gate)
        {
            if (downSince is not null) return;
            downSince = time.Now();
        }
        ServerMessages.DatabaseDown(log, Words.Time(DatabaseDownSince ?? Started), error.Message);
    }

    /// <summary>It has taken a change again.</summary>
    public void DatabaseTook()
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
