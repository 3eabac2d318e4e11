using System.Collections.Frozen;
using System.Globalization;
using System.Net;
using NodaTime;
using NodaTime.Text;

namespace Tocsin.Lab.Aws.Iam;

/// <summary>One of IAM's condition operators: which values a policy may give it, and whether one of them fits what a request holds.</summary>
internal sealed record ConditionOperator(Func<string, bool> Takes, Func<string, string, bool> Fits)
{
    private static readonly FrozenDictionary<string, ConditionOperator> Known = All().ToFrozenDictionary(o => o.Name, o => o.Operator, StringComparer.Ordinal);

    /// <summary>Holds where no value fits, and where the key is not there.</summary>
    public bool Negated { get; init; }

    /// <summary>Whether policy variables may stand in its values.</summary>
    public bool Variables { get; init; }

    /// <summary>Asks only whether the key is there.</summary>
    public bool IsNull { get; init; }

    public static ConditionOperator? Find(string name) => Known.GetValueOrDefault(name);

    private static IEnumerable<(string Name, ConditionOperator Operator)> All()
    {
        foreach (var one in Pair("StringEquals", "StringNotEquals", Anything, (p, t) => PolicyVariable.Plain(p) == t, variables: true)) yield return one;
        foreach (var one in Pair("StringEqualsIgnoreCase", "StringNotEqualsIgnoreCase", Anything, (p, t) => string.Equals(PolicyVariable.Plain(p), t, StringComparison.OrdinalIgnoreCase), variables: true)) yield return one;
        foreach (var one in Pair("StringLike", "StringNotLike", Anything, (p, t) => Wildcard.Fits(p, t, StringComparison.Ordinal), variables: true)) yield return one;
        foreach (var one in Pair("ArnEquals", "ArnNotEquals", Anything, Arn, variables: true)) yield return one;
        foreach (var one in Pair("ArnLike", "ArnNotLike", Anything, Arn, variables: true)) yield return one;
        foreach (var one in Ordered("Numeric", Number)) yield return one;
        foreach (var one in Ordered("Date", Date)) yield return one;
        foreach (var one in Pair("IpAddress", "NotIpAddress", static v => Range(v) is not null, static (p, t) => IPAddress.TryParse(t, out var address) && Range(p)!.Value.Contains(address))) yield return one;
        yield return ("Bool", new ConditionOperator(Flag, static (p, t) => string.Equals(p, t, StringComparison.OrdinalIgnoreCase)));
        yield return ("BinaryEquals", new ConditionOperator(static v => Convert.TryFromBase64String(v, new byte[v.Length], out _), static (p, t) => p == t));
        yield return ("Null", new ConditionOperator(Flag, static (_, _) => false) { IsNull = true });
    }

    private static IEnumerable<(string, ConditionOperator)> Pair(string name, string negated, Func<string, bool> takes, Func<string, string, bool> fits, bool variables = false) =>
    [
        (name, new ConditionOperator(takes, fits) { Variables = variables }),
        (negated, new ConditionOperator(takes, fits) { Variables = variables, Negated = true }),
    ];

    // What a request holds may be no number or date: it then fits nothing.
    private static IEnumerable<(string, ConditionOperator)> Ordered<T>(string kind, Func<string, T?> read)
        where T : struct, IComparable<T>
    {
        ConditionOperator By(Func<int, bool> holds) => new(v => read(v) is not null, (p, t) => read(t) is { } actual && holds(actual.CompareTo(read(p)!.Value)));
        return
        [
            ($"{kind}Equals", By(static c => c == 0)),
            ($"{kind}NotEquals", By(static c => c == 0) with { Negated = true }),
            ($"{kind}LessThan", By(static c => c < 0)),
            ($"{kind}LessThanEquals", By(static c => c <= 0)),
            ($"{kind}GreaterThan", By(static c => c > 0)),
            ($"{kind}GreaterThanEquals", By(static c => c >= 0)),
        ];
    }

    private static bool Anything(string value) => value is not null;

    private static bool Flag(string value) => bool.TryParse(value, out _);

    // Each of the six parts fits for itself, so that a * ends at a colon but in the last one.
    private static bool Arn(string pattern, string text)
    {
        var (wanted, actual) = (pattern.Split(':', 6), text.Split(':', 6));
        return wanted.Length == actual.Length && wanted.Zip(actual).All(p => Wildcard.Fits(p.First, p.Second, StringComparison.Ordinal));
    }

    private static decimal? Number(string text) => decimal.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;

    // The W3C's forms of ISO 8601, or seconds since 1970; four digits are a year.
    private static Instant? Date(string text)
    {
        if (text.Length > 4 && decimal.TryParse(text, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var seconds) && Math.Abs(seconds) < 100_000_000_000m) return Instant.FromUnixTimeTicks((long)(seconds * 10_000_000));
        foreach (var form in Forms)
        {
            if (form.Parse(text) is { Success: true } read) return read.Value.ToInstant();
        }
        return null;
    }

    private static readonly OffsetDateTimePattern[] Forms =
    [
        .. new[] { "uuuu'-'MM'-'dd'T'HH':'mm':'ss;FFFFFFFFFo<G>", "uuuu'-'MM'-'dd'T'HH':'mmo<G>", "uuuu'-'MM'-'dd", "uuuu'-'MM", "uuuu" }.Select(OffsetDateTimePattern.CreateWithInvariantCulture),
    ];

    private static IPNetwork? Range(string text) =>
        IPNetwork.TryParse(text, out var range) ? range
        : !text.Contains('/', StringComparison.Ordinal) && IPAddress.TryParse(text, out var one) ? new IPNetwork(one, one.GetAddressBytes().Length * 8)
        : text.Split('/') is [var address, var bits] && IPAddress.TryParse(address, out var given) && int.TryParse(bits, NumberStyles.None, CultureInfo.InvariantCulture, out var length) && length <= given.GetAddressBytes().Length * 8 ? new IPNetwork(Masked(given, length), length)
        : null;

    // AWS takes a range whose address has bits behind its prefix.
    private static IPAddress Masked(IPAddress address, int length)
    {
        var bytes = address.GetAddressBytes();
        for (var i = 0; i < bytes.Length; i++)
        {
            var kept = Math.Clamp(length - 8 * i, 0, 8);
            bytes[i] &= (byte)(0xFF << (8 - kept));
        }
        return new IPAddress(bytes);
    }
}
