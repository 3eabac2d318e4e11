using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Tocsin.Core.Platforms;

namespace Tocsin.Cli.Rendering;

/// <summary>One filled form of a text and the environments it holds for; none where the text names nothing of an environment.</summary>
internal sealed record Variant(ImmutableArray<string> Environments, string Text)
{
    public string Label => string.Join(" / ", Environments);
}

/// <summary>Fills a guide's placeholders for all environments at once. What is equal everywhere is said once.</summary>
internal sealed partial class GuideNames(Platform platform, string service)
{
    /// <summary>Environments in the platform's order.</summary>
    public ImmutableArray<string> Environments { get; } = [.. platform.Environments.Select(e => e.Name)];

    public ImmutableArray<Variant> Variants(string text)
    {
        if (Environments.IsEmpty || !Placeholder().IsMatch(text)) return [new Variant([], text)];
        return
        [
            .. platform.Environments.GroupBy(e => PlatformNames.Fill(text, platform, e, service), e => e.Name, StringComparer.Ordinal)
                .Select(g => new Variant([.. g], g.Key)),
        ];
    }

    /// <summary>Prose for all environments: a name that differs reads <c>production value / staging value</c>.</summary>
    public string Prose(string text) => Placeholder().Replace(text, m => string.Join(" / ", Variants(m.Value).Select(v => v.Text)));

    /// <summary>The text cut at its placeholders: plain parts have one variant, names as many as there are different values.</summary>
    public IEnumerable<ImmutableArray<Variant>> Parts(string text)
    {
        var at = 0;
        foreach (Match name in Placeholder().Matches(text))
        {
            if (name.Index > at) yield return [new Variant([], text[at..name.Index])];
            yield return Variants(name.Value);
            at = name.Index + name.Length;
        }
        if (at < text.Length) yield return [new Variant([], text[at..])];
    }

    [GeneratedRegex(@"\{\{[A-Za-z][A-Za-z0-9.-]{0,78}\}\}", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
