using System.Collections.Immutable;
using Tocsin.Core.Catalog;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Faults;

/// <summary>All named faults of a folder, in order of entry and cause.</summary>
public sealed class FaultFolder
{
    public const string FileName = "fault.yaml";

    private FaultFolder(ImmutableArray<Fault> faults, ImmutableArray<Problem> problems)
    {
        Faults = faults;
        Problems = problems;
    }

    public ImmutableArray<Fault> Faults { get; }

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
        return new FaultFolder([.. faults.OrderBy(f => f.Entry, StringComparer.Ordinal).ThenBy(f => f.Cause, StringComparer.Ordinal).ThenBy(f => f.Id, StringComparer.Ordinal)], [.. problems]);
    }

    /// <summary>Throws a sentence that lists what there is, the nearest first.</summary>
    public Fault Find(string id)
    {
        if (Faults.FirstOrDefault(f => f.Id == id) is { } found) return found;
        if (Problems.FirstOrDefault(p => p.Place.File.Contains($"{Path.DirectorySeparatorChar}{id}{Path.DirectorySeparatorChar}", StringComparison.Ordinal)) is { } broken) throw new LabException($"the fault {id} cannot be read: {broken}");
        var near = Nearest.To(id, Faults.Select(f => f.Id));
        throw new LabException($"there is no fault '{id}'{(near is null ? "" : $", did you mean {near}?")}; there are: {string.Join(", ", Faults.Select(f => f.Id).Order(StringComparer.Ordinal))}");
    }
}
