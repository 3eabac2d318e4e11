using Tocsin.Core.Platforms;

namespace Tocsin.Core.Response.Playbooks;

/// <summary>A playbook with the names of one environment.</summary>
public static class PlaybookNames
{
    public static Playbook Fill(Playbook playbook, Platform platform, PlatformEnvironment environment)
    {
        string Of(string text, string service) => PlatformNames.Fill(text, platform, environment, service);
        return playbook with
        {
            Title = Of(playbook.Title, playbook.Service),
            Intro = Of(playbook.Intro, playbook.Service),
            Steps =
            [
                .. playbook.Steps.Select(s => ServiceOf(playbook, s) is var service
                    ? s with { Title = Of(s.Title, service), Text = Of(s.Text, service), Expect = Of(s.Expect, service), Verify = Of(s.Verify, service), Service = platform.Service(service)?.Name ?? "", Branches = [.. s.Branches.Select(b => b with { When = Of(b.When, service) })] }
                    : s),
            ],
        };
    }

    internal static string ServiceOf(Playbook playbook, PlaybookStep step) => step.Service.Length > 0 ? step.Service : playbook.Service;
}
