using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Tocsin.Core.Catalog;

namespace Tocsin.Lab.Faults;

/// <summary>One line of the table: a documented cause, and the fault that it is, or why there is none.</summary>
/// <param name="Kind">real, emulated, not possible here, or missing.</param>
/// <param name="Why">What breaks; of an emulated one also what is played; of the others why there is none.</param>
public sealed record FaultRow(string Entry, string Cause, string Summary, string? Fault, string Kind, string Profile, string Why);

/// <summary>Every documented cause against every fault, in the order of the entries.</summary>
public static class FaultTable
{
    public const string Missing = "missing";

    public const string NotPossible = "not possible here";

    public static ImmutableArray<FaultRow> Of(FaultFolder folder, ImmutableArray<Entry> entries) =>
        [.. entries.OrderBy(e => e.Layer, StringComparer.Ordinal).ThenBy(e => e.Id, StringComparer.Ordinal).SelectMany(e => e.Causes.SelectMany(c => Of(folder, e, c)))];

    public static string Markdown(ImmutableArray<FaultRow> rows)
    {
        var text = new StringBuilder("# The lab's faults\n\n");
        text.Append("Every documented cause of every entry, and how the [failure lab](lab.md) makes it happen. Written by `./dev docs`; a test keeps it true.\n\n");
        text.Append("Real: it happens in running processes, and the text is theirs. Emulated: a stand-in does what AWS, Cloudflare or a partner documents. Not possible here: with the reason. A fault runs in both profiles unless one is named.\n\n");
        text.Append(Summary(rows)).Append("\n\n| entry | cause | fault | | what breaks, or why it cannot |\n|---|---|---|---|---|\n");
        foreach (var row in rows)
        {
            var fault = row.Fault is null ? "" : $"`{row.Fault}`";
            text.Append(CultureInfo.InvariantCulture, $"| {row.Entry} | {row.Cause}: {Cell(row.Summary)} | {fault} | {row.Kind}{(row.Profile.Length > 0 ? $", {row.Profile}" : "")} | {Cell(row.Why)} |\n");
        }
        return text.ToString();
    }

    public static string Summary(ImmutableArray<FaultRow> rows)
    {
        int Count(string kind) => rows.Count(r => r.Kind == kind);
        var causes = rows.Select(r => (r.Entry, r.Cause)).Distinct().Count();
        var covered = rows.Where(r => r.Fault is not null).Select(r => (r.Entry, r.Cause)).Distinct().Count();
        return string.Create(CultureInfo.InvariantCulture, $"{rows.Count(r => r.Fault is not null)} faults, {Count("real")} real and {Count("emulated")} emulated, for {covered} of {causes} causes of {rows.Select(r => r.Entry).Distinct(StringComparer.Ordinal).Count()} entries; {Count(NotPossible)} causes not possible here, {Count(Missing)} missing");
    }

    private static IEnumerable<FaultRow> Of(FaultFolder folder, Entry entry, Cause cause)
    {
        var faults = folder.Faults.Where(f => f.Entry == entry.Id && f.Cause == cause.Id).ToList();
        if (faults.Count > 0) return faults.Select(f => new FaultRow(entry.Id, cause.Id, cause.Title, f.Id, f.Kind, f.Profiles.Length > 1 ? "" : f.Profiles[0].ToString().ToLowerInvariant(), f.Real ? Sentence(f.Title) : $"{Sentence(f.Title)} {Sentence(f.Why)}"));
        var not = folder.NotPossible.FirstOrDefault(n => n.Entry == entry.Id && n.Cause == cause.Id);
        return [new FaultRow(entry.Id, cause.Id, cause.Title, null, not is null ? Missing : NotPossible, "", not?.Why ?? "")];
    }

    private static string Sentence(string text) => text.EndsWith('.') ? text : text + ".";

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal).ReplaceLineEndings(" ").Trim();
}
