using System.Diagnostics;
using Tocsin.Cli.Tests.Processes;

namespace Tocsin.Cli.Tests;

/// <summary>playbook and postmortem, as they are called.</summary>
public sealed class PlaybookCommandTests : IDisposable
{
    private readonly Workplace at = new();

    public void Dispose() => at.Dispose();

    [Fact]
    public void The_shipped_playbooks_pass_lint_and_are_listed()
    {
        Assert.Equal((0, "20 playbooks, nothing to refuse\n"), (at.Run("playbook", "lint") is var lint ? lint.Code : -1, lint.Out));
        Assert.Equal(20, at.Run("playbook", "list", "--format", "json").Json.GetArrayLength());
    }

    [Fact]
    public void What_fits_is_proposed_with_its_reason()
    {
        var first = at.Run("playbook", "list", "--severity", "P0", "--fact", "data-loss", "--fact", "all-down", "--format", "json").Json[0];
        Assert.Equal(("p0-b-data-loss", "data-loss"), (first.GetProperty("id").GetString(), first.GetProperty("because").GetString()));
    }

    [Fact]
    public void A_playbook_shows_the_names_of_its_environment_and_service()
    {
        var (production, staging) = (at.Run("playbook", "show", "p0-a").Out, at.Run("playbook", "show", "p0-a", "--env", "staging").Out);
        Assert.Contains("ap-south-1", production, StringComparison.Ordinal);
        Assert.Contains("ap-southeast-1", staging, StringComparison.Ordinal);
        Assert.DoesNotContain("{{", production, StringComparison.Ordinal);
        Assert.Contains("/ecs/storefront", at.Run("playbook", "show", "ecs-runbook", "--service", "storefront").Out, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_a_terminal_a_run_is_a_checklist()
    {
        var run = at.Run("playbook", "run", "p0-b", "--format", "md");
        Assert.StartsWith("# P0-B: ", run.Out, StringComparison.Ordinal);
        Assert.Equal(13, run.Lines.Count(l => l.StartsWith("## ☐ ", StringComparison.Ordinal)));
        var json = at.Run("playbook", "run", "p0-b", "--format", "json").Json;
        Assert.True(json.GetProperty("steps")[0].GetProperty("gate").GetBoolean());
    }

    [Fact]
    public void In_a_terminal_it_leads_and_keeps_the_order()
    {
        var start = new ProcessStartInfo("script") { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false, WorkingDirectory = at.Folder };
        foreach (var argument in (string[])["-qec", $"{string.Join(' ', ProgramUnderTest.Words("playbook", "run", "p0-b"))} --as ann", "/dev/null"]) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        process.StandardInput.Write("t 3\nd all at 0\nd said\nf no\nd taken\nq that is enough\n");
        process.StandardInput.Flush();
        var said = process.StandardOutput.ReadToEnd();
        Assert.True(process.WaitForExit(Workplace.Deadline));
        Assert.Contains("first of all \"Stop all writes\" is done: nothing else begins before", said, StringComparison.Ordinal);
        Assert.Contains("ann has done \"Stop all writes\": all at 0", said, StringComparison.Ordinal);
        Assert.Contains("ann failed at \"Take a snapshot at once\": no", said, StringComparison.Ordinal);
        Assert.Contains("the playbook ends: that is enough", said, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("playbook show p0-z", "there is no playbook \"p0-z\"")]
    [InlineData("playbook show p0", "there is no playbook \"p0\"")]
    [InlineData("playbook show p0-a --env prodution", "did you mean \"production\"?")]
    [InlineData("playbook show ecs-runbook --service storefrnt", "did you mean \"storefront\"?")]
    [InlineData("playbook lint nowhere", "there is no folder nowhere")]
    [InlineData("postmortem", "an incident such as INC-1 is expected")]
    [InlineData("postmortem INC-1 --url ftp://x", "an address such as")]
    [InlineData("postmortem --from none.json", "could not be read")]
    public void A_mistake_is_told(string command, string says)
    {
        var ended = at.Run(command.Split(' '));
        Assert.Equal((2, true), (ended.Code, ended.Error.Contains(says, StringComparison.Ordinal)));
    }

    [Fact]
    public void Lint_tells_the_line_and_exits_with_1()
    {
        at.Write("books/mine.md", "---\nabout: Mine\norder: any\n---\n\n# Mine\n\n## 1. One\n\n- id: one\n- kind: check\n- probes: ecs.servce\n- expect: x\n- who: anyone\n\nAsk {{nobody}}.\n");
        var ended = at.Run("playbook", "lint", "books");
        Assert.Equal(1, ended.Code);
        Assert.Contains("mine.md:8:1: error unknown-check: there is no probe \"ecs.servce\"; did you mean \"ecs.service\"?", ended.Out, StringComparison.Ordinal);
        Assert.Contains("mine.md:16:1: error unfilled-name", ended.Out, StringComparison.Ordinal);
    }

    [Fact]
    public void A_simulated_incident_has_its_post_mortem()
    {
        var ended = at.Run("simulate", "All services answer 503", "--fact", "all-down", "--at", "2026-11-22T03:00Z", "--then", "2m ack engineer-1", "--then", "80m resolve engineer-1", "--postmortem");
        Assert.Equal((0, ""), (ended.Code, ended.Error));
        Assert.StartsWith("# Incident Post-Mortem: All services answer 503\n\n**Date:** 2026-11-22", ended.Out, StringComparison.Ordinal);
        Assert.Contains("| declared | acknowledged | 2m |", ended.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"summary\":{\"declared\":\"soon\"},\"timeline\":[]}")]
    [InlineData("not json")]
    public void What_is_no_incident_is_refused(string json)
    {
        at.Write("x.json", json);
        var ended = at.Run("postmortem", "--from", "x.json");
        Assert.Equal((2, true), (ended.Code, ended.Error.Contains("x.json is no incident as the server's API gives it", StringComparison.Ordinal)));
    }

    [Fact]
    public void An_incident_of_the_api_gives_its_document()
    {
        at.Write("x.json", """
            {"summary":{"id":"INC-7","version":6,"title":"Checkout is broken","environment":"production","service":"api","entry":"","severity":"P1","phase":"resolved","impactStart":"2026-11-22T03:00:00Z","declared":"2026-11-22T03:05:00Z","acknowledged":"2026-11-22T03:09:00Z","resolved":"2026-11-22T03:45:00Z"},
             "roles":{"incidentCommander":"ann"},"alarms":[],"impact":{"production":true,"revenue":true},"errors":[{"fingerprint":"f1","entry":"razorpay-signature","service":"api","count":12}],
             "pages":[{"number":1,"at":"2026-11-22T03:05:00Z","person":"ann","channel":"phone","why":"step","state":"sent"}],
             "timeline":[{"version":1,"at":"2026-11-22T03:05:00Z","type":"declared","by":"ann","text":"declared P1: Checkout is broken"},{"version":2,"at":"2026-11-22T03:09:00Z","type":"acknowledged","by":"ann","text":"ann acknowledges"},{"version":3,"at":"2026-11-22T03:45:00Z","type":"resolved","by":"ann","text":"ann resolves: rolled back"}]}
            """);
        var ended = at.Run("postmortem", "--from", "x.json");
        Assert.Equal((0, ""), (ended.Code, ended.Error));
        Assert.Contains("**Duration:** 0 hours 45 minutes (03:00 UTC → 03:45 UTC)", ended.Out, StringComparison.Ordinal);
        Assert.Contains("| 2026-11-22 03:05 | ann | phone | after 4m |", ended.Out, StringComparison.Ordinal);
        var json = at.Run("postmortem", "--from", "x.json", "--format", "json").Json;
        Assert.Equal(240, json.GetProperty("toAcknowledge").GetProperty("seconds").GetInt64());
        Assert.StartsWith("<!doctype html>", at.Run("postmortem", "--from", "x.json", "--format", "html").Out, StringComparison.Ordinal);
    }
}
