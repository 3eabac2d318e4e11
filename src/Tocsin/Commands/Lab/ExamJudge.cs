using System.Collections.Immutable;
using Tocsin.Core.Diagnosis;
using Tocsin.Lab.Faults;

namespace Tocsin.Cli.Commands.Lab;

/// <summary>Compares a diagnosis with what was broken.</summary>
internal static class ExamJudge
{
    // As AWS, Cloudflare and Redis have it in the words of a look that was refused.
    private static readonly ImmutableArray<string> NoPermission = ["is denied", "refuses the token", "NOPERM"];

    public static ExamRow Of(SceneOrder order, ImmutableArray<Fault> broken, DiagnosisReport diagnosis)
    {
        var ranked = diagnosis.Causes.Concat(diagnosis.Rivals).Concat(diagnosis.Consequences).Select(c => c.Id).Distinct(StringComparer.Ordinal).ToList();
        var expected = broken.Select(f => f.Expected).ToList();
        var (right, note) = order.Variant switch
        {
            FaultVariant.Noop or FaultVariant.Recovered => (diagnosis.Verdict is Verdict.Healthy or Verdict.NoKnownCause, string.Join("; ", diagnosis.Findings.Take(3))),
            FaultVariant.Denied => (
                diagnosis.Verdict is Verdict.Blind or Verdict.Ambiguous && diagnosis.Missing.Any(m => NoPermission.Any(w => m.Why.Contains(w, StringComparison.Ordinal))),
                string.Join("; ", diagnosis.Missing.Select(m => m.Why).Distinct(StringComparer.Ordinal).Take(2))),
            FaultVariant.Two => (expected.TrueForAll(e => diagnosis.Causes.Any(c => c.Id == e)), $"broken {string.Join(", ", expected)}; said {string.Join(", ", diagnosis.Causes.Select(c => c.Id))}"),
            _ => (
                diagnosis.Causes is [var first, ..] && first.Id == expected[0] && diagnosis.Verdict is Verdict.Confirmed or Verdict.Likely,
                diagnosis.Causes.Length > 1 ? $"also {string.Join(", ", diagnosis.Causes.Skip(1).Select(c => c.Id))}" : ""),
        };
        return new ExamRow(order.Fault, order.Variant, diagnosis.Verdict, ranked.FirstOrDefault(""), ranked.IndexOf(expected[0]) + 1, CoverageOf(diagnosis), right, note);
    }

    /// <summary>
    /// Where its entry was taken away: right is who is not sure, or is sure of what is so as well, which is an effect of its cause, the same cause by the name of
    /// another entry, or what the whole reference finds beside it.
    /// </summary>
    /// <param name="known">With the entry.</param>
    public static ExamRow OfUnknown(SceneOrder order, DiagnosisReport diagnosis, DiagnosisReport known, DiagnosisCatalog whole)
    {
        var first = diagnosis.Causes.Select(c => c.Id).FirstOrDefault("");
        var isSure = diagnosis.Verdict is Verdict.Confirmed or Verdict.Likely;
        var expected = order.Fault.Expected;
        var so = !isSure ? "" : whole.LeadsTo(expected, first) ? "an effect of it" : whole.IsSame(expected, first) ? "the same by another name" : known.Causes.Any(c => c.Id == first) ? "it is so beside it" : "";
        return new ExamRow(order.Fault, order.Variant, diagnosis.Verdict, first, 0, CoverageOf(diagnosis), !isSure || so.Length > 0, so);
    }

    private static double CoverageOf(DiagnosisReport diagnosis) => diagnosis.Coverage.Tried == 0 ? 0 : (double)diagnosis.Coverage.Evidence / diagnosis.Coverage.Tried;
}
