using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Tocsin.Core.Catalog;

namespace Tocsin.Core.Diagnosis;

/// <summary>The causes of a catalog, prepared for weighing. Made once, used for any number of bundles.</summary>
public sealed class DiagnosisCatalog
{
    private readonly FrozenDictionary<string, ImmutableArray<string>> _downstream;

    private DiagnosisCatalog(ImmutableArray<CauseModel> causes, Dictionary<string, ImmutableArray<string>> downstream, FactTable facts, string digest)
    {
        _downstream = downstream.ToFrozenDictionary(StringComparer.Ordinal);
        Causes = causes;
        Facts = facts;
        Digest = digest;
        ByProbe = causes.SelectMany(c => c.Supporting.Select(f => ProbeOf(f.Name)).Distinct(StringComparer.Ordinal).Select(p => (Probe: p, Cause: c))).GroupBy(p => p.Probe, StringComparer.Ordinal)
            .ToFrozenDictionary(g => g.Key, g => g.Select(p => p.Cause).ToImmutableArray(), StringComparer.Ordinal);
        Shows = causes.GroupBy(c => c.Entry.Id, StringComparer.Ordinal)
            .ToFrozenDictionary(g => g.Key, g => g.SelectMany(c => c.Shown).GroupBy(f => ProbeOf(f.When.Name), StringComparer.Ordinal).ToFrozenDictionary(f => f.Key, f => f.ToImmutableArray(), StringComparer.Ordinal), StringComparer.Ordinal);
        WrongByProbe = ByProbeOf(facts.Wrong.Where(w => w.Kind != WrongKind.Trouble));
        TroubleByProbe = ByProbeOf(facts.Wrong.Where(w => w.Kind == WrongKind.Trouble));
    }

    /// <summary>Digest of all that the diagnosis uses of the catalog: causes, rules, facts; not of guides or signatures' patterns.</summary>
    public string Digest { get; }

    internal ImmutableArray<CauseModel> Causes { get; }

    internal FactTable Facts { get; }

    /// <summary>The causes that something seen by a probe can speak for.</summary>
    internal FrozenDictionary<string, ImmutableArray<CauseModel>> ByProbe { get; }

    /// <summary>By entry and probe, the conditions under which a fact speaks for one of its causes: how the entry shows itself.</summary>
    internal FrozenDictionary<string, FrozenDictionary<string, ImmutableArray<(Condition.Fact When, bool Strong)>>> Shows { get; }

    internal FrozenDictionary<string, ImmutableArray<WrongFact>> WrongByProbe { get; }

    /// <summary>What fails for whatever reason; no cause rests on it.</summary>
    internal FrozenDictionary<string, ImmutableArray<WrongFact>> TroubleByProbe { get; }

    public static DiagnosisCatalog Build(IEnumerable<Entry> entries, FactTable facts)
    {
        var all = entries.OrderBy(e => e.Id, StringComparer.Ordinal).ToImmutableArray();
        var downstream = all.ToDictionary(e => e.Id, e => e.Causes.SelectMany(c => c.LeadsTo).Distinct(StringComparer.Ordinal).ToImmutableArray(), StringComparer.Ordinal);
        foreach (var cause in all.SelectMany(e => e.Causes.Select(c => (Id: $"{e.Id}/{c.Id}", c.LeadsTo)))) downstream[cause.Id] = cause.LeadsTo;
        var causes = all.SelectMany(e => e.Causes.Select(c => new CauseModel(e, c))).ToImmutableArray();
        return new DiagnosisCatalog(causes, downstream, facts, DigestOf(causes, facts));
    }

    private static FrozenDictionary<string, ImmutableArray<WrongFact>> ByProbeOf(IEnumerable<WrongFact> wrongs) =>
        wrongs.GroupBy(w => ProbeOf(w.When.Name), StringComparer.Ordinal).ToFrozenDictionary(g => g.Key, g => g.ToImmutableArray(), StringComparer.Ordinal);

    /// <summary>What an entry is about, where it is known.</summary>
    public string? ComponentOf(string entry) => Causes.FirstOrDefault(c => c.Entry.Id == entry)?.Entry.Component;

    /// <summary>Whether what was seen of an entry names nothing that is its own, and none of its causes.</summary>
    public bool IsHint(string entry, ImmutableArray<string> signatures) =>
        Causes.FirstOrDefault(c => c.Entry.Id == entry)?.Entry is { } found && signatures.Length > 0 && signatures.All(id => found.Signatures.Any(s => s.Id == id && IsMere(s)));

    private static bool IsMere(Signature signature) => signature is { Says: Says.Hint, Causes.IsEmpty: true };

    /// <summary>Whether a cause is an effect of another one, over however many steps.</summary>
    public bool LeadsTo(string from, string to)
    {
        var (open, seen) = (new Queue<string>([from]), new HashSet<string>(StringComparer.Ordinal));
        while (open.TryDequeue(out var next))
        {
            foreach (var below in Downstream(next).Where(seen.Add))
            {
                if (below == to || below == to.Split('/')[0]) return true;
                open.Enqueue(below);
            }
        }
        return false;
    }

    /// <summary>Whether two entries name one cause: something that decides the one decides the other.</summary>
    public bool IsSame(string one, string other)
    {
        IEnumerable<string> Deciding(string id) => Causes.Where(c => c.Id == id).SelectMany(c => c.Rules).Where(r => r.For && r.Weight is Weight.Decisive).Select(r => r.When.Words());
        return Deciding(one).Intersect(Deciding(other), StringComparer.Ordinal).Any();
    }

