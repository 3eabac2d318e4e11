using System.Collections.Immutable;
using Tocsin.Cli.Setup;
using Tocsin.Lab.Faults;

namespace Tocsin.Cli.Commands.Lab;

/// <summary>Faults for a person.</summary>
internal static class FaultText
{
    private const string Indent = "      ";

    /// <summary>One block per entry, one line per fault.</summary>
    public static void Table(Terminal terminal, ImmutableArray<Fault> faults)
    {
        if (faults.IsEmpty) return;
        var (cause, id) = (faults.Max(f => f.Cause.Length), faults.Max(f => f.Id.Length));
        foreach (var entry in faults.GroupBy(f => f.Entry, StringComparer.Ordinal))
        {
            terminal.Out.WriteLine(terminal.Bold(entry.Key));
            foreach (var fault in entry) terminal.Out.WriteLine($"  {fault.Cause.PadRight(cause)}  {terminal.Cyan(fault.Id.PadRight(id))}  {(fault.Real ? fault.Kind : terminal.Dim(fault.Kind))}");
        }
        terminal.Out.WriteLine();
        terminal.Out.WriteLine($"{faults.Length} faults, {faults.Count(f => f.Real)} real, {faults.Count(f => !f.Real)} emulated; {faults.Select(f => f.Entry).Distinct(StringComparer.Ordinal).Count()} entries, {faults.Select(f => (f.Entry, f.Cause)).Distinct().Count()} causes");
    }

    public static void Broken(Terminal terminal, ImmutableArray<string> said)
    {
        foreach (var line in said) terminal.Out.WriteLine($"LAB {line}");
        terminal.Out.Flush();
    }

    public static void Landing(Terminal terminal, Landing landing)
    {
        var fault = landing.Fault;
        terminal.Out.WriteLine($"LAB {terminal.Bold(fault.Id)} in {landing.Environment} {(landing.Landed ? terminal.Red("landed") : terminal.Yellow("did not land"))} · {fault.Entry} · {fault.Cause} · {fault.Kind}");
        foreach (var one in landing.Evidence)
        {
            terminal.Out.WriteLine($"    {one.Kind}{(one.Landed ? "" : ", seen instead")}:");
            foreach (var line in one.Saw.Split('\n')) terminal.Out.WriteLine($"{Indent}{line}".TrimEnd());
        }
        if (landing.Landed) terminal.Out.WriteLine("    its own fix: " + string.Join(" · ", fault.Heal));
    }
}
