using System.Collections.Immutable;
using System.Text.Json;
using Tocsin.Server.Web;

namespace Tocsin.Cli.Commands.Incidents;

/// <summary>The newest exam that is shipped, as <c>lab exam --format json</c> gave it, for the pages of the error reference.</summary>
internal static class ExamFile
{
    /// <summary>By entry; nothing where there is no file.</summary>
    public static ImmutableDictionary<string, ImmutableArray<ExamAsked>> Load(string home)
    {
        var file = Path.Combine(home, "catalog", "exam.json");
        if (!File.Exists(file)) return ImmutableDictionary<string, ImmutableArray<ExamAsked>>.Empty;
        using var text = JsonDocument.Parse(File.ReadAllBytes(file));
        return text.RootElement.GetProperty("faults").EnumerateArray().Where(f => Text(f, "variant") is "plain")
            .GroupBy(f => Text(f, "entry"), f => new ExamAsked(Text(f, "fault"), Text(f, "cause").Split('/')[^1], Text(f, "verdict"), f.GetProperty("right").GetBoolean()), StringComparer.Ordinal)
            .ToImmutableDictionary(g => g.Key, g => g.ToImmutableArray(), StringComparer.Ordinal);
    }

    private static string Text(JsonElement of, string name) => of.GetProperty(name).GetString() ?? "";
}
