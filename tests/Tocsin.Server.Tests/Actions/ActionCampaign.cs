using System.Globalization;
using System.Text.Json;
using Tocsin.Lab.Tests;

namespace Tocsin.Server.Tests.Actions;

/// <summary>
/// Round after round, each in a folder of its own: five actions run beside each other, the server is killed at a named step or by the clock, the one that takes
/// over is killed as well in every other round, and the last one finds out what was done. The lab's CloudTrail says what really was.
/// </summary>
internal sealed class ActionCampaign(TestLab lab)
{
    private static readonly string[] Steps = ["before-call", "after-call", "after-outcome", "clock"];

    // Five actions make eight calls; of a step that comes no more often, the clock ends the life.
    private const int MostCalls = 8;
    private const int LongestLife = 800;
    private static readonly TimeSpan StepLimit = TimeSpan.FromSeconds(8);

    private static readonly (string Action, string Service, (string, string)[] Values, string[] Calls)[] Orders =
    [
        ("ecs.deployRevision", "fastify-nova", [("memory", "4096")], ["RegisterTaskDefinition", "UpdateService"]),
        ("ecs.deployRevision", "customer-panel", [("memory", "2048")], ["RegisterTaskDefinition", "UpdateService"]),
        ("ecs.deployRevision", "orion-backend", [("memory", "2048")], ["RegisterTaskDefinition", "UpdateService"]),
        ("ecs.forceDeploy", "events-consumer", [], ["UpdateService"]),
        ("ecs.forceDeploy", "storefront", [], ["UpdateService"]),
    ];

    private readonly Random chance = new(11);
    private readonly SortedDictionary<string, int> ends = new(StringComparer.Ordinal);
    private readonly SortedDictionary<string, int> died = new(StringComparer.Ordinal);

    public int Kills { get; private set; }

    public int Actions { get; private set; }

    public int Calls { get; private set; }

    public List<string> Wrong { get; } = [];

    public override string ToString() => $"{Kills} kills ({Listed(died)}), {Actions} actions ended ({Listed(ends)}), {Calls} calls seen by CloudTrail, none may be there twice; wrong: {(Wrong.Count == 0 ? "none" : string.Join("; ", Wrong))}";

    public async Task RunAsync(int kills)
    {
        while (Kills < kills)
        {
            await lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(120), TestContext.Current.CancellationToken);
            await RoundAsync();
        }
    }

    private async Task RoundAsync()
    {
        var folder = Directory.CreateTempSubdirectory("tocsin-act-").FullName;
        try
        {
            var before = await DyingServer.CallsAsync(lab);
            var (token, ids) = await FirstLifeAsync(folder);
            if (Kills % 2 == 1) await NextLifeAsync(folder, token);
            using var last = await DyingServer.NextAsync(lab, folder, token);
            var ended = new List<JsonElement>();
            foreach (var id in ids) ended.Add(await last!.EndedAsync(id));
            var calls = (await DyingServer.CallsAsync(lab)).Except(before).ToLookup(c => (c.Service, c.Operation));
            for (var i = 0; i < ids.Count; i++) Judge(Orders[i], ended[i], operation => calls[(Orders[i].Service, operation)].Count());
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private async Task<(string Token, List<string> Ids)> FirstLifeAsync(string folder)
    {
        var (step, number, wait) = NextDeath();
        using var server = await DyingServer.FirstAsync(lab, folder, At(step, number));
        var ids = new List<string>();
        foreach (var order in Orders) ids.Add(await server.ApprovedAsync(order.Action, order.Service, order.Values));
        var running = Task.WhenAll(ids.Select(id => TriedAsync(server, id)));
        await DeathAsync(server, step, wait);
        await running;
        return (server.Token, ids);
    }

    // What was left open is taken up, and that is interrupted too.
    private async Task NextLifeAsync(string folder, string token)
    {
        var (step, number, wait) = NextDeath();
        using var server = await DyingServer.NextAsync(lab, folder, token, At(step, Math.Min(number, 2)));
        if (server is null) Count(step);
        else await DeathAsync(server, step, wait);
    }

    private async Task DeathAsync(DyingServer server, string step, TimeSpan wait)
    {
        if (step is "clock" || !await server.DiesAsync(StepLimit))
        {
            if (step is "clock") await server.DiesAsync(wait);
            step = "clock";
            await server.KillAsync();
        }
        Count(step);
    }

    private void Count(string step)
    {
        Kills++;
        died[step] = died.GetValueOrDefault(step) + 1;
    }

    private (string Step, int Number, TimeSpan Wait) NextDeath() => (Steps[chance.Next(Steps.Length)], chance.Next(1, MostCalls), TimeSpan.FromMilliseconds(chance.Next(LongestLife)));

    private static string[] At(string step, int number) => step is "clock" ? [] : [step, number.ToString(CultureInfo.InvariantCulture)];

    // Whoever asked hears nothing any more when the server dies: whether it began is seen afterwards.
    private static async Task<bool> TriedAsync(DyingServer server, string id)
    {
        try
        {
            await server.RunAsync(id);
            return true;
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            return false;
        }
    }

    private void Judge((string Action, string Service, (string, string)[] Values, string[] Calls) order, JsonElement ended, Func<string, int> seen)
    {
        var state = ended.GetProperty("state").GetString()!;
        var counts = order.Calls.Select(seen).ToArray();
        Actions++;
        Calls += counts.Sum();
        ends[state] = ends.GetValueOrDefault(state) + 1;
        var right = state switch
        {
            "succeeded" => counts.All(c => c == 1),
            // What never began, or was found not to have been done, was not done.
            "planned" or "approved" => counts.All(c => c == 0),
            "failed" => counts[^1] == 0 && counts.All(c => c <= 1),
            "unknown" => counts.All(c => c <= 1) && ended.GetProperty("words").GetString()!.Length > 0,
            _ => false,
        };
        if (!right) Wrong.Add($"{order.Action} of {order.Service} is {state} after {string.Join(" and ", order.Calls.Zip(counts, (c, n) => $"{n} {c}"))}: {ended.GetProperty("words").GetString()}");
    }

    private static string Listed(SortedDictionary<string, int> counts) => string.Join(", ", counts.Select(c => $"{c.Value} {c.Key}"));
}
