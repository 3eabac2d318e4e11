using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NodaTime;
using Tocsin.Collect.Wire;
using Tocsin.Core.Response.Actions;

namespace Tocsin.Server.Actions.Data;

/// <summary>The only writing face on the database: a login that lives for one step, and statements whose names are plain and whose values are hexadecimal.</summary>
internal static class MySqlDoor
{
    public static string Component(ActionGround ground) => ground.Doors.Database ?? throw new ActionRefused("the platform has no MySQL cluster that can be reached");

    public static async Task<MySqlRows> AskAsync(ActionGround ground, string sql, CancellationToken cancel)
    {
        var (servers, place) = ground.Doors.Open(Component(ground));
        try
        {
            await using var connection = await MySqlConnection.OpenAsync(servers.Target(place) with { Limit = Duration.FromSeconds(10) }, new MySqlLogin(place.User, place.Password), cancel);
            return await connection.QueryAsync(sql, cancel);
        }
        catch (WireFailure e)
        {
            throw new ActionRefused($"{Component(ground)}: {e.Code}: {AwsCalling.Short(e.Words)}");
        }
    }

    public static string Text(string text) => text.Length == 0 ? "''" : $"CONVERT(0x{Convert.ToHexString(Encoding.UTF8.GetBytes(text))} USING utf8mb4)";

    public static PlannedCall Call(string operation, string sql) => new("mysql", operation, ActionOrder.None.Add("sql", JsonValue.Create(sql).ToJsonString(AwsCalling.Plain)));

    public static string Sql(PlannedCall call) => JsonNode.Parse(call.Arguments["sql"])!.ToString();

    /// <summary>Runs the call's own statement.</summary>
    public static async Task<CallResult> RunAsync(ActionGround ground, ActionRun run, int call, string words, CancellationToken cancel)
    {
        await AskAsync(ground, Sql(run.Plan.Calls[call]), cancel);
        return CallResult.Done(words);
    }

    public static string Command(PlannedCall call) => $"mysql -h HOST -u USER -p --ssl-mode=REQUIRED -e \"{Sql(call)}\"";
}

/// <summary>mysql.killConnection: one connection ends; the server's own are refused.</summary>
public sealed class KillConnection : ActionKind
{
    private static readonly ImmutableArray<string> Untouchable = ["system user", "event_scheduler", "rdsadmin", "rdsrepladmin"];

    public override string Id => "mysql.killConnection";

    public override string Target => "a connection's id, as the process list shows it";

    public override Duration Patience => Duration.FromSeconds(15);

    public override async Task<ActionDraft> DraftAsync(ActionGround ground, ActionOrder order, CancellationToken cancel)
    {
        var (id, facts, seen) = await FindAsync(ground, order.Target, cancel) ?? throw new ActionRefused($"there is no connection {order.Target} any more");
        if (Untouchable.Contains(facts["user"], StringComparer.Ordinal) || seen.Contains("Binlog Dump", StringComparison.Ordinal)) throw new ActionRefused($"connection {id} is the server's own ({facts["user"]})");
        // Aurora's master user may end only its own sessions by KILL; the others by RDS's procedure.
        var hasRds = (await MySqlDoor.AskAsync(ground, "SELECT COUNT(*) FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = 'mysql' AND ROUTINE_NAME = 'rds_kill'", cancel)).Rows is [["1"]];
        var sql = hasRds ? string.Create(CultureInfo.InvariantCulture, $"CALL mysql.rds_kill({id})") : string.Create(CultureInfo.InvariantCulture, $"KILL CONNECTION {id}");
        return new ActionDraft(order.Target, seen, "ended", [MySqlDoor.Call("kill", sql)], facts) { Notes = ["what it had not committed is rolled back by the server, which may take as long as it had worked"] };
    }

    public override async Task<ImmutableSortedDictionary<string, string>> FactsAsync(ActionGround ground, ActionPlan plan, CancellationToken cancel) => (await FindAsync(ground, plan.Target, cancel))?.Facts ?? ActionOrder.None;

    public override Task<CallResult> CallAsync(ActionGround ground, ActionRun run, int call, ImmutableSortedDictionary<string, string> values, CancellationToken cancel) => MySqlDoor.RunAsync(ground, run, call, "the server was told to end it", cancel);

    public override async Task<CallResult> ReadBackAsync(ActionGround ground, ActionRun run, int call, CancellationToken cancel) => await FindAsync(ground, run.Plan.Target, cancel) is null ? CallResult.Done("read back: it is gone") : CallResult.Failed("read back: it is still there");

    public override async Task<Verification> VerifyAsync(ActionGround ground, ActionRun run, CancellationToken cancel) => await FindAsync(ground, run.Plan.Target, cancel) is { } still ? Verification.NotYet(still.Seen) : Verification.Yes($"connection {run.Plan.Target} is gone");

    public override string CommandOf(PlannedCall call, ActionPlace place) => MySqlDoor.Command(call);

