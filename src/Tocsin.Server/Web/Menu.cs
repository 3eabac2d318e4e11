using Tocsin.Server.Access;

namespace Tocsin.Server.Web;

/// <summary>The pages that there are, for whoever looks.</summary>
public static class Menu
{
    public static List<(string Path, string Name)> Of(Frame frame)
    {
        var all = new List<(string, string)> { ("/", "Now"), ("/incidents", "Incidents") };
        if (frame.HasReference) all.Add(("/reference", "Reference"));
        all.Add(("/scan", "Scan"));
        if (frame.HasDrill) all.Add(("/drill", "Drill"));
        if (frame.HasCompare) all.Add(("/compare", "Compare"));
        if (frame.HasChecklist) all.Add(("/checklist", "Checklist"));
        all.Add(("/playbooks", "Playbooks"));
        all.Add(("/actions", "Actions"));
        all.Add(("/oncall", "On call"));
        all.Add(("/signals", "Signals"));
        all.Add(("/post-mortems", "Post-mortems"));
        all.Add(("/reports", "Reports"));
        if (frame.User?.May(Role.Commander) == true) all.Add(("/status/edit", "Status page"));
        all.Add(("/simulate", "Simulate"));
        if (frame.User?.May(Role.Commander) == true) all.Add(("/audit", "Audit"));
        if (frame.User?.May(Role.Commander) == true) all.Add(("/settings", "Settings"));
        if (frame.HasLab) all.Add(("/lab", "Lab"));
        return all;
    }
}
