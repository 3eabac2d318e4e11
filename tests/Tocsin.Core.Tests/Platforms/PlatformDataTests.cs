using Tocsin.Core.Platforms;

namespace Tocsin.Core.Tests.Platforms;

public sealed class PlatformDataTests
{
    [Fact]
    public void A_checklist_is_read_whole()
    {
        var read = ChecklistReader.Parse("services:\n  api:\n    role: core-api\n    criticalEnv: [DB_HOST]\n    commonMistakes: [It is wrong]\n    variables:\n      DB_HOST: { right: The host, value: \"{{aurora.endpoint}}\", check: aws.secret.dbHostMatches }\n    entries: [mysql-unreachable]\n", "checklist.yaml");
        Assert.Empty(read.Problems);
        var service = Assert.Single(read.Value!.Services);
        Assert.Equal(new CheckedVariable("DB_HOST", "The host", "{{aurora.endpoint}}", "aws.secret.dbHostMatches"), Assert.Single(service.Variables));
    }

    [Fact]
    public void Saved_queries_are_read_whole()
    {
        var read = SavedQueryReader.Parse("queries:\n  - { id: all, title: All, logGroups: all, range: 1h, query: \"fields @message\" }\n", "queries.yaml");
        Assert.Equal(new SavedQuery("all", "All", "", AllGroups: true, 3600, "fields @message"), Assert.Single(read.Value!.All));
    }

    [Theory]
    [InlineData("services: { api: { criticalEnv: DB_HOST } }")]
    [InlineData("servics: {}")]
    [InlineData("- a")]
    public void A_checklist_of_another_shape_is_a_problem_with_its_line(string text) => Assert.All(ChecklistReader.Parse(text, "checklist.yaml").Problems, p => Assert.Equal("checklist.yaml", p.Place.File));

    [Fact]
    public void Every_action_has_its_permissions_or_takes_none()
    {
        Assert.All(Tocsin.Core.Catalog.EntryNames.Actions, a => Assert.NotNull(ActionPermissions.Of(a)));
        Assert.Null(ActionPermissions.Of("ecs.flushall"));
    }
}
