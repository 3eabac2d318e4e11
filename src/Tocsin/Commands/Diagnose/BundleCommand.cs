using System.CommandLine;
using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Cli.Commands.Diagnose;

/// <summary>tocsin bundle diff: what changed between two drills.</summary>
internal static class BundleCommand
{
    public static Command Create(CommonOptions common, Terminal terminal)
    {
        _ = common;
        var before = new Argument<string>("BEFORE") { Description = "A bundle that drill --bundle wrote" };
        var after = new Argument<string>("AFTER") { Description = "A later one" };
        var format = CommonOptions.Format("text", "json");
        var exitCode = CommonOptions.GiveExitCode();
        var diff = new ExampledCommand("diff", "What differs between two bundles, by meaning: when they were collected is no difference.", ["tocsin bundle diff before.json after.json"]) { Arguments = { before, after }, Options = { format, exitCode } };
        diff.SetAction(parsed =>
        {
            var differences = BundleDiff.Between(BundleFile.Read(parsed.GetValue(before)!), BundleFile.Read(parsed.GetValue(after)!));
            if (parsed.GetValue(format) is "json") terminal.Out.WriteLine(Json.Write(Json.Indented, w =>
            {
                w.WriteStartArray();
                foreach (var one in differences)
                {
                    w.WriteStartObject();
                    w.WriteString("kind", one.Kind.ToString().ToLowerInvariant());
                    w.WriteString("what", one.What);
                    w.WriteString("before", one.Before);
                    w.WriteString("after", one.After);
                    w.WriteEndObject();
                }
                w.WriteEndArray();
            }));
            else foreach (var one in differences) terminal.Out.WriteLine(Line(terminal, one));
            if (differences.IsEmpty && parsed.GetValue(format) is "text") terminal.Out.WriteLine("no difference");
            return parsed.GetValue(exitCode) && !differences.IsEmpty ? ExitCode.Found : ExitCode.Done;
        });
        return new Command("bundle", "What drills saw, as files.") { Subcommands = { diff } };
    }

    private static string Line(Terminal terminal, BundleDifference one) => one.Kind switch
    {
        DiffKind.Added => terminal.Green($"+ {PlainText.Of(one.What)}: {PlainText.Of(one.After)}"),
        DiffKind.Removed => terminal.Red($"- {PlainText.Of(one.What)}: {PlainText.Of(one.Before)}"),
        _ => terminal.Yellow($"~ {PlainText.Of(one.What)}: {PlainText.Of(one.Before)} -> {PlainText.Of(one.After)}"),
    };
}
