namespace Tocsin.Core.Response.Playbooks;

/// <summary>What an event of a run says, in one line of a timeline.</summary>
public static class PlaybookWords
{
    public static string Of(PlaybookEvent e, Playbook playbook) => e switch
    {
        PlaybookStarted s => $"{s.By} starts {s.Playbook.Title} (version {s.Playbook.Digest})",
        StepTaken { From.Length: > 0 } t => $"{t.By} takes over \"{Title(t.Step, playbook)}\" from {t.From}: {t.Why}",
        StepTaken t => $"{t.By} begins \"{Title(t.Step, playbook)}\"",
        StepGivenBack g => $"{g.By} gives back \"{Title(g.Step, playbook)}\"",
        StepDone { By: RunCommand.Machine } d => $"the probes answer \"{Title(d.Step, playbook)}\": {d.Result}",
        StepDone d => $"{d.By} has done \"{Title(d.Step, playbook)}\"{(d.Result.Length > 0 ? $": {d.Result}" : "")}",
        StepFailed f => $"{f.By} failed at \"{Title(f.Step, playbook)}\": {f.Why}",
        StepSkipped s => $"{s.By} skips \"{Title(s.Step, playbook)}\": {s.Why}",
        BranchChosen b => $"{b.By} decides \"{Title(b.Step, playbook)}\": {b.When}",
        StepLooked l => $"the probes looked for \"{Title(l.Step, playbook)}\": {l.Text}",
        StepOverruled o => $"{o.By} does not take the probes' answer to \"{Title(o.Step, playbook)}\": {o.Why}",
        PlaybookEnded end => $"the playbook ends: {end.Why}",
        _ => throw new ArgumentOutOfRangeException(nameof(e), e, "unknown event"),
    };

    private static string Title(string step, Playbook playbook) => playbook.Step(step)?.Title ?? step;
}
