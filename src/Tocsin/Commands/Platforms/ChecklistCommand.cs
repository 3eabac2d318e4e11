using System.Collections.Immutable;
using System.CommandLine;
using NodaTime;
using Tocsin.Cli.Commands.Diagnose;
using Tocsin.Cli.Commands.Lab;
using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;
using Tocsin.Collect.Platforms;
using Tocsin.Collect.Probes;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Collect.Probes.Servers;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Platforms;

namespace Tocsin.Cli.Commands.Platforms;

/// <summary>tocsin checklist: the variables that matter, as they are in an environment: there or not, right or wrong by shape, and where each lives.</summary>
internal static class ChecklistCommand
{
    public const string File = "checklist.yaml";

    public static Command Create(CommonOptions common, Terminal terminal)
    {
        var service = new Argument<string?>("SERVICE") { Description = "A service's name or role; without it all", Arity = ArgumentArity.ZeroOrOne };
        var format = CommonOptions.Format("text", "json");
        var exitCode = CommonOptions.GiveExitCode();
        var ask = new AskOptions();
        var command = new ExampledCommand("checklist", "The variables that matter, against what an environment really has: by key and by shape, with the place each lives in. Values are never shown.", ["tocsin checklist", "tocsin checklist core-api --env staging"])
        {
            Arguments = { service }, Options = { ask.Environment, ask.Endpoint, ask.Lab, format, exitCode },
        };
        command.SetAction((parsed, cancel) => new LabRun(terminal).DoAsync(
            async c =>
            {
                var platform = ask.Load(common, parsed);
                var checklist = Load(platform);
                var environment = platform.Environment(parsed.GetValue(ask.Environment));
                var (lines, where) = await new ChecklistRun(platform, new CatalogStore(platform.Settings)).ReadAsync(checklist, environment, platform.Services(parsed.GetValue(service)), c);
                if (parsed.GetValue(format) is "json") terminal.Out.WriteLine(ChecklistText.Json(environment.Name, lines));
                else new ChecklistText(terminal).Show(where, environment.Name, checklist, lines);
                return lines.Any(l => l.Standing is Standing.Unknown) ? ExitCode.CouldNotLook : lines.Any(l => l.Standing is Standing.Wrong) && parsed.GetValue(exitCode) ? ExitCode.Found : ExitCode.Done;
            },
            cancel));
        return command;
    }

    public static Checklist Load(PlatformAsk platform)
    {
        var read = ChecklistReader.Parse(platform.Beside(File), File);
        return read.Value ?? throw new SettingsException(string.Join(Environment.NewLine, read.Problems));
    }
}

/// <summary>Whether a variable is as it should be.</summary>
internal enum Standing
{
    Right,
    Wrong,
    Unknown,
}

/// <summary>One variable of one service as it was found.</summary>
internal sealed record ChecklistLine(string Service, CheckedVariable Variable, Standing Standing, string Lives, string Said);

/// <summary>Looks at one environment.</summary>
internal sealed class ChecklistRun(PlatformAsk platform, CatalogStore store)
{
    /// <summary>A line for each variable of the services, and account, region and endpoint that answered.</summary>
    public async Task<(List<ChecklistLine> Lines, string Where)> ReadAsync(Checklist checklist, PlatformEnvironment environment, ImmutableArray<Service> services, CancellationToken cancel)
    {
        var map = platform.Map(environment);
        var connection = platform.Connection(environment);
        using var caller = PlatformAsk.Caller(connection);
        var state = await new EnvironmentReader(caller, platform.ReadsSecretValues).ReadAsync(map, services, cancel);
        var seen = await ProbeAsync(map, connection, caller, services, cancel);
        var lines = services.SelectMany(s => checklist.Services.Where(c => c.Service == s.Name).SelectMany(c => c.Variables.Select(v => Line(state.Services.First(x => x.Name == s.Name), v, seen)))).ToList();
        return (lines, await PlatformAsk.WhereAsync(connection, caller, map.Region, cancel));
    }

    private async Task<List<Observation>> ProbeAsync(PlatformMap map, AwsConnection connection, Collect.Aws.AwsCaller caller, ImmutableArray<Service> services, CancellationToken cancel)
    {
        var now = SystemClock.Instance.GetCurrentInstant();
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var calls = new AwsCalls(caller, TimeProvider.System, ending.Token);
        var aws = new AwsGround(map, calls, services, now, now - Duration.FromMinutes(15), platform.ReadsSecretValues) { Texts = new EvidenceTexts() };
        var ground = Surroundings.Of(platform.Platform, platform.Environment(map.Environment), connection.Lab).Ground(aws, platform.ReadsSecretValues);
        var probes = AwsProbes.For(aws).Concat(ServerProbes.For(ground)).Where(p => p.Name is "aws.secret" or "cors.preflight" && services.Any(s => s.Name == p.Subject.Service)).ToList();
        var all = new List<Observation>();
        await foreach (var result in new ProbeRunner(store.Whole.Facts, TimeProvider.System, new ProbeLimits()).RunAsync(probes, cancel)) all.Add(result.Observation);
        return all;
    }

