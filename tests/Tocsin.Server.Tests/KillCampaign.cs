using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.Sockets;
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
/// <param name="Late">How long after it was decided a page came: half of them, 99 of 100, all.</param>
/// <param name="Steps">How many died at each step; by the clock where the step did not come that often.</param>
internal sealed record KillResult(int Kills, string Steps, int Reports, int Acknowledged, int Resolved, int Pages, int Doubled, int Untold, int Marked, int UnmarkedDoubles, string Audit, ImmutableArray<TimeSpan> Late, ImmutableArray<string> Lost, TimeSpan Took)
{
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Kills} kills in {Took.TotalSeconds:0} s ({Steps}), {Reports} reports, {Acknowledged} acknowledgements and {Resolved} resolutions taken, {Pages} pages ({(double)Pages / Math.Max(1, Kills):0} for each kill), {Lost.Length} lost, {Doubled} doubled ({(Pages == 0 ? 0 : 100.0 * Doubled / Pages):0.00} % of the pages, {(double)Doubled / Math.Max(1, Kills):0.00} for each kill; {Untold} of them by a channel that does not honour the key), {Marked} marked as possible doubles; from the decision to the phone {string.Join(", ", Late.Select(l => $"{l.TotalSeconds:0.0}"))} s (half, 99 of 100, all) {string.Join("; ", Lost.Take(5))} {Audit}");
}

/// <summary>Servers that die, a sender and a responder that do not give up, and a phone that remembers.</summary>
internal sealed class KillCampaign : IAsyncDisposable
{
    // In the long form a server lives long enough to send some hundred pages; in the short one it hardly begins.
    private static readonly Life Short = new(Pages: 60, Commits: 60, Limit: 2500, Least: 1, Reporters: 1, Pause: 20);
    private static readonly Life Long = new(Pages: 300, Commits: 1000, Limit: 6000, Least: 120, Reporters: 2, Pause: 40);

    private static readonly string[] Steps = ["before-commit", "after-commit", "before-send", "after-send", "before-receipt", "after-mark", "after-receipt", "random"];

    // A report pages three: whoever is on call, their room, and the tech lead.
    private const int PagesOfReport = 3;
    private const int Backlog = 60;
    private const int MostTurns = 20;

    // The responder answers all but one in so many, and the clock escalates those that are left; an answered incident is resolved some incidents later.
    private const int LeftEvery = 25;
    private const int ResolvedAfter = 40;

    // One life in so many ends soon after it began.
    private const int EarlyEvery = 10;

