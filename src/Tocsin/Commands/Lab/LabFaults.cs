using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tocsin.Cli.Setup;
using Tocsin.Core.Catalog;
using Tocsin.Lab.Faults;
using Tocsin.Lab.Host;

namespace Tocsin.Cli.Commands.Lab;

/// <summary>tocsin lab faults, inject, record.</summary>
internal sealed class LabFaults
{
    private readonly CommonOptions common;
    private readonly Terminal terminal;
    private readonly LabRun run;

    private LabFaults(CommonOptions common, Terminal terminal, LabRun run)
    {
        this.common = common;
        this.terminal = terminal;
        this.run = run;
    }

    public static IEnumerable<Command> Create(CommonOptions common, Terminal terminal, LabRun run)
    {
        var faults = new LabFaults(common, terminal, run);
        return [faults.CreateList(), faults.CreateInject(), faults.CreateRecord()];
    }

    private ExampledCommand CreateList()
    {
        var format = CommonOptions.Format("text", "json", "md");
        var missing = new Option<bool>("--missing") { Description = "Only causes that have neither a fault nor a reason; exit code 1 when there are any" };
        var command = new ExampledCommand("faults", "Every documented cause: the fault that it is, real or emulated, or why it is not possible here.", ["tocsin lab faults", "tocsin lab faults --missing", "tocsin lab faults --format md"]) { Options = { format, missing } };
        command.SetAction((parsed, cancel) => run.DoAsync(
            c =>
            {
                c.ThrowIfCancellationRequested();
                var (folder, _, entries) = Folder(parsed);
                foreach (var problem in folder.Problems) terminal.Error.WriteLine(problem);
                var rows = FaultTable.Of(folder, entries);
                if (parsed.GetValue(missing)) rows = [.. rows.Where(r => r.Kind is FaultTable.Missing)];
                Write(parsed.GetValue(format)!, rows, folder);
                if (!folder.Problems.IsEmpty) return Task.FromResult(ExitCode.CouldNotLook);
                return Task.FromResult(parsed.GetValue(missing) && rows.Length > 0 ? ExitCode.Found : ExitCode.Done);
            },
            cancel));
        return command;
    }

    private void Write(string format, ImmutableArray<FaultRow> rows, FaultFolder folder)
    {
        if (format is "json") terminal.Out.WriteLine(JsonSerializer.Serialize(rows.Select(r => Told(r, folder)), LabJson.Options));
        else if (format is "md") terminal.Out.Write(FaultTable.Markdown(rows));
        else FaultText.Table(terminal, rows);
    }

    private ExampledCommand CreateInject()
    {
        var fault = new Argument<string>("FAULT") { Description = "A fault's id; tocsin lab faults lists them" };
        var environment = LabVerbs.Environment();
        var (variant, seed) = (Variant(), Seed());
        var noWait = new Option<bool>("--no-wait") { Description = "Break and return without looking whether it landed" };
        var force = Force();
        var command = new ExampledCommand("inject", "Break the platform by a named fault and show that it landed.", ["tocsin lab inject secret-gone --env production", "tocsin lab inject secret-gone --variant two --seed 7"]) { Arguments = { fault }, Options = { environment, variant, seed, noWait, force } };
        command.SetAction((parsed, cancel) => run.DoAsync(
            async c =>
            {
                var order = (Variant: FaultVariants.Of(parsed.GetValue(variant)!), Wait: !parsed.GetValue(noWait));
                if (!order.Wait && order.Variant is FaultVariant.Recovered or FaultVariant.Denied) throw new SettingsException($"--variant {FaultVariants.Name(order.Variant)} follows when the fault was seen; it does not go with --no-wait");
                using var lab = LabClient.Connect(LabFolder.Default());
                using var scene = Open(parsed, lab, parsed.GetValue(fault)!, parsed.GetValue(environment)!, order.Variant, parsed.GetValue(seed), parsed.GetValue(force));
                FaultText.Said(terminal, await scene.BreakAsync(c));
                if (!order.Wait) return ExitCode.Done;
                var landings = await scene.LandAsync(c);
                foreach (var landing in landings) FaultText.Landing(terminal, landing, order.Variant);
                FaultText.Said(terminal, await scene.AfterwardsAsync(c));
                return scene.AsOrdered(landings) ? ExitCode.Done : ExitCode.Found;
            },
            cancel));
        return command;
    }

