using System.Globalization;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Tests;

/// <summary>
/// Reports and acknowledgements are posted while servers are killed at random and at every named step. A short form runs with the tests, 12 kills on each database;
/// <c>./dev campaign-kill</c> runs the long one.
/// </summary>
public sealed class KillCampaignTests(PostgresServer postgres)
{
    private static readonly int Kills = int.Parse(Environment.GetEnvironmentVariable("TOCSIN_KILLS") ?? "12", CultureInfo.InvariantCulture);

    [Fact]
    public async Task On_sqlite_no_kill_loses_an_event_or_a_page()
    {
        var folder = Directory.CreateTempSubdirectory("tocsin-kill-").FullName;
        try
        {
            await RunAsync(folder, nodes: 1);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task On_two_nodes_of_postgresql_no_kill_loses_an_event_or_a_page() => await RunAsync(await postgres.CreateAsync(TestContext.Current.CancellationToken), nodes: 2);

    private static async Task RunAsync(string database, int nodes)
    {
        await using var campaign = await KillCampaign.StartAsync(database, nodes, TestContext.Current.CancellationToken);
        var result = await campaign.RunAsync(Kills, TestContext.Current.CancellationToken);
        TestContext.Current.SendDiagnosticMessage(result.ToString());
        Console.WriteLine($"{(nodes == 1 ? SqlDialect.Sqlite.Name : SqlDialect.Postgres.Name)}: {result}");
        Assert.True(result.Kills >= Kills, result.ToString());
        Assert.True(result.Reports > 0 && result.Pages >= result.Reports, result.ToString());
        Assert.Empty(result.Lost);
        Assert.Equal(0, result.UnmarkedDoubles);
        Assert.Equal("", result.Audit);
        // The short form has few pages for each kill; the share is owed where it means something.
        if (Kills >= 500) Assert.True(result.Doubled < result.Pages / 100.0, result.ToString());
    }
}
