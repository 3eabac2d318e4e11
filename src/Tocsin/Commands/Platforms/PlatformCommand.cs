using System.Collections.Immutable;
using System.CommandLine;
using NodaTime;
using Tocsin.Cli.Commands.Diagnose;
using Tocsin.Cli.Commands.Lab;
using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Platforms;
using Tocsin.Collect.Probes;
using Tocsin.Collect.Probes.Aws;
using Tocsin.Collect.Probes.Servers;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Platforms;

namespace Tocsin.Cli.Commands.Platforms;

/// <summary>tocsin platform: describes a platform from what AWS says, tries every probe, and prints the policies that they need.</summary>
internal static class PlatformCommand
{
    public static Command Create(CommonOptions common, Terminal terminal) => new("platform", "Describe a platform, check that everything of it can be seen, and print the policies for it.")
    {
        Subcommands = { Init(terminal), Check(common, terminal), Policy(common, terminal) },
    };

    private static ExampledCommand Init(Terminal terminal)
    {
        var region = new Option<string[]>("--region") { Description = "A region to look into; may be repeated", Required = true, HelpName = "REGION" };
        var id = new Option<string>("--id") { Description = "The platform's id (default: my-platform)", DefaultValueFactory = _ => "my-platform", HelpName = "ID" };
        var output = new Option<string?>("--out") { Description = "Write the file here, which must not exist (default: standard output)", HelpName = "FILE" };
        var ask = new AskOptions();
        var command = new ExampledCommand("init", "Find clusters, services, target groups, log groups, secrets and databases, and write a platform.yaml with the open questions marked.", ["tocsin platform init --region ap-south-1 --region ap-southeast-1 --out platforms/mine/platform.yaml"])
        {
            Options = { region, id, output, ask.Endpoint, ask.Lab },
        };
        command.SetAction((parsed, cancel) => new LabRun(terminal).DoAsync(
            async c =>
            {
                var none = new PlatformEnvironment("", ImmutableDictionary<string, string>.Empty, ImmutableDictionary<string, ImmutableDictionary<string, string>>.Empty);
                var connection = AwsConnection.For(none, parsed.GetValue(ask.Endpoint), parsed.GetValue(ask.Lab));
                using var caller = PlatformAsk.Caller(connection);
                return await new PlatformInit(caller, terminal).RunAsync(parsed.GetValue(region)!, parsed.GetValue(id)!, parsed.GetValue(output), c);
            },
            cancel));
        return command;
    }

    private static ExampledCommand Check(CommonOptions common, Terminal terminal)
    {
        var ask = new AskOptions();
        var format = CommonOptions.Format("text", "json");
        var command = new ExampledCommand("check", "Try every probe of an environment once and name what is missing: a permission, a login, a setting, a route.", ["tocsin platform check --env production"])
        {
            Options = { ask.Environment, ask.Endpoint, ask.Lab, format },
        };
        command.SetAction((parsed, cancel) => new LabRun(terminal).DoAsync(c => new PlatformCheck(ask.Load(common, parsed), terminal).RunAsync(parsed.GetValue(ask.Environment), parsed.GetValue(format) is "json", c), cancel));
        return command;
    }

    private static ExampledCommand Policy(CommonOptions common, Terminal terminal)
    {
        var read = new Option<bool>("--read") { Description = "The policy for looking: every probe, compare, checklist and logs" };
        var act = new Option<string[]>("--act") { Description = "The policy for these actions, such as ecs.rollback", HelpName = "ACTION", AllowMultipleArgumentsPerToken = true };
        var account = new Option<string?>("--account") { Description = "The account in its resources (default: the platform's)", HelpName = "ID" };
        var command = new ExampledCommand("policy", "Print the least-privilege IAM policy, from what each probe declares.", ["tocsin platform policy --read", "tocsin platform policy --act ecs.rollback ecs.scale"])
        {
            Options = { read, act, account },
        };
        command.SetAction(parsed =>
        {
            var settings = common.Load(parsed);
            var platform = PlatformFile.Load(settings);
            var actions = parsed.GetValue(act) ?? [];
            if (parsed.GetValue(read) == actions.Length > 0) throw new SettingsException("either --read, or --act with actions");
            var permissions = actions.Length == 0 ? PolicyNeeds.Read(platform) : [.. actions.SelectMany(a => ActionPermissions.Of(a) ?? throw new SettingsException($"there is no action {a}; {Nearest.Suggest(a, EntryNames.Actions)}"))];
            terminal.Out.WriteLine(IamPolicy.Write(platform, parsed.GetValue(account) ?? platform.Fields["account"], permissions));
            return ExitCode.Done;
        });
        return command;
    }
}

/// <summary>What all probes of a platform declare.</summary>
internal static class PolicyNeeds
{
    public static ImmutableArray<string> Read(Platform platform)
    {
        using var caller = new AwsCaller(new AwsCallerOptions { Login = AwsLogin.Keys("none", "none") });
        var calls = new AwsCalls(caller, TimeProvider.System, CancellationToken.None);
        var declared = platform.Environments.SelectMany(e =>
        {
            var aws = AllProbes.Aws(new PlatformMap(platform, e), calls, default, readsSecretValues: true);
            return AllProbes.For(aws, Surroundings.Of(platform, e, lab: null).Ground(aws, readsValues: true), domain: "example.com");
        });
        var readsValues = platform.Fields.GetValueOrDefault("secretValues") is "shapes";
        return
        [
            .. declared.SelectMany(p => p.Needs).Select(n => n.Action).Where(a => readsValues || a is not "secretsmanager:GetSecretValue").Concat(IamPolicy.Commands)
                .Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal),
        ];
    }
}