    private static ChecklistLine Line(ServiceState state, CheckedVariable variable, List<Observation> seen)
    {
        ChecklistLine Of(Standing standing, string lives, string said) => new(state.Name, variable, standing, lives, said);
        if (state.Blind.Length > 0) return Of(Standing.Unknown, "?", state.Blind);
        var lives = state.FromSecrets.TryGetValue(variable.Name, out var secret) ? $"secret {secret}" : state.Variables.ContainsKey(variable.Name) ? "task definition" : "";
        if (lives.Length == 0) return Of(Standing.Wrong, "nowhere", "the running revision does not pass it");
        if (secret is not null && Lacks(state, secret) is { } why) return Of(Standing.Wrong, lives, why);
        var looks = seen.FindAll(o => o.Subject.Service == state.Name && variable.Check.StartsWith(o.Probe + ".", StringComparison.Ordinal));
        var told = looks.FindAll(o => o.IsEvidence).Select(o => o.Value(variable.Check)).OfType<string>().FirstOrDefault();
        return told switch
        {
            "true" or "VALID" => Of(Standing.Right, lives, ""),
            null => Of(Standing.Unknown, lives, looks.Select(o => o.Note).FirstOrDefault(n => n.Length > 0) ?? "it is there; what is right could not be told"),
            "false" => Of(Standing.Wrong, lives, "it is another"),
            _ => Of(Standing.Wrong, lives, told.ToLowerInvariant().Replace('_', ' ')),
        };
    }

    private static string? Lacks(ServiceState state, string from)
    {
        var (name, key) = from.Split(':') is [var n, var k] ? (n, k) : (from, "");
        var secret = state.Secrets.FirstOrDefault(s => s.Name == name);
        if (secret is null or { Exists: false }) return "the secret does not exist";
        if (secret.PendingDeletion) return "the secret is marked for deletion";
        if (key.Length == 0 || secret.Digests is not { } digests) return null;
        return !digests.TryGetValue(key, out var digest) ? "the secret lacks the key" : digest is "(empty)" ? "it is empty" : null;
    }
}

/// <summary>The checklist for a person, and for programs.</summary>
internal sealed class ChecklistText(Terminal terminal)
{
    public void Show(string where, string environment, Checklist checklist, List<ChecklistLine> lines)
    {
        terminal.Out.WriteLine(terminal.Dim($"{environment}: {where}"));
        foreach (var service in lines.GroupBy(l => l.Service, StringComparer.Ordinal))
        {
            terminal.Out.WriteLine();
            terminal.Out.WriteLine(terminal.Bold(service.Key));
            foreach (var line in service)
            {
                var mark = line.Standing switch { Standing.Right => terminal.Green("right  "), Standing.Wrong => terminal.Red("WRONG  "), _ => terminal.Yellow("unknown") };
                terminal.Out.WriteLine($"  {mark} {terminal.Bold(line.Variable.Name)}  {terminal.Dim(PlainText.Of(line.Lives))}{(line.Said.Length > 0 ? $"  {PlainText.Of(line.Said)}" : "")}");
                if (line.Standing is not Standing.Right) terminal.Out.WriteLine($"          {terminal.Dim(PlainText.Wrap(line.Variable.Right, terminal.Width - 10, 10))}");
            }
            var mistakes = checklist.Services.First(c => c.Service == service.Key).Mistakes;
            if (mistakes.Length > 0) terminal.Out.WriteLine($"  {terminal.Dim("usual mistakes: " + string.Join("; ", mistakes))}");
        }
    }

    public static string Json(string environment, List<ChecklistLine> lines) => Output.Json.Write(Output.Json.Indented, w =>
    {
        w.WriteStartObject();
        w.WriteString("environment", environment);
        w.WriteStartArray("variables");
        foreach (var line in lines)
        {
            w.WriteStartObject();
            w.WriteString("service", line.Service);
            w.WriteString("variable", line.Variable.Name);
            w.WriteString("standing", line.Standing.ToString().ToLowerInvariant());
            w.WriteString("lives", line.Lives);
            w.WriteString("said", line.Said);
            w.WriteString("right", line.Variable.Right);
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WriteEndObject();
    });
}
