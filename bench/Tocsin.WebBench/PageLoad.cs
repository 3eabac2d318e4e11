using System.Diagnostics;
using System.Globalization;
using Microsoft.AspNetCore.Routing;

namespace Tocsin.WebBench;

/// <summary>Each page by itself, one request after the other over one connection: what a person waits for but for the network.</summary>
internal static class PageLoad
{
    private const int Warm = 10;
    private const int Rounds = 100;

    public static async Task RunAsync(World world, CancellationToken cancel)
    {
        using var client = world.Client();
        Console.WriteLine("| page | median ms | p95 ms | KB of HTML |\n|---|---|---|---|");
        foreach (var path in Paths(world))
        {
            var took = new double[Rounds];
            var bytes = 0;
            for (var i = -Warm; i < Rounds; i++)
            {
                var start = Stopwatch.GetTimestamp();
                using var answer = await client.GetAsync(new Uri(path, UriKind.Relative), cancel);
                bytes = (await answer.Content.ReadAsByteArrayAsync(cancel)).Length;
                if (!answer.IsSuccessStatusCode) throw new InvalidOperationException($"{path} answers {(int)answer.StatusCode}");
                if (i >= 0) took[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
            }
            Array.Sort(took);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"| `{path}` | {took[Rounds / 2]:0.0} | {took[Rounds * 95 / 100]:0.0} | {bytes / 1024.0:0} |"));
        }
    }

    // Every page that needs no name of something, and those of one incident and one entry.
    private static IEnumerable<string> Paths(World world)
    {
        var plain = world.Host.Endpoints.OfType<RouteEndpoint>().Where(e => e.Metadata.GetMetadata<Server.Web.PageEndpoint>() is not null && e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Contains("GET", StringComparer.Ordinal)).Select(e => "/" + e.RoutePattern.RawText!.TrimStart('/')).Where(p => !p.Contains('{', StringComparison.Ordinal) && p is not ("/live" or "/clock" or "/lab" or "/drill/diff"));
        return plain.Concat(["/?part=live", "/incidents?state=open", "/incidents/INC-5000", "/incidents/INC-5000?part=live", "/incidents/INC-9990", "/incidents/INC-5000/why", "/reference?q=secret", "/reference/ecs-exit-137", "/oncall?view=month", "/simulate?what=all+is+down&severity=P0", "/signals?state=counted&service=core-api", "/palette?q=storefront"]).Order(StringComparer.Ordinal);
    }
}
