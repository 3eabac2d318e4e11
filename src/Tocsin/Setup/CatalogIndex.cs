using System.Collections.Immutable;
using System.Text;
using Tocsin.Core.Catalog;

namespace Tocsin.Cli.Setup;

/// <summary>
/// What matching needs of every entry, in a form that loads in a millisecond. It is written beside the program after the catalog was read once, bears a stamp
/// of the files it was made from, and is made anew when one of them changed. Evidence is not in it: who needs that reads the entry.
/// </summary>
internal static class CatalogIndex
{
    private const int Format = 4;

    public static ImmutableArray<Entry>? TryRead(string file, ulong stamp)
    {
        try
        {
            var reader = new IndexReader(File.ReadAllBytes(file));
            if (reader.ReadInt32() != Format || (ulong)reader.ReadInt64() != stamp) return null;
            return reader.List(ReadEntry);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or ArgumentException or OverflowException)
        {
            // A missing, foreign or damaged index is simply made anew from the catalog itself.
            return null;
        }
    }

    public static void TryWrite(string file, ulong stamp, IEnumerable<Entry> entries) => TryWrite(file, w =>
    {
        w.Write(Format);
        w.Write(stamp);
        Write(w, [.. entries], WriteEntry);
    });

    /// <summary>Writes an index whole or not at all; a folder that cannot be written to only costs time at the next start.</summary>
    public static void TryWrite(string file, Action<BinaryWriter> write)
    {
        var part = $"{file}.{Environment.ProcessId}";
        try
        {
            using (var writer = new BinaryWriter(File.Create(part), Encoding.UTF8)) write(writer);
            File.Move(part, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            if (File.Exists(part)) File.Delete(part);
        }
    }

    private static void WriteEntry(BinaryWriter w, Entry e)
    {
        foreach (var text in (string[])[e.Id, e.Title, e.Layer, e.Component, e.Service, e.Summary]) w.Write(text);
        Write(w, e.Keywords);
        Write(w, e.Related);
        Write(w, e.Signatures, WriteSignature);
        Write(w, e.Timing, WriteTiming);
        w.Write(e.Page.Never);
        Write(w, e.Page.Any, WriteWhen);
        Write(w, e.Causes, WriteCause);
        Write(w, e.Fixes, WriteFix);
    }

    private static Entry ReadEntry(ref IndexReader r) => new()
    {
        Id = r.ReadString(),
        Title = r.ReadString(),
        Layer = r.ReadString(),
        Component = r.ReadString(),
        Service = r.ReadString(),
        Summary = r.ReadString(),
        Keywords = r.Texts(),
        Related = r.Texts(),
        Signatures = r.List(ReadSignature),
        Timing = r.List(ReadTiming),
        Page = ReadPage(ref r),
        Causes = r.List(ReadCause),
        Fixes = r.List(ReadFix),
    };

    private static void WriteSignature(BinaryWriter w, Signature s)
    {
        w.Write(s.Id);
        w.Write((byte)s.Says);
        Write(w, s.Causes);
        w.Write(s.Each);
        Write(w, s.RequiredLiterals);
        Write(w, s.All, WritePattern);
        Write(w, s.Any, WritePattern);
        Write(w, s.Not, WritePattern);
    }

    private static Signature ReadSignature(ref IndexReader r) => new()
    {
        Id = r.ReadString(),
        Says = (Says)r.ReadByte(),
        Causes = r.Texts(),
        Each = r.ReadString(),
        RequiredLiterals = r.Texts(),
        All = r.List(ReadPattern),
        Any = r.List(ReadPattern),
        Not = r.List(ReadPattern),
    };

    private static void WritePattern(BinaryWriter w, Pattern p)
    {
        w.Write(p.ExactCase);
        switch (p)
        {
            case Pattern.Literal x:
                w.Write((byte)0);
                w.Write(x.Text);
                break;
            case Pattern.Template x:
                w.Write((byte)1);
                w.Write(x.Text);
                break;
            case Pattern.Regex x:
                w.Write((byte)2);
                w.Write(x.Text);
                break;
            case Pattern.Field x:
                w.Write((byte)3);
                w.Write(x.Path);
                WriteComparison(w, x.Compare);
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(p), p, "unknown pattern");
        }
    }

    private static Pattern ReadPattern(ref IndexReader r)
    {
        var exact = r.ReadBoolean();
        Pattern pattern = r.ReadByte() switch
        {
            0 => new Pattern.Literal(r.ReadString()),
            1 => new Pattern.Template(r.ReadString()),
            2 => new Pattern.Regex(r.ReadString()),
            3 => new Pattern.Field(r.ReadString(), ReadComparison(ref r)),
            var kind => throw new FormatException($"pattern kind {kind}"),
        };
        return pattern with { ExactCase = exact };
    }

