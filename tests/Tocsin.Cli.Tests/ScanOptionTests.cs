using System.Globalization;
using Tocsin.Cli.Tests.Processes;

namespace Tocsin.Cli.Tests;

public sealed class ScanOptionTests : IDisposable
{
    private const string Mysql = "2026-11-21T20:00:00Z connect ECONNREFUSED 10.0.12.34:3306\n";
    private const string Redis = "2026-11-21T21:00:00Z connect ECONNREFUSED 10.0.12.34:6379\n";
    private readonly Workplace at = new();

    public ScanOptionTests() => at.Write("app.log", Mysql + Redis);

    public void Dispose() => at.Dispose();

    [Theory]
    [InlineData("", "mysql-unreachable", "redis-unreachable")]
    [InlineData("--only mysql-unreachable", "mysql-unreachable")]
    [InlineData("--only DATABASE", "mysql-unreachable")]
    [InlineData("--only database,queue", "mysql-unreachable", "redis-unreachable")]
    [InlineData("--only database --only queue --except redis-unreachable", "mysql-unreachable")]
    [InlineData("--except database", "redis-unreachable")]
    [InlineData("--only cloudflare")]
    [InlineData("--since 2026-11-21T20:30:00Z", "redis-unreachable")]
    [InlineData("--until 2026-11-21T20:30", "mysql-unreachable")]
    [InlineData("--since 2026-11-21 --until 2026-11-22", "mysql-unreachable", "redis-unreachable")]
    [InlineData("--since 2026-11-22")]
    public void Finds_are_chosen(string options, params string[] errors)
    {
        var ended = at.Run(["scan", "app.log", "--format", "ndjson", .. options.Split(' ', StringSplitOptions.RemoveEmptyEntries)]);
        Assert.Equal(errors, ended.Objects.SkipLast(1).Select(o => o.GetProperty("error").GetString()));
        Assert.Equal((0, ""), (ended.Code, ended.Error));
    }

    [Fact]
    public void An_age_counts_back_from_now()
    {
        var now = TimeProvider.System.GetUtcNow();
        at.Write("app.log", string.Concat(new[] { 90, 10 }.Select(m => $"{now.AddMinutes(-m).ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)} connect ECONNREFUSED 10.0.12.34:3306\n")));
        Assert.Equal(["app.log:2:58 mysql-unreachable"], at.Run("scan", "app.log", "--since", "1h", "--format", "ndjson").Finds);
        Assert.Equal(["app.log:1:0 mysql-unreachable"], at.Run("scan", "app.log", "--until", "30m", "--format", "ndjson").Finds);
    }

    [Theory]
    [InlineData("--only mysql-unreachble", "\"mysql-unreachble\" is neither an entry nor a layer; did you mean \"mysql-unreachable\"? layers: ecs, database, network, queue, service, cloudflare")]
    [InlineData("--except databse", "\"databse\" is neither an entry nor a layer; did you mean \"database\"? layers: ecs, database, network, queue, service, cloudflare")]
    [InlineData("--since yesterday", "--since yesterday: a time is expected")]
    [InlineData("--since 21:00 --until 20:00", "--since is later than --until")]
    [InlineData("--context -1", "--context takes a whole number from 0 to 1000")]
    [InlineData("--catalog nowhere", "--catalog nowhere: there is no such folder")]
    [InlineData("--config nowhere.yaml", "the settings file nowhere.yaml could not be read")]
    public void A_value_that_makes_no_sense_is_a_usage_error(string options, string message)
    {
        var ended = at.Run(["scan", "app.log", .. options.Split(' ')]);
        Assert.Equal((2, ""), (ended.Code, ended.Out));
        Assert.StartsWith($"tocsin: {message}", ended.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("app.log", 0)]
    [InlineData("app.log --exit-code", 1)]
    [InlineData("app.log --exit-code --only cloudflare", 0)]
    [InlineData("gone.log", 3)]
    [InlineData("app.log gone.log --exit-code", 3)]
    public void The_exit_code_says_how_it_went(string arguments, int code) => Assert.Equal(code, at.Run(["scan", .. arguments.Split(' ')]).Code);

    [Theory]
    [InlineData("-")]
    [InlineData("")]
    public void Standard_input_is_read_with_a_dash_or_without_a_name(string file) =>
        Assert.Equal(["-:1:0 mysql-unreachable"], at.RunWith(Mysql, ["scan", .. file.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--format", "ndjson"]).Finds);
}
