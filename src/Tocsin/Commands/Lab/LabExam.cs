using System.Collections.Immutable;
using System.CommandLine;
using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;
using Tocsin.Lab.Faults;
using Tocsin.Lab.Host;

namespace Tocsin.Cli.Commands.Lab;

/// <summary>tocsin lab exam: every fault injected, drilled, compared and healed.</summary>
internal static class LabExam
{
    public static Command Create(CommonOptions common, Terminal terminal, LabRun run)
    {
        var only = new Option<string[]>("--only") { Description = "Only these faults or entries; may be repeated", HelpName = "ID", DefaultValueFactory = _ => [] };
        var variant = new Option<string[]>("--variant") { Description = $"How they are met: {string.Join(", ", FaultVariants.Names)}; may be repeated", HelpName = "VARIANT", DefaultValueFactory = _ => [] };
        var seed = new Option<int>("--seed") { Description = "Decides what a variant chooses", DefaultValueFactory = _ => 1, HelpName = "NUMBER" };
        var environment = LabVerbs.Environment();
        var keep = new Option<string?>("--keep") { Description = "Write the evidence of each question here", HelpName = "DIR" };
        var from = new Option<string?>("--from") { Description = "Judge the evidence that was kept here, with the catalog as it is; asks no lab", HelpName = "DIR" };
        var unknown = new Option<bool>("--unknown") { Description = "With --from: judge each question as if the entry of its cause were not written yet; right is who is not sure of another cause" };
        var repair = new Option<bool>("--repair") { Description = "Also do what the diagnosis proposes, where it needs nothing that only a person knows, and see the platform healthy again" };
        var format = CommonOptions.Format("text", "json", "md");
        var command = new ExampledCommand(
            "exam",
            "Inject each fault, see it land, drill, compare the cause, heal; exit code 1 when a diagnosis is not right.",
            ["tocsin lab exam", "tocsin lab exam --only secret-gone --only ecs-exit-137", "tocsin lab exam --variant noop --variant denied --seed 7 --format md", "tocsin lab exam --keep exam && tocsin lab exam --from exam"])
        {
            Options = { only, variant, seed, environment, keep, from, unknown, repair, format },
        };
        command.SetAction((parsed, cancel) => run.DoAsync(
            async c =>
            {
                var settings = common.Load(parsed);
                var platform = PlatformFile.Load(settings);
                var faults = FaultFolder.Read(Path.Combine(settings.Home, "lab", "faults"), new FaultGround(new CatalogStore(settings).Entries(terminal), platform));
                foreach (var problem in faults.Problems) terminal.Error.WriteLine(problem);
                var variants = (parsed.GetValue(variant) is { Length: > 0 } named ? named : [FaultVariants.Name(FaultVariant.Plain)]).Select(FaultVariants.Of).ToImmutableArray();
                var ids = parsed.GetValue(only) ?? [];
                foreach (var id in ids.Where(o => !faults.Faults.Any(f => f.Entry == o))) _ = faults.Find(id);
                bool Asked(Fault f, FaultVariant v) => IsWanted(f, ids) && (variants.Contains(v) || parsed.GetValue(variant) is not { Length: > 0 });
                if (parsed.GetValue(from) is { } kept)
                {
                    var (shelf, store) = (new ExamShelf(kept), new CatalogStore(settings));
                    return Tell(parsed.GetValue(unknown) ? shelf.JudgeUnknown(faults, store, terminal, Asked) : shelf.Judge(faults, store, terminal, Asked), parsed.GetValue(format)!, terminal);
                }
                if (parsed.GetValue(unknown)) throw new SettingsException("--unknown judges evidence that was kept: add --from DIR");
                using var lab = LabClient.Connect(LabFolder.Default());
                var chosen = faults.Faults.Where(f => f.Profiles.Contains(lab.State.Profile) && (f.CoreHides.Length == 0 || lab.State.Profile is not LabProfile.Core) && f.Environments.Contains(parsed.GetValue(environment)!, StringComparer.Ordinal) && IsWanted(f, ids)).ToImmutableArray();
                await using var repairs = parsed.GetValue(repair) ? new ExamRepair(settings, terminal, new CatalogStore(settings), lab) : null;
                var exam = new ExamRun(settings, terminal, lab, platform, faults) { Shelf = parsed.GetValue(keep) is { } to ? new ExamShelf(to) : null, Repair = repairs };
                var rows = new List<ExamRow>();
                foreach (var one in variants.SelectMany(v => chosen.Select(f => new SceneOrder(f, parsed.GetValue(environment)!) { Variant = v, Seed = parsed.GetValue(seed) })))
                {
                    if (FaultVariants.WhyNot(one.Fault, one.Variant) is { } why)
                    {
                        terminal.Error.WriteLine($"not asked  {one.Fault.Id} {FaultVariants.Name(one.Variant)}: {why}");
                        continue;
                    }
                    rows.Add(await exam.AskAsync(one, c));
                    terminal.Error.WriteLine(ExamOutput.Line(rows[^1]));
                }
                return Tell([.. rows], parsed.GetValue(format)!, terminal);
            },
            cancel));
        return command;
    }

    private static int Tell(ImmutableArray<ExamRow> rows, string format, Terminal terminal)
    {
        terminal.Out.WriteLine(ExamOutput.Write(rows, format, terminal));
        return rows.All(r => r.Right) ? ExitCode.Done : ExitCode.Found;
    }

    private static bool IsWanted(Fault fault, string[] only) => only.Length == 0 || only.Contains(fault.Id, StringComparer.Ordinal) || only.Contains(fault.Entry, StringComparer.Ordinal);
}
