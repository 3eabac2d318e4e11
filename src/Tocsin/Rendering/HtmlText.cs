using System.Net;
using System.Runtime.CompilerServices;
using System.Text;

namespace Tocsin.Cli.Rendering;

/// <summary>Text that is HTML already.</summary>
internal readonly record struct HtmlText(string Html)
{
    public static HtmlText Join(IEnumerable<HtmlText> parts, string between = "") => new(string.Join(between, parts.Select(p => p.Html)));

    /// <summary>The HTML of an interpolated string whose holes are escaped, but for those that are <see cref="HtmlText"/>.</summary>
    public static HtmlText Of(EscapingHandler html) => new(html.ToString());

    public static string Escape(string text) => WebUtility.HtmlEncode(text);

    public override string ToString() => Html;
}

/// <summary>Escapes every hole of an interpolated string, so that forgetting to escape is not possible.</summary>
[InterpolatedStringHandler]
internal readonly struct EscapingHandler(int literalLength, int formattedCount)
{
    private readonly StringBuilder html = new(literalLength + (formattedCount * 16));

    public void AppendLiteral(string value) => html.Append(value);

    public void AppendFormatted(string value) => html.Append(HtmlText.Escape(value));

    public void AppendFormatted(HtmlText value) => html.Append(value.Html);

    public override string ToString() => html.ToString();
}
