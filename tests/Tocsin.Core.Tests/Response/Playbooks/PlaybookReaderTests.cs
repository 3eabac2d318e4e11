using Tocsin.Core.Response;
using Tocsin.Core.Response.Playbooks;
using static Tocsin.Core.Tests.Response.Playbooks.Books;

namespace Tocsin.Core.Tests.Response.Playbooks;

public sealed class PlaybookReaderTests
{
    private const string Check = "- id: look\n- kind: check\n- probes: ecs.service\n- expect: It runs\n- who: anyone";
    private const string Action = "- id: act\n- kind: action\n- action: ecs.scale\n- verify: It runs\n- who: anyone";

    [Fact]
    public void Every_shipped_playbook_is_read_and_lint_finds_nothing() =>
        Assert.Empty(All.SelectMany(b => b.Read.Value is { } book ? PlaybookLint.Check(book, b.File, World) : b.Read.Problems).Select(p => p.ToString()));

    [Fact]
    public void The_shipped_playbooks_are_those_of_the_incident_guide()
    {
        var by = All.Select(b => b.Read.Value!).CountBy(b => b.Severity?.ToString() ?? "").ToDictionary(StringComparer.Ordinal);
        Assert.Equal((3, 3, 4, 6, 4), (by["P0"], by["P1"], by["P2"], by["P3"], by[""]));
    }

    [Theory]
    [InlineData("p0-b-data-loss", "ecs.stopWrites")]
    [InlineData("p0-c-breach", "aurora.rotatePassword")]
    public void What_must_come_first_is_a_gate_before_every_other_action(string id, string first)
    {
        var action = Named(id).Steps.First(s => s.Kind == StepKind.Action);
        Assert.Equal((first, true), (action.Action, action.Gate));
    }

    [Fact]
    public void A_playbook_is_read_whole()
    {
        var book = Of(Check + "\n- within: 5m\n- gate: yes", "- id: choose\n- kind: decision\n- who: incident-commander\n- if: it runs -> end\n- if: it does not -> act", Action + "\n- after: look\n- service: admin-api");
        Assert.Equal(["look", "choose", "act"], book.Steps.Select(s => s.Id));
        Assert.Equal((StepKind.Check, "It runs", true, 5.0), (book.Steps[0].Kind, book.Steps[0].Expect, book.Steps[0].Gate, book.Steps[0].Within!.Value.TotalMinutes));
        Assert.Equal([new Branch("it runs", "end"), new Branch("it does not", "act")], book.Steps[1].Branches);
        Assert.Equal(("ecs.scale", "It runs", "admin-api", "Words."), (book.Steps[2].Action, book.Steps[2].Verify, book.Steps[2].Service, book.Steps[2].Text));
    }

    [Theory]
    [InlineData("- id: a\n- kind: mannual\n- who: anyone", "test.md:12:3: error unknown-kind: a step is never \"mannual\"; did you mean \"manual\"? one of manual, check, action, message, decision is expected")]
    [InlineData("- id: a\n- kind: manual\n- who: anyone\n- wihtin: 5m", "test.md:14:3: error unknown-field: the field \"wihtin\" is unknown; did you mean \"within\"? known:")]
    [InlineData("- id: a\n- kind: manual\n- who: respnder", "test.md:13:3: error wrong-value: nobody is \"respnder\"; did you mean \"responder\"?")]
    [InlineData("- id: a\n- kind: manual\n- who: anyone\n- within: soon", "\"soon\" is no time such as 90s, 5m, 2h or 1d")]
    [InlineData("- id: a\n- kind: manual\n- who: anyone\n- probes: ecs.service", "a step of kind manual has no \"probes\"")]
    [InlineData("- id: a\n- kind: manual\n- who: anyone\n- anytime: yes", "a step of kind manual has no \"anytime\"")]
    [InlineData("- id: a\n- kind: action\n- action: ecs.scale\n- who: anyone", "test.md:9:1: error no-verify: an action says in \"verify\" what is looked at afterwards")]
    [InlineData("- id: a\n- kind: manual", "the step lacks the field \"who\"")]
    [InlineData("- id: a\n- id: b\n- kind: manual\n- who: anyone", "the field \"id\" stands twice")]
    [InlineData("- id: end\n- kind: manual\n- who: anyone", "no step's id")]
    [InlineData("- id: a\n- kind: decision\n- who: anyone\n- if: it runs", "\"if\" says what was seen and where it goes on")]
    [InlineData("- id: a\n- kind: decision\n- who: anyone\n- if: it runs -> end", "a decision has at least two ways on")]
    [InlineData("- id: a\n- kind: manual\n- who: anyone\n- next: nd", "there is no step \"nd\"")]
    [InlineData("- id: a\n- kind: manual\n- who: anyone\n- next: a", "a step leads only to later ones")]
    [InlineData("- id: a\n- kind: manual\n- who: anyone\n- gate: no", "\"gate\" is yes, or it is left out")]
    [InlineData("- id: a\n- manual\n- who: anyone", "right below a step's heading stand its fields")]
    public void What_is_wrong_is_told_with_its_line(string step, string says) => Assert.Contains(Parse(step).Problems, p => p.ToString().Contains(says, StringComparison.Ordinal));