    // A published one starts in half the time.
    private static readonly string Program = Environment.GetEnvironmentVariable("TOCSIN_CRASH") is { Length: > 0 } folder ? folder : AppContext.BaseDirectory;
    private readonly string database;
    private readonly int nodes;
    private readonly WebApplication phone;
    private readonly ConcurrentDictionary<string, int> rung = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, DateTimeOffset> firstRung = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, string> taken = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> acknowledged = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, byte> resolved = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int> died = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<int, Uri> up = new();
    private readonly HttpClient http = new() { Timeout = TimeSpan.FromSeconds(5) };
    private readonly Random chance = new(7);
    private string intake = "";
    private Life life = Short;
    private int kills;
    private int firstPages;

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
            campaign.Ring(page.GetProperty("key").GetString()!);
            return Results.Ok();
        });
        await listening.StartAsync(cancel);
        await campaign.PrepareAsync(cancel);
        return campaign;
    }

    public async Task<KillResult> RunAsync(int wanted, CancellationToken cancel)
    {
        var watch = Stopwatch.StartNew();
        life = wanted >= 30 ? Long : Short;
        using (var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel))
        {
            Task[] work = [.. Enumerable.Range(0, life.Reporters).Select(n => ReportAsync(n, ending.Token)), AnswerAsync(ending.Token)];
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

    private void Ring(string key)
    {
        firstRung.TryAdd(key, TimeProvider.System.GetUtcNow());
        if (rung.AddOrUpdate(key, 1, static (_, n) => n + 1) == 1 && int.Parse(key.Split('/')[1], CultureInfo.InvariantCulture) <= PagesOfReport) Interlocked.Increment(ref firstPages);
    }

    // One node after another in the same place, until enough have died.
    private async Task LivesAsync(int node, int wanted, CancellationToken cancel)
    {
        while (Volatile.Read(ref kills) < wanted)
        {
            var (step, number, wait) = NextDeath();
            using var process = Start(step == "random" ? [] : [step, number.ToString(CultureInfo.InvariantCulture)]);
            if (await process.StandardOutput.ReadLineAsync(cancel) is { } address) up[node] = new Uri(new Uri(address), "/");
            // Where the machine is so slow that it has hardly sent a page, a death would try nothing: such a life is longer.
            var before = rung.Count;
            var (lives, turns) = (TimeSpan.FromMilliseconds(step == "random" ? wait : life.Limit * nodes), 0);
            while (!await EndsAsync(process, lives, cancel))
            {
                // Its step did not come that often: it dies all the same.
                step = "random";
                if (rung.Count >= before + (wait < life.Limit / 3 * nodes ? 1 : life.Least) || ++turns == MostTurns) process.Kill();
            }
            up.TryRemove(node, out _);
            died.AddOrUpdate(step, 1, static (_, n) => n + 1);
            Interlocked.Increment(ref kills);
        }
    }

    // The step, how often it comes before the end, and how long a life is that ends by the clock; of two nodes each has half of the work, and lives twice as long.
    private (string Step, int Number, int Wait) NextDeath()
    {
        lock (chance)
        {
            var step = Steps[chance.Next(Steps.Length)];
            var most = step.EndsWith("commit", StringComparison.Ordinal) ? life.Commits : life.Pages;
            var least = life == Short || chance.Next(EarlyEvery) == 0 ? 1 : most / 3;
            return (step, chance.Next(least, most), chance.Next(least == 1 ? 200 : life.Limit / 3, life.Limit) * nodes);
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
            await PauseAsync(life.Pause, cancel);
            // A sender does not outrun the phone for long: a backlog that only grows would hide how many pages a kill doubles.
            while (taken.Count * PagesOfReport > Volatile.Read(ref firstPages) + Backlog && !cancel.IsCancellationRequested) await PauseAsync(20, cancel);
        }
    }

    private async Task AnswerAsync(CancellationToken cancel)
    {
        for (var number = 1; !cancel.IsCancellationRequested; number++)
        {
            if (number % LeftEvery == 0) continue;
            await DoAsync(number, "acknowledge", acknowledged, cancel);
            if (number > ResolvedAfter && (number - ResolvedAfter) % LeftEvery != 0) await DoAsync(number - ResolvedAfter, "resolve", resolved, cancel);
        }
    }

    private async Task DoAsync(int number, string verb, ConcurrentDictionary<string, byte> done, CancellationToken cancel)
    {
        var id = string.Create(CultureInfo.InvariantCulture, $"INC-{number}");
        while (!cancel.IsCancellationRequested)
        {
            switch (await TryAsync(() => Request($"/api/v1/incidents/{id}/{verb}", new { text = "the campaign" }, ""), cancel))
            {
                case HttpStatusCode.OK:
                    done[id] = 0;
                    return;
                // It was resolved, and the answer got lost.
                case HttpStatusCode.Conflict:
                    return;
                case null:
                    break;
                default:
                    // It is not there yet.
                    await PauseAsync(100, cancel);
                    break;
            }
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
        catch (Exception e) when (e is HttpRequestException or OperationCanceledException or IOException or SocketException)
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
        var pages = await store.ReadAsync((s, c) => s.QueryAsync<(string Key, string State, string Channel, long Decided)>("select key, state, channel, decided from outbox where purpose = 'page'", null, c), cancel);
        lost.AddRange(pages.Where(p => !rung.ContainsKey(p.Key)).Select(p => $"page {p.Key} ({p.State}) never arrived"));
        // Each incident paged somebody: what was decided is in the outbox.
        var decided = await store.ReadAsync((s, c) => s.QueryAsync<(long Incident, long Count)>("select incident, count(*) from events where type = 'paged' group by incident", null, c), cancel);
        var rows = pages.GroupBy(p => p.Key.Split('/')[0], StringComparer.Ordinal).ToDictionary(g => g.Key, g => (long)g.Count(), StringComparer.Ordinal);
        lost.AddRange(decided.Where(d => rows.GetValueOrDefault($"INC-{d.Incident}") != d.Count).Select(d => $"INC-{d.Incident} decided {d.Count} pages and keeps {rows.GetValueOrDefault($"INC-{d.Incident}")}"));
        var paged = decided.Select(d => d.Incident).ToHashSet();
        lost.AddRange(taken.Keys.Select(r => bySender[r].FirstOrDefault().Incident).Where(n => n is { } incident && !paged.Contains(incident)).Select(n => $"INC-{n} paged nobody"));
        var all = (await store.ReadAsync((s, c) => s.QueryAsync<(long Number, long? Acknowledged, long? Resolved)>("select number, acknowledged, resolved from incidents", null, c), cancel)).ToDictionary(i => $"INC-{i.Number}", StringComparer.Ordinal);
        lost.AddRange(acknowledged.Keys.Where(id => all.GetValueOrDefault(id).Acknowledged is null).Select(id => $"the acknowledgement of {id}"));
        lost.AddRange(resolved.Keys.Where(id => all.GetValueOrDefault(id).Resolved is null).Select(id => $"the resolution of {id}"));
        var doubled = rung.Where(r => r.Value > 1).Select(r => r.Key).ToHashSet(StringComparer.Ordinal);
        // Also what is no page, such as the question at the start of a turn, is marked where it may have come twice.
        var marked = (await store.ReadAsync((s, c) => s.QueryAsync<string>("select key from outbox where doubts > 0", null, c), cancel)).ToHashSet(StringComparer.Ordinal);
        var audit = await host.Part<AuditTrail>().VerifyAsync(cancel);
        return new KillResult(kills, string.Join(", ", died.OrderBy(d => d.Key, StringComparer.Ordinal).Select(d => $"{d.Value} {d.Key}")), taken.Count, acknowledged.Count, resolved.Count, pages.Count, doubled.Count, pages.Count(p => doubled.Contains(p.Key) && p.Channel == "incidents"), marked.Count, doubled.Except(marked, StringComparer.Ordinal).Count(), audit.Problem, Late([.. pages.Where(p => firstRung.ContainsKey(p.Key)).Select(p => firstRung[p.Key] - Micros.At(p.Decided).ToDateTimeOffset()).Order()]), [.. lost], took);
    }

    private static ImmutableArray<TimeSpan> Late(TimeSpan[] all) => all.Length == 0 ? [] : [all[all.Length / 2], all[all.Length * 99 / 100], all[^1]];

    /// <param name="Pages">How many pages a server sends at most before it dies at one.</param>
    /// <param name="Commits">The same for what it writes.</param>
    /// <param name="Limit">In milliseconds: then it dies wherever it is.</param>
    /// <param name="Least">How many pages came to the phone in a life that the clock ends, but for those that end early.</param>
    /// <param name="Pause">Of a reporter between two reports, in milliseconds.</param>
    private sealed record Life(int Pages, int Commits, int Limit, int Least, int Reporters, int Pause);
}
