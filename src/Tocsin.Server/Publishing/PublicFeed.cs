using System.Globalization;
using System.Text;
using System.Xml;
using NodaTime;
using Tocsin.Core.Response.StatusPages;

namespace Tocsin.Server.Publishing;

/// <summary>The reports as RSS 2.0: one item for each that was said, the newest first.</summary>
public static class PublicFeed
{
    private const int Most = 50;

    public static string Of(StatusPage page, Uri address)
    {
        var text = new StringBuilder();
        using (var xml = XmlWriter.Create(text, new XmlWriterSettings { Indent = true, OmitXmlDeclaration = true, NewLineChars = "\n" }))
        {
            xml.WriteStartElement("rss");
            xml.WriteAttributeString("version", "2.0");
            xml.WriteStartElement("channel");
            xml.WriteElementString("title", "Service status");
            xml.WriteElementString("link", new Uri(address, "status").AbsoluteUri);
            xml.WriteElementString("description", "What was said about the state of the service");
            foreach (var (report, update) in page.Reports.SelectMany(r => r.Updates.Select(u => (r, u))).OrderByDescending(x => x.u.At).Take(Most)) Item(xml, report, update, address);
            xml.WriteEndElement();
            xml.WriteEndElement();
        }
        return $"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n{text}\n";
    }

    private static void Item(XmlWriter xml, PublicReport report, ReportUpdate update, Uri address)
    {
        var link = new Uri(address, string.Create(CultureInfo.InvariantCulture, $"status/{report.Number}"));
        xml.WriteStartElement("item");
        xml.WriteElementString("title", Plain($"{PublicWords.Of(update.Stage)}: {report.Title}"));
        xml.WriteElementString("link", link.AbsoluteUri);
        xml.WriteStartElement("guid");
        xml.WriteAttributeString("isPermaLink", "false");
        xml.WriteString(string.Create(CultureInfo.InvariantCulture, $"{link.AbsoluteUri}#{update.At.ToUnixTimeTicks()}"));
        xml.WriteEndElement();
        xml.WriteElementString("pubDate", Date(update.At));
        xml.WriteElementString("description", Plain(update.Text));
        xml.WriteEndElement();
    }

    private static string Date(Instant at) => at.ToString("ddd, dd MMM uuuu HH:mm:ss", CultureInfo.InvariantCulture) + " GMT";

    // XML has no way to say most control characters.
    private static string Plain(string text) => string.Concat(text.Where(c => XmlConvert.IsXmlChar(c) || char.IsSurrogate(c)));
}

/// <summary>States and stages as the public reads them.</summary>
public static class PublicWords
{
    public static string Of(ComponentState state) => state switch
    {
        ComponentState.Operational => "Operational",
        ComponentState.Maintenance => "Under maintenance",
        ComponentState.Degraded => "Degraded",
        ComponentState.PartialOutage => "Partial outage",
        _ => "Major outage",
    };

    public static string Of(ReportStage stage) => stage.ToString();

    public static string Whole(ComponentState worst) => worst switch
    {
        ComponentState.Operational => "Everything works",
        ComponentState.Maintenance => "Maintenance is going on",
        ComponentState.Degraded => "Something is slower or worse than usual",
        ComponentState.PartialOutage => "A part does not work",
        _ => "A major outage",
    };
}