    private ExampledCommand CreateRecord()
    {
        var fault = new Argument<string>("FAULT") { Description = "A fault's id; tocsin lab faults lists them" };
        var folder = new Argument<string>("DIR") { Description = "A folder that is new or empty" };
        var environment = LabVerbs.Environment();
        var force = Force();
        var command = new ExampledCommand("record", "Inject a fault, write down all that the platform said, and heal it.", ["tocsin lab record secret-gone recorded/secret-gone"]) { Arguments = { fault, folder }, Options = { environment, force } };
        command.SetAction((parsed, cancel) => run.DoAsync(
            async c =>
            {
                var into = Path.GetFullPath(parsed.GetValue(folder)!);
                FaultRecord.Check(into);
                using var lab = LabClient.Connect(LabFolder.Default());
                using var scene = Open(parsed, lab, parsed.GetValue(fault)!, parsed.GetValue(environment)!, FaultVariant.Plain, seed: 0, parsed.GetValue(force));
                FaultText.Said(terminal, await scene.BreakAsync(c));
                var landing = (await scene.LandAsync(c))[0];
                FaultText.Landing(terminal, landing, FaultVariant.Plain);
                var files = await FaultRecord.WriteAsync(lab, scene.First, landing, into, c);
                terminal.Out.WriteLine($"LAB {files.Count} files in {into}");
                await lab.HealAsync(c);
                await new LabWait(terminal).HealthyAsync(lab, c);
                terminal.Out.WriteLine("LAB is healthy");
                return landing.Landed ? ExitCode.Done : ExitCode.Found;
            },
            cancel));
        return command;
    }

    private static Option<bool> Force() => new("--force") { Description = "Also where the platform is not healthy" };

    private static Option<string> Variant() => new("--variant") { Description = $"How it is met: {string.Join(", ", FaultVariants.Names)}", DefaultValueFactory = _ => FaultVariants.Name(FaultVariant.Plain), HelpName = "VARIANT" };

    private static Option<int> Seed() => new("--seed") { Description = "Decides what a variant chooses", DefaultValueFactory = _ => 1, HelpName = "NUMBER" };

    private FaultScene Open(ParseResult parsed, LabClient lab, string id, string environment, FaultVariant variant, int seed, bool force)
    {
        var (faults, platform, _) = Folder(parsed);
        return new FaultScene(lab, LabFolder.Default(), platform, faults, new SceneOrder(faults.Find(id), environment) { Variant = variant, Seed = seed, Force = force }, TimeProvider.System);
    }

    private (FaultFolder Faults, Core.Platforms.Platform Platform, ImmutableArray<Entry> Entries) Folder(ParseResult parsed)
    {
        var settings = common.Load(parsed);
        var platform = PlatformFile.Load(settings);
        var entries = new CatalogStore(settings).Entries(terminal);
        return (FaultFolder.Read(Path.Combine(settings.Home, "lab", "faults"), new FaultGround(entries, platform)), platform, entries);
    }

    private static JsonObject Told(FaultRow row, FaultFolder folder)
    {
        var told = new JsonObject { ["entry"] = row.Entry, ["cause"] = row.Cause, ["kind"] = row.Kind, ["why"] = row.Why };
        if (row.Fault is null) return told;
        var fault = folder.Find(row.Fault);
        told["id"] = fault.Id;
        told["title"] = fault.Title;
        told["about"] = fault.About;
        told["profiles"] = Texts(fault.Profiles.Select(p => p.ToString().ToLowerInvariant()));
        told["environments"] = Texts(fault.Environments);
        told["break"] = Texts(fault.Prepare.Concat(fault.Break));
        told["heal"] = Texts(fault.Heal);
        return told;
    }

    private static JsonArray Texts(IEnumerable<string> texts) => new([.. texts.Select(t => (JsonNode)t)]);
}
