using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tocsin.Lab.Aws.Iam;

namespace Tocsin.Lab.Tests.Aws;

/// <summary>Conditions as the IAM user guide tells them.</summary>
public sealed class IamConditionTests
{
    private static readonly string[] Numbers = ["-3", "0", "0.5", "7", "7.0", "10", "1e2"];
    private static readonly string[] Dates = ["1999-12-31", "2026", "2026-03", "2026-03-01", "2026-03-01T00:00Z", "2026-03-01T05:30:00+05:30", "2026-03-01T00:00:00.5Z", "1772323200"];
    private static readonly string[] Texts = ["a", "A", "ab", "a*", "?", "", "ü"];
    private static readonly string[] Arns = ["arn:aws:ecs:ap-south-1:000000000000:service/c/s", "arn:aws:ecs:*:000000000000:service/c/*", "arn:aws:s3:::bucket/a:b", "arn:aws:s3:::*"];
    private static readonly string[] Addresses = ["203.0.113.7", "203.0.113.0/24", "10.0.0.0/8", "2001:db8::1", "2001:db8:1234::/48"];

    [Theory]
    [InlineData("StringEquals", "a", "a", true)]
    [InlineData("StringEquals", "a", "A", false)]
    [InlineData("StringEquals", "a*", "ab", false)]
    [InlineData("StringEqualsIgnoreCase", "a", "A", true)]
    [InlineData("StringNotEqualsIgnoreCase", "a", "A", false)]
    [InlineData("StringLike", "a?c*", "abcd", true)]
    [InlineData("StringNotLike", "a?c*", "abcd", false)]
    [InlineData("NumericEquals", "7", "7.0", true)]
    [InlineData("NumericLessThan", "10", "9", true)]
    [InlineData("NumericLessThanEquals", "10", "10", true)]
    [InlineData("NumericGreaterThan", "10", "10", false)]
    [InlineData("NumericGreaterThan", "10", "many", false)]
    [InlineData("NumericNotEquals", "10", "many", true)]
    [InlineData("DateGreaterThan", "2020-01-01T00:00:01Z", "2026-11-22T05:00:00Z", true)]
    [InlineData("DateLessThan", "2026-11-22", "2026-11-22T05:00:00Z", false)]
    [InlineData("DateEquals", "1772323200", "2026-03-01T05:30:00+05:30", true)]
    [InlineData("IpAddress", "203.0.113.0/24", "203.0.113.200", true)]
    [InlineData("IpAddress", "203.0.113.5/24", "203.0.113.200", true)]
    [InlineData("IpAddress", "203.0.113.5", "203.0.113.6", false)]
    [InlineData("IpAddress", "2001:DB8:1234:5678::/64", "2001:db8:1234:5678::9", true)]
    [InlineData("NotIpAddress", "203.0.113.0/24", "198.51.100.1", true)]
    [InlineData("Bool", "true", "true", true)]
    [InlineData("Bool", "True", "true", true)]
    [InlineData("Bool", "false", "true", false)]
    [InlineData("BinaryEquals", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", "QmluYXJ5VmFsdWVJbkJhc2U2NA==", true)]
    [InlineData("ArnEquals", "arn:aws:ecs:*:000000000000:service/*", "arn:aws:ecs:ap-south-1:000000000000:service/c/s", true)]
    [InlineData("ArnLike", "arn:aws:*:service/*", "arn:aws:ecs:ap-south-1:000000000000:service/c/s", false)]
    [InlineData("ArnNotLike", "arn:aws:s3:::a/*", "arn:aws:s3:::b/c", true)]
    public void An_operator_decides_as_it_is_documented(string operation, string wanted, string actual, bool holds) =>
        Assert.Equal(holds, Holds(operation, [wanted], new PolicyContext().With("k", actual)));

    [Theory]
    [InlineData("StringEquals", false)]
    [InlineData("StringNotEquals", true)]
    [InlineData("NumericLessThan", false)]
    [InlineData("NotIpAddress", true)]
    [InlineData("StringEqualsIfExists", true)]
    [InlineData("DateLessThanIfExists", true)]
    [InlineData("Null", true)]
    [InlineData("ForAllValues:StringLike", true)]
    [InlineData("ForAnyValue:StringLike", false)]
    [InlineData("ForAnyValue:StringNotLike", false)]
    [InlineData("ForAllValues:StringNotLike", true)]
    public void A_key_that_is_not_there_decides_so(string operation, bool holds) =>
        Assert.Equal(holds, Holds(operation, [Value(operation)], PolicyContext.Empty));

    [Theory]
    [InlineData("ForAllValues:StringEquals", "a,b", "a,b,c", true)]
    [InlineData("ForAllValues:StringEquals", "a,x", "a,b,c", false)]
    [InlineData("ForAnyValue:StringEquals", "a,x", "a,b,c", true)]
    [InlineData("ForAnyValue:StringEquals", "x,y", "a,b,c", false)]
    [InlineData("ForAllValues:StringNotEquals", "x,y", "a,b", true)]
    [InlineData("ForAllValues:StringNotEquals", "x,a", "a,b", false)]
    [InlineData("ForAnyValue:StringNotEquals", "x,a", "a,b", true)]
    [InlineData("ForAnyValue:StringNotEquals", "a,b", "a,b", false)]
    public void Sets_are_compared_value_by_value(string operation, string request, string policy, bool holds) =>
        Assert.Equal(holds, Holds(operation, policy.Split(','), new PolicyContext().With("k", request.Split(','))));

    [Fact]
    public void Whatever_is_asked_a_negated_operator_is_the_opposite_and_ordering_is_total()
    {
        foreach (var (name, negated, values) in new[] { ("StringEquals", "StringNotEquals", Texts), ("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", Texts), ("StringLike", "StringNotLike", Texts), ("NumericEquals", "NumericNotEquals", Numbers), ("DateEquals", "DateNotEquals", Dates), ("ArnLike", "ArnNotLike", Arns), ("ArnEquals", "ArnNotEquals", Arns), ("IpAddress", "NotIpAddress", Addresses) })
        {
            foreach (var (wanted, actual) in Pairs(values))
            {
                var context = new PolicyContext().With("k", actual);
                Assert.Equal(Holds(name, [wanted], context), !Holds(negated, [wanted], context));
                Assert.Equal(Holds(name, [wanted], context), Holds(name + "IfExists", [wanted], context));
                Assert.Equal(Holds(name, [wanted], context), Holds("ForAnyValue:" + name, [wanted], context));
                Assert.Equal(Holds(name, [wanted], context), Holds("ForAllValues:" + name, [wanted], context));
                Assert.Equal(values.Any(v => Holds(name, [v], context)), Holds(name, values, context));
            }
        }
        foreach (var (kind, values) in new[] { ("Numeric", Numbers), ("Date", Dates) })
        {
            foreach (var (wanted, actual) in Pairs(values))
            {
                bool Is(string operation) => Holds(kind + operation, [wanted], new PolicyContext().With("k", actual));
                Assert.Equal(1, new[] { Is("LessThan"), Is("Equals"), Is("GreaterThan") }.Count(h => h));
                Assert.Equal(Is("LessThan") || Is("Equals"), Is("LessThanEquals"));
                Assert.Equal(Is("GreaterThan") || Is("Equals"), Is("GreaterThanEquals"));
                Assert.Equal(Is("LessThan"), Holds(kind + "GreaterThan", [actual], new PolicyContext().With("k", wanted)));
            }
        }
    }

    [Fact]
    public void Every_address_is_in_its_range_and_in_no_range_of_the_other_half()
    {
        var random = new Random(20_26);
        for (var i = 0; i < 2_000; i++)
        {
            var bytes = new byte[random.Next(2) == 0 ? 4 : 16];
            random.NextBytes(bytes);
            var address = new System.Net.IPAddress(bytes);
            var length = random.Next(1, bytes.Length * 8 + 1);
            var context = new PolicyContext().With("k", address.ToString());
            Assert.True(Holds("IpAddress", [string.Create(CultureInfo.InvariantCulture, $"{address}/{length}")], context), $"{address}/{length}");
            bytes[(length - 1) / 8] ^= (byte)(0x80 >> ((length - 1) % 8));
            Assert.False(Holds("IpAddress", [string.Create(CultureInfo.InvariantCulture, $"{new System.Net.IPAddress(bytes)}/{length}")], context), $"{address} in {new System.Net.IPAddress(bytes)}/{length}");
        }
    }

    [Fact]
    public void All_keys_and_all_operators_of_a_condition_must_hold()
    {
        var context = new PolicyContext().With("a", "1").With("B", "2");
        Assert.Equal(PolicyVerdict.Allow, Decide("""{"NumericEquals":{"A":"1","b":"2"},"Null":{"c":"true","a":"false"}}""", context));
        Assert.Equal(PolicyVerdict.ImplicitDeny, Decide("""{"NumericEquals":{"A":"1","b":"3"}}""", context));
        Assert.Equal(PolicyVerdict.ImplicitDeny, Decide("""{"NumericEquals":{"a":"1"},"Null":{"c":"false"}}""", context));
        Assert.Equal(PolicyVerdict.Allow, Decide("""{"Bool":{"t":true},"NumericLessThan":{"a":5}}""", context.With("t", "true")));
    }

    [Theory]
    [InlineData("arn:aws:s3:::b/home/${aws:username}/*", "arn:aws:s3:::b/home/asha/x", true)]
    [InlineData("arn:aws:s3:::b/home/${aws:username}/*", "arn:aws:s3:::b/home/kiran/x", false)]
    [InlineData("arn:aws:s3:::b/${aws:PrincipalTag/team, 'none'}/*", "arn:aws:s3:::b/none/x", true)]
    [InlineData("arn:aws:s3:::b/${aws:PrincipalTag/team}/*", "arn:aws:s3:::b//x", false)]
    [InlineData("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/*", true)]
    [InlineData("arn:aws:s3:::b/${*}", "arn:aws:s3:::b/x", false)]
    [InlineData("arn:aws:s3:::b/${star}", "arn:aws:s3:::b/anything", false)]
    [InlineData("arn:aws:s3:::b/${star}", "arn:aws:s3:::b/*", true)]
    public void A_variable_is_what_the_request_says_and_no_pattern(string resource, string asked, bool allowed)
    {
        var policy = Policy.Read(new JsonObject { ["Version"] = "2012-10-17", ["Statement"] = new JsonObject { ["Effect"] = "Allow", ["Action"] = "s3:GetObject", ["Resource"] = resource } });
        Assert.Equal(allowed, policy.Decide("s3:GetObject", asked, new PolicyContext().With("aws:username", "asha").With("star", "*")) is PolicyVerdict.Allow);
    }

    [Theory]
    [InlineData("""{"StringAlmost":{"k":"a"}}""")]
    [InlineData("""{"NullIfExists":{"k":"true"}}""")]
    [InlineData("""{"ForSome:StringEquals":{"k":"a"}}""")]
    [InlineData("""{"NumericEquals":{"k":"many"}}""")]
    [InlineData("""{"DateLessThan":{"k":"tomorrow"}}""")]
    [InlineData("""{"IpAddress":{"k":"10.0.0.0/33"}}""")]
    [InlineData("""{"Bool":{"k":"yes"}}""")]
    [InlineData("""{"StringEquals":"a"}""")]
    [InlineData("""["a"]""")]
    public void What_could_not_be_decided_is_refused_at_once(string condition) => Assert.Throws<FormatException>(() => Decide(condition, PolicyContext.Empty));

    private static string Value(string operation) => operation.Split(':')[^1] switch
    {
        var o when o.StartsWith("Numeric", StringComparison.Ordinal) => "1",
        var o when o.StartsWith("Date", StringComparison.Ordinal) => "2026-01-01",
        "NotIpAddress" => "10.0.0.0/8",
        "Null" => "true",
        _ => "a",
    };

    private static IEnumerable<(string, string)> Pairs(string[] values) => values.SelectMany(v => values.Select(w => (v, w)));

    private static bool Holds(string operation, IEnumerable<string> wanted, PolicyContext context) =>
        Decide(JsonSerializer.Serialize(new Dictionary<string, object> { [operation] = new Dictionary<string, object> { ["k"] = wanted } }), context) is PolicyVerdict.Allow;

    private static PolicyVerdict Decide(string condition, PolicyContext context) =>
        Policy.Read($$"""{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:GetObject","Resource":"*","Condition":{{condition}} }]}""").Decide("s3:GetObject", "arn:aws:s3:::b/x", context);
}
