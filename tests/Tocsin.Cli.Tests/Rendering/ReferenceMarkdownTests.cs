using System.Text.RegularExpressions;
using Markdig;
using Markdig.Syntax;
using Markdig.Syntax.Inlines;
using Tocsin.Cli.Rendering;

namespace Tocsin.Cli.Tests.Rendering;

public sealed partial class ReferenceMarkdownTests
{
    private static readonly Dictionary<string, string> Pages =
        ReferenceMarkdown.Pages(SmallReference.Reference, SmallReference.Platform).ToDictionary(p => p.Path, p => p.Text, StringComparer.Ordinal);

    private static string Page => Pages["database/db-unreachable.md"];

    [Fact]
    public void The_small_reference_is_whole()
    {
        Assert.Empty(SmallReference.Reference.Problems);
        Assert.Equal(2, SmallReference.Reference.Entries.Length);
    }

    [Fact]
    public void There_is_an_index_and_a_page_per_entry() =>
        Assert.Equal(["README.md", "database/db-unreachable.md", "ecs/task-crash.md"], Pages.Keys.Order(StringComparer.Ordinal));

    [Fact]
    public void The_index_goes_by_layer_with_title_and_summary()
    {
        var index = Pages["README.md"];
        Assert.True(index.IndexOf("## ECS", StringComparison.Ordinal) < index.IndexOf("## Database", StringComparison.Ordinal));
        Assert.Contains("| [Task crashes on start](ecs/task-crash.md) | It starts and dies. | never |", index, StringComparison.Ordinal);
        Assert.Contains(@"| [Database cannot be reached: a \< b \| c](database/db-unreachable.md) | No connection in ap-south-1 / ap-southeast-1, run `nc` to see. | P1 |", index, StringComparison.Ordinal);
    }

    [Fact]
    public void A_block_with_names_stands_once_per_environment_and_one_without_stands_once()
    {
        Assert.Contains("**production**\n\n```bash\nnc -zv db.production.example 3306 && echo \"<open>\"\n```\n\n**staging**\n\n```bash\nnc -zv db.staging.example 3306", Page, StringComparison.Ordinal);
        Assert.Contains("2. Wait:\n\n```sql\nSELECT 1;\n```\n", Page, StringComparison.Ordinal);
        Assert.Contains("**production / staging**\n\n```bash\nwg show wg0\n```\n", Page, StringComparison.Ordinal);
    }

    [Fact]
    public void A_block_in_a_list_stays_in_it() =>
        Assert.Contains(
            "1. Start it:\n\n   **production**\n\n   ```bash\n   aws rds start-db-cluster \\\n     --region ap-south-1\n   ```\n\n   **staging**\n\n   ```bash\n",
            Page,
            StringComparison.Ordinal);

    [Fact]
    public void Names_in_prose_are_given_for_both_where_they_differ()
    {
        Assert.Contains("The port of db.production.example / db.staging.example is shut", Page, StringComparison.Ordinal);
        Assert.Contains("Tunnel wg0.", Page, StringComparison.Ordinal);
        Assert.Contains("open in `ap-south-1` / `ap-southeast-1`?", Page, StringComparison.Ordinal);
    }

    [Fact]
    public void No_placeholder_is_left() => Assert.All(Pages.Values, p => Assert.DoesNotContain("{{", p, StringComparison.Ordinal));

    [Fact]
    public void Links_lead_to_pages_that_exist()
    {
        foreach (var (path, text) in Pages)
        {
            var folder = path.Contains('/', StringComparison.Ordinal) ? path[..path.IndexOf('/', StringComparison.Ordinal)] + "/" : "";
            foreach (Match link in Links().Matches(text))
            {
                var target = link.Groups[1].Value;
                Assert.Contains(target.StartsWith("../", StringComparison.Ordinal) ? target[3..] : folder + target, Pages.Keys);
            }
        }
        Assert.Contains("see [`task-crash`](../ecs/task-crash.md)", Page, StringComparison.Ordinal);
        Assert.Contains("- `not-there`", Page, StringComparison.Ordinal);
    }

    [Fact]
    public void Tables_keep_their_columns_whatever_the_patterns_hold()
    {
        var document = Markdown.Parse(Page, new MarkdownPipelineBuilder().UsePipeTables().Build());
        var tables = document.Descendants<Markdig.Extensions.Tables.Table>().ToList();
        Assert.Equal([3, 2, 4], tables.Select(t => t.OfType<Markdig.Extensions.Tables.TableRow>().Max(r => r.Count)));
        // GitHub takes the backslash away in a table's code, Markdig leaves it.
        Assert.Contains(tables[0].Descendants<CodeInline>(), c => c.Content is @"connect ECONNREFUSED \S+:(3306\|33060)");
        Assert.Contains("<code>mysql &#92;&#124; refused here</code>", Page, StringComparison.Ordinal);
    }

    [Fact]
    public void Causes_fixes_and_paging_are_in_words()
    {
        Assert.Contains(@"| **The database \<b\>stands\</b\> still**<br>`down` | common | ruled out if `db.connect.stage is done`<br>for, strong: The driver says so (`saw refused`)<br>against, moderate: A refusal \| is quick (`db.connect.seconds above 5 seconds`) | [Task crashes on start](../ecs/task-crash.md): `no-database` |", Page, StringComparison.Ordinal);
        Assert.Contains("- Do: Start it in ap-south-1 / ap-southeast-1.\n- Verify: It answers.\n- Undo: Stop it again.\n- Guarded action: `ecs.rollback`", Page, StringComparison.Ordinal);
        Assert.Contains("- P2 when it is seen 5 times within 2 minutes\n- P1 when checkouts fail", Page, StringComparison.Ordinal);
        Assert.Contains("| `again` | symptom | refused seen 3 times within 5 minutes |", Page, StringComparison.Ordinal);
        Assert.Contains("Proven by 1 sample (1 captured) and 1 near miss.", Page, StringComparison.Ordinal);
        Assert.Contains("- Never: Another entry pages.", Pages["ecs/task-crash.md"], StringComparison.Ordinal);
    }

    [Fact]
    public void The_title_stands_once_and_lines_end_in_newlines_only()
    {
        Assert.Single(Page.Split('\n'), l => l.StartsWith("# ", StringComparison.Ordinal));
        Assert.All(Pages.Values, p => Assert.DoesNotContain('\r', p));
        Assert.All(Pages.Values, p => Assert.EndsWith("\n", p, StringComparison.Ordinal));
        Assert.Equal(Pages.Values, ReferenceMarkdown.Pages(SmallReference.Build(GuideOf().ReplaceLineEndings("\r\n")), SmallReference.Platform).Select(p => p.Text));
    }

    private static string GuideOf() => SmallReference.Reference.Find("db-unreachable")!.Guide;

    [GeneratedRegex(@"\]\(([^):]+\.md)\)")]
    private static partial Regex Links();
}
