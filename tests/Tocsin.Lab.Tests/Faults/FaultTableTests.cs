using Tocsin.Lab.Faults;

namespace Tocsin.Lab.Tests.Faults;

public sealed class FaultTableTests
{
    [Fact]
    public void Every_documented_cause_has_a_fault_or_a_reason() =>
        Assert.Empty(FaultTable.Of(ShippedFaults.All, ShippedFaults.Ground.Entries).Where(r => r.Kind is FaultTable.Missing).Select(r => $"{r.Entry}/{r.Cause}"));

    [Fact]
    public void Every_entry_has_a_fault() =>
        Assert.Empty(ShippedFaults.Ground.Entries.Select(e => e.Id).Except(ShippedFaults.All.Faults.Select(f => f.Entry), StringComparer.Ordinal));

    [Fact]
    public void The_page_of_faults_is_up_to_date() =>
        Assert.Equal(FaultTable.Markdown(FaultTable.Of(ShippedFaults.All, ShippedFaults.Ground.Entries)), File.ReadAllText(Path.Combine(TestLab.Root, "docs", "lab-faults.md")));
}
