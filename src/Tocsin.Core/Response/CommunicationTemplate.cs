using System.Collections.Immutable;
using System.Text;
using Tocsin.Core.Catalog;
using Tocsin.Core.Incidents;

namespace Tocsin.Core.Response;

/// <summary>A message about an incident: a head of YAML between lines of ---, then the text with {{holes}}.</summary>
/// <param name="Mentions">Whom it calls, by the channel it goes to: what wakes everyone in one is only a word in another.</param>
public sealed record CommunicationTemplate(string About, ImmutableArray<(string Channel, string Mention)> Mentions, string Text)
{
    private const string Edge = "---\n";
    public static readonly ImmutableArray<string> Holes = ["what", "status", "started", "impact", "action", "next", "cc"];

    private static readonly Shape Head = new Shape.Map(
        "The head of a template",
        [
            new Key("about", new Shape.Text("When it is sent"), Required: true),
            new Key("mentions", new Shape.Table("Whom it calls, by channel", new Shape.Text("A mention")), Required: true),
        ]);

    public static Parsed<CommunicationTemplate> Parse(string text, string file)
    {
        var end = text.IndexOf("\n" + Edge, StringComparison.Ordinal);
        if (!text.StartsWith(Edge, StringComparison.Ordinal) || end < 0) return new(null, [new Problem(new Place(file, 1, 1), "no-head", "a template begins with a head between lines of ---")]);
        var tree = YamlTree.Read(text[Edge.Length..(end + 1)], file);
        if (tree.Value is not { } root) return new(null, tree.Problems);
        var body = text[(end + 1 + Edge.Length)..];
        var problems = ShapeCheck.Check(root, Head, file).Concat(Unknown(body, file)).ToList();
        return problems.Count > 0 ? new(null, problems) : new(new CommunicationTemplate(root.Text("about"), [.. root.Scalars("mentions")], body), []);
    }

    /// <summary>The message as it would go to a channel now; what is not known yet is left as a bracketed question to a person.</summary>
    public string Fill(Incident incident, string channel, string impact, string action) =>
        Fill(incident, channel, impact, action, incident.Promise.From is { } from ? $"in {Words.Length(from + incident.Promise.Within - incident.LastAt)}" : "");

    /// <param name="next">When the next one is promised, in words; empty: nobody knows yet.</param>
    public string Fill(Incident incident, string channel, string impact, string action, string next)
    {
        var values = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["what"] = incident.Title,
            ["status"] = incident.Phase.ToString().ToUpperInvariant(),
            ["started"] = $"{Words.Time(incident.Times.ImpactStart)} UTC".Replace("Z UTC", " UTC", StringComparison.Ordinal),
            ["impact"] = impact.Length > 0 ? impact : "[what is broken, and for how many?]",
            ["action"] = action.Length > 0 ? action : "[what is done right now?]",
            ["next"] = next.Length > 0 ? next : "[when?]",
            ["cc"] = MentionIn(channel),
        };
        var filled = new StringBuilder(Text);
        foreach (var (hole, value) in values) filled.Replace($"{{{{{hole}}}}}", value);
        return filled.ToString();
    }

    /// <summary>Whom it calls in this kind of channel; empty: nobody there.</summary>
    public string MentionIn(string channel) => Mentions.Where(m => m.Channel == channel).Select(m => m.Mention).FirstOrDefault() ?? "";

    /// <summary>Without the line that calls people: what is written once and read everywhere.</summary>
    public CommunicationTemplate WithoutMentions() => this with { Text = string.Join('\n', Text.Split('\n').Where(l => !l.Contains("{{cc}}", StringComparison.Ordinal))) };

    /// <summary>A text with another promise in the line where the template has it.</summary>
    public string Promise(string text, string next)
    {
        const string hole = "{{next}}";
        if (Array.Find(Text.Split('\n'), l => l.EndsWith(hole, StringComparison.Ordinal)) is not { } line) return text;
        var before = line[..^hole.Length];
        return string.Join('\n', text.Split('\n').Select(l => l.StartsWith(before, StringComparison.Ordinal) ? before + next : l));
    }

    private static IEnumerable<Problem> Unknown(string body, string file)
    {
        for (var at = body.IndexOf("{{", StringComparison.Ordinal); at >= 0; at = body.IndexOf("{{", at + 2, StringComparison.Ordinal))
        {
            var end = body.IndexOf("}}", at, StringComparison.Ordinal);
            var hole = end < 0 ? body[(at + 2)..] : body[(at + 2)..end];
            if (!Holes.Contains(hole, StringComparer.Ordinal)) yield return new Problem(new Place(file), "unknown-hole", $"{{{{{hole}}}}} is unknown; {Nearest.Suggest(hole, Holes)}known: {string.Join(", ", Holes)}");
        }
    }
}
