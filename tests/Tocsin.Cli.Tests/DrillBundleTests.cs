using Tocsin.Cli.Tests.Processes;

namespace Tocsin.Cli.Tests;

/// <summary>Evidence that was kept, told again.</summary>
public sealed class DrillBundleTests : IDisposable
{
    private readonly Workplace at = new();

    public void Dispose() => at.Dispose();

    [Theory]
    [InlineData("10:04:00", "Healthy: nothing that was looked at is wrong now. Over is `ecs-exit-137` at production/api (last\n10:03:00Z).", "What is over")]
    [InlineData("10:01:00", "`ecs-exit-137", "Diagnosis")]
    public void What_ended_before_all_was_well_is_told_as_over(string wellSince, string headline, string heading)
    {
        Write(
            $$"""{"probe": "ecs.service", "subject": {"environment": "production", "service": "api"}, "vantage": "api", "status": "ok", "at": "2026-11-23T10:05:00Z", "since": "2026-11-23T{{wellSince}}Z", "facts": {{Well}} }""",
            """{"entry": "ecs-exit-137", "signatures": ["oom"], "subject": {"environment": "production", "service": "api"}, "source": "ecs stopped tasks", "first": "2026-11-23T10:02:00Z", "last": "2026-11-23T10:03:00Z", "count": 2, "text": "OutOfMemoryError"}""");
        var ended = at.Run("drill", "--from-bundle", "kept.json");
        Assert.Equal("", ended.Error);
        Assert.Contains(headline, ended.Out, StringComparison.Ordinal);
        Assert.Contains(heading, ended.Out, StringComparison.Ordinal);
        Assert.Equal(ended.Out, at.Run("drill", "--from-bundle", "kept.json").Out);
    }

    [Fact]
    public void What_fails_without_a_known_cause_is_told_in_the_first_line_with_the_services_own_words()
    {
        Write(
            $$"""
            {"probe": "ecs.service", "subject": {"environment": "production", "service": "api"}, "vantage": "api", "status": "ok", "at": "2026-11-23T10:05:00Z", "facts": {{Well}} },
            {"probe": "app.logs", "subject": {"environment": "production", "service": "api"}, "vantage": "api", "status": "ok", "at": "2026-11-23T10:05:00Z", "facts": {"failing": "/orders 21 times, last 10:04:58Z", "failingWords": "Table 'shop.orders' doesn't exist"} }
            """,
            "");
        var told = at.Run("drill", "--from-bundle", "kept.json").Out.ReplaceLineEndings(" ");
        Assert.Contains("NoKnownCause: something is wrong, and no cause of the reference explains it. production/api: Requests fail (`app.logs.failing = /orders 21 times, last 10:04:58Z`)", told, StringComparison.Ordinal);
        Assert.Contains("Table 'shop.orders' doesn't exist", told[..told.IndexOf("1. Logs", StringComparison.Ordinal)], StringComparison.Ordinal);
    }

    private const string Well = """{"found": true, "desired": 2, "running": 2, "missing": 0, "rollout": "COMPLETED"}""";

    private void Write(string observations, string matches) => at.Write("kept.json", $$"""
        {
          "version": 1, "platform": "zelly", "environment": "production", "services": ["api"], "catalog": "", "collectedAt": "2026-11-23T10:05:00Z",
          "topology": {"services": [{"name": "api", "role": "core-api", "dependsOn": []}], "components": []},
          "observations": [{{observations}}],
          "matches": [{{matches}}]
        }
        """);
}
