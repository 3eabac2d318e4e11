using System.Globalization;
using Tocsin.Core.Catalog;

namespace Tocsin.Cli.Rendering;

/// <summary>A page rule in words.</summary>
public static class PageRuleText
{
    public static string Of(PageRule rule) =>
        rule.Never.Length > 0 ? $"pages nobody: {rule.Never}" : $"pages {string.Join(", or ", rule.Any.Select(Of))}";

    private static string Of(PageWhen when) => when switch
    {
        { Count: > 0 } => string.Create(CultureInfo.InvariantCulture, $"as {when.Severity} after {when.Count} within {Time(when.WithinSeconds)}"),
        { LastingSeconds: > 0 } => $"as {when.Severity} when it lasts {Time(when.LastingSeconds)}",
        _ => $"as {when.Severity} on {when.Impact.Replace('-', ' ')}",
    };

    private static string Time(long seconds) => seconds switch
    {
        _ when seconds % 3600 == 0 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 3600} h"),
        _ when seconds % 60 == 0 => string.Create(CultureInfo.InvariantCulture, $"{seconds / 60} min"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{seconds} s"),
    };
}
