using System.Collections.Immutable;
using NodaTime;
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
internal sealed record ExamRow(Fault Fault, FaultVariant Variant, Verdict? Verdict, string Top1, int Rank, double Coverage, bool Answered, string Note)
{
    public bool Landed { get; init; } = true;
    public double Seconds { get; init; }
    public int Probes { get; init; }

    /// <summary>Null: it was not asked for.</summary>
    public RepairResult? Repair { get; init; }
    public bool Right => Answered && Landed && Repair?.IsRight(Fault.ByHand.Length > 0) != false;
    public string Expected => Fault.Expected;
}

/// <summary>Asks: healthy before, broken and landed, drilled, compared, healed, healthy after.</summary>
internal sealed class ExamRun(Settings settings, Terminal terminal, LabClient lab, Core.Platforms.Platform platform, FaultFolder faults)
{
    /// <summary>Where the evidence of each question is kept; null: nowhere.</summary>
    public ExamShelf? Shelf { get; init; }

    /// <summary>Does what the diagnosis proposes; null: nothing is repaired.</summary>
    public ExamRepair? Repair { get; init; }

    private readonly DrillRun drill = new(settings, new CatalogStore(settings), terminal);

    public async Task<ExamRow> AskAsync(SceneOrder order, CancellationToken cancel)
    {
        try
        {
            await lab.HealAsync(cancel);
            await new LabWait(terminal).HealthyAsync(lab, cancel);
            // Between two faults lies a quiet minute: who connects again says so first, and a minute's metrics hold what was in it.
            await MinuteAsync(cancel);
            using var scene = new FaultScene(lab, LabFolder.Default(), platform, faults, order, TimeProvider.System);
            await scene.BreakAsync(cancel);
            var landings = await scene.LandAsync(cancel);
            await scene.AfterwardsAsync(cancel);
            var broken = landings.Select(l => l.Fault).ToImmutableArray();
            var outcome = await LookAsync(order, broken, landings.Min(l => l.Since), cancel);
            var landed = scene.AsOrdered(landings);
            if (landed && Shelf is { } shelf) await shelf.KeepAsync(order, broken, outcome.Bundle, cancel);
            var row = ExamJudge.Of(order, broken, outcome.Diagnosis) with { Landed = landed, Seconds = outcome.Seconds, Probes = outcome.Results.Length };
            return Repair is { } repair && landed && row.Answered && order.Variant is FaultVariant.Plain ? row with { Repair = await repair.TryAsync(order.Environment, outcome.Diagnosis, async since => (await LookAsync(order, broken, since, cancel)).Diagnosis, cancel) } : row;
        }
        catch (LabException e)
        {
            return new ExamRow(order.Fault, order.Variant, null, "", 0, 0, Answered: false, e.Message) { Landed = false };
        }
        finally
        {
            await lab.HealAsync(CancellationToken.None);
        }
    }

    // Whoever is paged looks a minute later, when the metrics of that minute are there, and asks by the merchant's domain where one complained.
    private async Task<DrillOutcome> LookAsync(SceneOrder order, ImmutableArray<Fault> broken, Instant since, CancellationToken cancel)
    {
        var domain = order.Variant is FaultVariant.Noop ? null : broken.Select(f => f.Domain).FirstOrDefault(d => d.Length > 0);
        await MinuteAsync(cancel);
        return await drill.LookAsync(
            new DrillRequest { Environment = order.Environment, Lab = true, Quiet = true, Domain = domain, AllServices = true, Since = InstantPattern.General.Format(since) },
            cancel);
    }

    private async Task MinuteAsync(CancellationToken cancel) => await Task.Delay(TimeSpan.FromMinutes(1) / (await lab.StatusAsync(cancel)).Scale, TimeProvider.System, cancel);
}
