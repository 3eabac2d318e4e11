using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Core.Catalog;

/// <summary>Holds a YAML tree against a shape: unknown keys with the nearest known one, wrong types, missing keys.</summary>
public sealed class ShapeCheck(string file)
{
    private readonly List<Problem> problems = [];

    public static IReadOnlyList<Problem> Check(YamlNode node, Shape shape, string file)
    {
        var check = new ShapeCheck(file);
        check.Visit(node, shape, "");
        return check.problems;
    }

    private void Visit(YamlNode node, Shape shape, string path)
    {
        switch (shape)
        {
            case Shape.Map map:
                if (node is YamlMappingNode known) VisitMap(known, map, path);
                else Wrong(node, path, "a mapping of keys");
                break;
            case Shape.Table table:
                if (node is YamlMappingNode free) VisitTable(free, table, path);
                else Wrong(node, path, "a mapping of keys");
                break;
            case Shape.List list:
                if (node is YamlSequenceNode items) VisitList(items, list, path);
                else Wrong(node, path, "a list");
                break;
            case Shape.Text text:
                VisitText(node, text, path);
                break;
            case Shape.Number number:
                if (!TryNumber(node, out var value) || (number.Whole && value % 1 != 0)) Wrong(node, path, number.Whole ? "a whole number" : "a number");
                else if (value < number.Least) Add(node, "too-small", $"{path} is {Scalar(node)}; at least {number.Least.ToString(CultureInfo.InvariantCulture)} is expected");
                break;
            case Shape.Flag:
                if (Scalar(node) is not ("true" or "false")) Wrong(node, path, "true or false");
                break;
            case Shape.Scalar:
                if (node is not YamlScalarNode) Wrong(node, path, "a single value");
                break;
            case Shape.OneOrMany:
                if (node is not YamlScalarNode && (node as YamlSequenceNode)?.Children.All(c => c is YamlScalarNode) != true) Wrong(node, path, "a value or a list of values");
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(shape), shape, "unknown shape");
        }
    }

    private void VisitMap(YamlMappingNode node, Shape.Map map, string path)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (keyNode, value) in node.Children)
        {
            var name = Scalar(keyNode) ?? "";
            seen.Add(name);
            var key = map.Keys.FirstOrDefault(k => string.Equals(k.Name, name, StringComparison.Ordinal));
            if (key is null) Unknown(keyNode, name, path, map.Keys.Select(k => k.Name));
            else Visit(value, key.Shape, Join(path, name));
        }
        foreach (var key in map.Keys.Where(k => k.Required && !seen.Contains(k.Name)))
            Add(node, "missing-key", $"{In(path)}the key \"{key.Name}\" is missing: {key.Shape.About}");
        if (map.ExactlyOne.IsDefault) return;
        foreach (var group in map.ExactlyOne)
        {
            var present = group.Count(seen.Contains);
            if (present != 1)
                Add(node, "exactly-one", $"{In(path)}exactly one of {string.Join(", ", group)} is expected, {(present == 0 ? "none" : "several")} found");
        }
    }

    private void VisitTable(YamlMappingNode node, Shape.Table table, string path)
    {
        foreach (var (keyNode, value) in node.Children)
        {
            var name = Scalar(keyNode) ?? "";
            if (keyNode is not YamlScalarNode) Wrong(keyNode, $"{In(path)}a key", "a single word");
            else if (table.KeyPattern.Length > 0 && !Form(name, table.KeyPattern))
                Add(keyNode, "wrong-form", $"{In(path)}the key \"{name}\" has not the form {table.KeyPattern}");
            Visit(value, table.Item, Join(path, name));
        }
    }

    private void VisitList(YamlSequenceNode node, Shape.List list, string path)
    {
        if (list.NotEmpty && node.Children.Count == 0) Add(node, "empty-list", $"{path} is empty; at least one is expected: {list.About}");
        for (var i = 0; i < node.Children.Count; i++)
            Visit(node.Children[i], list.Item, string.Create(CultureInfo.InvariantCulture, $"{path}[{i + 1}]"));
    }

    private void VisitText(YamlNode node, Shape.Text text, string path)
    {
        if (node is not YamlScalarNode || Scalar(node) is not { } value)
        {
            Wrong(node, path, "a text");
        }
        else if (value.Length == 0 && !text.MayBeEmpty)
        {
            Add(node, "empty-text", $"{path} is empty: {text.About}");
        }
        else if (!text.Allowed.IsDefaultOrEmpty && !text.Allowed.Contains(value, StringComparer.Ordinal))
        {
            Add(node, "not-allowed", $"{path} is \"{value}\"; {Nearest.Suggest(value, text.Allowed)}one of {string.Join(", ", text.Allowed)} is expected");
        }
        else if (text.Pattern.Length > 0 && !Form(value, text.Pattern))
        {
            Add(node, "wrong-form", $"{path} is \"{value}\"; the form {text.Pattern} is expected: {text.About}");
        }
    }

    private void Unknown(YamlNode key, string name, string path, IEnumerable<string> known)
    {
        var names = known.ToImmutableArray();
        Add(key, "unknown-key", $"{In(path)}the key \"{name}\" is unknown; {Nearest.Suggest(name, names)}known keys: {string.Join(", ", names)}");
    }

    private void Wrong(YamlNode node, string path, string expected) =>
        Add(node, "wrong-type", $"{(path.Length == 0 ? "the file" : path)} is {Kind(node)}; {expected} is expected");

    private void Add(YamlNode node, string rule, string message) => problems.Add(new Problem(node.At(file), rule, message));

    private static bool Form(string value, string pattern) => Regex.IsMatch(value, $"^(?:{pattern})$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);

    private static bool TryNumber(YamlNode node, out double value)
    {
        value = 0;
        return Scalar(node) is { } text && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value) && double.IsFinite(value);
    }

    private static string? Scalar(YamlNode node) => node is YamlScalarNode { Value: var value } scalar
        ? scalar.Style == ScalarStyle.Plain && value is null or "null" or "~" ? null : value ?? ""
        : null;

    private static string Kind(YamlNode node) => node switch
    {
        YamlMappingNode => "a mapping",
        YamlSequenceNode => "a list",
        YamlScalarNode { Value: { Length: > 0 } value } => $"\"{(value.Length > 40 ? value[..40] + "…" : value)}\"",
        _ => "empty",
    };

    private static string Join(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";

    private static string In(string path) => path.Length == 0 ? "" : $"in {path}: ";
}
