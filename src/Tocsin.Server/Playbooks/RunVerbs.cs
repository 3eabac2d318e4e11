using System.Collections.Immutable;
using Tocsin.Core.Response.Playbooks;

namespace Tocsin.Server.Playbooks;

/// <summary>What can be done in a run, under the names that addresses and forms have.</summary>
public static class RunVerbs
{
    public static readonly ImmutableArray<(string Verb, string About)> All =
    [
        ("take", "Take a step, or the next one; from somebody else with a reason"),
        ("give-back", "Give a step back"),
        ("done", "The step is done, with its result"),
        ("fail", "It was tried without success"),
        ("skip", "Skip it, with a reason"),
        ("overrule", "Take a step back that the probes answered, with a reason"),
        ("choose", "Decide which way it goes on"),
        ("end", "End the run here, with a reason"),
    ];

    /// <param name="step">Empty: the one that this person is at.</param>
    /// <returns>Null where this person is at none. The next free one is never meant: two who say "done" at once would end two steps.</returns>
    public static RunCommand? Command(PlaybookRun run, string verb, string by, string step, string text, int way)
    {
        var own = step.Length > 0 ? step : run.Way.FirstOrDefault(s => run.Of(s.Id) is { Status: StepStatus.Held } held && held.Holder == by)?.Id ?? "";
        if (own.Length == 0 && verb is not ("take" or "end")) return null;
        return verb switch
        {
            "take" => new RunCommand.Take(by, step, text),
            "give-back" => new RunCommand.GiveBack(by, own),
            "done" => new RunCommand.Done(by, own, text),
            "fail" => new RunCommand.Fail(by, own, text),
            "skip" => new RunCommand.Skip(by, own, text),
            "overrule" => new RunCommand.Overrule(by, own, text),
            "choose" => new RunCommand.Choose(by, own, way),
            "end" => new RunCommand.End(by, text),
            _ => throw new ArgumentOutOfRangeException(nameof(verb), verb, "unknown verb"),
        };
    }
}
