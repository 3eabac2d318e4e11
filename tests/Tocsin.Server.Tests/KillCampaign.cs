using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Tocsin.Server.Crash;
using Tocsin.Server.Reading;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Tests;

/// <param name="Lost">What was promised with 2xx, or decided, and is not there; with words.</param>
/// <param name="Doubled">Pages that arrived more than once, whatever the receiver makes of it.</param>
/// <param name="Untold">Those of them that came by a channel whose receiver does not honour the key (Slack), so that somebody reads them twice.</param>
/// <param name="UnmarkedDoubles">Those of them that the server does not show as possible doubles.</param>
internal sealed record KillResult(int Kills, int Reports, int Acknowledged, int Pages, int Doubled, int Untold, int Marked, int UnmarkedDoubles, string Audit, ImmutableArray<string> Lost, TimeSpan Took)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Kills} kills in {Took.TotalSeconds:0} s, {Reports} reports and {Acknowledged} acknowledgements taken, {Pages} pages, {Lost.Length} lost, {Doubled} doubled ({(Pages == 0 ? 0 : 100.0 * Doubled / Pages):0.00} % of the pages, {(double)Doubled / Math.Max(1, Kills):0.00} for each kill; {Untold} of them by a channel that does not honour the key), {Marked} marked as possible doubles; {string.Join("; ", Lost.Take(5))} {Audit}");
}

/// <summary>Servers that die, a sender and a responder that do not give up, and a phone that remembers.</summary>
internal sealed class KillCampaign : IAsyncDisposable
{
    // In the long form a server lives for some hundred steps, so that there are pages to lose; in the short one it hardly begins.
    private static readonly (int Steps, int Milliseconds, int Reporters) Short = (60, 2500, 1);
    private static readonly (int Steps, int Milliseconds, int Reporters) Long = (900, 12_000, 3);

    private static readonly string[] Steps = ["before-commit", "after-commit", "before-send", "after-send", "before-receipt", "after-receipt", "random"];

    private const int Backlog = 300;
    private const int MostTurns = 20;

    // A published one starts in half the time.
    private static readonly string Program = Environment.GetEnvironmentVariable("TOCSIN_CRASH") is { Length: > 0 } folder ? folder : AppContext.BaseDirectory;
    private readonly string database;
    private readonly int nodes;
    private readonly WebApplication phone;
    private readonly ConcurrentDictionary<string, int> rung = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> taken = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> acknowledged = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<int, Uri> up = new();
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly Random chance = new(7);
    private string intake = "";
    private (int Steps, int Milliseconds, int Reporters) life = Short;
    private int kills;

    private KillCampaign(string database, int nodes, WebApplication phone) => (this.database, this.nodes, this.phone) = (database, nodes, phone);