/// <summary>Every probe there is, for one environment.</summary>
internal static class AllProbes
{
    public static AwsGround Aws(PlatformMap map, AwsCalls calls, Instant now, bool readsSecretValues) =>
        new(map, calls, map.Services, now, now == default ? now : now - Duration.FromMinutes(15), readsSecretValues) { Texts = new EvidenceTexts() };

    public static IEnumerable<Probe> For(AwsGround aws, ServerGround servers, string? domain) =>
        [.. AwsProbes.For(aws), .. ServerProbes.For(servers), .. domain is null ? [] : ServerLooks.Domain(servers, domain)];
}

/// <summary>Writes a first platform.yaml.</summary>
internal sealed class PlatformInit(AwsCaller caller, Terminal terminal)
{
    public async Task<int> RunAsync(string[] regions, string id, string? output, CancellationToken cancel)
    {
        var finder = new PlatformFinder(caller);
        string text;
        try
        {
            text = await finder.WriteAsync(regions, id, cancel);
        }
        catch (AwsFailure e)
        {
            terminal.Fail(PlainText.Of(Refusals.Words(e)));
            return ExitCode.CouldNotLook;
        }
        catch (CouldNotLook e)
        {
            terminal.Fail(PlainText.Of(e.Message));
            return ExitCode.CouldNotLook;
        }
        if (output is null) terminal.Out.Write(text);
        else
        {
            if (File.Exists(output)) throw new SettingsException($"{output} exists already, and is not written over");
            Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(output))!);
            await File.WriteAllTextAsync(output, text, cancel);
            terminal.Out.WriteLine($"{output}: {text.Split("# open question").Length - 1} open questions; then tocsin platform check --platform {output}");
        }
        foreach (var denied in finder.Denied.Distinct(StringComparer.Ordinal)) terminal.Fail(PlainText.Of(denied));
        return finder.Denied.Count > 0 ? ExitCode.CouldNotLook : ExitCode.Done;
    }
}

/// <summary>Tries every probe once.</summary>
internal sealed class PlatformCheck(PlatformAsk platform, Terminal terminal)
{
    public async Task<int> RunAsync(string? environmentName, bool json, CancellationToken cancel)
    {
        var environment = platform.Environment(environmentName);
        var map = platform.Map(environment);
        var connection = platform.Connection(environment);
        using var caller = PlatformAsk.Caller(connection);
        var calls = new AwsCalls(caller, TimeProvider.System, cancel);
        var aws = AllProbes.Aws(map, calls, SystemClock.Instance.GetCurrentInstant(), platform.ReadsSecretValues);
        var ground = Surroundings.Of(platform.Platform, environment, connection.Lab).Ground(aws, platform.ReadsSecretValues);
        var probes = AllProbes.For(aws, ground, domain: null).ToList();
        var seen = new List<Observation>();
        await foreach (var result in new ProbeRunner(new CatalogStore(platform.Settings).Whole.Facts, TimeProvider.System, new ProbeLimits()).RunAsync(probes, cancel)) seen.Add(result.Observation);
        var missing = seen.FindAll(o => !o.IsEvidence).OrderBy(o => o.Status).ThenBy(o => o.Name, StringComparer.Ordinal).ToList();
        if (json) Write(map.Environment, seen, missing);
        else await ShowAsync(connection, caller, map, seen, missing, cancel);
        return missing.Exists(o => o.Status is not ObservationStatus.NotConfigured) ? ExitCode.CouldNotLook : ExitCode.Done;
    }

    private async Task ShowAsync(AwsConnection connection, AwsCaller caller, PlatformMap map, List<Observation> seen, List<Observation> missing, CancellationToken cancel)
    {
        terminal.Out.WriteLine(terminal.Dim($"{map.Environment}: {await PlatformAsk.WhereAsync(connection, caller, map.Region, cancel)}"));
        terminal.Out.WriteLine($"{seen.Count - missing.Count} of {seen.Count} looks see what they should");
        foreach (var group in missing.GroupBy(o => o.Status))
        {
            terminal.Out.WriteLine();
            terminal.Out.WriteLine(terminal.Bold(group.Key switch { ObservationStatus.Denied => "denied", ObservationStatus.NotConfigured => "not set up", ObservationStatus.Timeout => "no answer in time", ObservationStatus.Expired => "expired", ObservationStatus.Truncated => "too long to read", _ => "failed" }));
            foreach (var note in group.GroupBy(o => o.Note, StringComparer.Ordinal)) terminal.Out.WriteLine($"  {PlainText.Of(note.Key)}\n    {terminal.Dim(string.Join(", ", note.Select(o => o.Name)))}");
        }
    }

    private void Write(string environment, List<Observation> seen, List<Observation> missing) => terminal.Out.WriteLine(Json.Write(Json.Indented, w =>
    {
        w.WriteStartObject();
        w.WriteString("environment", environment);
        w.WriteNumber("looks", seen.Count);
        w.WriteStartArray("missing");
        foreach (var one in missing)
        {
            w.WriteStartObject();
            w.WriteString("probe", one.Probe);
            w.WriteString("subject", one.Subject.ToString());
            w.WriteString("status", one.Status.ToString());
            w.WriteString("note", one.Note);
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WriteEndObject();
    }));
}
