using Markdig;
using Markdig.Syntax;

namespace Tocsin.Cli.Rendering;

/// <summary>The Markdown of guides: CommonMark with pipe tables; raw HTML is text like any other.</summary>
internal static class GuideMarkdown
{
    public static MarkdownPipeline Pipeline { get; } = new MarkdownPipelineBuilder().UsePipeTables().UsePreciseSourceLocation().DisableHtml().Build();

    public static MarkdownDocument Parse(string markdown) => Markdown.Parse(markdown, Pipeline);

    /// <summary>The guide without a first heading that only repeats the entry's title.</summary>
    public static string Body(string guide)
    {
        var text = guide.ReplaceLineEndings("\n").TrimStart('\uFEFF').Trim('\n');
        return Parse(text) is [HeadingBlock { Level: 1 } title, ..] ? text[(title.Span.End + 1)..].TrimStart('\n') : text;
    }
}
