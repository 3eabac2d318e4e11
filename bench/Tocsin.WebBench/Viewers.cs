using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Tocsin.Core.Incidents;
using Tocsin.Server.Api;
using Tocsin.Server.Incidents;

namespace Tocsin.WebBench;

/// <summary>200 people look on, half of them at one incident and half at the first page, while somebody writes: from the command to the part of the page that shows it, in every viewer's hands.</summary>
internal static partial class Viewers
{
    private const int Many = 200;
    private const int Notes = 30;
    private static readonly IncidentId Watched = new(9995);
    private static readonly TimeSpan Between = TimeSpan.FromSeconds(1);

    public static async Task RunAsync(World world, CancellationToken cancel)
    {
        using var client = world.Client();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var (seen, ready) = (new ConcurrentBag<double>(), new CountdownEvent(Many));
        var starts = new long[Notes];
        var head = await world.Host.Part<ChangeFeed>().HeadAsync(cancel);
        var viewers = Enumerable.Range(0, Many).Select(i => LookAsync(client, i % 2 == 0, head, starts, seen, ready, ending.Token)).ToList();
        while (!ready.IsSet) await Task.Delay(50, cancel);
        for (var note = 0; note < Notes; note++)
        {
            starts[note] = Stopwatch.GetTimestamp();
            await world.Host.Part<IncidentDesk>().DoAsync(Watched, new IncidentCommand.Note("lead", string.Create(CultureInfo.InvariantCulture, $"bench-note-{note}-")), null, cancel);
            await Task.Delay(Between, cancel);
        }
        await Task.Delay(TimeSpan.FromSeconds(3), cancel);
        await ending.CancelAsync();
        await Task.WhenAll(viewers);
        var sorted = seen.Order().ToArray();
        Console.WriteLine();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Many} viewers, {Notes} changes a second apart: {sorted.Length} of {Many * Notes} sights, median {sorted[sorted.Length / 2]:0} ms, p95 {sorted[sorted.Length * 95 / 100]:0} ms, last {sorted[^1]:0} ms"));
    }

    private static async Task LookAsync(HttpClient client, bool room, long head, long[] starts, ConcurrentBag<double> seen, CountdownEvent ready, CancellationToken cancel)
    {
        try
        {
            var live = room ? $"/live?incident={Watched}&after={head}" : string.Create(CultureInfo.InvariantCulture, $"/live?after={head}");
            using var answer = await client.GetAsync(new Uri(live, UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, cancel);
            using var reader = new StreamReader(await answer.Content.ReadAsStreamAsync(cancel));
            ready.Signal();
            var last = -1;
            while (await reader.ReadLineAsync(cancel) is { } line)
            {
                if (!line.StartsWith("event: change", StringComparison.Ordinal)) continue;
                var html = await client.GetStringAsync(new Uri(room ? $"/incidents/{Watched}?part=live" : "/?part=live", UriKind.Relative), cancel);
                // The first page shows no note: what it fetched after the word of it counts for all up to then.
                var newest = room ? Note().Matches(html).Select(m => int.Parse(m.Groups[1].ValueSpan, CultureInfo.InvariantCulture)).DefaultIfEmpty(-1).Max() : Array.FindLastIndex(starts, s => s > 0);
                for (; last < newest; last++) seen.Add(Stopwatch.GetElapsedTime(starts[last + 1]).TotalMilliseconds);
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            return;
        }
    }

    [GeneratedRegex("bench-note-([0-9]+)-")]
    private static partial Regex Note();
}
