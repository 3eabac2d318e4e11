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
        var format = CommonOptions.Format("text", "json", "md");
        var command = new ExampledCommand(
            "exam",
            "Inject each fault, see it land, drill, compare the cause, heal; exit code 1 when a diagnosis is not right.",
            ["tocsin lab exam", "tocsin lab exam --only secret-gone --only ecs-exit-137", "tocsin lab exam --variant noop --variant denied --seed 7 --format md"])
        {
            Options = { only, variant, seed, environment, format },
        };
        command.SetAction((parsed, cancel) => run.DoAsync(
            async c =>
            {
                var settings = common.Load(parsed);
                var platform = PlatformFile.Load(settings);
                var faults = FaultFolder.Read(Path.Combine(settings.Home, "lab", "faults"), new FaultGround(new CatalogStore(settings).Entries(terminal), platform));
                foreach (var problem in faults.Problems) terminal.Error.WriteLine(problem);
                using var lab = LabClient.Connect(LabFolder.Default());
                var chosen = Chosen(faults, parsed.GetValue(only) ?? [], lab, parsed.GetValue(environment)!);
                var variants = (parsed.GetValue(variant) is { Length: > 0 } named ? named : [FaultVariants.Name(FaultVariant.Plain)]).Select(FaultVariants.Of).ToImmutableArray();
                var exam = new ExamRun(settings, terminal, lab, platform, faults);
                var rows = new List<ExamRow>();
                foreach (var one in variants.SelectMany(v => chosen.Select(f => new SceneOrder(f, parsed.GetValue(environment)!) { Variant = v, Seed = parsed.GetValue(seed) })))
                {
                    rows.Add(await exam.AskAsync(one, c));
                    terminal.Error.WriteLine(ExamOutput.Line(rows[^1]));
                }
                terminal.Out.WriteLine(ExamOutput.Write([.. rows], parsed.GetValue(format)!, terminal));
                return rows.TrueForAll(r => r.Right) ? ExitCode.Done : ExitCode.Found;
            },
            cancel));
        return command;
    }

    private static ImmutableArray<Fault> Chosen(FaultFolder faults, string[] only, LabClient lab, string environment)
    {
        var possible = faults.Faults.Where(f => f.Profiles.Contains(lab.State.Profile) && f.Environments.Contains(environment, StringComparer.Ordinal)).ToImmutableArray();
        if (only.Length == 0) return possible;
        foreach (var id in only.Where(o => !faults.Faults.Any(f => f.Entry == o))) _ = faults.Find(id);
        return [.. possible.Where(f => only.Contains(f.Id, StringComparer.Ordinal) || only.Contains(f.Entry, StringComparer.Ordinal))];
    }
}
