using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Tocsin.Cli.Setup;
using Tocsin.Lab.Components;
using Tocsin.Lab.Host;
using Tocsin.Lab.Platform;

namespace Tocsin.Cli.Commands.Lab;

/// <summary>tocsin lab up, down, status, env, heal, step.</summary>
internal sealed class LabLife
{
    private readonly CommonOptions common;
    private readonly Terminal terminal;
    private readonly LabRun run;

    private LabLife(CommonOptions common, Terminal terminal, LabRun run)
    {
        this.common = common;
        this.terminal = terminal;
        this.run = run;
    }

    public static IEnumerable<Command> Create(CommonOptions common, Terminal terminal, LabRun run)
    {
        var life = new LabLife(common, terminal, run);
        return [life.CreateUp(), life.CreateDown(), life.CreateStatus(), life.CreateEnv(), life.CreateHeal(), life.CreateStep()];
    }

    private ExampledCommand CreateUp()
    {
        var foreground = new Option<bool>("--foreground") { Description = "Stay until Ctrl-C" };
        var scale = new Option<double>("--scale") { Description = "How much faster lab time runs", DefaultValueFactory = _ => LabOptions.DefaultScale, HelpName = "FACTOR" };
        var quiet = new Option<bool>("--no-traffic") { Description = "Send no traffic of its own" };
        var full = new Option<bool>("--full") { Description = "Run real databases, caches and proxies behind the services" };
        var install = new Option<bool>("--install") { Description = "Install the Debian packages and npm libraries that --full misses" };
        var isolated = new Option<bool>("--isolated") { Description = "On 10.x addresses in a network namespace of its own (root)" };
        var command = new ExampledCommand("up", "Start the lab and return when the platform is healthy.", ["tocsin lab up", "tocsin lab up --full --install", "sudo tocsin lab up --isolated", "tocsin lab up --foreground --scale 1"]) { Options = { foreground, scale, quiet, full, install, isolated } };
        command.SetAction((parsed, cancel) => run.DoAsync(
            async c =>
            {
                var factor = parsed.GetValue(scale);
                if (factor is not (>= 0.1 and <= 1000)) throw new SettingsException("--scale is a factor from 0.1 to 1000");
                var options = Options(common.Load(parsed), parsed.GetValue(full)) with { Scale = factor, WithTraffic = !parsed.GetValue(quiet), Isolated = parsed.GetValue(isolated) };
                if (parsed.GetValue(full)) await PreparePackagesAsync(options, parsed.GetValue(install), c);
                return await (parsed.GetValue(foreground) ? new LabForeground(terminal).RunAsync(options, c) : new LabStart(terminal).RunAsync(options, common.Arguments(parsed), c));
            },
            cancel));
        return command;
    }

    private async Task PreparePackagesAsync(LabOptions options, bool install, CancellationToken cancel)
    {
        if (install && await Packages.InstallAsync(options.Folder.Path, cancel) is { Count: > 0 } installed) terminal.Out.WriteLine($"LAB installed {string.Join(", ", installed)}");
        Packages.Require();
        if (install && await Workspace.InstallAsync(options.ProgramsFolder, options.Folder.Path, cancel) is { Count: > 0 } run) terminal.Out.WriteLine($"LAB ran {string.Join(", ", run)} in {options.ProgramsFolder}");
        Workspace.Require(options.ProgramsFolder);
    }

    private static LabOptions Options(Settings settings, bool full)
    {
        var platform = LabDefaults.Complete(PlatformFile.Load(settings));
        var file = Path.Combine(Path.GetDirectoryName(settings.PlatformFile)!, "lab.yaml");
        if (!File.Exists(file)) throw new SettingsException($"{file} is missing: it says how the lab runs the platform {platform.Name}");
        var lab = LabDescription.Parse(File.ReadAllText(file), file);
        var description = lab.Value ?? throw new SettingsException(string.Join(Environment.NewLine, lab.Problems));
        if (LabDefaults.Problems(platform, description) is { Count: > 0 } problems) throw new SettingsException($"the lab cannot run the platform {platform.Name}: {string.Join(Environment.NewLine, problems)}");
        // Beside the platform's own files, else among those of the lab.
        var secrets = Path.Combine(Path.GetDirectoryName(file)!, description.SecretsFile);
        if (File.Exists(secrets)) description = description with { SecretsFile = Path.GetFullPath(secrets) };
        var core = new LabOptions(LabFolder.Default(), platform, description, Path.Combine(settings.Home, "lab", "services", "core"));
        return full ? core.AsFull() : core;
    }