    /// <summary>What an entry or a single cause leads to, one step down.</summary>
    internal ImmutableArray<string> Downstream(string id) => _downstream.GetValueOrDefault(id, []);

    internal static string ProbeOf(string fact) => fact[..Math.Max(0, fact.LastIndexOf('.'))];

    private static string DigestOf(ImmutableArray<CauseModel> causes, FactTable facts)
    {
        var text = new StringBuilder();
        foreach (var cause in causes)
        {
            text.Append(CultureInfo.InvariantCulture, $"{cause.Id}|{cause.Cause.Title}|{cause.Cause.Prior}|{string.Join(',', cause.Cause.LeadsTo)}|{string.Join(',', cause.Cause.Fixes)}\n");
            foreach (var needed in cause.Cause.Requires) text.Append(CultureInfo.InvariantCulture, $" requires {needed.Words()}\n");
            foreach (var excluded in cause.Cause.Excludes) text.Append(CultureInfo.InvariantCulture, $" excludes {excluded.Words()}\n");
            foreach (var rule in cause.Rules) text.Append(CultureInfo.InvariantCulture, $" {rule.When.Words()}|{rule.For}|{rule.Weight}|{rule.Group}|{rule.Because}\n");
        }
        foreach (var entry in causes.Select(c => c.Entry).DistinctBy(e => e.Id, StringComparer.Ordinal)) text.Append(CultureInfo.InvariantCulture, $"{entry.Id} hints {string.Join(',', entry.Signatures.Where(IsMere).Select(s => s.Id))}\n");
        foreach (var fact in facts.Facts.Values) text.Append(CultureInfo.InvariantCulture, $"{fact.Name}|{fact.Type}|{string.Join(',', fact.Values)}\n");
        foreach (var (probe, cost) in facts.Costs) text.Append(CultureInfo.InvariantCulture, $"{probe}|{cost}\n");
        foreach (var wrong in facts.Wrong) text.Append(CultureInfo.InvariantCulture, $"{wrong.When.Words()}|{wrong.Kind}|{wrong.Because}\n");
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString())));
    }
}

/// <summary>One cause with everything that speaks for or against it.</summary>
internal sealed class CauseModel
{
    public CauseModel(Entry entry, Cause cause)
    {
        (Entry, Cause) = (entry, cause);
        Id = $"{entry.Id}/{cause.Id}";
        Rules = [.. cause.Evidence, .. NamedByText(entry, cause)];
        Supporting = [.. Rules.Where(r => r.For).Select(r => r.When).Concat(cause.Requires).OfType<Condition.Fact>()];
    }

    public string Id { get; }

    public Entry Entry { get; }

    public Cause Cause { get; }

    public ImmutableArray<EvidenceRule> Rules { get; }

    /// <summary>The conditions over facts that speak for it.</summary>
    public ImmutableArray<Condition.Fact> Supporting { get; }

    /// <summary>The same with whether each says much: a requirement does, a weak rule does not.</summary>
    public IEnumerable<(Condition.Fact When, bool Strong)> Shown =>
        Rules.Where(r => r.For && r.When is Condition.Fact).Select(r => ((Condition.Fact)r.When, r.Weight >= Weight.Strong)).Concat(Cause.Requires.OfType<Condition.Fact>().Select(r => (r, true)));

    // A signature that says which causes it points to is evidence for them, the less the more it names. A rule of the cause's own takes its place.
    private static IEnumerable<EvidenceRule> NamedByText(Entry entry, Cause cause) =>
        entry.Signatures
            .Where(s => s.Causes.Contains(cause.Id, StringComparer.Ordinal) && !cause.Evidence.Any(r => r.When is Condition.Saw saw && saw.Signature == s.Id))
            .Select(s => new EvidenceRule(new Condition.Saw(s.Id), true, s.Causes.Length == 1 ? Weight.Moderate : Weight.Weak, "text", "The matching text points to it"));
}

/// <summary>Conditions in words.</summary>
internal static class ConditionWords
{
    public static string Words(this Condition condition) => condition switch
    {
        Condition.Fact { Of.Length: > 0 } f => $"{f.Name} of {f.Of} {Words(f.Compare)}",
        Condition.Fact f => $"{f.Name} {Words(f.Compare)}",
        Condition.Saw s => $"the text \"{s.Signature}\" was seen",
        _ => throw new ArgumentOutOfRangeException(nameof(condition), condition, "unknown condition"),
    };

    private static string Words(Comparison compare) => compare switch
    {
        Comparison.Is c => $"is {c.Value}",
        Comparison.IsNot c => $"is not {c.Value}",
        Comparison.OneOf c => $"is one of {string.Join(", ", c.Values)}",
        Comparison.Above c => string.Create(CultureInfo.InvariantCulture, $"is above {c.Bound}"),
        Comparison.Below c => string.Create(CultureInfo.InvariantCulture, $"is below {c.Bound}"),
        Comparison.AtLeast c => string.Create(CultureInfo.InvariantCulture, $"is at least {c.Bound}"),
        Comparison.AtMost c => string.Create(CultureInfo.InvariantCulture, $"is at most {c.Bound}"),
        Comparison.Contains c => $"names {c.Text}",
        _ => compare.ToString() ?? "",
    };
}
