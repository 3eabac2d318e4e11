using System.Text.RegularExpressions;
using Microsoft.Playwright;
using Tocsin.Cli.Tests.Processes;

namespace Tocsin.Web.Tests.Night;

/// <summary>A night from end to end, with nothing made up: a fault in the lab, the page on a phone, and everything that follows on the pages, until the post-mortem is final.</summary>
public sealed class NightTests(Chromium chromium)
{
    // Where ./dev pictures keeps what is seen on the way.
    private static readonly string? Pictures = Environment.GetEnvironmentVariable("TOCSIN_PICTURES");
    private readonly List<string> found = [];

    [Fact]
    public async Task From_the_fault_to_the_final_post_mortem_on_the_pages()
    {
        Assert.SkipUnless(ProgramUnderTest.IsNamed, "it needs the whole program: TOCSIN_PROGRAM=artifacts/tocsin/tocsin, as ./test has it");
        await using var world = await NightWorld.StartAsync();
        await world.BreakAsync("alb-503-tasks-crash");
        var page = await world.PageAsync();
        Assert.InRange(page.GetProperty("first").GetString()!.Length, 20, 160);

        // Whoever is woken has a phone and no session: one link, one button.
        await using var phone = await Viewer.OpenAsync(chromium, world.Address, null, Viewer.Phone, dark: true);
        await phone.Page.GotoAsync(page.GetProperty("acknowledge").GetString()!);
        await LookAsync(phone, "phone");
        await phone.Page.ClickAsync("button.acknowledge");
        await Expect(phone.Page.GetByRole(AriaRole.Status)).ToContainTextAsync($"{page.GetProperty("subject").GetString()} is yours");

        var room = $"/incidents/{page.GetProperty("subject").GetString()}";
        await using var ann = await Viewer.OpenAsync(chromium, world.Address, "ann", Viewer.Phone);
        await ann.Page.GotoAsync(room);
        await ann.Page.ClickAsync("summary:text-is('Severity')");
        await ann.Page.SelectOptionAsync("#severity-to", "P0");
        await ann.Page.FillAsync("#severity-why", "nobody reaches the panel");
        await ann.Page.ClickAsync($"form[action='{room}/severity'] button");
        await Expect(ann.Page.Locator("#diagnosis")).ToContainTextAsync("Confirmed", new() { Timeout = 60_000 });

        await DrillAsync(ann);
        await PlayAsync(ann, room);
        await LookAsync(ann, "room-on-a-phone");
        await using var bob = await Viewer.OpenAsync(chromium, world.Address, "bob");
        await LookAsync(bob, "now");
        await bob.Page.GotoAsync(room);
        await LookAsync(bob, "room");
        await RepairAsync(ann, bob, room);
        await TellAsync(ann, room);
        await ConcludeAsync(ann, bob, room);
        Assert.Empty(phone.Complaints.Concat(ann.Complaints).Concat(bob.Complaints).Concat(found));
    }

    private async Task LookAsync(Viewer viewer, string name)
    {
        found.AddRange((await viewer.AxeAsync(chromium)).Select(v => $"{name}: {v}"));
        if (await viewer.IsWiderThanScreenAsync()) found.Add($"{name}: wider than its screen");
        if (Pictures is { Length: > 0 }) await viewer.Page.ScreenshotAsync(new() { Path = Path.Combine(TestWorld.Root, Pictures, $"{name}.png") });
    }

    private async Task DrillAsync(Viewer ann)
    {
        await ann.Page.GotoAsync("/drill?env=production&service=customer-panel");
        await ann.Page.ClickAsync("form[action='/drill'] button");
        await Expect(ann.Page.GetByRole(AriaRole.Heading, new() { Name = "What it comes down to" })).ToBeVisibleAsync(new() { Timeout = 60_000 });
        await Expect(ann.Page.Locator("main")).ToContainTextAsync("ecs-task-crash-on-start");
        await LookAsync(ann, "drill");
        await ann.Page.FillAsync("input[name=name]", "the night");
        await ann.Page.ClickAsync("button:text-is('Keep it')");
        await Expect(ann.Page.GetByRole(AriaRole.Heading, new() { Level = 1 })).ToContainTextAsync("the night");
    }

