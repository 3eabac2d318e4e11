using System.Collections.Immutable;
using System.Globalization;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Core.Response.Playbooks;

/// <summary>What the probes say to a check.</summary>
/// <param name="IsAnswered">Every probe could look, and what it saw is the answer: the step needs nobody. Else a person looks.</param>
/// <param name="Said">What was seen, by the names of the observations; or why it is no answer.</param>
public sealed record CheckFinding(bool IsAnswered, string Said);

/// <summary>
/// How probes answer a check. Its field "answer" is the word <c>seen</c>, where whatever is seen is what was asked, or conditions joined by <c>;</c> over facts of its
/// probes, such as <c>ecs.service.running &gt;= ecs.service.desired</c>. A check without it is only looked at: what is right of it no machine can tell. Pure.
/// </summary>
public static class ProbeAnswer
{
    public const string Seen = "seen";
    private const int MostText = 1500;
    private const int MostFacts = 6;
    private const int MostValue = 60;
    private static readonly ImmutableArray<string> Operators = ["<=", ">=", "!=", "<", ">", "="];

    /// <summary>What is wrong with the field; null: it can be read.</summary>
    public static string? Wrong(string answer, ImmutableArray<string> probes)
    {
        if (answer == Seen) return null;
        foreach (var text in Parts(answer))
        {
            if (Condition.Of(text) is not { } condition) return $"\"{text}\" is no condition such as ecs.service.missing = 0";
            if (!probes.Any(condition.IsAbout)) return $"\"{condition.Fact}\" is no fact of a probe of this step";
        }
        return Parts(answer).Length == 0 ? "it says what the answer is: seen, or conditions" : null;
    }

    /// <param name="seen">Of a whole drill; those of other probes and other services are left out here.</param>
    public static CheckFinding Of(PlaybookStep step, IEnumerable<Observation> seen)
    {
        var about = seen.Where(o => step.Probes.Contains(o.Probe, StringComparer.Ordinal) && (step.Service.Length == 0 || o.Subject.Service.Length == 0 || o.Subject.Service == step.Service)).ToList();
        var blind = step.Probes.Where(p => !about.Any(o => o.Probe == p && o.IsEvidence)).ToList();
        var lost = about.Where(o => !o.IsEvidence).ToList();
        var said = Cut(string.Join("; ", about.Where(o => o.IsEvidence).Select(Words)));
        if (blind.Count > 0 || lost.Count > 0) return new CheckFinding(false, Cut($"could not look: {string.Join("; ", blind.Where(p => !lost.Any(o => o.Probe == p)).Select(p => $"{p}: nothing of it was seen").Concat(lost.Select(o => $"{o.Name}: {o.Status}{(o.Note.Length > 0 ? $" ({o.Note})" : "")}")))}{(said.Length > 0 ? $". Seen: {said}" : "")}"));
        if (step.Answer.Length == 0) return new CheckFinding(false, $"seen, for a person to judge: {said}");
        if (step.Answer == Seen) return new CheckFinding(true, said);
        var against = Parts(step.Answer).Select(Condition.Of).OfType<Condition>().SelectMany(c => c.Against(about)).ToList();
        return against.Count == 0 ? new CheckFinding(true, said) : new CheckFinding(false, Cut($"not as it should be: {string.Join("; ", against)}"));
    }

    private static ImmutableArray<string> Parts(string answer) => [.. answer.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];

    private static string Words(Observation o) =>
        o.Facts.IsEmpty ? $"{o.Name}: {o.Status.ToString().ToLowerInvariant()}" : $"{o.Name}: {string.Join(", ", o.Facts.Take(MostFacts).Select(f => $"{f.Key} {(f.Value.Length > MostValue ? $"{f.Value[..MostValue]}…" : f.Value)}"))}";

    private static string Cut(string text) => text.Length > MostText ? $"{text[..(MostText - 1)]}…" : text;

    /// <summary>One comparison of a fact with a value, or with another fact of the same probe.</summary>
    private sealed record Condition(string Fact, string Operator, string Value)
    {
        public static Condition? Of(string text)
        {
            foreach (var sign in Operators)
            {
                if (text.IndexOf($" {sign} ", StringComparison.Ordinal) is not (> 0 and var at)) continue;
                var (fact, value) = (text[..at].Trim(), text[(at + sign.Length + 2)..].Trim());
                return fact.Contains('.', StringComparison.Ordinal) && value.Length > 0 ? new Condition(fact, sign, value) : null;
            }
            return null;
        }

        public bool IsAbout(string probe) => Fact.StartsWith($"{probe}.", StringComparison.Ordinal);

        /// <summary>What speaks against it: a fact that is not known does.</summary>
        public IEnumerable<string> Against(IEnumerable<Observation> seen) =>
            from o in seen
            where IsAbout(o.Probe)
            let value = o.Value(Fact)
            let wanted = o.Value(Value) ?? Value
            where value is null || !Holds(value, wanted)
            select $"{o.Name}: {Fact[(o.Probe.Length + 1)..]} is {value ?? "not known"}, and not {Operator} {wanted}";

        private bool Holds(string value, string wanted)
        {
            var numbers = decimal.TryParse(value, NumberStyles.Number, CultureInfo.InvariantCulture, out var a) & decimal.TryParse(wanted, NumberStyles.Number, CultureInfo.InvariantCulture, out var b);
            return Operator switch
            {
                "=" => numbers ? a == b : value == wanted,
                "!=" => numbers ? a != b : value != wanted,
                "<" => numbers && a < b,
                ">" => numbers && a > b,
                "<=" => numbers && a <= b,
                _ => numbers && a >= b,
            };
        }
    }
}
