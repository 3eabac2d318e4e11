using System.Text;
using Tocsin.Lab.Aws.Logs.Patterns;

namespace Tocsin.Lab.Aws.Logs;

/// <summary>
/// A filter pattern of FilterLogEvents, case-sensitive as AWS's: terms, a JSON condition in braces or columns in brackets. Text that is none of these is an
/// InvalidParameterException. Source: "Filter pattern syntax" of the CloudWatch Logs user guide.
/// </summary>
public sealed class FilterPattern
{
    private const int MaxLength = 1024;
    private const int MaxShown = 64;

    private static readonly FilterPattern All = new(static _ => true, static _ => new Dictionary<string, string>(StringComparer.Ordinal));

    private readonly Func<ReadOnlyMemory<byte>, bool> matches;
    private readonly Func<string, IReadOnlyDictionary<string, string>> extract;

    private FilterPattern(Func<ReadOnlyMemory<byte>, bool> matches, Func<string, IReadOnlyDictionary<string, string>> extract)
    {
        this.matches = matches;
        this.extract = extract;
    }

    public static FilterPattern Parse(string text)
    {
        if (text.Length > MaxLength) throw TooLong(text);
        var pattern = text.Trim();
        return pattern switch
        {
            "" or "\"\"" => All,
            ['{', ..] => new FilterPattern(JsonCondition.Parse(Inner(pattern, '{', '}')), All.extract),
            ['[', ..] => Columns(ColumnPattern.Parse(Inner(pattern, '[', ']'))),
            _ => new FilterPattern(TermPattern.Parse(pattern).Matches, All.extract),
        };
    }

    public bool Matches(ReadOnlyMemory<byte> message) => matches(message);

    public bool Matches(string message) => matches(Encoding.UTF8.GetBytes(message));

    /// <summary>The fields that a pattern of columns finds in a line; other patterns find none.</summary>
    public IReadOnlyDictionary<string, string> Extract(string message) => extract(message);

    private static FilterPattern Columns(ColumnPattern columns) =>
        new(m => columns.Matches(Encoding.UTF8.GetString(m.Span)), columns.Extract);

    private static string Inner(string pattern, char open, char close) => pattern.Length > 1 && pattern[^1] == close ? pattern[1..^1]
        : throw LogErrors.Invalid($"If a filter pattern starts with '{open}' it must end with '{close}'");

    private static Exception TooLong(string text) => LogErrors.Invalid(
        $"1 validation error detected: Value '{text[..MaxShown]}...' at 'filterPattern' failed to satisfy constraint: " +
        $"Member must have length less than or equal to {MaxLength}");
}
