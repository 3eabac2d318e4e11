using Tocsin.Cli.Rendering;

namespace Tocsin.Cli.Tests.Rendering;

public sealed class TerminalMarkdownTests
{
    private static readonly TerminalStyle Plain = new(60, Colour: false);
    private static readonly TerminalStyle Coloured = new(60, Colour: true);

    [Fact]
    public void Headings_are_underlined_without_colour_and_bold_with_it()
    {
        Assert.Equal("Fix\n---\nNow.\n", TerminalMarkdown.Render("## Fix\n\nNow.", Plain));
        Assert.Equal("Title\n=====\n\nFix\n---\nNow.\n", TerminalMarkdown.Render("# Title\n## Fix\n\nNow.", Plain));
        Assert.Equal("\e[1mFix\e[0m\nNow.\n", TerminalMarkdown.Render("## Fix\n\nNow.", Coloured));
    }

    [Fact]
    public void Paragraphs_are_wrapped_to_the_width_and_a_long_word_is_left_whole()
    {
        var address = "https://example.org/" + new string('a', 80);
        var lines = Lines(TerminalMarkdown.Render($"{string.Join(' ', Enumerable.Repeat("seven", 40))} {address} end", Plain));
        Assert.Contains(address, lines);
        Assert.All(lines.Where(l => l != address), l => Assert.True(l.Length <= 60, l));
    }

    [Fact]
    public void Lists_nest_and_numbers_begin_where_the_text_says()
    {
        var text = TerminalMarkdown.Render("3. three\n4. four\n   - inner\n     words\n", Plain);
        Assert.Equal("3. three\n4. four\n   - inner words\n", text);
    }

    [Fact]
    public void Further_lines_of_an_item_stand_below_its_text()
    {
        var lines = Lines(TerminalMarkdown.Render($"10. {string.Join(' ', Enumerable.Repeat("words", 30))}", Plain));
        Assert.StartsWith("10. words", lines[0], StringComparison.Ordinal);
        Assert.All(lines.Skip(1), l => Assert.StartsWith("    words", l, StringComparison.Ordinal));
    }

    [Fact]
    public void A_table_fits_the_width()
    {
        var text = TerminalMarkdown.Render(
            """
            | log line | what to do |
            |---|---|
            | `Cannot read properties of undefined` | look into the secret, fill it, and start the tasks anew afterwards |
            | short | **nothing** |
            """,
            Plain);
        Assert.Equal(
            """
            log line                       what to do
            -----------------------------  -----------------------------
            `Cannot read properties of     look into the secret, fill
            undefined`                     it, and start the tasks anew
                                           afterwards

            short                          nothing

            """.ReplaceLineEndings("\n"),
            text);
    }

    [Fact]
    public void A_table_too_wide_for_columns_becomes_a_list_of_its_rows()
    {
        var header = string.Join('|', Enumerable.Range(1, 8).Select(i => $"column{i}"));
        var row = string.Join('|', Enumerable.Range(1, 8).Select(i => $"value number {i}"));
        var lines = Lines(TerminalMarkdown.Render($"|{header}|\n|{string.Join('|', Enumerable.Repeat("---", 8))}|\n|{row}|", Plain));
        Assert.Equal("column1: value number 1", lines[0]);
        Assert.Equal(8, lines.Length);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_command_is_kept_byte_for_byte_behind_two_blanks(bool colour)
    {
        const string Command = "aws ecs describe-tasks --cluster a-cluster-with-a-long-name --tasks TASK_ARN --query 'tasks[0].{a:b}' \\\n\t--output text | tail -5\n\necho \"*not* `wrapped` <x>\"";
        var text = TerminalMarkdown.Render($"Before:\n\n```bash\n{Command}\n```\n\nAfter.", new TerminalStyle(40, colour));
        var block = string.Join('\n', Command.Split('\n').Select(l => l.Length == 0 ? l : "  " + l));
        Assert.Contains($"\n{block}\n", text, StringComparison.Ordinal);
        Assert.Contains(colour ? "\e[2mbash\e[0m\n" : "\nbash\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void A_command_in_a_list_or_quote_has_blanks_only_in_front()
    {
        Assert.Contains("\n     wg show\n", TerminalMarkdown.Render("1. Look:\n\n   ```bash\n   wg show\n   ```\n", Plain), StringComparison.Ordinal);
        Assert.Contains("\n    wg show\n", TerminalMarkdown.Render("> Look:\n>\n> ```bash\n> wg show\n> ```\n", Plain), StringComparison.Ordinal);
    }

    [Fact]
    public void Inline_marks_read_well_in_both_styles()
    {
        const string Markdown = "Run `nc`, **now**, see [the page](https://a.example) or <https://b.example>.";
        Assert.Equal("Run `nc`, now, see the page (https://a.example) or\nhttps://b.example.\n", TerminalMarkdown.Render(Markdown, Plain));
        var coloured = TerminalMarkdown.Render(Markdown, Coloured);
        Assert.Contains("\e[36mnc\e[0m", coloured, StringComparison.Ordinal);
        Assert.Contains("\e[1mnow\e[0m", coloured, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_colour_there_is_no_control_sequence_and_a_guide_cannot_bring_one()
    {
        const string Markdown = "# A\n\n\e[31mred\e[0m `\e]0;title\a`\n\n```bash\nls \e[2J\n```\n\n| a |\n|---|\n| \u202eb |\n\n> q\n\n---\n";
        var plain = TerminalMarkdown.Render(Markdown, Plain);
        Assert.DoesNotContain(plain, c => (char.IsControl(c) && c != '\n') || c == '\u202e');
        Assert.DoesNotContain("\e]", TerminalMarkdown.Render(Markdown, Coloured), StringComparison.Ordinal);
        Assert.DoesNotContain("\e[2J", TerminalMarkdown.Render(Markdown, Coloured), StringComparison.Ordinal);
    }

    [Fact]
    public void Html_is_text_and_no_line_ends_in_blanks()
    {
        var text = TerminalMarkdown.Render("a <b>c</b>\n\n<div>\nx\n</div>\n\n- \n\n| a | b |\n|---|---|\n| 1 |  |\n", Plain);
        Assert.Contains("a <b>c</b>", text, StringComparison.Ordinal);
        Assert.Contains("<div>", text, StringComparison.Ordinal);
        Assert.All(Lines(text), l => Assert.Equal(l.TrimEnd(), l));
    }

    [Theory]
    [InlineData("")]
    [InlineData("\n\n")]
    [InlineData("|a|\n|-|")]
    [InlineData("#")]
    [InlineData("```")]
    [InlineData(">")]
    [InlineData("![alt](x.png)")]
    public void Odd_texts_are_rendered_too(string markdown) => Assert.DoesNotContain('\e', TerminalMarkdown.Render(markdown, new TerminalStyle(1, Colour: false)));

    private static string[] Lines(string text) => text.TrimEnd('\n').Split('\n');
}
