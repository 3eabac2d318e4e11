using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Tocsin.Core.Catalog;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Core.Response.Playbooks;

/// <summary>
/// Reads a playbook: Markdown that reads well in any viewer, with a head of YAML, one heading of level 1, and steps as numbered headings of level 2,
/// each with a list of fields first. Strict: what is not that form is a problem with file and line.
/// </summary>
public static class PlaybookReader
{
    private const string Edge = "---";

    private static readonly Shape Text = new Shape.Text("A text");

    private static readonly Shape Head = new Shape.Map(
        "The head of a playbook",
        [
            new Key("about", new Shape.Text("What it is for, in one line"), Required: true),
            new Key("severity", new Shape.Text("The severity it is written for", Allowed: EntryNames.Severities)),
            new Key("order", new Shape.Text("enforced: step by step; any: a page of single steps", Allowed: ["enforced", "any"]), Required: true),
            new Key("service", new Shape.Text("The service it is about, by role", Allowed: EntryNames.Roles)),
            new Key("facts", new Shape.List("Facts of an incident that call for it", new Shape.Text("A fact", Allowed: ImpactFacts.Words))),
            new Key("entries", new Shape.List("Entries of the error reference that call for it", Text)),
            new Key("production", new Shape.Flag("Whether it is for production only, or for the others only")),
        ]);

    /// <param name="id">The file's name without its ending.</param>
    public static Parsed<Playbook> Parse(string text, string file, string id)
    {
        var lines = text.ReplaceLineEndings("\n").Split('\n');
        var end = Array.IndexOf(lines, Edge, Math.Min(1, lines.Length));
        if (lines[0] != Edge || end < 0) return Refuse(file, 1, "no-head", "a playbook begins with a head between lines of ---");
        // Empty lines stand for the edge, so that places in the head are those of the file.
        var tree = YamlTree.Read("\n" + string.Join('\n', lines[1..end]), file);
        if (tree.Value is not { } head) return new(null, tree.Problems);
        var problems = ShapeCheck.Check(head, Head, file).ToList();
        var parts = new Parts(lines, end + 1, file);
        problems.AddRange(parts.Problems);
        if (problems.Count > 0) return new(null, [.. problems.OrderBy(p => p.Place.Line)]);
        var playbook = Read(head, id, parts, text);
        problems = [.. PlaybookPaths.Check(playbook, file)];
        return problems.Count > 0 ? new(null, problems) : new(playbook, []);
    }

    private static Playbook Read(YamlMappingNode head, string id, Parts parts, string text) => new()
    {
        Id = id,
        Title = parts.Title,
        About = head.Text("about"),
        Severity = head.Has("severity") ? Enum.Parse<Severity>(head.Text("severity")) : null,
        Ordered = head.Text("order") == "enforced",
        Service = head.Text("service"),
        Use = new PlaybookUse(head.Texts("facts"), head.Texts("entries"), head.Has("production") ? head.Text("production") == "true" : null),
        Intro = parts.Intro,
        Steps = [.. parts.Steps],
        Digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)))[..12],
    };

    private static Parsed<Playbook> Refuse(string file, int line, string rule, string message) => new(null, [new Problem(new Place(file, line, 1), rule, message)]);

    /// <summary>The body, cut at its headings. Lines inside a fence of code are never headings or fields.</summary>
    private sealed class Parts
    {
        private readonly string[] lines;
        private readonly string file;

        public Parts(string[] lines, int start, string file)
        {
            this.lines = lines;
            this.file = file;
            var headings = Headings(start).ToList();
            if (headings.Count == 0 || !lines[headings[0]].StartsWith("# ", StringComparison.Ordinal))
            {
                Add(headings.Count == 0 ? lines.Length : headings[0] + 1, "no-title", "the first heading is the title: # P0-A: …");
                return;
            }
            Title = lines[headings[0]][2..].Trim();
            Intro = Join(headings[0] + 1, headings.Count > 1 ? headings[1] : lines.Length);
            foreach (var other in headings.Skip(1).Where(h => !lines[h].StartsWith("## ", StringComparison.Ordinal))) Add(other + 1, "wrong-heading", "below the title every heading is a step: ## 1. What is done");
            for (var i = 1; i < headings.Count; i++) ReadStep(i, headings[i], i + 1 < headings.Count ? headings[i + 1] : lines.Length);
            if (headings.Count == 1) Add(headings[0] + 1, "no-steps", "a playbook has at least one step: ## 1. What is done");
        }

        public string Title { get; } = "";

        public string Intro { get; } = "";

        public List<PlaybookStep> Steps { get; } = [];

        public List<Problem> Problems { get; } = [];

        private IEnumerable<int> Headings(int start)
        {
            var fenced = false;
            for (var i = start; i < lines.Length; i++)
            {
                if (lines[i].TrimStart().StartsWith("```", StringComparison.Ordinal)) fenced = !fenced;
                else if (!fenced && lines[i].StartsWith('#')) yield return i;
            }
            if (fenced) Add(lines.Length, "open-fence", "a block of code is not closed with ```");
        }

        private void ReadStep(int number, int heading, int end)
        {
            var numbered = string.Create(CultureInfo.InvariantCulture, $"## {number}. ");
            if (!lines[heading].StartsWith(numbered, StringComparison.Ordinal))
            {
                Add(heading + 1, "wrong-number", $"this step's heading begins with \"{numbered}\"");
                return;
            }
            var at = heading + 1;
            while (at < end && lines[at].Length == 0) at++;
            var fields = ImmutableArray.CreateBuilder<StepField>();
            for (; at < end && lines[at].StartsWith("- ", StringComparison.Ordinal); at++)
            {
                var colon = lines[at].IndexOf(':', StringComparison.Ordinal);
                if (colon < 0) Add(at + 1, "no-field", "right below a step's heading stand its fields: - kind: check");
                else fields.Add(new StepField(lines[at][2..colon].Trim(), lines[at][(colon + 1)..].Trim(), at + 1));
            }
            var wrong = StepFields.Check(fields.ToImmutable(), file, heading + 1).ToList();
            Problems.AddRange(wrong);
            if (wrong.Count > 0) return;
            while (at < end && lines[at].Length == 0) at++;
            Steps.Add(StepFields.Read(fields.ToImmutable(), number, lines[heading][numbered.Length..].Trim(), heading + 1, Join(at, end), at + 1));
        }

        private string Join(int from, int to) => string.Join('\n', lines[from..to]).Trim('\n');

        private void Add(int line, string rule, string message) => Problems.Add(new Problem(new Place(file, line, 1), rule, message));
    }
}