    internal static void WriteComparison(BinaryWriter w, Comparison c)
    {
        var (kind, texts, bound) = c switch
        {
            Comparison.Is x => ((byte)0, (ImmutableArray<string>)[x.Value], 0.0),
            Comparison.IsNot x => ((byte)1, [x.Value], 0.0),
            Comparison.OneOf x => ((byte)2, x.Values, 0.0),
            Comparison.Above x => ((byte)3, [], x.Bound),
            Comparison.Below x => ((byte)4, [], x.Bound),
            Comparison.AtLeast x => ((byte)5, [], x.Bound),
            Comparison.AtMost x => ((byte)6, [], x.Bound),
            Comparison.Contains x => ((byte)7, [x.Text], 0.0),
            Comparison.Matches x => ((byte)8, [x.Regex], 0.0),
            Comparison.Exists x => ((byte)9, [], x.Wanted ? 1.0 : 0.0),
            _ => throw new ArgumentOutOfRangeException(nameof(c), c, "unknown comparison"),
        };
        w.Write(kind);
        Write(w, texts);
        w.Write(bound);
    }

    internal static Comparison ReadComparison(ref IndexReader r)
    {
        var kind = r.ReadByte();
        var texts = r.Texts();
        var bound = r.ReadDouble();
        return kind switch
        {
            0 => new Comparison.Is(texts[0]),
            1 => new Comparison.IsNot(texts[0]),
            2 => new Comparison.OneOf(texts),
            3 => new Comparison.Above(bound),
            4 => new Comparison.Below(bound),
            5 => new Comparison.AtLeast(bound),
            6 => new Comparison.AtMost(bound),
            7 => new Comparison.Contains(texts[0]),
            8 => new Comparison.Matches(texts[0]),
            9 => new Comparison.Exists(bound > 0),
            _ => throw new FormatException($"comparison kind {kind}"),
        };
    }

    private static void WriteTiming(BinaryWriter w, TimingRule t)
    {
        w.Write(t.Id);
        w.Write((byte)t.Says);
        w.Write(t.Count);
        w.Write(t.WithinSeconds);
        Write(w, t.Of);
        Write(w, t.InOrder);
        Write(w, t.Unless);
    }

    private static TimingRule ReadTiming(ref IndexReader r) => new()
    {
        Id = r.ReadString(),
        Says = (Says)r.ReadByte(),
        Count = r.ReadInt32(),
        WithinSeconds = r.ReadInt64(),
        Of = r.Texts(),
        InOrder = r.Texts(),
        Unless = r.Texts(),
    };

    private static void WriteWhen(BinaryWriter w, PageWhen p)
    {
        w.Write(p.Count);
        w.Write(p.WithinSeconds);
        w.Write(p.LastingSeconds);
        w.Write(p.Impact);
        w.Write(p.Severity);
    }

    private static PageRule ReadPage(ref IndexReader r)
    {
        var never = r.ReadString();
        return new PageRule(r.List(ReadWhen), never);
    }

    private static PageWhen ReadWhen(ref IndexReader r) => new(r.ReadInt32(), r.ReadInt64(), r.ReadInt64(), r.ReadString(), r.ReadString());

    private static void WriteCause(BinaryWriter w, Cause c)
    {
        w.Write(c.Id);
        w.Write(c.Title);
        w.Write((byte)c.Prior);
        Write(w, c.LeadsTo);
        Write(w, c.Fixes);
    }

    private static Cause ReadCause(ref IndexReader r) => new()
    {
        Id = r.ReadString(),
        Title = r.ReadString(),
        Prior = (Prior)r.ReadByte(),
        LeadsTo = r.Texts(),
        Fixes = r.Texts(),
        Evidence = [],
    };

    private static void WriteFix(BinaryWriter w, Fix f)
    {
        foreach (var text in (string[])[f.Id, f.Title, f.Does, f.Verify, f.Action, f.Undo, f.NoUndo]) w.Write(text);
        w.Write((byte)(f.Follows ? 1 : 0));
        Write(w, [.. f.With.SelectMany(v => new[] { v.Key, v.Value })]);
    }

    // A loop and no LINQ: what every start runs through does not wait for the compiler.
    private static Fix ReadFix(ref IndexReader r)
    {
        var fix = ReadTexts(ref r);
        var pairs = r.Texts();
        if (pairs.IsEmpty) return fix;
        var with = fix.With;
        for (var i = 0; i + 1 < pairs.Length; i += 2) with = with.SetItem(pairs[i], pairs[i + 1]);
        return fix with { With = with };
    }

    private static Fix ReadTexts(ref IndexReader r) => new()
    {
        Id = r.ReadString(),
        Title = r.ReadString(),
        Does = r.ReadString(),
        Verify = r.ReadString(),
        Action = r.ReadString(),
        Undo = r.ReadString(),
        NoUndo = r.ReadString(),
        Follows = r.ReadByte() == 1,
    };

    internal static void Write(BinaryWriter w, ImmutableArray<string> texts) => Write(w, texts, (x, t) => x.Write(t));

    internal static void Write<T>(BinaryWriter w, ImmutableArray<T> items, Action<BinaryWriter, T> write)
    {
        w.Write(items.Length);
        foreach (var item in items) write(w, item);
    }
}
