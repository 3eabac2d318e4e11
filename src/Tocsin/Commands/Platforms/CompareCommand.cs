using System.CommandLine;
using Tocsin.Cli.Commands.Lab;
using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;
using Tocsin.Collect.Platforms;
using Tocsin.Core.Platforms;

namespace Tocsin.Cli.Commands.Platforms;

/// <summary>tocsin compare: two environments side by side, and what is registered in each and was never deployed.</summary>
internal static class CompareCommand
{
    public static Command Create(CommonOptions common, Terminal terminal)
    {
        var left = new Argument<string>("A") { Description = "An environment" };
        var right = new Argument<string>("B") { Description = "Another one" };
        var service = new Option<string?>("--service") { Description = "Only this service", HelpName = "NAME" };
        var format = CommonOptions.Format("text", "json");
        var exitCode = CommonOptions.GiveExitCode();
        var ask = new AskOptions();
        var command = new ExampledCommand(
            "compare",
            "Two environments side by side: images, revisions, tasks, task definitions, variables and secret keys, and revisions that were never deployed. Values of secrets are never shown.",
            ["tocsin compare staging production", "tocsin compare staging production --service core-api"])
        {
            Arguments = { left, right }, Options = { service, ask.Endpoint, ask.Lab, format, exitCode },
        };
        command.SetAction((parsed, cancel) => new LabRun(terminal).DoAsync(
            async c =>
            {
                var platform = ask.Load(common, parsed);
                var services = platform.Services(parsed.GetValue(service));
                var sides = await Task.WhenAll(ReadAsync(platform, parsed.GetValue(left)!, services, c), ReadAsync(platform, parsed.GetValue(right)!, services, c));
                var found = EnvironmentComparison.Between(sides[0].State, sides[1].State);
                if (parsed.GetValue(format) is "json") terminal.Out.WriteLine(Json(sides[0].State, sides[1].State, found));
                else Show(terminal, sides, found);
                return found.Any(d => d.Topic is ComparedTopic.Blind) ? ExitCode.CouldNotLook : found.Length > 0 && parsed.GetValue(exitCode) ? ExitCode.Found : ExitCode.Done;
            },
            cancel));
        return command;
    }

    /// <summary>One side, with account, region and endpoint that answered.</summary>
    public static async Task<(EnvironmentState State, string Where)> ReadAsync(PlatformAsk platform, string name, System.Collections.Immutable.ImmutableArray<Service> services, CancellationToken cancel)
    {
        var environment = platform.Environment(name);
        var connection = platform.Connection(environment);
        using var caller = PlatformAsk.Caller(connection);
        var map = platform.Map(environment);
        var state = await new EnvironmentReader(caller, platform.ReadsSecretValues).ReadAsync(map, services, cancel);
        return (state, $"{name}: {await PlatformAsk.WhereAsync(connection, caller, map.Region, cancel)}");
    }

    private static void Show(Terminal terminal, (EnvironmentState State, string Where)[] sides, IEnumerable<EnvironmentDifference> found)
    {
        foreach (var (_, where) in sides) terminal.Out.WriteLine(terminal.Dim(where));
        var (a, b) = (sides[0].State.Name, sides[1].State.Name);
        foreach (var service in found.GroupBy(d => d.Service, StringComparer.Ordinal))
        {
            terminal.Out.WriteLine();
            terminal.Out.WriteLine(terminal.Bold(PlainText.Of(service.Key)));
            foreach (var topic in service.GroupBy(d => d.Topic))
            {
                terminal.Out.WriteLine($"  {Title(topic.Key)}");
                foreach (var one in topic)
                {
                    var what = one.What.Length > 0 ? $"{PlainText.Of(one.What)}: " : "";
                    var line = $"    {what}{a} {Side(one.Left)} · {b} {Side(one.Right)}";
                    terminal.Out.WriteLine(one.Topic is ComparedTopic.Drift or ComparedTopic.Blind ? terminal.Yellow(line) : one.Left.Length == 0 || one.Right.Length == 0 ? terminal.Red(line) : line);
                }
            }
        }
        var same = sides[0].State.Services.Select(s => s.Name).Except(found.Select(d => d.Service), StringComparer.Ordinal).ToList();
        if (same.Count > 0) terminal.Out.WriteLine($"\nno difference: {string.Join(", ", same)}");
    }

    private static string Title(ComparedTopic topic) => topic switch
    {
        ComparedTopic.Image => "images",
        ComparedTopic.Revision => "revision",
        ComparedTopic.Tasks => "tasks",
        ComparedTopic.Setting => "task definition",
        ComparedTopic.Variable => "variables",
        ComparedTopic.Secret => "secrets (digests differ where values do; they mean nothing outside of this output)",
        ComparedTopic.Drift => "drift",
        ComparedTopic.Blind => "could not be seen",
        _ => throw new ArgumentOutOfRangeException(nameof(topic)),
    };

    private static string Side(string value) => value.Length == 0 ? "—" : PlainText.Of(value);

    private static string Json(EnvironmentState left, EnvironmentState right, IEnumerable<EnvironmentDifference> found) => Output.Json.Write(Output.Json.Indented, w =>
    {
        w.WriteStartObject();
        w.WriteString("left", left.Name);
        w.WriteString("right", right.Name);
        w.WriteStartArray("differences");
        foreach (var one in found)
        {
            w.WriteStartObject();
            w.WriteString("service", one.Service);
            w.WriteString("topic", one.Topic.ToString().ToLowerInvariant());
            w.WriteString("what", one.What);
            w.WriteString("left", one.Left);
            w.WriteString("right", one.Right);
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WriteEndObject();
    });
}
