using NodaTime;
using Tocsin.Collect.Probes;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Matching;

namespace Tocsin.Collect.Tests.Probes;

/// <summary>What of a log counts as evidence.</summary>
public sealed class EvidenceTextsTests
{
    private static readonly Instant Now = Instant.FromUtc(2026, 11, 23, 20, 15);

    [Fact]
    public void A_line_that_a_drill_of_Tocsin_left_is_no_evidence()
    {
        var asked = new Uri("http://127.0.0.1:4321/allow-cert?domain=nobody.example");
        Assert.Equal(["ask-denied"], Entries(asked));
        Assert.Empty(Entries(OwnMark.On(asked)));
    }

    [Theory]
    [InlineData("http://127.0.0.1/validate_tenant_domain/shop.example", "http://127.0.0.1/validate_tenant_domain/shop.example?by=tocsin")]
    [InlineData("http://127.0.0.1/allow-cert?domain=a%26b", "http://127.0.0.1/allow-cert?domain=a%26b&by=tocsin")]
    public void The_mark_leaves_the_address_as_it_was(string address, string marked) => Assert.Equal(marked, OwnMark.On(new Uri(address)).AbsoluteUri);

    private static IEnumerable<string> Entries(Uri asked)
    {
        var texts = new EvidenceTexts();
        var line = $$"""{"level":30,"time":1795464924741,"pid":15683,"req":{"method":"GET","url":"{{asked.PathAndQuery}}","host":"127.40.1.7:4321"},"responseTime":16.1,"res":{"statusCode":403},"msg":"request completed"}""";
        texts.AddLog(new Subject("production", "storefront"), "/platform/storefront", [new LogEvent("storefront/1", Now, line)], _ => true);
        return texts.Match(MatchSet.Build([Some.Entry("ask-denied", "/allow-cert?domain=")]), Now).Select(m => m.Entry);
    }
}
