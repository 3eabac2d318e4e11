using System.Text;
using System.Text.RegularExpressions;
using Tocsin.Core.Catalog;

namespace Tocsin.Core.Matching;

/// <summary>The text patterns of a catalog as plain regular expressions, so that another tool can look for the same.</summary>
public static partial class PatternExport
{
    public static IEnumerable<string> Of(IEnumerable<Entry> entries) =>
        entries.SelectMany(e => e.Signatures).SelectMany(s => s.Any.IsEmpty ? s.All.Take(1) : s.Any.AsEnumerable())
            .Select(Of).Where(p => p.Length > 0).Distinct(StringComparer.Ordinal);

    private static string Of(Pattern pattern)
    {
        var text = pattern switch
        {
            Pattern.Literal p => Escape(p.Text),
            Pattern.Template p => OfTemplate(p.Text),
            Pattern.Regex p => p.Text,
            Pattern.Field p => $"\"{Escape(p.Path[(p.Path.LastIndexOf('.') + 1)..])}\"",
            _ => "",
        };
        return text.Length == 0 || pattern.ExactCase ? text : $"(?i){text}";
    }

    private static string OfTemplate(string template)
    {
        var expression = new StringBuilder();
        var at = 0;
        foreach (var hole in Hole().EnumerateMatches(template))
        {
            expression.Append(Escape(template[at..hole.Index])).Append(Class(template.Substring(hole.Index + 1, hole.Length - 2)));
            at = hole.Index + hole.Length;
        }
        return expression.Append(Escape(template[at..])).ToString();
    }

    private static string Class(string hole) => hole[(hole.IndexOf('=', StringComparison.Ordinal) + 1)..] switch
    {
        "port" or "int" => "[0-9]+",
        "host" => @"[A-Za-z0-9._:\[\]%-]+",
        "domain" => "[A-Za-z0-9._*-]+",
        "user" => "[^'\"`@ ]*",
        "any" => ".+",
        _ => "[^'\"`,) ]+",
    };

    private static string Escape(string text)
    {
        var escaped = new StringBuilder(text.Length + 8);
        foreach (var c in text.Replace("{{", "{", StringComparison.Ordinal).Replace("}}", "}", StringComparison.Ordinal))
        {
            if (@"\.+*?()[]{}|^$".Contains(c, StringComparison.Ordinal)) escaped.Append('\\');
            escaped.Append(c);
        }
        return escaped.ToString();
    }

    [GeneratedRegex(@"(?<!\{)\{[a-zA-Z=]+\}", RegexOptions.CultureInvariant)]
    private static partial Regex Hole();
}