    private static async Task<(long Id, ImmutableSortedDictionary<string, string> Facts, string Seen)?> FindAsync(ActionGround ground, string target, CancellationToken cancel)
    {
        if (!long.TryParse(target, NumberStyles.None, CultureInfo.InvariantCulture, out var id)) throw new ActionRefused("a connection is named by its number");
        var rows = await MySqlDoor.AskAsync(ground, string.Create(CultureInfo.InvariantCulture, $"SELECT USER, HOST, DB, COMMAND, TIME, STATE FROM information_schema.PROCESSLIST WHERE ID = {id}"), cancel);
        if (rows.Rows is not [var row, ..]) return null;
        string Of(string name) => rows.Value(row, name) ?? "";
        // Its time and state never stand still: whose it is decides.
        return (id, ActionOrder.None.Add("user", Of("USER")).Add("host", Of("HOST")), $"{Of("USER")} from {Of("HOST")} in {Of("DB")}: {Of("COMMAND")} for {Of("TIME")} s, {Of("STATE")}");
    }
}

/// <summary>migration.markRun: a migration whose changes are there already is written into the table of those that ran.</summary>
public sealed partial class MarkMigration : ActionKind
{
    private const string Recorded = "recorded";

    public override string Id => "migration.markRun";

    public override string Target => "the migration's name, such as AddTenantState1700000000000";

    public override Duration Patience => Duration.FromSeconds(15);

    public override Task<ActionDraft> DraftAsync(ActionGround ground, ActionOrder order, CancellationToken cancel) => ToAsync(ground, order.Target, run: true, cancel);

    public override Task<ActionDraft> UndoAsync(ActionGround ground, ActionRun run, CancellationToken cancel) => ToAsync(ground, run.Plan.Target, run: false, cancel);

    public override async Task<ImmutableSortedDictionary<string, string>> FactsAsync(ActionGround ground, ActionPlan plan, CancellationToken cancel) => Facts(await CountAsync(ground, plan.Target, cancel));

    public override Task<CallResult> CallAsync(ActionGround ground, ActionRun run, int call, ImmutableSortedDictionary<string, string> values, CancellationToken cancel) => MySqlDoor.RunAsync(ground, run, call, "the row was written", cancel);

    public override async Task<CallResult> ReadBackAsync(ActionGround ground, ActionRun run, int call, CancellationToken cancel) => await HoldsAsync(ground, run, cancel) ? CallResult.Done("read back: so it is") : CallResult.Failed("read back: it is as before");

    public override async Task<Verification> VerifyAsync(ActionGround ground, ActionRun run, CancellationToken cancel) => await HoldsAsync(ground, run, cancel) ? Verification.Yes($"{run.Plan.Target} is {run.Plan.Wanted}") : Verification.No($"{run.Plan.Target} is not {run.Plan.Wanted}");

    public override string CommandOf(PlannedCall call, ActionPlace place) => MySqlDoor.Command(call);

    private static async Task<bool> HoldsAsync(ActionGround ground, ActionRun run, CancellationToken cancel) => await CountAsync(ground, run.Plan.Target, cancel) == (run.Plan.Undoes.Length > 0 ? 0 : 1);

    private static async Task<ActionDraft> ToAsync(ActionGround ground, string name, bool run, CancellationToken cancel)
    {
        if (Form().Match(name) is not { Success: true } form) throw new ActionRefused($"{name} is no migration's name: it ends with the 13 digits of the time it was made");
        var count = await CountAsync(ground, name, cancel);
        if (run && count > 0) throw new ActionRefused($"{name} is recorded as run already");
        if (!run && count == 0) throw new ActionRefused($"{name} is not recorded");
        var sql = run ? $"INSERT INTO {Table(ground)} (timestamp, name) VALUES ({form.Groups[1].Value}, {MySqlDoor.Text(name)})" : $"DELETE FROM {Table(ground)} WHERE name = {MySqlDoor.Text(name)} LIMIT 1";
        return new ActionDraft(name, run ? "not recorded" : Recorded, run ? Recorded : "not recorded", [MySqlDoor.Call(run ? "insert" : "delete", sql)], Facts(count))
        {
            Notes = run ? ["its changes must be in the schema already, all of them: look before, and take a snapshot (rds.snapshot)", "the next start skips it"] : [],
        };
    }

    private static string Table(ActionGround ground)
    {
        var component = MySqlDoor.Component(ground);
        var (schema, table) = (ground.Map.Component(component, "schema") ?? throw new ActionRefused($"platform.yaml names no schema of {component}"), ground.Map.Component(component, "migrationsTable") ?? "migrations");
        return Plain().IsMatch(schema) && Plain().IsMatch(table) ? $"`{schema}`.`{table}`" : throw new ActionRefused($"{schema}.{table} is no plain name of a table");
    }

    private static async Task<long> CountAsync(ActionGround ground, string name, CancellationToken cancel) =>
        (await MySqlDoor.AskAsync(ground, $"SELECT COUNT(*) FROM {Table(ground)} WHERE name = {MySqlDoor.Text(name)}", cancel)).Rows is [[{ } count]] ? long.Parse(count, CultureInfo.InvariantCulture) : 0;

    private static ImmutableSortedDictionary<string, string> Facts(long count) => ActionOrder.None.Add(Recorded, count == 0 ? "no" : "yes");

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]{0,200}?([0-9]{13})\z", RegexOptions.NonBacktracking)]
    private static partial Regex Form();

    [GeneratedRegex(@"\A[A-Za-z0-9_]{1,64}\z", RegexOptions.NonBacktracking)]
    private static partial Regex Plain();
}