    private ExampledCommand CreateDown()
    {
        var command = new ExampledCommand("down", "End the lab and everything that it started.", ["tocsin lab down"]);
        command.SetAction((_, cancel) => run.DoAsync(
            async c =>
            {
                var folder = LabFolder.Default();
                var ran = folder.Running() is not null;
                await LabEnd.RunAsync(folder, c);
                terminal.Out.WriteLine(ran ? "LAB is down" : $"no lab ran in {folder.Path}; nothing of one is left there");
                return ExitCode.Done;
            },
            cancel));
        return command;
    }

    private ExampledCommand CreateStatus()
    {
        var format = CommonOptions.Format("text", "json");
        var exitCode = new Option<bool>("--exit-code") { Description = "Exit with 1 when the platform is not healthy" };
        var command = new ExampledCommand("status", "How every service stands, and what is broken by whom.", ["tocsin lab status", "tocsin lab status --format json"]) { Options = { format, exitCode } };
        command.SetAction((parsed, cancel) => run.DoAsync(
            async c =>
            {
                using var lab = LabClient.Connect(LabFolder.Default());
                var status = await lab.StatusAsync(c);
                if (parsed.GetValue(format) is "json") terminal.Out.WriteLine(JsonSerializer.Serialize(status, LabJson.Options));
                else LabStatusText.Write(terminal, status);
                return parsed.GetValue(exitCode) && !status.Healthy ? ExitCode.Found : ExitCode.Done;
            },
            cancel));
        return command;
    }

    private ExampledCommand CreateEnv()
    {
        var format = CommonOptions.Format("sh", "json");
        var command = new ExampledCommand("env", "Variables by which any client finds the lab.", ["eval \"$(tocsin lab env)\"", "tocsin lab env --format json"]) { Options = { format } };
        command.SetAction((parsed, cancel) => run.DoAsync(
            c =>
            {
                c.ThrowIfCancellationRequested();
                using var lab = LabClient.Connect(LabFolder.Default());
                var variables = LabVariables.Of(lab.State, LabFolder.Default());
                if (parsed.GetValue(format) is "json") terminal.Out.WriteLine(JsonSerializer.Serialize(variables, LabJson.Options));
                else foreach (var (name, value) in variables) terminal.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"export {name}='{value.Replace("'", "'\\''", StringComparison.Ordinal)}'"));
                return Task.FromResult(ExitCode.Done);
            },
            cancel));
        return command;
    }

    private ExampledCommand CreateHeal()
    {
        var command = new ExampledCommand("heal", "Put everything back as it was and wait until the platform is healthy.", ["tocsin lab heal"]);
        command.SetAction((_, cancel) => run.DoAsync(
            async c =>
            {
                using var lab = LabClient.Connect(LabFolder.Default());
                await lab.HealAsync(c);
                var status = await new LabWait(terminal).HealthyAsync(lab, c);
                terminal.Out.WriteLine("LAB is healthy");
                return status.Healthy ? ExitCode.Done : ExitCode.Found;
            },
            cancel));
        return command;
    }

    private ExampledCommand CreateStep()
    {
        var by = new Argument<string>("DURATION") { Description = "Such as 90s, 5m or 2h" };
        var command = new ExampledCommand("step", "Let lab time jump ahead; timestamps stay those of the wall clock.", ["tocsin lab step 1h"]) { Arguments = { by } };
        command.SetAction((parsed, cancel) => run.DoAsync(
            async c =>
            {
                var text = parsed.GetValue(by)!;
                var unit = text.Length > 1 ? text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, _ => 0 } : 0;
                if (unit == 0 || !int.TryParse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture, out var amount) || amount > 10_000) throw new SettingsException($"'{text}' is not a duration such as 90s, 5m or 2h");
                using var lab = LabClient.Connect(LabFolder.Default());
                await lab.StepAsync(NodaTime.Duration.FromSeconds((long)amount * unit), c);
                terminal.Out.WriteLine($"LAB time is {text} ahead");
                return ExitCode.Done;
            },
            cancel));
        return command;
    }
}
