using System.Globalization;
using Tocsin.Server.Publishing;
using Tocsin.WebBench;

// pages [INCIDENTS] [EVENTS]: how long each page takes, and how soon 200 viewers see a change. In PostgreSQL where $TOCSIN_BENCH_POSTGRES names one, else SQLite.
// growth [INCIDENTS…]: what a change and the lists cost with ever more incidents stored.
// site: a server with some incidents until standard input ends; prints its address and a cookie, for a browser that measures.
switch (args)
{
    case ["pages", .. var sizes]:
        var incidents = sizes.Length > 0 ? int.Parse(sizes[0], CultureInfo.InvariantCulture) : 10_000;
        var events = sizes.Length > 1 ? int.Parse(sizes[1], CultureInfo.InvariantCulture) : 1_000_000;
        await using (var world = await World.StartAsync(Environment.GetEnvironmentVariable("TOCSIN_BENCH_POSTGRES"), incidents, events / incidents, CancellationToken.None))
        {
            await PageLoad.RunAsync(world, CancellationToken.None);
            await Viewers.RunAsync(world, CancellationToken.None);
        }
        return 0;
    case ["growth", .. var sizes]:
        await Growth.RunAsync(Environment.GetEnvironmentVariable("TOCSIN_BENCH_POSTGRES"), sizes.Length > 0 ? sizes.Select(s => int.Parse(s, CultureInfo.InvariantCulture)) : [100, 1_000, 10_000, 100_000], CancellationToken.None);
        return 0;
    case ["site"]:
        await using (var world = await World.StartAsync(null, 40, 12, CancellationToken.None))
        {
            await PublicPage.FillAsync(world.Host.Part<StatusDesk>(), CancellationToken.None);
            Console.WriteLine($"{world.Host.Address} {world.Cookie}");
            await Console.In.ReadLineAsync();
        }
        return 0;
    default:
        Console.Error.WriteLine("usage: pages [INCIDENTS] [EVENTS] | growth [INCIDENTS…] | site");
        return 2;
}
