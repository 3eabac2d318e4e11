using System.Collections.Immutable;
using Tocsin.Core.Platforms;

namespace Tocsin.Core.Tests.Platforms;

public sealed class EnvironmentComparisonTests
{
    private static readonly ServiceState Healthy = new("api")
    {
        Desired = 2, Running = 2, Revision = 7, Newest = 7, Images = Map(("api", "api:1")), Variables = Map(("PORT", "3000")), FromSecrets = Map(("DB_HOST", "api/env:DB_HOST")),
        Secrets = [new SecretState("api/env") { Exists = true, Digests = Map(("DB_HOST", "0123456789abcdef"), ("DB_USER", "fedcba9876543210")) }],
    };

    [Fact]
    public void What_is_the_same_is_no_difference() => Assert.Empty(Between(Healthy, Healthy));

    [Fact]
    public void Each_difference_has_its_topic() =>
        Assert.Equal(
            [
                new("api", ComparedTopic.Tasks, "running of desired", "2 of 2", "0 of 2"),
                new("api", ComparedTopic.Revision, "running revision", "7", "6"),
                new("api", ComparedTopic.Drift, "registered, not deployed", "", "runs 6, newest is 8"),
                new("api", ComparedTopic.Image, "api", "api:1", "api:2"),
                new("api", ComparedTopic.Variable, "PORT", "3000", ""),
                new("api", ComparedTopic.Variable, "DB_HOST", "api/env:DB_HOST", ""),
                new("api", ComparedTopic.Secret, "api/env:DB_USER", "digest fedcba98", ""),
            ],
            Between(Healthy, Healthy with
            {
                Running = 0, Revision = 6, Newest = 8, Images = Map(("api", "api:2")), Variables = Map(), FromSecrets = Map(), Secrets = [Healthy.Secrets[0] with { Digests = Map(("DB_HOST", "0123456789abcdef")) }],
            }));

    [Fact]
    public void What_could_not_be_seen_is_never_the_same() =>
        Assert.Equal(new EnvironmentDifference("api", ComparedTopic.Blind, "", "", "ecs:DescribeServices is denied"), Assert.Single(Between(Healthy, new ServiceState("api") { Blind = "ecs:DescribeServices is denied" })));

    [Fact]
    public void Unread_values_are_not_compared() =>
        Assert.Empty(Between(Healthy, Healthy with { Secrets = [Healthy.Secrets[0] with { Digests = null }] }));

    [Fact]
    public void A_secret_that_is_gone_is_told() =>
        Assert.Equal("does not exist", Assert.Single(Between(Healthy, Healthy with { Secrets = [new SecretState("api/env")] })).Right);

    private static ImmutableArray<EnvironmentDifference> Between(ServiceState left, ServiceState right) =>
        EnvironmentComparison.Between(new EnvironmentState("a", "r", "c", [left]), new EnvironmentState("b", "r", "c", [right]));

    private static ImmutableSortedDictionary<string, string> Map(params (string Key, string Value)[] pairs) => pairs.ToImmutableSortedDictionary(p => p.Key, p => p.Value, StringComparer.Ordinal);
}
