using System.Data.Common;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Clock;

/// <summary>Finds out when a database that failed is well again. Only a change that was taken counts: a full disk still answers questions.</summary>
public sealed class DatabasePulse(Database database, ServerState state)
{
    // More than what a log of changes has left over from before.
    private const int Bytes = 256 * 1024;
    private static readonly string Weight = new('.', Bytes);

    public async Task<int> CheckAsync(CancellationToken cancel)
    {
        if (state.DatabaseDownSince is null) return 0;
        try
        {
            await database.WriteAsync((s, c) => s.ExecuteAsync("insert into secrets (name, value) values ('pulse', @Weight) on conflict (name) do update set value = excluded.value", new { Weight }, c), cancel);
            await database.WriteAsync((s, c) => s.ExecuteAsync("delete from secrets where name = 'pulse'", null, c), cancel);
            state.DatabaseTook();
        }
        catch (DbException e)
        {
            state.DatabaseFailed(e);
        }
        return 0;
    }
}
