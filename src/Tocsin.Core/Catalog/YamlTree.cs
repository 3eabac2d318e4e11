using System.Text;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Core.Catalog;

/// <summary>Reads one YAML document as a tree with places, refusing what a catalog never needs: aliases, tags, depth, size.</summary>
public static class YamlTree
{
    public const int MaxCharacters = 1 << 20;
    public const int MaxDepth = 24;

    public static Parsed<YamlMappingNode> Read(string text, string file)
    {
        if (text.Length > MaxCharacters)
            return Refuse(new Place(file), "too-large", $"the file has {text.Length} characters, at most {MaxCharacters} are read");
        if (TabIndent(text) is { } tabLine)
            return Refuse(new Place(file, tabLine, 1), "tab", "the line is indented with a tab; YAML indents with blanks");
        var parser = new Parser(new StringReader(text));
        try
        {
            if (Hostile(parser, file) is { } problem) return new(null, [problem]);
            parser = new Parser(new StringReader(text));
            var stream = new YamlStream();
            stream.Load(parser);
            return stream.Documents switch
            {
                [] => Refuse(new Place(file, 1, 1), "empty", "the file is empty; a mapping of keys is expected"),
                [{ RootNode: YamlMappingNode map }] => new(map, []),
                [{ RootNode: var node }] => Refuse(node.At(file), "not-a-mapping", "a mapping of keys is expected at the top"),
                _ => Refuse(new Place(file, 1, 1), "several-documents", "one YAML document is expected, without --- between parts"),
            };
        }
        catch (YamlException e)
        {
            return Refuse(new Place(file, (int)e.Start.Line, (int)e.Start.Column), "yaml", Reason(e));
        }
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            // The library answers some broken texts, such as a key that breaks off a flow mapping, with the exceptions of its own collections.
            var last = parser.Current?.End ?? Mark.Empty;
            return Refuse(new Place(file, (int)last.Line, (int)last.Column), "yaml", "the text is no YAML from here on: a key, a colon, a bracket or a quote is missing or stands too often");
        }
    }

    public static Place At(this YamlNode node, string file) => new(file, (int)node.Start.Line, (int)node.Start.Column);

    private static Parsed<YamlMappingNode> Refuse(Place place, string rule, string message) => new(null, [new Problem(place, rule, message)]);

    private static string Reason(YamlException e)
    {
        var reason = new StringBuilder(e.Message);
        if (e.InnerException is { } inner && !e.Message.Contains(inner.Message, StringComparison.Ordinal)) reason.Append(": ").Append(inner.Message);
        return e.Message.Contains("Duplicate key", StringComparison.OrdinalIgnoreCase) ? reason.Append("; a key may stand once").ToString() : reason.ToString();
    }

    private static int? TabIndent(string text)
    {
        var line = 1;
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\t' && (i == 0 || text[i - 1] == '\n')) return line;
            if (text[i] == '\n') line++;
        }
        return null;
    }

    // The event stream is walked before any tree is built: a bomb of aliases or brackets is refused while it is still small.
    private static Problem? Hostile(Parser parser, string file)
    {
        var depth = 0;
        while (parser.MoveNext())
        {
            var at = parser.Current!;
            var place = new Place(file, (int)at.Start.Line, (int)at.Start.Column);
            depth += at.NestingIncrease;
            if (depth > MaxDepth) return new Problem(place, "too-deep", $"values are nested deeper than {MaxDepth}");
            if (at is AnchorAlias) return new Problem(place, "alias", "aliases (*name) are not read; write the value out");
            if (at is NodeEvent { Tag.IsEmpty: false } tagged && !tagged.Tag.IsNonSpecific)
                return new Problem(place, "tag", $"tags ({tagged.Tag}) are not read; write a plain value");
        }
        return null;
    }
}
