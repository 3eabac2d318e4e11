using System.Text;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Web;

/// <summary>A drill that was kept, without its evidence.</summary>
/// <param name="Took">Microseconds from the first question to the verdict.</param>
public sealed record KeptDrill(string Id, string Name, string Environment, string Service, string Keeper, long Begun, long Kept, string Verdict, string Cause, string Account, long Lab, long Took);

/// <summary>Drills that outlive the server's memory, and bundles from elsewhere: stored as evidence and judged by the catalog of whoever looks.</summary>
public sealed class KeptDrills(Database database, ServerOptions options)
{
    public const int Most = 200;
    private const int MostName = 100;
    private const string Columns = "id, name, environment, service, keeper, begun, kept, verdict, cause, account, lab, took";

    public Task<List<KeptDrill>> ListAsync(CancellationToken cancel) => database.ReadAsync((s, c) => s.QueryAsync<KeptDrill>($"select {Columns} from kept_drills order by kept desc", null, c), cancel);

    /// <summary>By which it is kept; empty: it is not. Nothing is judged for it.</summary>
    public async Task<string> NameAsync(string id, CancellationToken cancel) => await database.ReadAsync((s, c) => s.FirstAsync<string>("select name from kept_drills where id = @id", new { id }, c), cancel) ?? "";

    /// <summary>A drill as it was looked at, with the diagnosis that its evidence comes down to now; null: it is not kept.</summary>
    public async Task<(WatchedDrill Drill, string Name)?> FindAsync(string id, CancellationToken cancel)
    {
        var found = await database.ReadAsync(async (s, c) => (Row: await s.FirstAsync<KeptDrill>($"select {Columns} from kept_drills where id = @id", new { id }, c), Bundle: await s.FirstAsync<string>("select bundle from kept_drills where id = @id", new { id }, c)), cancel);
        if (found is not { Row: { } row, Bundle: { } text }) return null;
        var drill = new WatchedDrill(row.Id, row.Environment, row.Service, row.Keeper, Micros.At(row.Begun));
        if (BundleReader.Parse(Encoding.UTF8.GetBytes(text), row.Id).Value is { } bundle && options.Web.Judge is { } judge) End(drill, new DrillSeen(bundle, judge(bundle), row.Account, row.Lab == 1, (double)row.Took / Micros.PerSecond));
        else drill.Fail("its evidence cannot be read by this version");
        return (drill, row.Name);
    }

    /// <returns>What is wrong with it; empty: it is kept.</returns>
    public Task<string> KeepAsync(WatchedDrill drill, string name, string by, CancellationToken cancel)
    {
        name = name.Trim();
        if (drill.Outcome is not { } outcome) return Task.FromResult("it has no outcome that could be kept");
        if (name.Length is 0 or > MostName) return Task.FromResult($"a name of 1 to {MostName} characters is expected");
        return database.WriteAsync(
            async (s, c) =>
            {
                if (await s.FirstAsync<long>("select count(*) from kept_drills", null, c) >= Most) return $"{Most} drills are kept already; give one up first";
                object?[] row = [drill.Id, name, drill.Environment, drill.Service, by, Micros.Of(drill.Begun), Micros.Of(options.Time.Now()), outcome.Diagnosis.Verdict.ToString(), outcome.Diagnosis.Causes.FirstOrDefault()?.Id ?? "", outcome.Account, outcome.Lab ? 1L : 0L, (long)(outcome.Seconds * Micros.PerSecond), Encoding.UTF8.GetString(BundleJson.Write(outcome.Bundle))];
                await s.InsertAsync("kept_drills", $"{Columns}, bundle", [row], "on conflict (id) do nothing", c);
                await AuditChain.AppendAsync(s, [new AuditEntry(Micros.Of(options.Time.Now()), by, "drill kept", drill.Id, name, "")], c);
                return "";
            },
            cancel);
    }

    /// <summary>A bundle that was collected elsewhere, such as by <c>tocsin drill --bundle</c>; not kept yet.</summary>
    public Parsed<WatchedDrill> Read(ReadOnlyMemory<byte> bytes, string file, string by)
    {
        var parsed = BundleReader.Parse(bytes, file);
        if (parsed.Value is not { } bundle) return new(null, parsed.Problems);
        var drill = new WatchedDrill(Guid.CreateVersion7(options.Time.GetUtcNow()).ToString(), bundle.Environment, bundle.Services is [var only] ? only : "", by, bundle.CollectedAt);
        End(drill, new DrillSeen(bundle, options.Web.Judge!(bundle), "of a file", Lab: false, 0));
        return new(drill, []);
    }

    public Task ForgetAsync(string id, string by, CancellationToken cancel) => database.WriteAsync(
        async (s, c) =>
        {
            if (await s.ExecuteAsync("delete from kept_drills where id = @id", new { id }, c) == 1) await AuditChain.AppendAsync(s, [new AuditEntry(Micros.Of(options.Time.Now()), by, "drill given up", id, "", "")], c);
            return true;
        },
        cancel);

    private static void End(WatchedDrill drill, DrillSeen outcome)
    {
        foreach (var seen in outcome.Bundle.Observations) drill.Add(seen);
        drill.End(outcome);
    }
}