    private static async Task PlayAsync(Viewer ann, string room)
    {
        await ann.Page.GotoAsync(room);
        if (await ann.Page.Locator("#playbooks .book:has-text('P0-A') button").CountAsync() == 0) await ann.Page.ClickAsync("#other-playbooks summary");
        await ann.Page.Locator("#playbooks form:has(input[value^='p0-a']) button").First.ClickAsync();
        // The first check is one that the server answers by itself.
        await Expect(ann.Page.Locator("[id^='step-'][id$='-scope']")).ToContainTextAsync("done", new() { Timeout = 60_000 });
        await Expect(ann.Page.Locator("[id^='step-'][id$='-scope']")).ToContainTextAsync("alb.http");
    }

    private async Task RepairAsync(Viewer ann, Viewer bob, string room)
    {
        await ann.Page.GotoAsync(room);
        await ann.Page.Locator("#fixes a:has-text('ecs.rollback')").First.ClickAsync();
        await ann.Page.ClickAsync("button:text-is('Plan')");
        await Assertions.Expect(ann.Page).ToHaveURLAsync(new Regex("/actions/(?!new)[^/?]+$", RegexOptions.None));
        await bob.Page.GotoAsync(new Uri(ann.Page.Url).PathAndQuery);
        await Expect(bob.Page.Locator("main")).ToContainTextAsync("customer-panel");
        await LookAsync(bob, "action");
        await bob.Page.ClickAsync("button:has-text('Approve exactly this')");
        await bob.Page.ClickAsync("button:text-is('Run it')");
        await Expect(bob.Page.Locator("#action")).ToContainTextAsync("✓ It works", new() { Timeout = 120_000 });
        await LookAsync(bob, "action-done");
    }

    private static async Task TellAsync(Viewer ann, string room)
    {
        await ann.Page.GotoAsync($"{room}/message");
        await ann.Page.FillAsync("#text", "The panel is back: its last revision was taken back. We watch it.");
        await ann.Page.ClickAsync("form:has(#text) button.btn-primary");
        await Assertions.Expect(ann.Page).ToHaveURLAsync(new Regex($"{Regex.Escape(room)}([?#].*)?$", RegexOptions.None));
        await Expect(ann.Page.Locator("#timeline")).ToContainTextAsync("The panel is back");
        await ann.Page.ClickAsync("summary:text-is('Resolve')");
        await ann.Page.FillAsync("#resolve-text", "rolled back");
        await ann.Page.ClickAsync($"form[action='{room}/resolve'] button");
        await ann.Page.ClickAsync("a:text-is('Post-mortem')");
    }

    private async Task ConcludeAsync(Viewer ann, Viewer bob, string room)
    {
        foreach (var (field, text) in new[] { ("author", "ann"), ("summary", "The panel crashed at its start."), ("users", "everybody"), ("revenue", "none"), ("detection", "monitoring"), ("cause", "A revision without DB_HOST."), ("factors", "Nothing compared it before"), ("well", "The page came at once"), ("poorly", "It reached production"), ("lessons", "Compare before deploying.") })
            if (await ann.Page.Locator($"#{field}").CountAsync() > 0) await FillAsync(ann, field, text);
        await ann.Page.FillAsync("[name=item-0]", "Compare variables before each deployment");
        await ann.Page.FillAsync("[name=owner-0]", "engineer-1");
        await ann.Page.ClickAsync(".document-form button:text-is('Save')");
        await ann.Page.ClickAsync("button:text-is('Make it final')");
        await Expect(ann.Page.Locator("#document")).ToContainTextAsync("ecs.rollback");
        await Expect(ann.Page.Locator("main")).ToContainTextAsync("final", new() { IgnoreCase = true });
        await LookAsync(ann, "post-mortem");
        await bob.Page.GotoAsync(room);
        await Expect(bob.Page.Locator("#timeline")).ToContainTextAsync("post-mortem", new() { IgnoreCase = true });
    }

    private static async Task FillAsync(Viewer ann, string field, string text)
    {
        var of = ann.Page.Locator($"#{field}");
        if (await of.EvaluateAsync<string>("e => e.tagName") is "SELECT") await of.SelectOptionAsync(new SelectOptionValue { Index = 1 });
        else await of.FillAsync(text);
    }

    private static ILocatorAssertions Expect(ILocator locator) => Assertions.Expect(locator);
}
