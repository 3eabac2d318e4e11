using System.Collections.Immutable;
using Tocsin.Cli.Commands.Diagnose;
using Tocsin.Cli.Setup;
using Tocsin.Core.Diagnosis;
using Tocsin.Lab.Faults;

namespace Tocsin.Cli.Commands.Lab;

/// <summary>The evidence of an exam, one bundle for each question, so that it can be judged again with another catalog and without a lab.</summary>
internal sealed class ExamShelf(string folder)
{
    private const string Ending = ".json";

    /// <summary>Named by fault, variant and what else was broken.</summary>
    public async Task KeepAsync(SceneOrder order, ImmutableArray<Fault> broken, EvidenceBundle bundle, CancellationToken cancel)
    {
        Directory.CreateDirectory(folder);
        var name = string.Join('.', new[] { order.Fault.Id, FaultVariants.Name(order.Variant) }.Concat(broken.Skip(1).Select(f => f.Id)));
        await File.WriteAllBytesAsync(Path.Combine(folder, name + Ending), BundleJson.Write(bundle), cancel);
    }

    /// <summary>Every bundle of the folder, diagnosed with the catalog as it is now.</summary>
    public ImmutableArray<ExamRow> Judge(FaultFolder faults, CatalogStore store, Terminal terminal, Func<Fault, FaultVariant, bool> wanted)
    {
        var (entries, facts) = store.ForDiagnosis(terminal);
        var catalog = DiagnosisCatalog.Build(entries, facts);
        return [.. Kept(faults, wanted).Select(k => ExamJudge.Of(k.Order, k.Broken, Diagnoser.Diagnose(k.Bundle, catalog)))];
    }

    /// <summary>As if nobody had written down the entry of each question's cause: whoever does not know it must not be sure of another.</summary>
    public ImmutableArray<ExamRow> JudgeUnknown(FaultFolder faults, CatalogStore store, Terminal terminal, Func<Fault, FaultVariant, bool> wanted)
    {
        var (entries, facts) = store.ForDiagnosis(terminal);
        var whole = DiagnosisCatalog.Build(entries, facts);
        return
        [
            .. Kept(faults, (f, v) => v is FaultVariant.Plain && wanted(f, v)).GroupBy(k => k.Order.Fault.Expected.Split('/')[0], StringComparer.Ordinal).SelectMany(asked =>
            {
                var less = DiagnosisCatalog.Build(entries.Where(e => e.Id != asked.Key), facts);
                return asked.Select(k => ExamJudge.OfUnknown(k.Order, Diagnoser.Diagnose(k.Bundle with { Matches = k.Bundle.Matches.RemoveAll(m => m.Entry == asked.Key) }, less), Diagnoser.Diagnose(k.Bundle, whole), whole));
            }),
        ];
    }

    private IEnumerable<(SceneOrder Order, ImmutableArray<Fault> Broken, EvidenceBundle Bundle)> Kept(FaultFolder faults, Func<Fault, FaultVariant, bool> wanted)
    {
        if (!Directory.Exists(folder)) throw new SettingsException($"--from {folder}: there is no such folder");
        return from file in Directory.EnumerateFiles(folder, "*" + Ending).Order(StringComparer.Ordinal)
                   let parts = Path.GetFileNameWithoutExtension(file).Split('.')
                   where parts.Length > 1 && FaultVariants.Names.Contains(parts[1], StringComparer.Ordinal)
                   let broken = parts.Where((_, i) => i != 1).Select(faults.Find).ToImmutableArray()
                   let order = new SceneOrder(broken[0], "") { Variant = FaultVariants.Of(parts[1]) }
                   where wanted(order.Fault, order.Variant)
                   select (order, broken, BundleFile.Read(file));
    }
}
