using System.Collections.Immutable;
using NodaTime.Text;
using Tocsin.Cli.Commands.Diagnose;
using Tocsin.Cli.Setup;
using Tocsin.Core.Diagnosis;
using Tocsin.Lab.Faults;
using Tocsin.Lab.Host;

namespace Tocsin.Cli.Commands.Lab;

/// <summary>One question of the exam and its answer.</summary>
/// <param name="Rank">Place of the right cause among all that were weighed, from 1; 0 where it is not among them.</param>
/// <param name="Coverage">Looks that are evidence among those tried, 0 to 1.</param>
/// <param name="Note">What kept it from being right, or asked at all.</param>
internal sealed record ExamRow(Fault Fault, FaultVariant Variant, bool Landed, Verdict? Verdict, string Top1, int Rank, double Seconds, int Probes, double Coverage, bool Right, string Note)
{
    public string Expected => $"{Fault.Entry}/{Fault.Cause}";
}

/// <summary>Asks: healthy before, broken and landed, drilled, compared, healed, healthy after.</summary>
internal sealed class ExamRun(Settings settings, Terminal terminal, LabClient lab, Core.Platforms.Platform platform, FaultFolder faults)
{
    private readonly DrillRun drill = new(settings, terminal);

    public async Task<ExamRow> AskAsync(SceneOrder order, CancellationToken cancel)
    {
        try
        {
            await lab.HealAsync(cancel);
            await new LabWait(terminal).HealthyAsync(lab, cancel);
            using var scene = new FaultScene(lab, LabFolder.Default(), platform, faults, order, TimeProvider.System);
            await scene.BreakAsync(cancel);
            var landings = await scene.LandAsync(cancel);
            await scene.AfterwardsAsync(cancel);
            var outcome = await drill.LookAsync(
                new DrillRequest { Environment = order.Environment, Lab = true, Quiet = true, Since = InstantPattern.General.Format(landings.Min(l => l.Since)) },
                cancel);
            return Judge(order, [.. landings.Select(l => l.Fault)], scene.AsOrdered(landings), outcome);
        }
        catch (LabException e)
        {
            return new ExamRow(order.Fault, order.Variant, Landed: false, null, "", 0, 0, 0, 0, Right: false, e.Message);
        }
        finally
        {
            await lab.HealAsync(CancellationToken.None);
        }
    }

    private static ExamRow Judge(SceneOrder order, ImmutableArray<Fault> broken, bool landed, DrillOutcome outcome)
    {
        var diagnosis = outcome.Diagnosis;
        var ranked = diagnosis.Causes.Concat(diagnosis.Rivals).Concat(diagnosis.Consequences).Select(c => c.Id).Distinct(StringComparer.Ordinal).ToList();
        var expected = broken.Select(f => $"{f.Entry}/{f.Cause}").ToList();
        var (right, note) = order.Variant switch
        {
            FaultVariant.Noop or FaultVariant.Recovered => (diagnosis.Verdict is Verdict.Healthy or Verdict.NoKnownCause, string.Join("; ", diagnosis.Findings.Take(3))),
            FaultVariant.Denied => (diagnosis.Verdict is Verdict.Blind or Verdict.Ambiguous && diagnosis.Missing.Any(m => m.Why.Contains("is denied", StringComparison.Ordinal)), string.Join("; ", diagnosis.Missing.Select(m => m.Why).Distinct(StringComparer.Ordinal).Take(2))),
            FaultVariant.Two => (expected.TrueForAll(e => diagnosis.Causes.Any(c => c.Id == e)), string.Join(", ", diagnosis.Causes.Select(c => c.Id))),
            _ => (diagnosis.Causes is [var first, ..] && first.Id == expected[0] && diagnosis.Verdict is Verdict.Confirmed or Verdict.Likely, diagnosis.Causes.Length > 1 ? $"also {string.Join(", ", diagnosis.Causes.Skip(1).Select(c => c.Id))}" : ""),
        };
        return new ExamRow(
            order.Fault,
            order.Variant,
            landed,
            diagnosis.Verdict,
            ranked.FirstOrDefault(""),
            ranked.IndexOf(expected[0]) + 1,
            outcome.Seconds,
            outcome.Results.Length,
            diagnosis.Coverage.Tried == 0 ? 0 : (double)diagnosis.Coverage.Evidence / diagnosis.Coverage.Tried,
            right && landed,
            landed ? note : "it did not come as ordered");
    }
}
