using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NodaTime;
using Tocsin.Lab.Wire;

namespace Tocsin.Lab.Aws.Logs;

/// <summary>What the operations of Logs share: names out of a call, checked, and the ARNs that IAM is asked on.</summary>
internal static partial class LogsScope
{
    private const int MaxName = 512;

    public static string GroupName(AwsCall call) => Checked(call.Text("logGroupName"), "logGroupName", GroupNames());

    public static string StreamName(AwsCall call) => Checked(call.Text("logStreamName"), "logStreamName", StreamNames());

    /// <summary>A group by its name or by an identifier, which is a name or an ARN; one of the two has to be given.</summary>
    public static string Group(AwsCall call) => (call.Text("logGroupName"), call.Text("logGroupIdentifier")) switch
    {
        ({ }, { }) => throw LogErrors.Invalid("Only one of logGroupName or logGroupIdentifier can be specified."),
        (null, { } identifier) => Identified(identifier),
        (null, null) => throw LogErrors.Invalid("Either logGroupName or logGroupIdentifier must be specified."),
        _ => GroupName(call),
    };

    public static string Identified(string identifier)
    {
        const string Kind = ":log-group:";
        var at = identifier.StartsWith("arn:", StringComparison.Ordinal) ? identifier.IndexOf(Kind, StringComparison.Ordinal) : -1;
        var name = at < 0 ? identifier : identifier[(at + Kind.Length)..];
        return Checked(name.EndsWith(":*", StringComparison.Ordinal) ? name[..^2] : name, "logGroupIdentifier", GroupNames());
    }

    /// <summary>A whole number within AWS's bounds.</summary>
    public static int Bounded(AwsCall call, string name, int absent, int most)
    {
        if (call.Number(name) is not { } number) return absent;
        if (number < 1) throw Violated(name, number.ToString(System.Globalization.CultureInfo.InvariantCulture), "Member must have value greater than or equal to 1");
        if (number > most) throw Violated(name, number.ToString(System.Globalization.CultureInfo.InvariantCulture), $"Member must have value less than or equal to {most}");
        return (int)number;
    }

    public static AwsException Violated(string name, string value, string constraint) =>
        LogErrors.Invalid($"1 validation error detected: Value '{value}' at '{name}' failed to satisfy constraint: {constraint}");

    /// <summary>
    /// The ARN that AWS decides on for a group, as its denials print it: with an empty stream behind, so that a policy for <c>NAME:*</c> allows it and one for
    /// the bare <c>NAME</c> does not.
    /// </summary>
    public static IEnumerable<string> GroupResource(AwsCall call) =>
        [Arn(call, call.Text("logGroupName") ?? (call.Text("logGroupIdentifier") is { } identifier ? Identified(identifier) : ""), "")];

    public static IEnumerable<string> StreamResource(AwsCall call) =>
        GroupResource(call).Select(a => a + call.Text("logStreamName"));

    /// <summary>Every group of a query has to be allowed.</summary>
    public static IEnumerable<string> QueryResources(AwsCall call) => QueryGroups(call).Select(g => Arn(call, g, "")).DefaultIfEmpty(Arn(call, "", ""));

    public static IReadOnlyList<string> QueryGroups(AwsCall call)
    {
        List<IReadOnlyList<string>> given =
        [
            call.Text("logGroupName") is { } one ? [one] : [],
            [.. call.Texts("logGroupNames")],
            [.. call.Texts("logGroupIdentifiers").Select(Identified)],
        ];
        return given.Count(g => g.Count > 0) <= 1 ? [.. given.SelectMany(g => g).Distinct(StringComparer.Ordinal)]
            : throw LogErrors.Invalid("Only one of logGroupName, logGroupNames or logGroupIdentifiers can be specified.");
    }

    public static long Ms(Instant at) => at.ToUnixTimeMilliseconds();

    /// <summary>A page of a list that is told in the order of <paramref name="key"/>; the token is the last key told.</summary>
    public static (IReadOnlyList<T> Page, string? Token) Page<T>(IEnumerable<T> ordered, Func<T, string> key, string? token, int limit)
    {
        var rest = ordered;
        if (token is not null)
        {
            var last = Token.Read(token, "page", 1)[0];
            rest = ordered.SkipWhile(i => !string.Equals(key(i), last, StringComparison.Ordinal)).Skip(1);
        }
        var page = rest.Take(limit + 1).ToList();
        return page.Count <= limit ? (page, null) : (page[..limit], Token.Write("page", key(page[limit - 1])));
    }

    public static void Tell(this JsonObject answer, string name, JsonNode? value)
    {
        if (value is not null) answer[name] = value;
    }

    private static string Arn(AwsCall call, string group, string stream) =>
        $"arn:aws:logs:{call.Region}:{LogStore.Account}:log-group:{group}:log-stream:{stream}";

    private static string Checked(string? name, string member, Regex fits) =>
        name is null ? throw LogErrors.Invalid($"1 validation error detected: Value null at '{member}' failed to satisfy constraint: Member must not be null")
        : name.Length == 0 ? throw Violated(member, "", "Member must have length greater than or equal to 1")
        : name.Length > MaxName ? throw Violated(member, name, $"Member must have length less than or equal to {MaxName}")
        : fits.IsMatch(name) ? name
        : throw Violated(member, name, $"Member must satisfy regular expression pattern: {fits.ToString()[1..^2]}");

    [GeneratedRegex(@"^[\.\-_/#A-Za-z0-9]+\z", RegexOptions.NonBacktracking)]
    private static partial Regex GroupNames();

    [GeneratedRegex(@"^[^:*]*\z", RegexOptions.NonBacktracking)]
    private static partial Regex StreamNames();
}

/// <summary>Tokens that only the lab reads: a kind and its parts, opaque to callers. Any other text is an invalid token.</summary>
internal static class Token
{
    public static string Write(string kind, params string[] parts) =>
        Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(string.Join('\n', [kind, .. parts])));

    public static string[] Read(string token, string kind, int parts)
    {
        var bytes = new byte[token.Length];
        if (!Convert.TryFromBase64String(token, bytes, out var length)) throw LogErrors.BadToken();
        var found = System.Text.Encoding.UTF8.GetString(bytes, 0, length).Split('\n');
        return found.Length == parts + 1 && string.Equals(found[0], kind, StringComparison.Ordinal) ? found[1..] : throw LogErrors.BadToken();
    }
}
