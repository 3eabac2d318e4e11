using System.Globalization;
using System.Text;

namespace Tocsin.Core.Response.Playbooks;

/// <summary>A playbook as Markdown to read or to print: each step with a box to tick, who does it, by when, and where it goes on.</summary>
public static class PlaybookPage
{
    public static string Of(Playbook playbook, string environment)
    {
        var page = new StringBuilder();
        page.Append(CultureInfo.InvariantCulture, $"# {playbook.Title}\n\n{environment} · {(playbook.Ordered ? "in this order" : "single steps")} · version {playbook.Digest}\n");
        if (playbook.Intro.Length > 0) page.Append(CultureInfo.InvariantCulture, $"\n{playbook.Intro}\n");
        foreach (var step in playbook.Steps) page.Append(CultureInfo.InvariantCulture, $"\n## ☐ {step.Number}. {step.Title}\n\n{Of(playbook, step)}");
        return page.ToString();
    }

    /// <summary>One step without its heading.</summary>
    public static string Of(Playbook playbook, PlaybookStep step)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"*{About(playbook, step)}*\n");
        if (step.Text.Length > 0) text.Append(CultureInfo.InvariantCulture, $"\n{step.Text}\n");
        if (step.Expect.Length > 0) text.Append(CultureInfo.InvariantCulture, $"\n**Right:** {step.Expect}\n");
        if (step.Verify.Length > 0) text.Append(CultureInfo.InvariantCulture, $"\n**Then verify:** {step.Verify}\n");
        if (!step.Branches.IsEmpty) text.Append('\n');
        for (var i = 0; i < step.Branches.Length; i++) text.Append(CultureInfo.InvariantCulture, $"{i + 1}. {step.Branches[i].When}: {Where(playbook, step.Branches[i].To)}\n");
        if (step.Next.Length > 0) text.Append(CultureInfo.InvariantCulture, $"\nGoes on: {Where(playbook, step.Next)}\n");
        return text.ToString();
    }

    /// <summary>What it is, whose it is, by when, in one line.</summary>
    public static string About(Playbook playbook, PlaybookStep step)
    {
        var kind = step.Kind switch
        {
            StepKind.Action => $"action {step.Action}",
            StepKind.Message => $"message {step.Template}",
            StepKind.Check => $"check {string.Join(", ", step.Probes)}",
            _ => StepFields.Kinds[(int)step.Kind],
        };
        var after = step.After.Select(playbook.Step).OfType<PlaybookStep>().Select(s => s.Number.ToString(CultureInfo.InvariantCulture)).ToList();
        string?[] parts =
        [
            kind,
            step.Who,
            step.Within is { } within ? $"within {Words.Length(within)} of the start" : null,
            step.Gate ? "nothing behind it begins before it is over" : null,
            step.Anytime ? "at any time, beside the others" : null,
            after.Count > 0 ? $"after step {string.Join(", ", after)}" : null,
        ];
        return string.Join(" · ", parts.OfType<string>());
    }

    private static string Where(Playbook playbook, string to) =>
        playbook.Step(to) is { } step ? string.Create(CultureInfo.InvariantCulture, $"step {step.Number}, {step.Title}") : "the playbook ends";
}
