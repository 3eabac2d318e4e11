using System.Globalization;
using System.Text.Json;
using Tocsin.Lab.Tests;

namespace Tocsin.Server.Tests.Actions;

/// <summary>
/// A server that dies by SIGKILL in the middle of actions: what was done is found out by reading back, and nothing is ever called twice. A short campaign runs
/// with the tests, 4 kills; <c>./dev campaign-actions</c> runs the long one.
/// </summary>
public sealed class ActionCrashTests
{
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("TOCSIN_ACTION_KILLS") ?? "4", CultureInfo.InvariantCulture);
    private readonly CancellationToken cancel = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Killed_at_any_step_an_action_is_never_done_twice_and_never_left_open()
    {
        await using var lab = await TestLab.StartAsync(10, cancel);
        await lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(120), cancel);
        // Two calls, register and deploy; where the server dies, and how the action ends.
        (string Step, int Number, string Service, string Memory, string[] Ends)[] cases =
        [
            ("before-call", 1, "fastify-nova", "4096", ["failed"]),
            ("after-call", 1, "customer-panel", "2048", ["succeeded"]),
            ("after-outcome", 1, "orion-backend", "2048", ["succeeded"]),
            ("before-call", 2, "events-consumer", "1024", ["unknown"]),
            ("after-call", 2, "storefront", "4096", ["succeeded"]),
        ];
        foreach (var (step, number, service, memory, ends) in cases)
        {
            var before = await DyingServer.CallsAsync(lab);
            var ended = await KilledAsync(lab, step, number, service, memory);
            var calls = (await DyingServer.CallsAsync(lab)).Except(before).ToLookup(c => c.Operation, StringComparer.Ordinal);
            var (registered, updated) = (calls["RegisterTaskDefinition"].Count(), calls["UpdateService"].Count());
            var state = ended.GetProperty("state").GetString()!;
            Assert.True(ends.Contains(state, StringComparer.Ordinal), $"{step} {number}: {ended}");
            Assert.True(registered <= 1 && updated <= 1, $"{step} {number}: registered {registered} times, updated {updated} times");
            if (state is "succeeded") Assert.Equal((1, 1), (registered, updated));
            if (state is "failed") Assert.Equal((0, 0), (registered, updated));
        }
    }

    [Fact]
    public async Task No_kill_at_any_time_does_a_call_twice_or_leaves_an_action_open()
    {
        await using var lab = await TestLab.StartAsync(10, cancel);
        await lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(120), cancel);
        var campaign = new ActionCampaign(lab);
        await campaign.RunAsync(Kills);
        Console.WriteLine(campaign);
        Assert.Empty(campaign.Wrong);
        Assert.True(campaign.Kills >= Kills && campaign.Actions > campaign.Kills, campaign.ToString());
    }

    private static async Task<JsonElement> KilledAsync(TestLab lab, string step, int number, string service, string memory)
    {
        var folder = Directory.CreateTempSubdirectory("tocsin-act-").FullName;
        try
        {
            string id, token;
            using (var dying = await DyingServer.FirstAsync(lab, folder, step, $"{number}"))
            {
                token = dying.Token;
                id = await dying.ApprovedAsync("ecs.deployRevision", service, ("memory", memory));
                await dying.RunAsync(id);
                if (!await dying.DiesAsync(TimeSpan.FromSeconds(60))) Assert.Fail($"{step} {number} was not reached: {await dying.SeeAsync(id, CancellationToken.None)}");
            }
            using var next = await DyingServer.NextAsync(lab, folder, token);
            return await next!.EndedAsync(id);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
