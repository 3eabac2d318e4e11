using System.Collections.Immutable;
using Tocsin.Core.Catalog;

namespace Tocsin.Cli.Setup;

/// <summary>What a diagnosis needs of the catalog beside what matching needs: evidence and facts. As <see cref="CatalogIndex"/>, and apart from it, for a scan does not wait for it.</summary>
internal static class RulesIndex
{
    private const int Format = 1;

    public sealed record Content(ImmutableDictionary<string, Cause> Causes, FactTable Facts);

    public static Content? TryRead(string file, ulong stamp)
    {
        try
        {
            var reader = new IndexReader(File.ReadAllBytes(file));
            if (reader.ReadInt32() != Format || (ulong)reader.ReadInt64() != stamp) return null;
            var causes = reader.List(ReadCause);
            return new Content(causes.ToImmutableDictionary(c => c.Id, c => c.Cause, StringComparer.Ordinal), ReadFacts(ref reader));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or ArgumentException or OverflowException)
        {
            // Made anew from the catalog itself.
            return null;
        }
    }

    public static void TryWrite(string file, ulong stamp, ErrorReference reference) => CatalogIndex.TryWrite(file, w =>
    {
        w.Write(Format);
        w.Write(stamp);
        CatalogIndex.Write(w, [.. reference.Entries.SelectMany(e => e.Entry.Causes.Select(c => ($"{e.Entry.Id}/{c.Id}", c)))], WriteCause);
        WriteFacts(w, reference.Facts);
    });

    private static void WriteCause(BinaryWriter w, (string Id, Cause Cause) one)
    {
        w.Write(one.Id);
        w.Write(one.Cause.Id);
        w.Write(one.Cause.Title);
        w.Write((byte)one.Cause.Prior);
        CatalogIndex.Write(w, one.Cause.LeadsTo);
        CatalogIndex.Write(w, one.Cause.Fixes);
        CatalogIndex.Write(w, one.Cause.Requires, WriteCondition);
        CatalogIndex.Write(w, one.Cause.Excludes, WriteCondition);
        CatalogIndex.Write(w, one.Cause.Evidence, WriteRule);
    }

    private static (string Id, Cause Cause) ReadCause(ref IndexReader r) => (r.ReadString(), new Cause
    {
        Id = r.ReadString(),
        Title = r.ReadString(),
        Prior = (Prior)r.ReadByte(),
        LeadsTo = r.Texts(),
        Fixes = r.Texts(),
        Requires = r.List(ReadCondition),
        Excludes = r.List(ReadCondition),
        Evidence = r.List(ReadRule),
    });

    private static void WriteCondition(BinaryWriter w, Condition condition)
    {
        if (condition is Condition.Saw saw)
        {
            w.Write((byte)0);
            w.Write(saw.Signature);
            return;
        }
        var fact = (Condition.Fact)condition;
        w.Write((byte)1);
        w.Write(fact.Name);
        w.Write(fact.Of);
        CatalogIndex.WriteComparison(w, fact.Compare);
    }

    private static Condition ReadCondition(ref IndexReader r)
    {
        if (r.ReadByte() == 0) return new Condition.Saw(r.ReadString());
        var (name, of) = (r.ReadString(), r.ReadString());
        return new Condition.Fact(name, CatalogIndex.ReadComparison(ref r)) { Of = of };
    }

    private static void WriteRule(BinaryWriter w, EvidenceRule rule)
    {
        WriteCondition(w, rule.When);
        w.Write(rule.For);
        w.Write((int)rule.Weight);
        w.Write(rule.Group);
        w.Write(rule.Because);
    }

    private static EvidenceRule ReadRule(ref IndexReader r) => new(ReadCondition(ref r), r.ReadBoolean(), (Weight)r.ReadInt32(), r.ReadString(), r.ReadString());

    private static void WriteFacts(BinaryWriter w, FactTable facts)
    {
        CatalogIndex.Write(w, [.. facts.Facts.Values], static (x, f) =>
        {
            x.Write(f.Name);
            x.Write((byte)f.Type);
            CatalogIndex.Write(x, f.Values);
            x.Write(f.Unit);
            x.Write(f.About);
        });
        CatalogIndex.Write(w, facts.Probes);
        CatalogIndex.Write(w, [.. facts.Costs], static (x, c) =>
        {
            x.Write(c.Key);
            x.Write(c.Value);
        });
        CatalogIndex.Write(w, facts.Wrong, static (x, wrong) =>
        {
            WriteCondition(x, wrong.When);
            x.Write((byte)wrong.Kind);
            x.Write(wrong.Because);
        });
    }

    private static FactTable ReadFacts(ref IndexReader r)
    {
        var facts = r.List(static (ref IndexReader x) => new Fact(x.ReadString(), (FactType)x.ReadByte(), x.Texts(), x.ReadString(), x.ReadString()));
        var probes = r.Texts();
        var costs = r.List(static (ref IndexReader x) => KeyValuePair.Create(x.ReadString(), x.ReadDouble()));
        var wrong = r.List(static (ref IndexReader x) => new WrongFact((Condition.Fact)ReadCondition(ref x), (WrongKind)x.ReadByte(), x.ReadString()));
        return new FactTable(facts.ToImmutableSortedDictionary(f => f.Name, f => f, StringComparer.Ordinal), probes)
        {
            Costs = costs.ToImmutableSortedDictionary(StringComparer.Ordinal),
            Wrong = wrong,
        };
    }
}
