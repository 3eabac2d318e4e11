using System.Collections.Immutable;
using System.Globalization;
using NodaTime;
using Tocsin.Core.Catalog;

namespace Tocsin.Core.Response.Playbooks;

/// <summary>One "- key: value" line below a step's heading.</summary>
internal sealed record StepField(string Key, string Value, int Line);

/// <summary>The fields of a step: which there are, which kinds have them, and how each is read. Declared here and nowhere else.</summary>
internal static class StepFields
{
    private const string Arrow = " -> ";
    public static readonly ImmutableArray<string> Kinds = ["manual", "check", "action", "message", "decision"];
    public static readonly ImmutableArray<string> Who = [.. ResponseShape.IncidentRoles, "on-call-engineer", "tech-lead", "anyone"];

    // Empty: for every kind.
    private static readonly (string Key, string Kinds, bool Required)[] Known =
    [
        ("id", "", true),
        ("kind", "", true),
        ("who", "", true),
        ("within", "", false),
        ("gate", "", false),
        ("anytime", "message", false),
        ("after", "", false),
        ("next", "manual check action message", false),
        ("service", "", false),
        ("probes", "check", true),
        ("expect", "check", true),
        ("answer", "check", false),
        ("action", "action", true),
        ("verify", "action", true),
        ("template", "message", true),
        ("if", "decision", true),
    ];

    private static readonly ImmutableArray<string> Keys = [.. Known.Select(k => k.Key)];

    /// <summary>What is wrong with the fields of one step; nothing: it can be read.</summary>
    public static IEnumerable<Problem> Check(ImmutableArray<StepField> fields, string file, int heading)
    {
        foreach (var unknown in fields.Where(f => !Keys.Contains(f.Key, StringComparer.Ordinal)))
            yield return new Problem(new Place(file, unknown.Line, 3), "unknown-field", $"the field \"{unknown.Key}\" is unknown; {Nearest.Suggest(unknown.Key, Keys)}known: {string.Join(", ", Keys)}");
        foreach (var twice in fields.Where(f => f.Key != "if").GroupBy(f => f.Key, StringComparer.Ordinal).Where(g => g.Count() > 1))
            yield return new Problem(new Place(file, twice.Last().Line, 3), "twice", $"the field \"{twice.Key}\" stands twice");
        var kind = Value(fields, "kind");
        if (kind.Length > 0 && !Kinds.Contains(kind, StringComparer.Ordinal))
        {
            yield return new Problem(At(fields, "kind", file, heading), "unknown-kind", $"a step is never \"{kind}\"; {Nearest.Suggest(kind, Kinds)}one of {string.Join(", ", Kinds)} is expected");
            yield break;
        }
        foreach (var (key, kinds, required) in Known)
        {
            var has = fields.Any(f => f.Key == key);
            var fits = kinds.Length == 0 || kinds.Split(' ').Contains(kind, StringComparer.Ordinal);
            if (required && fits && !has) yield return new Problem(new Place(file, heading, 1), key == "verify" ? "no-verify" : "missing-field", key == "verify" ? "an action says in \"verify\" what is looked at afterwards" : $"the step lacks the field \"{key}\"");
            if (has && !fits) yield return new Problem(At(fields, key, file, heading), "not-of-this-kind", $"a step of kind {kind} has no \"{key}\"");
        }
        if (Value(fields, "answer") is { Length: > 0 } answer && ProbeAnswer.Wrong(answer, List(fields, "probes")) is { } unread) yield return new Problem(At(fields, "answer", file, heading), "wrong-value", unread);
        foreach (var wrong in fields.Select(f => (f.Line, Why: Refuse(f))).Where(f => f.Why is not null)) yield return new Problem(new Place(file, wrong.Line, 3), "wrong-value", wrong.Why!);
    }

    public static PlaybookStep Read(ImmutableArray<StepField> fields, int number, string title, int line, string text, int textLine) => new()
    {
        Id = Value(fields, "id"),
        Number = number,
        Title = title,
        Kind = (StepKind)Kinds.IndexOf(Value(fields, "kind")),
        Text = text,
        Probes = List(fields, "probes"),
        Expect = Value(fields, "expect"),
        Answer = Value(fields, "answer"),
        Action = Value(fields, "action"),
        Verify = Value(fields, "verify"),
        Template = Value(fields, "template"),
        Service = Value(fields, "service"),
        Who = Value(fields, "who"),
        Within = Value(fields, "within") is { Length: > 0 } within ? Time(within) : null,
        Gate = Value(fields, "gate") == "yes",
        Anytime = Value(fields, "anytime") == "yes",
        After = List(fields, "after"),
        Next = Value(fields, "next"),
        Branches = [.. fields.Where(f => f.Key == "if").Select(f => f.Value.Split(Arrow)).Select(p => new Branch(p[0].Trim(), p[1].Trim()))],
        Line = line,
        TextLine = textLine,
    };

    private static string? Refuse(StepField field) => field.Key switch
    {
        _ when field.Value.Length == 0 => $"\"{field.Key}\" is empty",
        "id" when !IsId(field.Value) => $"\"{field.Value}\" is no id: small letters and digits, joined by -",
        "id" when field.Value == Playbook.End => $"\"{Playbook.End}\" is where branches end, and no step's id",
        "within" when Time(field.Value) is null => $"\"{field.Value}\" is no time such as 90s, 5m, 2h or 1d",
        "gate" or "anytime" when field.Value != "yes" => $"\"{field.Key}\" is yes, or it is left out",
        "who" when !Who.Contains(field.Value, StringComparer.Ordinal) => $"nobody is \"{field.Value}\"; {Nearest.Suggest(field.Value, Who)}one of {string.Join(", ", Who)} is expected",
        "if" when field.Value.Split(Arrow).Length != 2 => "\"if\" says what was seen and where it goes on: it still fails -> rollback",
        _ => null,
    };

    private static string Value(ImmutableArray<StepField> fields, string key) => fields.FirstOrDefault(f => f.Key == key)?.Value ?? "";

    private static ImmutableArray<string> List(ImmutableArray<StepField> fields, string key) => [.. Value(fields, key).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];

    private static Place At(ImmutableArray<StepField> fields, string key, string file, int heading) => new(file, fields.FirstOrDefault(f => f.Key == key)?.Line ?? heading, 3);

    private static bool IsId(string text) => text.Length > 0 && text.Split('-').All(p => p.Length > 0 && p.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c)));

    private static Duration? Time(string text)
    {
        if (!int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var amount) || amount > 100_000) return null;
        return text[^1] switch
        {
            's' => Duration.FromSeconds(amount),
            'm' => Duration.FromMinutes(amount),
            'h' => Duration.FromHours(amount),
            'd' => Duration.FromDays(amount),
            _ => null,
        };
    }
}
