using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tocsin.Cli.Setup;
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
        var format = CommonOptions.Format("text", "json");
        var command = new ExampledCommand("faults", "Every named fault: entry, cause, and whether it is real or emulated.", ["tocsin lab faults", "tocsin lab faults --format json"]) { Options = { format } };
        command.SetAction((parsed, cancel) => run.DoAsync(
            c =>
            {
                c.ThrowIfCancellationRequested();
                var folder = Folder(parsed).Faults;
                foreach (var problem in folder.Problems) terminal.Error.WriteLine(problem);
                if (parsed.GetValue(format) is "json") terminal.Out.WriteLine(JsonSerializer.Serialize(folder.Faults.Select(Told), LabJson.Options));
                else FaultText.Table(terminal, folder.Faults);
                return Task.FromResult(folder.Problems.IsEmpty ? ExitCode.Done : ExitCode.CouldNotLook);
            },
            cancel));
        return command;
    }

    private ExampledCommand CreateInject()
    {
        var fault = new Argument<string>("FAULT") { Description = "A fault's id; tocsin lab faults lists them" };
        var environment = LabVerbs.Environment();
        var noWait = new Option<bool>("--no-wait") { Description = "Break and return without looking whether it landed" };
        var force = Force();
        var command = new ExampledCommand("inject", "Break the platform by a named fault and show that it landed.", ["tocsin lab inject secret-gone --env production"]) { Arguments = { fault }, Options = { environment, noWait, force } };
        command.SetAction((parsed, cancel) => run.DoAsync(
            async c =>
            {
                using var lab = LabClient.Connect(LabFolder.Default());
                using var one = Open(parsed, lab, parsed.GetValue(fault)!, parsed.GetValue(environment)!);
                FaultText.Broken(terminal, await one.BreakAsync(parsed.GetValue(force), c));
                if (parsed.GetValue(noWait)) return ExitCode.Done;
                return Report(await one.LandAsync(c));
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
                using var one = Open(parsed, lab, parsed.GetValue(fault)!, parsed.GetValue(environment)!);
                FaultText.Broken(terminal, await one.BreakAsync(parsed.GetValue(force), c));
                var landing = await one.LandAsync(c);
                var ended = Report(landing);
                var files = await FaultRecord.WriteAsync(one, landing, into, c);
                terminal.Out.WriteLine($"LAB {files.Count} files in {into}");
                await lab.HealAsync(c);
                await new LabWait(terminal).HealthyAsync(lab, c);
                terminal.Out.WriteLine("LAB is healthy");
                return ended;
            },
            cancel));
        return command;
    }

    private static Option<bool> Force() => new("--force") { Description = "Also where the platform is not healthy" };

    private FaultRun Open(ParseResult parsed, LabClient lab, string id, string environment)
    {
        var (faults, platform) = Folder(parsed);
        return new FaultRun(lab, LabFolder.Default(), platform, faults.Find(id), environment, TimeProvider.System);
    }

    private (FaultFolder Faults, Core.Platforms.Platform Platform) Folder(ParseResult parsed)
    {
        var settings = common.Load(parsed);
        var platform = PlatformFile.Load(settings);
        return (FaultFolder.Read(Path.Combine(settings.Home, "lab", "faults"), new FaultGround(new CatalogStore(settings).Entries(terminal), platform)), platform);
    }

    private int Report(Landing landing)
    {
        FaultText.Landing(terminal, landing);
        return landing.Landed ? ExitCode.Done : ExitCode.Found;
    }

    private static JsonObject Told(Fault fault) => new()
    {
        ["id"] = fault.Id,
        ["title"] = fault.Title,
        ["about"] = fault.About,
        ["entry"] = fault.Entry,
        ["cause"] = fault.Cause,
        ["kind"] = fault.Kind,
        ["environments"] = new JsonArray([.. fault.Environments.Select(e => (JsonNode)e)]),
        ["break"] = new JsonArray([.. fault.Prepare.Concat(fault.Break).Select(l => (JsonNode)l)]),
        ["heal"] = new JsonArray([.. fault.Heal.Select(l => (JsonNode)l)]),
    };
}
