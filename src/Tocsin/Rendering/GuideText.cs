using System.Text;
using Tocsin.Core.Platforms;

namespace Tocsin.Cli.Rendering;

/// <summary>
/// A guide with the platform's names. A command block that names something of an environment is given once per environment, with the environment's name
/// above it; in prose a name that differs is given for each.
/// </summary>
public static class GuideText
{
    public static string Fill(string guide, Platform platform, IReadOnlyList<PlatformEnvironment> environments, string service)
    {
        var filled = new StringBuilder(guide.Length * 2);
        var block = new StringBuilder();
        var inBlock = false;
        foreach (var line in guide.ReplaceLineEndings("\n").Split('\n'))
        {
            var isFence = line.TrimStart().StartsWith("```", StringComparison.Ordinal);
            if (!inBlock && !isFence)
            {
                filled.Append(Prose(line, platform, environments, service)).Append('\n');
                continue;
            }
            block.Append(line).Append('\n');
            if (isFence && inBlock)
            {
                filled.Append(Block(block.ToString(), platform, environments, service));
                block.Clear();
            }
            inBlock ^= isFence;
        }
        return filled.Append(block).ToString().TrimEnd() + "\n";
    }

    private static string Prose(string line, Platform platform, IReadOnlyList<PlatformEnvironment> environments, string service)
    {
        var variants = environments.Select(e => PlatformNames.Fill(line, platform, e, service)).Distinct(StringComparer.Ordinal).ToList();
        if (variants.Count == 1) return variants[0];
        return PlatformNames.Replace(line, name => string.Join(" / ", environments.Select(e => PlatformNames.Fill($"{{{{{name}}}}}", platform, e, service)).Distinct(StringComparer.Ordinal)));
    }

    private static string Block(string block, Platform platform, IReadOnlyList<PlatformEnvironment> environments, string service)
    {
        var variants = environments.Select(e => (e.Name, Text: PlatformNames.Fill(block, platform, e, service))).ToList();
        if (variants.Select(v => v.Text).Distinct(StringComparer.Ordinal).Count() == 1) return variants[0].Text;
        return string.Join('\n', variants.Select(v => $"*{v.Name}*\n\n{v.Text}"));
    }
}
