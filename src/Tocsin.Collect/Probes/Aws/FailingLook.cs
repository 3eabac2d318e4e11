using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using NodaTime;
using Tocsin.Core.Signals;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>Routes whose requests fail by the service's own account, whatever the reason: an error that nobody has written down is one all the same.</summary>
internal static partial class FailingLook
{
    // One may be chance. Asked by the same task, the same way, and failing again is none.
    private const int Again = 2;
    private const int MostRoutes = 5;
    private const int MostWords = 200;

    /// <param name="health">The path of the health check, which tells of itself elsewhere.</param>
    public static void Look(ImmutableArray<ReadLine> lines, string health, Sighting sighting)
    {
        if (Of(lines, health) is not var (routes, words)) return;
        sighting.Fact("failing", routes);
        if (words.Length > 0) sighting.Fact("failingWords", words);
    }

    /// <summary>The routes with how often and when last, and what was printed about the newest; null where none fails.</summary>
    internal static (string Routes, string Words)? Of(ImmutableArray<ReadLine> lines, string health)
    {
        var routes = new Dictionary<(string Stream, string Route), Failures>();
        var (asked, said) = (new Dictionary<string, string>(StringComparer.Ordinal), new Dictionary<string, string>(StringComparer.Ordinal));
        foreach (var line in lines)
        {
            if (WordsOf(line) is { } words) said[line.Event.Stream] = words;
            if (AnswerOf(line, asked) is not var (path, code) || path == health) continue;
            var key = (line.Event.Stream, RouteOf(path));
            if (code < 500) routes.Remove(key);
            else routes[key] = new Failures(routes.GetValueOrDefault(key).Count + 1, line.Event.At, said.GetValueOrDefault(line.Event.Stream, ""));
        }
        var failing = routes.Where(r => r.Value.Count >= Again).GroupBy(r => r.Key.Route, r => r.Value, StringComparer.Ordinal)
            .Select(g => (Route: g.Key, Count: g.Sum(f => f.Count), Newest: g.MaxBy(f => f.Last))).OrderByDescending(r => r.Count).ThenBy(r => r.Route, StringComparer.Ordinal).ToList();
        if (failing.Count == 0) return null;
        return (string.Join(", ", failing.Take(MostRoutes).Select(r => string.Create(CultureInfo.InvariantCulture, $"{r.Route} {r.Count} times, last {r.Newest.Last.InUtc():HH:mm:ss}Z"))), failing.Select(r => r.Newest).Where(f => f.Words.Length > 0).OrderBy(f => f.Last).LastOrDefault().Words is { } printed ? Cut(printed) : "");
    }

    // One answer for each request: a logger may tell of its error and of its end.
    private static (string Path, double Code)? AnswerOf(ReadLine line, Dictionary<string, string> asked)
    {
        if (line.Json is not { } json)
            return Access().Match(line.Event.Text) is { Success: true } access ? (Path(access.Groups["path"].Value), double.Parse(access.Groups["code"].Value, CultureInfo.InvariantCulture)) : null;
        var id = $"{line.Event.Stream} {json.Text("reqId")}";
        if (json.Map("req").Text("url") is { } url) asked[id] = Path(url);
        return json.Map("res").Number("statusCode") is { } code && asked.Remove(id, out var path) ? (path, code) : null;
    }

    private static string? WordsOf(ReadLine line)
    {
        if (!LogLook.IsError(line.Event.Text, line.Json) || line.Event.Text.TrimStart().StartsWith("at ", StringComparison.Ordinal)) return null;
        return line.Json is { } json ? json.Map("err").Text("message") ?? json.Text("msg") : line.Event.Text.Trim();
    }

    // Redacted before it is cut: half a secret would not be recognised.
    private static string Cut(string words)
    {
        var clean = Redactor.Default.Redact(words);
        return clean.Length > MostWords ? clean[..MostWords] + "…" : clean;
    }

    private static string Path(string url) => url.Split('?')[0];

    // What is one route for the program has a name or a number in its address.
    private static string RouteOf(string path) => string.Join('/', path.Split('/').Select(s => Name().IsMatch(s) ? ":id" : s));

    private readonly record struct Failures(int Count, Instant Last, string Words);

    [GeneratedRegex(@"\b(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)\s+(?<path>/[^\s""]*)(?:\s+HTTP/[\d.]+)?""?\s+(?<code>[1-5]\d\d)\b", RegexOptions.CultureInvariant)]
    private static partial Regex Access();

    [GeneratedRegex(@"[\d.@%]|^.{25,}$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
