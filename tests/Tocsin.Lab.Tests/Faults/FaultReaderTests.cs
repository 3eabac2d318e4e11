using Tocsin.Lab.Faults;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Tests.Faults;

public sealed class FaultReaderTests
{
    private const string Good = """
        id: gone
        title: A secret was deleted
        about: The next task cannot fetch it.
        entry: ecs-resource-initialization
        cause: secret-missing
        kind: emulated
        break:
          - secret delete customer-panel
        landed:
          - stopped: { service: customer-panel, reason: find }
        heal:
          - secret restore customer-panel
        why: AWS is played.
        """;

    [Fact]
    public void Every_shipped_fault_can_be_read()
    {
        Assert.Empty(ShippedFaults.All.Problems);
        Assert.True(ShippedFaults.All.Faults.Length >= 30);
    }

    [Fact]
    public void What_is_left_out_has_a_default()
    {
        var fault = Read(Good).Value!;
        Assert.Equal(["production", "staging"], fault.Environments);
        Assert.True(fault.Prints);
        Assert.Empty(fault.Prepare);
    }

    [Theory]
    [InlineData("title:", "titel:", "unknown-key", 2)]
    [InlineData("ecs-resource-initialization", "ecs-resource-initialisation", "unknown-entry", 4)]
    [InlineData("secret-missing", "secret-lost", "unknown-cause", 5)]
    [InlineData("emulated", "played", "not-allowed", 6)]
    [InlineData("secret delete customer-panel", "secret destroy customer-panel", "unknown-verb", 8)]
    [InlineData("secret delete customer-panel", "secret delete", "verb-words", 8)]
    [InlineData("secret delete customer-panel", "service scale costumer-panel 0", "unknown-service", 8)]
    [InlineData("secret delete customer-panel", "service deploy customer-panel --to 3", "unknown-option", 8)]
    [InlineData("secret delete customer-panel", "service env customer-panel A={planet}", "unknown-placeholder", 8)]
    [InlineData("service: customer-panel,", "service: costumer-panel,", "unknown-service", 10)]
    [InlineData("reason: find", "raison: find", "unknown-key", 10)]
    [InlineData("stopped:", "stopt:", "unknown-key", 10)]
    [InlineData("id: gone", "id: went", "id-of-folder", 1)]
    public void What_does_not_exist_is_refused_with_its_line(string good, string bad, string rule, int line)
    {
        var problem = Assert.Single(Read(Good.Replace(good, bad, StringComparison.Ordinal)).Problems, p => p.Rule == rule);
        Assert.Equal(line, problem.Place.Line);
    }

    [Fact]
    public void What_is_played_says_what_and_by_what() => Assert.Contains(Read(Good.Replace("why: AWS is played.", "", StringComparison.Ordinal)).Problems, p => p.Rule == "no-reason");

    [Fact]
    public void An_unknown_environment_is_refused() => Assert.Contains(Read(Good + "\nenvironments: [prod]\n").Problems, p => p.Rule == "unknown-environment");

    [Fact]
    public void A_fault_without_its_own_fix_is_refused() => Assert.Contains(Read(Good[..Good.IndexOf("heal:", StringComparison.Ordinal)]).Problems, p => p.Rule == "missing-key");

    [Fact]
    public void An_unknown_fault_is_told_with_the_nearest()
    {
        var error = Assert.Throws<LabException>(() => ShippedFaults.All.Find("secret-gon"));
        Assert.Contains("did you mean secret-gone?", error.Message, StringComparison.Ordinal);
        Assert.Contains("alb-503-scaled-to-zero", error.Message, StringComparison.Ordinal);
    }

    private static Core.Catalog.Parsed<Fault> Read(string text) => FaultReader.Parse(text, "gone/fault.yaml", "gone", ShippedFaults.Ground);
}
