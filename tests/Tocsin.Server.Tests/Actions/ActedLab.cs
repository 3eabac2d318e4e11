using System.Collections.Immutable;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Probes;
using Tocsin.Core.Platforms;
using Tocsin.Core.Response.Actions;
using Tocsin.Lab.Tests;
using Tocsin.Lab.Verbs;
using Tocsin.Server.Actions;

namespace Tocsin.Server.Tests.Actions;

/// <summary>A server whose actions reach the shipped platform in a lab, with two people who may approve.</summary>
internal sealed class ActedLab : IAsyncDisposable
{
    public const string Role = "arn:aws:iam::000000000000:role/tocsin-acting";
    private const int Times = 10;

    private bool owns;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private ActedLab(TestLab lab, TestWorld world, ActionGround ground) => (Lab, World, Ground) = (lab, world, ground);

    public TestLab Lab { get; }

    public TestWorld World { get; }

    public ActionGround Ground { get; }

    public HttpClient Ann { get; private set; } = null!;

    public HttpClient Bob { get; private set; } = null!;

    public static async Task<ActedLab> StartAsync(ActionMode mode = ActionMode.On, Func<ActionSetup, ActionSetup>? change = null, TimeProvider? time = null)
    {
        var lab = await TestLab.StartAsync(Times, Cancel);
        await lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(120), Cancel);
        var acted = await StartAsync(lab, DataDoors.None, mode, change, time);
        acted.owns = true;
        return acted;
    }

    /// <summary>On a lab of the caller's.</summary>
    public static async Task<ActedLab> StartAsync(TestLab lab, DataDoors doors, ActionMode mode = ActionMode.On, Func<ActionSetup, ActionSetup>? change = null, TimeProvider? time = null)
    {
        var ground = GroundOf(lab) with { Doors = doors };
        var setup = new ActionSetup { Modes = ImmutableDictionary<string, ActionMode>.Empty.Add("production", mode), Ground = e => e is "production" ? ground : null, Pause = TimeSpan.FromMilliseconds(200) };
        var world = await TestWorld.SqliteAsync(o => o with { Time = time ?? TimeProvider.System, Loops = true, Live = false, Actions = change?.Invoke(setup) ?? setup });
        return new ActedLab(lab, world, ground)
        {
            Ann = world.Client(await world.TokenAsync("ann", "responder", "read", "respond")),
            Bob = world.Client(await world.TokenAsync("bob", "responder", "read", "respond")),
        };
    }

    public static ActionGround GroundOf(TestLab lab)
    {
        var state = lab.Host.State;
        var usual = new AwsCallerOptions { Login = AwsLogin.Keys(state.AccessKeyId, state.SecretAccessKey), Endpoint = new Uri(state.Endpoint) };
        var platform = PlatformReader.Parse(File.ReadAllText(Path.Combine(TestWorld.Root, "platforms", "zelly", "platform.yaml")), "platform.yaml").Value!;
        var environment = platform.Environment("production")!;
        return new ActionGround(new PlatformMap(platform, environment), new AwsCaller(usual), state.Endpoint.TrimEnd('/'), new ActingRole(usual, Role, environment.Fields["region"]).AsAsync, TimeProvider.System);
    }

    public void Do(string verb) => VerbTable.Run(Lab.Host, VerbRequest.Read(verb, "production", "test"));

    public async Task<JsonElement> PlanAsync(string action, string target, params (string Name, string Value)[] values) =>
        await TakenAsync(await AskAsync(Ann, "", new { action, environment = "production", target, values = values.ToDictionary(v => v.Name, v => v.Value, StringComparer.Ordinal) }), HttpStatusCode.Created);

    public async Task<JsonElement> PlanAsync(string action, string target, string incident, params (string Name, string Value)[] values) =>
        await TakenAsync(await AskAsync(Ann, "", new { action, environment = "production", target, incident, values = values.ToDictionary(v => v.Name, v => v.Value, StringComparer.Ordinal) }), HttpStatusCode.Created);

    /// <summary>Waits until the incident's timeline says so.</summary>
    public async Task ToldAsync(string incident, string words)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(60));
        while (!(await World.GetAsync($"/api/v1/incidents/{incident}")).GetProperty("timeline").EnumerateArray().Any(e => Text(e, "text").Contains(words, StringComparison.Ordinal)))
        {
            Assert.False(limit.IsCancellationRequested, $"the timeline never said: {words}");
            await Task.Delay(100, Cancel);
        }
    }

    /// <summary>As many people as it takes approve exactly what they see.</summary>
    public async Task ApproveAsync(JsonElement plan)
    {
        foreach (var person in new[] { Ann, Bob })
        {
            var seen = await TakenAsync(await AskAsync(person, $"/{Id(plan)}/approve", new { digest = Text(plan, "digest") }), HttpStatusCode.OK);
            if (Text(seen, "waiting").Length == 0) return;
        }
    }

    /// <summary>Approved, run, and looked at.</summary>
    public async Task<JsonElement> DoneAsync(JsonElement plan, params (string Name, string Value)[] values)
    {
        await ApproveAsync(plan);
        await TakenAsync(await AskAsync(Bob, $"/{Id(plan)}/run", new { values = values.ToDictionary(v => v.Name, v => v.Value, StringComparer.Ordinal) }), HttpStatusCode.OK);
        return await EndedAsync(plan);
    }

    public async Task<JsonElement> EndedAsync(JsonElement plan)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(120));
        while (true)
        {
            var now = await World.GetAsync($"/api/v1/actions/{Id(plan)}");
            if (Text(now, "state") is "failed" or "unknown" || now.TryGetProperty("verified", out _)) return now;
            Assert.False(limit.IsCancellationRequested, now.ToString());
            await Task.Delay(100, Cancel);
        }
    }

    public async Task<JsonElement> UndoAsync(JsonElement done) => await TakenAsync(await AskAsync(Ann, $"/{Id(done)}/undo", new { why = "the test takes it back" }), HttpStatusCode.OK);

    public Task<HttpResponseMessage> AskAsync(HttpClient person, string path, object body) => person.PostAsync($"/api/v1/actions{path}", JsonContent.Create(body), Cancel);

    /// <summary>Why it was refused.</summary>
    public async Task<string> RefusedAsync(Task<HttpResponseMessage> asked)
    {
        var answer = await asked;
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        return Text(await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel), "detail");
    }

    /// <summary>Why it could not even be planned.</summary>
    public Task<string> RefusedAsync(string action, string target, params (string Name, string Value)[] values) =>
        RefusedAsync(AskAsync(Ann, "", new { action, environment = "production", target, values = values.ToDictionary(v => v.Name, v => v.Value, StringComparer.Ordinal) }));

    /// <summary>How often something that changes the platform was really called, as the provider's own log has it.</summary>
    public async Task<int> CallsAsync(string operation)
    {
        var trail = await Ground.AskAsync("cloudtrail", "LookupEvents", new JsonObject { ["LookupAttributes"] = new JsonArray(new JsonObject { ["AttributeKey"] = "EventName", ["AttributeValue"] = operation }) }, Cancel);
        return ((JsonArray)trail["Events"]!).Count(e => ((string)e!["CloudTrailEvent"]!).Contains("assumed-role/tocsin-acting", StringComparison.Ordinal));
    }

    public static string Id(JsonElement plan) => Text(plan, "id");

    public static string Text(JsonElement of, string name) => of.TryGetProperty(name, out var value) ? value.GetString() ?? "" : "";

    public async ValueTask DisposeAsync()
    {
        Ann.Dispose();
        Bob.Dispose();
        await World.DisposeAsync();
        Ground.Reader.Dispose();
        if (owns) await Lab.DisposeAsync();
    }

    private async Task<JsonElement> TakenAsync(HttpResponseMessage answer, HttpStatusCode wanted)
    {
        Assert.True(answer.StatusCode == wanted, await answer.Content.ReadAsStringAsync(Cancel));
        return await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
    }
}
