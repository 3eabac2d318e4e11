using Tocsin.Cli.Tests.Processes;

namespace Tocsin.Cli.Tests;

/// <summary>tocsin.yaml: found in three places, strict, paths counted from the file.</summary>
public sealed class SettingsTests : IDisposable
{
    private readonly Workplace at = new();

    public SettingsTests() => Own.Entry(at, "etc/own/service/vault-sealed", "literal: \"vault is sealed\"");

    public void Dispose() => at.Dispose();

    [Fact]
    public void Settings_are_found_in_the_folder_by_option_and_by_variable()
    {
        at.Write("etc/tocsin.yaml", "catalog: [own]\n");
        Assert.Empty(Finds([]));
        Assert.Equal(["-:1:0 vault-sealed"], Finds(["--config", "etc/tocsin.yaml"]));
        using (var running = at.StartWith("TOCSIN_CONFIG", at["etc/tocsin.yaml"], "scan", "--format", "ndjson"))
        {
            running.Send("vault is sealed\n");
            Assert.Equal(["-:1:0 vault-sealed"], running.End().Finds);
        }
        at.Write("tocsin.yaml", "catalog: [etc/own]\n");
        Assert.Equal(["-:1:0 vault-sealed"], Finds([]));
    }

    [Theory]
    [InlineData("catalogue: [own]\n", "tocsin.yaml:1:1: error unknown-key: the key \"catalogue\" is unknown; did you mean \"catalog\"?")]
    [InlineData("catalog: own\n", "tocsin.yaml:1:10: error wrong-type: catalog is \"own\"; a list is expected")]
    [InlineData("platform: [a]\n", "tocsin.yaml:1:11: error wrong-type: platform is a list; a text is expected")]
    [InlineData("catalog:\n\t- own\n", "tocsin.yaml:2:1: error tab: ")]
    [InlineData("", "tocsin.yaml:1:1: error empty: ")]
    public void A_wrong_setting_stops_the_start_and_is_named(string yaml, string message)
    {
        at.Write("tocsin.yaml", yaml);
        var ended = at.Run("scan", "-");
        Assert.Equal((2, ""), (ended.Code, ended.Out));
        Assert.StartsWith($"tocsin: {message}", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_catalog_that_is_not_there_is_told_and_the_shipped_one_works()
    {
        at.Write("tocsin.yaml", "catalog: [nowhere]\n");
        var ended = at.RunWith("connect ECONNREFUSED 10.0.12.34:3306\n", "scan", "--format", "ndjson");
        Assert.Equal(["-:1:0 mysql-unreachable"], ended.Finds);
        Assert.Contains("nowhere: error no-catalog: there is no such folder", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_platform_that_cannot_be_read_is_a_usage_error_where_it_is_needed()
    {
        var ended = at.Run("explain", "mysql-unreachable", "--platform", "nowhere");
        Assert.Equal(2, ended.Code);
        Assert.StartsWith("tocsin: the platform nowhere could not be read: ", ended.Error, StringComparison.Ordinal);
    }

    private IEnumerable<string> Finds(string[] options) => at.RunWith("vault is sealed\n", ["scan", "--format", "ndjson", .. options]).Finds;
}
