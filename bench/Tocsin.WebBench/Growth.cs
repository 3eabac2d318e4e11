using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Tocsin.Server.Access;

namespace Tocsin.WebBench;

/// <summary>What a change and the list of incidents cost with ever more of them stored: one request after the other over one connection.</summary>
internal static class Growth
{
    private const int EventsEach = 8;
    private const int Warm = 20;
    private const int Rounds = 100;

    public static async Task RunAsync(string? postgres, IEnumerable<int> sizes, CancellationToken cancel)
    {
        Console.WriteLine("| stored incidents | a change by the API, median ms | p95 | declaring one | p95 | the list by the API | p95 | the page of incidents | p95 | the first page | p95 |\n|---|---|---|---|---|---|---|---|---|---|---|");
        foreach (var size in sizes)
        {
            await using var world = await World.StartAsync(postgres, size, EventsEach, cancel);
            using var api = new HttpClient { BaseAddress = world.Host.Address };
            api.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", await world.Host.Part<Accounts>().IssueAsync("admin", "bench", Scopes.All, null, "admin", cancel));
            using var browser = world.Client();
            string[] row =
            [
                size.ToString(CultureInfo.InvariantCulture),
                // Of those that are open still, in turns.
                await TimeAsync(n => api.PostAsJsonAsync($"/api/v1/incidents/INC-{size - (n % Math.Min(20, size / 4))}/note", new { text = "looked at the log of the newest task" }, cancel), cancel),
                await TimeAsync(n => api.PostAsJsonAsync("/api/v1/incidents", new { title = $"something {n} is broken", severity = "P2" }, cancel), cancel),
                await TimeAsync(_ => api.GetAsync(new Uri("/api/v1/incidents", UriKind.Relative), cancel), cancel),
                await TimeAsync(_ => browser.GetAsync(new Uri("/incidents", UriKind.Relative), cancel), cancel),
                await TimeAsync(_ => browser.GetAsync(new Uri("/", UriKind.Relative), cancel), cancel),
            ];
            Console.WriteLine($"| {string.Join(" | ", row)} |");
        }
    }

    // Median and 95th percentile, as two cells of a table.
    private static async Task<string> TimeAsync(Func<int, Task<HttpResponseMessage>> ask, CancellationToken cancel)
    {
        var took = new double[Rounds];
        for (var i = -Warm; i < Rounds; i++)
        {
            var start = Stopwatch.GetTimestamp();
            using var answer = await ask(i + Warm);
            await answer.Content.ReadAsByteArrayAsync(cancel);
            if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"{answer.RequestMessage?.RequestUri} answers {(int)answer.StatusCode}");
            if (i >= 0) took[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
        Array.Sort(took);
        return string.Create(CultureInfo.InvariantCulture, $"{took[Rounds / 2]:0.0} | {took[Rounds * 95 / 100]:0.0}");
    }
}
