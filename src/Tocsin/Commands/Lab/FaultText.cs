using System.Collections.Immutable;
using Tocsin.Cli.Setup;
using Tocsin.Lab.Faults;

namespace Tocsin.Cli.Commands.Lab;

/// <summary>Faults for a person.</summary>
internal static class FaultText
{
    private const string Indent = "      ";

    /// <summary>One block per entry, one line per cause and fault; a reason below what has none.</summary>
    public static void Table(Terminal terminal, ImmutableArray<FaultRow> rows)
    {
        if (rows.IsEmpty) return;
        var (cause, id) = (rows.Max(r => r.Cause.Length), rows.Max(r => r.Fault?.Length ?? 1));
        foreach (var entry in rows.GroupBy(r => r.Entry, StringComparer.Ordinal))
        {
            terminal.Out.WriteLine(terminal.Bold(entry.Key));
            foreach (var row in entry)
            {
                var kind = row.Kind is "real" ? row.Kind : row.Kind is FaultTable.Missing ? terminal.Red(row.Kind) : terminal.Dim(row.Kind);
                terminal.Out.WriteLine($"  {row.Cause.PadRight(cause)}  {terminal.Cyan((row.Fault ?? "-").PadRight(id))}  {kind}{(row.Profile.Length > 0 ? terminal.Dim($", {row.Profile}") : "")}");
                if (row.Kind is not "real" && row.Why.Length > 0) terminal.Out.WriteLine($"    {terminal.Dim(row.Why)}");
            }
        }
        terminal.Out.WriteLine();
        terminal.Out.WriteLine(FaultTable.Summary(rows));
    }

    public static void Said(Terminal terminal, ImmutableArray<string> said)
    {
        foreach (var line in said) terminal.Out.WriteLine($"LAB {line}");
        terminal.Out.Flush();
    }

    public static void Landing(Terminal terminal, Landing landing, FaultVariant variant)
    {
        var fault = landing.Fault;
        var state = variant is FaultVariant.Noop && !landing.Landed ? terminal.Green("was not injected") : landing.Landed ? terminal.Red("landed") : terminal.Yellow("did not land");
        terminal.Out.WriteLine($"LAB {terminal.Bold(fault.Id)} in {landing.Environment} {state} · {fault.Entry} · {fault.Cause} · {fault.Kind}");
        foreach (var one in landing.Evidence)
        {
            terminal.Out.WriteLine($"    {one.Kind}{(one.Landed ? "" : ", seen instead")}:");
            foreach (var line in one.Saw.Split('\n')) terminal.Out.WriteLine($"{Indent}{line}".TrimEnd());
        }
        if (landing.Landed) terminal.Out.WriteLine("    its own fix: " + string.Join(" · ", fault.Heal));
    }
}
