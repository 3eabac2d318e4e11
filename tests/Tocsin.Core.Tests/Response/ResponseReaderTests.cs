using Tocsin.Core.Response;
using static Tocsin.Core.Tests.Response.Shipped;

namespace Tocsin.Core.Tests.Response;

public sealed class ResponseReaderTests
{
    [Theory]
    [InlineData("zone: Asia/Kolkata\n    ready", "zone: Asia/Kolkatta\n    ready", "unknown-zone", "Asia/Kolkata")]
    [InlineData("people: [engineer-1, engineer-2, engineer-3], every", "people: [], every", "empty-list", "rotation without people")]
    [InlineData("people: [engineer-1, engineer-2, engineer-3], every", "people: [engineer-9], every", "unknown-person", "engineer-9")]
    [InlineData("notify: [{ role: tech-lead, by: [message] }]\n  founders:", "notify: [{ channel: incidents }]\n  founders:", "pages-nobody", "unanswered pages nobody")]
    [InlineData("escalate: [on-call, founders]", "escalate: [founders]", "pages-nobody", "P2")]
    [InlineData("  founders:\n    about: Founders are", "    then: on-call\n  founders:\n    about: Founders are", "circle", "on-call → unanswered → on-call")]
    [InlineData("acknowledge: 15m", "aknowledge: 15m", "unknown-key", "acknowledge")]
    [InlineData("start: 2026-01-05T10:00", "start: 2026-02-31T10:00", "no-time", "2026-02-31")]
    [InlineData("- { role: founders, by: [phone] }", "- { role: foundres, by: [phone] }", "unknown-role", "founders")]
    [InlineData("facts: [breach]", "facts: [degraded]", "example", "Credentials are leaked")]
    [InlineData("2026-12-25: Christmas", "2026-13-25: Christmas", "no-date", "2026-13-25")]
    [InlineData("then: unanswered", "then: unanswerd", "unknown-policy", "unanswered")]
    public void What_would_go_wrong_at_night_is_refused_by_day(string text, string with, string rule, string says)
    {
        var problem = Problems(text, with).First(p => p.Rule == rule);
        Assert.Contains(says, problem.Message, StringComparison.Ordinal);
        Assert.True(problem.Place.Line > 0);
    }

    [Fact]
    public void The_shipped_examples_are_thirteen_and_agree_with_the_matrix()
    {
        Assert.Equal([3, 4, 3, 3], Plan.Policy.Severities.Select(s => s.Examples.Length));
        Assert.All(Plan.Policy.Severities, s => Assert.All(s.Examples, e => Assert.Equal(s.Severity, SeverityMatrix.Suggest(e.Facts, Plan.Policy.MajorUsers).Severity)));
    }

    [Fact]
    public void The_shipped_plan_reaches_someone_at_every_minute_of_two_years() =>
        Assert.DoesNotContain(Readiness.Check(Plan, new NodaTime.Interval(Start, Start + NodaTime.Duration.FromDays(7 * 104))), f => !f.IsWarning);

    [Fact]
    public void A_text_cut_anywhere_is_read_or_refused_and_never_throws()
    {
        for (var length = 0; length < Text.Length; length += 37) Assert.NotNull(ResponseReader.Parse(Text[..length], "response.yaml").Problems);
    }

    [Fact]
    public void The_shipped_templates_have_no_hole_left_when_filled()
    {
        foreach (var rule in Plan.Policy.Severities.Where(s => s.Template.Length > 0))
        {
            var folder = Path.GetDirectoryName(Directory.EnumerateFiles(Path.Combine(ShippedCatalog.Root, "platforms"), "response.yaml", SearchOption.AllDirectories).Single())!;
            var template = CommunicationTemplate.Parse(File.ReadAllText(Path.Combine(folder, rule.Template)), rule.Template).Value!;
            var text = template.Fill(Incident(rule.Severity), "slack", "Checkout for all", "");
            Assert.DoesNotContain("{{", text, StringComparison.Ordinal);
            Assert.Contains("Status: INVESTIGATING", text, StringComparison.Ordinal);
            Assert.DoesNotContain("@everyone", text, StringComparison.Ordinal);
        }
        Assert.Contains("did you mean \"status\"", CommunicationTemplate.Parse("---\nabout: a\nmentions: {}\n---\n{{statsu}}\n", "t.md").Problems[0].Message, StringComparison.Ordinal);
    }
}
