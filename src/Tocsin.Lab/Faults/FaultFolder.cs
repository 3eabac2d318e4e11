using System.Collections.Immutable;
using Tocsin.Core.Catalog;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Faults;

/// <summary>All named faults of a folder, in order of entry and cause.</summary>
public sealed class FaultFolder
{
    public const string FileName = "fault.yaml";

    public const string NotPossibleFile = "not-possible.yaml";

    private FaultFolder(ImmutableArray<Fault> faults, ImmutableArray<NotPossible> notPossible, ImmutableArray<Problem> problems)
    {
        Faults = faults;
        NotPossible = notPossible;
        Problems = problems;
    }

    public ImmutableArray<Fault> Faults { get; }

    /// <summary>Documented causes that have a reason instead of a fault.</summary>
    public ImmutableArray<NotPossible> NotPossible { get; }

    /// <summary>Of those that could not be read; the others are there all the same.</summary>
    public ImmutableArray<Problem> Problems { get; }

    public static FaultFolder Read(string folder, FaultGround ground)
    {
        if (!Directory.Exists(folder)) throw new LabException($"there is no folder {folder}: it holds the faults, one folder each");
        var faults = new List<Fault>();
        var problems = new List<Problem>();
        foreach (var one in Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal))
        {
            var file = Path.Combine(one, FileName);
            if (!File.Exists(file))
            {
                problems.Add(new Problem(new Place(one), "missing", $"a fault's folder holds {FileName}"));
                continue;
            }
            var parsed = FaultReader.Parse(File.ReadAllText(file), file, Path.GetFileName(one), ground);
            problems.AddRange(parsed.Problems);
            if (parsed.Value is { } fault) faults.Add(fault);
        }
        var not = ReadNotPossible(Path.Combine(folder, NotPossibleFile), faults, ground, problems);
        return new FaultFolder([.. faults.OrderBy(f => f.Entry, StringComparer.Ordinal).ThenBy(f => f.Cause, StringComparer.Ordinal).ThenBy(f => f.Id, StringComparer.Ordinal)], not, [.. problems]);
    }

    /// <summary>Throws a sentence that lists what there is, the nearest first.</summary>
    public Fault Find(string id)
    {
        if (Faults.FirstOrDefault(f => f.Id == id) is { } found) return found;
        if (Problems.FirstOrDefault(p => p.Place.File.Contains($"{Path.DirectorySeparatorChar}{id}{Path.DirectorySeparatorChar}", StringComparison.Ordinal)) is { } broken) throw new LabException($"the fault {id} cannot be read: {broken}");
        var near = Nearest.To(id, Faults.Select(f => f.Id));
        throw new LabException($"there is no fault '{id}'{(near is null ? "" : $", did you mean {near}?")}; there are: {string.Join(", ", Faults.Select(f => f.Id).Order(StringComparer.Ordinal))}");
    }

    private static ImmutableArray<NotPossible> ReadNotPossible(string file, List<Fault> faults, FaultGround ground, List<Problem> problems)
    {
        if (!File.Exists(file)) return [];
        var tree = YamlTree.Read(File.ReadAllText(file), file);
        var wrong = tree.Value is { } map ? ShapeCheck.Check(map, FaultShape.NotPossible, file) : tree.Problems;
        problems.AddRange(wrong);
        if (wrong.Count > 0) return [];
        var causes = tree.Value!.Each("causes", m => (Node: m, One: new NotPossible(m.Text("cause").Split('/')[0], m.Text("cause").Split('/')[1], m.Text("why"))));
        foreach (var (node, one) in causes)
        {
            if (!ground.Entries.Any(e => e.Id == one.Entry && e.Causes.Any(c => c.Id == one.Cause))) problems.Add(new Problem(node.At(file), "unknown-cause", $"no entry has the cause {one.Entry}/{one.Cause}"));
            else if (faults.Find(f => f.Entry == one.Entry && f.Cause == one.Cause) is { } fault) problems.Add(new Problem(node.At(file), "possible-after-all", $"{one.Entry}/{one.Cause} is the fault {fault.Id}"));
        }
        return [.. causes.Select(c => c.One)];
    }
}