    public static async Task<KillCampaign> StartAsync(string database, int nodes, CancellationToken cancel)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var listening = builder.Build();
        var campaign = new KillCampaign(database, nodes, listening);
        listening.MapPost("/page", (JsonElement page) =>
        {
            campaign.rung.AddOrUpdate(page.GetProperty("key").GetString()!, 1, static (_, n) => n + 1);
            return Results.Ok();
        });
        await listening.StartAsync(cancel);
        await campaign.PrepareAsync(cancel);
        return campaign;
    }

    public async Task<KillResult> RunAsync(int wanted, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        life = wanted >= 100 ? Long : Short;
        using (var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel))
        {
            Task[] work = [.. Enumerable.Range(0, life.Reporters).Select(n => ReportAsync(n, ending.Token)), AcknowledgeAsync(ending.Token)];
            await Task.WhenAll(Enumerable.Range(0, nodes).Select(n => LivesAsync(n, wanted, cancel)));
            await ending.CancelAsync();
            await Task.WhenAll(work);
        }
        await using var last = await ServerHost.StartAsync(CrashOptions.For(database, TestWorld.Root, new Receiver(http, Phone)), NullLoggerFactory.Instance, cancel);
        await CalmAsync(last.Part<Database>(), cancel);
        return await CountAsync(last, watch.Elapsed, cancel);
    }

    public async ValueTask DisposeAsync()
    {
        await phone.DisposeAsync();
        http.Dispose();
    }

    private Uri Phone => new($"{phone.Urls.First()}/page");

    // The account, the token and the intake key, by a server that lives long enough.
    private async Task PrepareAsync(CancellationToken cancel)
    {
        await using var host = await ServerHost.StartAsync(CrashOptions.For(database, TestWorld.Root, new Receiver(http, Phone)), NullLoggerFactory.Instance, cancel);
        // Nobody is killed yet: here nothing may fail, however slow the machine is.
        using var patient = new HttpClient();
        var accepted = await patient.PostAsJsonAsync(new Uri(host.Address, $"/api/v1/invitations/{host.Invitation!.Segments[^1]}"), new { password = "correct horse battery" }, cancel);
        http.DefaultRequestHeaders.Authorization = patient.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await TokenAsync(accepted, cancel));
        intake = await TokenAsync(await patient.PostAsJsonAsync(new Uri(host.Address, "/api/v1/intake-keys"), new { name = "campaign" }, cancel), cancel);
    }

    private static async Task<string> TokenAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<JsonElement>(cancel)).GetProperty("token").GetString()!;
    }

    private static async Task<bool> EndsAsync(Process process, TimeSpan within, CancellationToken cancel)
    {
        try
        {
            await process.WaitForExitAsync(cancel).WaitAsync(within, cancel);
            return true;
        }
        catch (TimeoutException)
        {
            return false;
        }
    }

    // One node after another in the same place, until enough have died.
    private async Task LivesAsync(int node, int wanted, CancellationToken cancel)
    {
        while (Volatile.Read(ref kills) < wanted)
        {
            string step;
            int number, wait;
            lock (chance) (step, number, wait) = (Steps[chance.Next(Steps.Length)], chance.Next(1, life.Steps), chance.Next(200, life.Milliseconds * 3 / 5));
            using var process = Start(step == "random" ? [] : [step, number.ToString(CultureInfo.InvariantCulture)]);
            if (await process.StandardOutput.ReadLineAsync(cancel) is { } address) up[node] = new Uri(new Uri(address), "/");
            // Where the machine is so slow that nobody was answered yet, a death would try nothing: such a life is longer.
            var (lives, turns) = (TimeSpan.FromMilliseconds(step == "random" ? wait : life.Milliseconds), 0);
            while (!await EndsAsync(process, lives, cancel))
            {
                // Its step did not come that often: it dies all the same.
                if (!taken.IsEmpty || ++turns == MostTurns) process.Kill();
            }
            up.TryRemove(node, out _);
            Interlocked.Increment(ref kills);
        }
    }

    private Process Start(string[] at)
    {
        var start = new ProcessStartInfo("dotnet", [Path.Combine(Program, "Tocsin.Server.Crash.dll"), database, TestWorld.Root, Phone.ToString(), .. at]) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DOTNET_TieredPGO"] = "0";
        start.Environment["DOTNET_gcServer"] = "0";
        var process = Process.Start(start)!;
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        return process;
    }

    private async Task ReportAsync(int first, CancellationToken cancel)
    {
        for (var i = first; !cancel.IsCancellationRequested; i += life.Reporters)
        {
            var name = string.Create(CultureInfo.InvariantCulture, $"report-{i}");
            while (!cancel.IsCancellationRequested)
            {
                if (await TryAsync(() => Request("/in/" + intake + "/webhook", new { title = $"{name} fails", service = name, fingerprint = name, severity = "P1" }, name), cancel) == HttpStatusCode.Accepted)
                {
                    taken[name] = name;
                    break;
                }
            }
            await PauseAsync(20, cancel);
            // A sender does not outrun the phone for long: a backlog that only grows would hide how many pages a kill doubles.
            while (taken.Count * 3 > rung.Count + Backlog && !cancel.IsCancellationRequested) await PauseAsync(20, cancel);
        }
    }

    private async Task AcknowledgeAsync(CancellationToken cancel)
    {
        for (var number = 1; !cancel.IsCancellationRequested;)
        {
            var id = string.Create(CultureInfo.InvariantCulture, $"INC-{number}");
            if (await TryAsync(() => Request($"/api/v1/incidents/{id}/acknowledge", new { text = "" }, ""), cancel) == HttpStatusCode.OK)
            {
                acknowledged[id] = 0;
                number += 3;
            }
            await PauseAsync(life.Reporters == 1 ? 50 : 20, cancel);
        }
    }

    private static async Task PauseAsync(int milliseconds, CancellationToken cancel) => await Task.WhenAny(Task.Delay(milliseconds, cancel));

    private HttpRequestMessage? Request(string path, object body, string key)
    {
        if (up.IsEmpty) return null;
        var all = up.Values.ToList();
        if (all.Count == 0) return null;
        Uri address;
        lock (chance) address = all[chance.Next(all.Count)];
        var request = new HttpRequestMessage(HttpMethod.Post, new Uri(address, path)) { Content = JsonContent.Create(body) };
        if (key.Length > 0) request.Headers.Add("Idempotency-Key", key);
        return request;
    }

    // A server that is dead or dying is no answer: the caller tries again.
    private async Task<HttpStatusCode?> TryAsync(Func<HttpRequestMessage?> make, CancellationToken cancel)
    {
        try
        {
            using var request = make();
            if (request is not null)
            {
                using var response = await http.SendAsync(request, cancel);
                return response.StatusCode;
            }
        }
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException)
        {
            _ = e;
        }
        await PauseAsync(10, cancel);
        return null;
    }

    private static async Task CalmAsync(Database database, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(TimeSpan.FromMinutes(10));
        while (await database.ReadAsync((s, c) => s.FirstAsync<long>("select (select count(*) from signals where state = 'new') + (select count(*) from outbox where state in ('waiting', 'sending'))", null, c), limit.Token) > 0) await Task.Delay(100, limit.Token);
    }

    private async Task<KillResult> CountAsync(ServerHost host, TimeSpan took, CancellationToken cancel)
    {
        var store = host.Part<Database>();
        var lost = new List<string>();
        var kept = await store.ReadAsync((s, c) => s.QueryAsync<(string SenderKey, string State, long? Incident)>("select i.sender_key, s.state, s.incident from intake i join signals s on s.intake = i.id", null, c), cancel);
        var bySender = kept.ToLookup(k => k.SenderKey, StringComparer.Ordinal);
        foreach (var report in taken.Keys.Where(r => bySender[r].Count() != 1 || bySender[r].Any(k => k.Incident is null))) lost.Add($"{report} was taken and is there {bySender[report].Count()} times");
        var pages = await store.ReadAsync((s, c) => s.QueryAsync<(string Key, string State, long Doubts, string Channel)>("select key, state, doubts, channel from outbox where purpose = 'page'", null, c), cancel);
        lost.AddRange(pages.Where(p => !rung.ContainsKey(p.Key)).Select(p => $"page {p.Key} ({p.State}) never arrived"));
        // Each incident paged somebody: what was decided is in the outbox.
        var decided = await store.ReadAsync((s, c) => s.QueryAsync<(long Incident, long Count)>("select incident, count(*) from events where type = 'paged' group by incident", null, c), cancel);
        var rows = pages.GroupBy(p => p.Key.Split('/')[0], StringComparer.Ordinal).ToDictionary(g => g.Key, g => (long)g.Count(), StringComparer.Ordinal);
        lost.AddRange(decided.Where(d => rows.GetValueOrDefault($"INC-{d.Incident}") != d.Count).Select(d => $"INC-{d.Incident} decided {d.Count} pages and keeps {rows.GetValueOrDefault($"INC-{d.Incident}")}"));
        lost.AddRange(taken.Keys.Select(r => bySender[r].First().Incident).Where(n => n is not null && !decided.Any(d => d.Incident == n)).Select(n => $"INC-{n} paged nobody"));
        foreach (var id in acknowledged.Keys) if ((await host.Part<IncidentList>().OneAsync(IncidentIds.Parse(id)!.Value, cancel))?.Acknowledged is null) lost.Add($"the acknowledgement of {id}");
        var doubled = rung.Where(r => r.Value > 1).Select(r => r.Key).ToHashSet(StringComparer.Ordinal);
        var marked = pages.Where(p => p.Doubts > 0).Select(p => p.Key).ToHashSet(StringComparer.Ordinal);
        var audit = await host.Part<AuditTrail>().VerifyAsync(cancel);
        return new KillResult(kills, taken.Count, acknowledged.Count, pages.Count, doubled.Count, pages.Count(p => doubled.Contains(p.Key) && p.Channel == "incidents"), marked.Count, doubled.Except(marked, StringComparer.Ordinal).Count(), audit.Problem, [.. lost], took);
    }
}
