using System.Text;
using NodaTime;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Core.Tests.Diagnosis;

public sealed class BundleTests
{
    private static readonly EvidenceBundle Bundle = Given.Bundle(
        "saw mysql-unreachable.refused-port.timeout-port@api", "aws.network@api taskToDatabase=false", "ecs.service@api missing=1 rollout=NONE", "alb.targets@api/x/1 !denied:a.b healthy=007 reason=1.50") with
    {
        Services = ["panel", "api"],
        Catalog = "d",
        Onset = Given.Onset,
    };

    [Fact]
    public void A_bundle_comes_back_to_the_byte()
    {
        var bytes = BundleJson.Write(Bundle);
        var read = BundleReader.Parse(bytes, "b.json");
        Assert.Empty(read.Problems);
        Assert.Equal(bytes, BundleJson.Write(read.Value!));
        Assert.Equal(Bundle.Digest(), read.Value!.Digest());
        Assert.Equal(Given.Json(Bundle), Given.Json(read.Value));
    }

    [Theory]
    [InlineData("true")]
    [InlineData("7")]
    [InlineData("-1")]
    [InlineData("-0")]
    [InlineData("1.50")]
    [InlineData("007")]
    [InlineData("1e3")]
    [InlineData("NaN")]
    [InlineData("")]
    [InlineData("a \"quoted\" </b> ünïcode \u0001")]
    [InlineData("279391564627000000000000000000000000")]
    public void Any_value_of_a_fact_comes_back(string value)
    {
        var observation = Given.Observation("ecs.tasks@api");
        var bundle = Given.Bundle([observation with { Facts = observation.Facts.Add("running", value) }], []);
        Assert.Equal(value, BundleReader.Parse(BundleJson.Write(bundle), "b.json").Value!.Observations[0].Facts["running"]);
    }

    [Theory]
    [InlineData("\"version\":1", "\"version\":2", "version: the version is 2; this program reads 1")]
    [InlineData("\"status\":\"denied\"", "\"status\":\"denyed\"", "observations[0].status: \"denyed\" is none of")]
    [InlineData("\"probe\":\"aws.network\"", "\"prob\":\"aws.network\"", "did you mean \"probe\"")]
    [InlineData("\"probe\":\"aws.network\"", "\"probe\":7", "probe: a text is expected")]
    [InlineData("2026-11-22T08:00:00Z", "yesterday", "collectedAt: a time such as")]
    [InlineData("\"taskToDatabase\":false", "\"taskToDatabase\":[1]", "facts.taskToDatabase: a text is expected")]
    [InlineData("{\"catalog\"", "[{\"catalog\"", "not JSON")]
    [InlineData("\"platform\":\"example\",", "", "platform: a text is missing")]
    public void A_broken_bundle_says_where(string part, string by, string expected)
    {
        var text = Encoding.UTF8.GetString(BundleJson.Write(Bundle));
        Assert.Contains(part, text, StringComparison.Ordinal);
        var read = BundleReader.Parse(Encoding.UTF8.GetBytes(text.Replace(part, by, StringComparison.Ordinal)), "b.json");
        Assert.Null(read.Value);
        Assert.Contains(expected, string.Join('\n', read.Problems), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("{}")]
    [InlineData("{\"version\":1,\"observations\":[null,3,{}],\"topology\":7,\"matches\":{}}")]
    public void What_is_no_bundle_is_refused(string text) => Assert.NotEmpty(BundleReader.Parse(Encoding.UTF8.GetBytes(text), "b.json").Problems);

    [Fact]
    public void A_difference_between_bundles_is_one_of_meaning()
    {
        var later = Bundle with { CollectedAt = Given.Now + Duration.FromHours(1), Observations = [.. Bundle.Observations.Select(o => o with { At = o.At + Duration.FromHours(1) })] };
        Assert.Empty(BundleDiff.Between(Bundle, later));
        var changed = later with { Observations = [.. later.Observations.Where(o => o.Probe != "alb.targets").Select(o => o with { Facts = o.Facts.ContainsKey("missing") ? o.Facts.SetItem("missing", "0") : o.Facts })] };
        var found = BundleDiff.Between(Bundle, changed);
        Assert.Contains(new BundleDifference(DiffKind.Changed, "ecs.service production/api missing", "1", "0"), found);
        Assert.Contains(found, d => d.Kind == DiffKind.Removed && d.What.StartsWith("alb.targets", StringComparison.Ordinal));
        Assert.DoesNotContain(found, d => d.Kind == DiffKind.Added);
    }
}
