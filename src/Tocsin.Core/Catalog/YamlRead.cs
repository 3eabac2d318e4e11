using System.Collections.Immutable;
using System.Globalization;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Core.Catalog;

/// <summary>Typed access to a tree that already passed its shape check, so nothing here can fail.</summary>
public static class YamlRead
{
    public static YamlNode? Get(this YamlMappingNode map, string key)
    {
        foreach (var (name, value) in map.Children)
        {
            if (name is YamlScalarNode scalar && string.Equals(scalar.Value, key, StringComparison.Ordinal)) return value;
        }
        return null;
    }

    public static bool Has(this YamlMappingNode map, string key) => map.Get(key) is not null;

    public static string Text(this YamlMappingNode map, string key) => map.Get(key) is YamlScalarNode { Value: { } value } ? value : "";

    public static double Number(this YamlMappingNode map, string key) => double.Parse(map.Text(key), NumberStyles.Float, CultureInfo.InvariantCulture);

    public static int Whole(this YamlMappingNode map, string key) => map.Has(key) ? (int)map.Number(key) : 0;

    public static ImmutableArray<string> Texts(this YamlMappingNode map, string key) =>
        map.Get(key) is YamlSequenceNode list ? [.. list.Children.OfType<YamlScalarNode>().Select(s => s.Value ?? "")] : [];

    public static ImmutableArray<T> Each<T>(this YamlMappingNode map, string key, Func<YamlMappingNode, T> read) =>
        map.Get(key) is YamlSequenceNode list ? [.. list.Children.OfType<YamlMappingNode>().Select(read)] : [];

    /// <summary>A time such as 90s, 5m or 2h in seconds; 0 where the key is absent.</summary>
    public static long Seconds(this YamlMappingNode map, string key)
    {
        var text = map.Text(key);
        if (text.Length < 2 || !long.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var amount)) return 0;
        var unit = text[^1] switch { 's' => 1, 'm' => 60, _ => 3600 };
        return Math.Min(amount, 1_000_000) * unit;
    }
}
