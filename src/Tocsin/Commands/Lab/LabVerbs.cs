using System.Collections.Immutable;
using System.CommandLine;
using Tocsin.Cli.Setup;
using Tocsin.Lab.Host;
using Tocsin.Lab.Verbs;

namespace Tocsin.Cli.Commands.Lab;

/// <summary>The lab's verbs as commands; names, arguments, options and examples come from <see cref="VerbTable"/>.</summary>
internal static class LabVerbs
{
    private static readonly Dictionary<string, string> Groups = new(StringComparer.Ordinal)
    {
        ["secret"] = "Change secrets.",
        ["permission"] = "Deny and allow actions.",
        ["service"] = "Deploy, scale and set up services.",
        ["image"] = "Push and delete images.",
        ["component"] = "Change what stands around the services.",
        ["queue"] = "Push, pause and break BullMQ queues.",
        ["dns"] = "Change DNS records.",
        ["certificate"] = "Request certificates.",
    };

    public static IEnumerable<Command> Create(LabRun run) => VerbTable.All.GroupBy(v => v.Name.Split(' ')[0], StringComparer.Ordinal).Select(g =>
    {
        var group = new Command(g.Key, Groups.GetValueOrDefault(g.Key, "Change the lab."));
        foreach (var verb in g) group.Subcommands.Add(Create(run, verb));
        return group;
    });

    public static Option<string> Environment() => new("--env") { Description = "The environment", DefaultValueFactory = _ => "production", HelpName = "ENVIRONMENT" };

    private static ExampledCommand Create(LabRun run, Verb verb)
    {
        var command = new ExampledCommand(verb.Name.Split(' ')[1], verb.About, [$"tocsin lab {verb.Example} --env staging"]);
        var arguments = verb.Arguments.Select(a => new { One = a.Many ? null : new Argument<string>(a.Name) { Description = a.About }, Many = a.Many ? new Argument<string[]>(a.Name) { Description = a.About, Arity = ArgumentArity.OneOrMore } : null }).ToList();
        foreach (var argument in arguments) command.Arguments.Add((Argument?)argument.One ?? argument.Many!);
        var options = verb.Options.Select(o => new Option<string[]>(o.Name) { Description = o.About, AllowMultipleArgumentsPerToken = false }).ToList();
        foreach (var option in options) command.Options.Add(option);
        var environment = Environment();
        command.Options.Add(environment);
        command.SetAction((parsed, cancel) => run.DoAsync(
            async c =>
            {
                var request = new VerbRequest(
                    verb.Name,
                    parsed.GetValue(environment)!,
                    [.. arguments.SelectMany(a => a.One is { } one ? [parsed.GetValue(one)!] : parsed.GetValue(a.Many!) ?? [])],
                    options.Where(o => parsed.GetValue(o) is { Length: > 0 }).ToImmutableSortedDictionary(o => o.Name, o => parsed.GetValue(o)!.ToImmutableArray(), StringComparer.Ordinal));
                using var lab = LabClient.Connect(LabFolder.Default());
                run.Terminal.Out.WriteLine($"LAB {await lab.RunAsync(request, c)}");
                return ExitCode.Done;
            },
            cancel));
        return command;
    }
}
