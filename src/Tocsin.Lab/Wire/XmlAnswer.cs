using System.Text;
using System.Text.Json.Nodes;
using System.Xml;

namespace Tocsin.Lab.Wire;

/// <summary>Answers and errors of the XML protocols.</summary>
internal static class XmlAnswer
{
    private static readonly XmlWriterSettings Settings = new() { Encoding = new UTF8Encoding(false), Indent = true, CheckCharacters = false };

    public static byte[] Result(AwsProduct product, string operation, JsonObject answer, string requestId) => Write(xml =>
    {
        var ec2 = product.Protocol is AwsProtocol.Ec2;
        xml.WriteStartElement($"{operation}Response", product.Prefix);
        if (ec2) xml.WriteElementString("requestId", requestId);
        else xml.WriteStartElement($"{operation}Result");
        Members(xml, answer, ec2 ? "item" : "member");
        if (!ec2)
        {
            xml.WriteEndElement();
            xml.WriteStartElement("ResponseMetadata");
            xml.WriteElementString("RequestId", requestId);
            xml.WriteEndElement();
        }
        xml.WriteEndElement();
    });

    public static byte[] Error(AwsProduct product, AwsException error, string requestId) => Write(xml =>
    {
        if (product.Protocol is AwsProtocol.Ec2)
        {
            xml.WriteStartElement("Response");
            xml.WriteStartElement("Errors");
            CodeAndMessage(xml, error, null);
            xml.WriteEndElement();
            xml.WriteElementString("RequestID", requestId);
        }
        else
        {
            xml.WriteStartElement("ErrorResponse", product.Prefix);
            CodeAndMessage(xml, error, error.Status < 500 ? "Sender" : "Receiver");
            xml.WriteElementString("RequestId", requestId);
        }
        xml.WriteEndElement();
    });

    public static byte[] S3Error(AwsException error, string resource, string requestId) => Write(xml =>
    {
        xml.WriteStartElement("Error");
        xml.WriteElementString("Code", error.Code);
        xml.WriteElementString("Message", Clean(error.Message));
        xml.WriteElementString("Resource", Clean(resource));
        xml.WriteElementString("RequestId", requestId);
        xml.WriteEndElement();
    });

    /// <summary>A document with one root and no wrapper, as S3 answers.</summary>
    public static byte[] Plain(string root, string xmlNamespace, JsonObject answer) => Write(xml =>
    {
        xml.WriteStartElement(root, xmlNamespace);
        if (answer[RestCall.TextOnly] is { } text) xml.WriteString(Clean(text.ToString()));
        else Members(xml, answer, "member");
        xml.WriteEndElement();
    });

    private static void CodeAndMessage(XmlWriter xml, AwsException error, string? type)
    {
        xml.WriteStartElement("Error");
        if (type is not null) xml.WriteElementString("Type", type);
        xml.WriteElementString("Code", error.Code);
        xml.WriteElementString("Message", Clean(error.Message));
        xml.WriteEndElement();
    }

    private static void Members(XmlWriter xml, JsonObject value, string item)
    {
        foreach (var (name, child) in value)
        {
            if (child is null || name[0] is '$' || name.StartsWith("header:", StringComparison.Ordinal)) continue;
            var split = name.Split('>');
            // A flat list repeats its own element.
            if (child is JsonArray flat && split is [var repeated, ""])
            {
                foreach (var one in flat) Element(xml, repeated, one, item);
                continue;
            }
            xml.WriteStartElement(split[0]);
            if (child is JsonArray list) foreach (var one in list) Element(xml, split.Length > 1 ? split[1] : item, one, item);
            else Content(xml, child, item);
            xml.WriteEndElement();
        }
    }

    private static void Element(XmlWriter xml, string name, JsonNode? value, string item)
    {
        xml.WriteStartElement(name);
        Content(xml, value, item);
        xml.WriteEndElement();
    }

    private static void Content(XmlWriter xml, JsonNode? value, string item)
    {
        if (value is JsonObject inner) Members(xml, inner, item);
        else if (value is not null) xml.WriteString(Clean(value.ToString()));
    }

    // XML has no way to write most control characters.
    private static string Clean(string text)
    {
        if (text.All(XmlConvert.IsXmlChar)) return text;
        var clean = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (XmlConvert.IsXmlChar(text[i])) clean.Append(text[i]);
            else if (i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1])) clean.Append(text[i++]).Append(text[i]);
        }
        return clean.ToString();
    }

    private static byte[] Write(Action<XmlWriter> content)
    {
        using var stream = new MemoryStream();
        using (var xml = XmlWriter.Create(stream, Settings)) content(xml);
        return stream.ToArray();
    }
}