    [Fact]
    public void A_step_that_no_way_leads_to_is_refused() =>
        Assert.Contains(Parse(Manual("a", "- next: c"), Manual("b"), Manual("c")).Problems, p => p is { Rule: "unreachable", Place.Line: 18 });

    [Fact]
    public void A_step_cannot_wait_for_a_later_one() => Assert.Contains(Parse(Manual("a", "- after: b"), Manual("b")).Problems, p => p.Rule == "leads-back");

    [Theory]
    [InlineData("", "no-head")]
    [InlineData("---\nabout: A\norder: any\n---\n", "no-title")]
    [InlineData("---\nabout: A\norder: any\n---\n# T\n", "no-steps")]
    [InlineData("---\nabout: A\norder: any\n---\n# T\n## First\n- id: a\n", "wrong-number")]
    [InlineData("---\nabout: A\norder: any\n---\n# T\n## 2. First\n- id: a\n", "wrong-number")]
    [InlineData("---\nabout: A\norder: any\n---\n# T\n### 1. First\n- id: a\n", "wrong-heading")]
    [InlineData("---\nabout: A\norder: any\n---\n# T\n```\n", "open-fence")]
    [InlineData("---\nabuot: A\norder: any\n---\n# T\n", "unknown-key")]
    [InlineData("---\nabout: A\norder: some\n---\n# T\n", "not-allowed")]
    [InlineData("---\nabout: A\norder: any\nfacts: [all-donw]\n---\n# T\n", "not-allowed")]
    public void A_text_of_another_form_is_a_problem(string text, string rule) => Assert.Contains(PlaybookReader.Parse(text, "test.md", "test").Problems, p => p.Rule == rule);

    [Fact]
    public void A_place_in_the_head_is_that_of_the_file() => Assert.Equal(3, PlaybookReader.Parse("---\nabout: A\nodrer: any\n---\n# T\n", "test.md", "test").Problems.First(p => p.Rule == "unknown-key").Place.Line);

    [Fact]
    public void A_heading_in_a_block_of_code_is_none() => Assert.Single(PlaybookReader.Parse(Text(Manual("a")) + "\n```bash\n# a comment\n- a: b\n```\n", "test.md", "test").Value!.Steps);

