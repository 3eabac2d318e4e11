using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Tocsin.Core.Catalog;
using Tocsin.Core.Platforms;

namespace Tocsin.Core.Response.Playbooks;

/// <summary>What a playbook may name.</summary>
public sealed record PlaybookWorld(Platform Platform, ImmutableArray<string> Probes, ImmutableArray<string> Entries, ImmutableArray<string> Templates);

/// <summary>What would make a playbook fail in the hour it is needed: a probe, action, template, entry or service that is not there, and a name that nothing fills.</summary>
public static partial class PlaybookLint
{
    public static IReadOnlyList<Problem> Check(Playbook playbook, string file, PlaybookWorld world) =>
    [
        .. playbook.Use.Entries.Where(e => !world.Entries.Contains(e, StringComparer.Ordinal)).Select(e => new Problem(new Place(file, 1, 1), "unknown-entry", $"the error reference has no entry \"{e}\"; {Nearest.Suggest(e, world.Entries)}".TrimEnd())),
        .. playbook.Steps.SelectMany(s => Names(s, file, world)),
        .. Unfilled(playbook, file, world.Platform),
    ];

    private static IEnumerable<Problem> Names(PlaybookStep step, string file, PlaybookWorld world)
    {
        var place = new Place(file, step.Line, 1);
        foreach (var probe in step.Probes.Where(p => !world.Probes.Contains(p, StringComparer.Ordinal))) yield return new Problem(place, "unknown-check", $"there is no probe \"{probe}\"; {Nearest.Suggest(probe, world.Probes)}known probes stand in catalog/observations.yaml");
        if (step.Action.Length > 0 && !EntryNames.Actions.Contains(step.Action, StringComparer.Ordinal)) yield return new Problem(place, "unknown-action", $"there is no action \"{step.Action}\"; {Nearest.Suggest(step.Action, EntryNames.Actions)}known: {string.Join(", ", EntryNames.Actions)}");
        if (step.Template.Length > 0 && !world.Templates.Contains(step.Template, StringComparer.Ordinal)) yield return new Problem(place, "unknown-template", $"there is no template \"{step.Template}\"; {Nearest.Suggest(step.Template, world.Templates)}known: {string.Join(", ", world.Templates)}");
        if (step.Service.Length > 0 && world.Platform.Service(step.Service) is null) yield return new Problem(place, "unknown-name", $"there is no service \"{step.Service}\"; {Nearest.Suggest(step.Service, world.Platform.Services.Select(s => s.Role))}known: {string.Join(", ", world.Platform.Services.Select(s => s.Role))}");
    }

    private static IEnumerable<Problem> Unfilled(Playbook playbook, string file, Platform platform)
    {
        var known = PlatformNames.Known(platform);
        foreach (var (text, line, service) in Texts(playbook))
        {
            foreach (var environment in platform.Environments)
            {
                foreach (var (left, at) in Left(text, PlatformNames.Fill(text, platform, environment, service)))
                    yield return new Problem(new Place(file, line + at, 1), "unfilled-name", $"in {environment.Name}, nothing fills {left}; {Nearest.Suggest(left.Trim('{', '}'), known)}".TrimEnd(' ', ';'));
            }
        }
    }

    private static IEnumerable<(string Text, int Line, string Service)> Texts(Playbook playbook)
    {
        yield return (playbook.Intro, 1, playbook.Service);
        foreach (var step in playbook.Steps)
        {
            var service = PlaybookNames.ServiceOf(playbook, step);
            yield return (step.Text, step.TextLine, service);
            foreach (var field in (string[])[step.Title, step.Expect, step.Verify, .. step.Branches.Select(b => b.When)]) yield return (field, step.Line, service);
        }
    }

    // Lines stay where they are: a name never holds a line break.
    private static IEnumerable<(string Left, int Line)> Left(string text, string filled)
    {
        var before = text.Split('\n');
        var after = filled.Split('\n');
        for (var i = 0; i < after.Length; i++)
        {
            foreach (Match hole in Hole().Matches(after[i])) yield return (hole.Value, i);
            foreach (Match guess in Guess().Matches(after[i]).Where(g => !before[i].Contains(g.Value, StringComparison.Ordinal))) yield return (guess.Value, i);
        }
    }

    [GeneratedRegex(@"\{\{[^}]*\}\}", RegexOptions.CultureInvariant)]
    private static partial Regex Hole();

    // What the names' filling writes where a service lacks the field.
    [GeneratedRegex("[A-Z]+_OF_[A-Z-]+", RegexOptions.CultureInvariant)]
    private static partial Regex Guess();
}
