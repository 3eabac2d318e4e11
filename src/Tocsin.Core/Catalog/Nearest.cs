namespace Tocsin.Core.Catalog;

/// <summary>The known name nearest to a mistyped one, by edit distance.</summary>
public static class Nearest
{
    /// <summary>"did you mean …? " with a trailing blank, or nothing where no known name is near.</summary>
    public static string Suggest(string name, IEnumerable<string> known) => To(name, known) is { } near ? $"did you mean \"{near}\"? " : "";

    public static string? To(string name, IEnumerable<string> known)
    {
        var best = default(string);
        var bestDistance = Math.Max(2, name.Length / 3) + 1;
        foreach (var candidate in known)
        {
            var distance = Distance(name, candidate);
            if (distance >= bestDistance) continue;
            best = candidate;
            bestDistance = distance;
        }
        return best;
    }

    private static int Distance(string a, string b)
    {
        if (a.Length > 100 || b.Length > 100) return int.MaxValue;
        var previous = new int[b.Length + 1];
        var current = new int[b.Length + 1];
        for (var j = 0; j <= b.Length; j++) previous[j] = j;
        for (var i = 1; i <= a.Length; i++)
        {
            current[0] = i;
            for (var j = 1; j <= b.Length; j++)
            {
                var cost = char.ToLowerInvariant(a[i - 1]) == char.ToLowerInvariant(b[j - 1]) ? 0 : 1;
                current[j] = Math.Min(Math.Min(previous[j] + 1, current[j - 1] + 1), previous[j - 1] + cost);
            }
            (previous, current) = (current, previous);
        }
        return previous[b.Length];
    }
}