    [Theory]
    [InlineData("- id: a\n- kind: check\n- probes: ecs.servce\n- expect: x\n- who: anyone", "unknown-check", "did you mean \"ecs.service\"?")]
    [InlineData("- id: a\n- kind: action\n- action: ecs.scal\n- verify: x\n- who: anyone", "unknown-action", "did you mean \"ecs.scale\"?")]
    [InlineData("- id: a\n- kind: action\n- action: redis.flushall\n- verify: x\n- who: anyone", "unknown-action", "there is no action \"redis.flushall\"")]
    [InlineData("- id: a\n- kind: message\n- template: p9\n- who: anyone", "unknown-template", "there is no template \"p9\"")]
    [InlineData("- id: a\n- kind: manual\n- who: anyone\n- service: core-apy", "unknown-name", "did you mean \"core-api\"?")]
    [InlineData("- id: a\n- kind: manual\n- who: anyone\n\nAsk {{role.core-apy}}.", "unfilled-name", "did you mean \"role.core-api\"?")]
    [InlineData("- id: a\n- kind: manual\n- who: anyone\n\nAsk {{redis endpoint}}.", "unfilled-name", "nothing fills {{redis endpoint}}")]
    [InlineData("- id: a\n- kind: manual\n- who: anyone\n- service: events-worker\n\nAsk {{service.targetGroup}}.", "unfilled-name", "TARGETGROUP_OF_")]
    public void Lint_names_what_is_not_there(string step, string rule, string says)
    {
        var found = PlaybookLint.Check(Of(step), "test.md", World);
        Assert.Contains(found, p => p.Rule == rule && p.Message.Contains(says, StringComparison.Ordinal));
    }

    [Fact]
    public void An_unfilled_name_has_its_line() => Assert.All(PlaybookLint.Check(Of(Manual("a") + "\n\nOne.\n\nAsk {{nobody}}."), "test.md", World), p => Assert.Equal(17, p.Place.Line));

    [Fact]
    public void Names_are_filled_for_the_environment_and_the_steps_service()
    {
        var book = Of(Manual("a") + "\n\nAsk {{role.core-api}} in {{env}} by {{link.awsStatus}}.", Manual("b", "- service: events-worker") + "\n\nAsk {{service.logGroup}}.");
        var filled = PlaybookNames.Fill(book, Platform, Platform.Environments[0]);
        Assert.StartsWith($"Ask {Platform.Service("core-api")!.Name} in {Platform.Environments[0].Name} by https://", filled.Steps[0].Text, StringComparison.Ordinal);
        Assert.StartsWith($"Ask {Platform.Service("events-worker")!.Fields["logGroup"]}.", filled.Steps[1].Text, StringComparison.Ordinal);
        Assert.DoesNotContain("{{", string.Concat(Books.All.Select(b => PlaybookPage.Of(Filled(b.Read.Value!.Id), "here"))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(Severity.P0, "all-down", "", "p0-a-all-down")]
    [InlineData(Severity.P0, "data-loss all-down", "alb-503", "p0-b-data-loss")]
    [InlineData(Severity.P0, "breach", "", "p0-c-breach")]
    [InlineData(Severity.P1, "revenue", "razorpay-signature", "p1-a-checkout")]
    [InlineData(Severity.P1, "major-feature", "storefront-fetch-failed", "p1-b-storefront")]
    [InlineData(Severity.P1, "major-feature", "firebase-service-account", "p1-c-login")]
    [InlineData(Severity.P2, "degraded", "alb-504", "p2-admin-slow")]
    [InlineData(Severity.P2, "degraded", "bullmq-jobs-waiting", "p2-analytics-delayed")]
    [InlineData(Severity.P2, "", "caddy-ask-denied", "p2-merchant-unreachable")]
    [InlineData(Severity.P2, "degraded", "shopify-webhook-backlog", "p2-webhooks-delayed")]
    public void The_right_playbook_is_proposed_first(Severity severity, string facts, string entry, string id)
    {
        var situation = new Situation(severity, ImpactFacts.Of(facts.Split(' '), null, production: true), entry.Length > 0 ? [entry] : []);
        Assert.Equal(id, PlaybookProposal.For(Books.All.Select(b => b.Read.Value!), situation)[0].Playbook.Id);
    }

    [Fact]
    public void Staging_gets_stagings_playbook_and_nothing_known_gets_none()
    {
        var books = Books.All.Select(b => b.Read.Value!).ToList();
        Assert.Equal("p3-staging-down", PlaybookProposal.For(books, new Situation(Severity.P3, ImpactFacts.Of(["all-down"], null, production: false), []))[0].Playbook.Id);
        Assert.Empty(PlaybookProposal.For(books, new Situation(Severity.P2, new ImpactFacts(), [])));
    }
}
