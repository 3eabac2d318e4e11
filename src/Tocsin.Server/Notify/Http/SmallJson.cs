using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Tocsin.Core.Signals;

namespace Tocsin.Server.Notify.Http;

/// <summary>Short JSON to and from receivers, and their words made fit to be kept.</summary>
internal static class SmallJson
{
    public const int MostWords = 160;

    // Texts stay readable for whoever looks into a message; it is no HTML.
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    public static string Text(JsonObject value) => value.ToJsonString(Plain);

    public static StringContent Content(JsonObject value) => new(Text(value), Encoding.UTF8, "application/json");

    public static JsonObject? Object(string text)
    {
        try
        {
            return text.Length == 0 ? null : JsonNode.Parse(text, documentOptions: new JsonDocumentOptions { MaxDepth = 16 }) as JsonObject;
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A text member, or empty.</summary>
    public static string Of(JsonObject? value, string name) => value?[name] is JsonValue node && node.GetValueKind() is JsonValueKind.String ? node.GetValue<string>() : "";

    /// <summary>What a receiver wrote, on one line, short, without what was secret in the question.</summary>
    public static string Words(string text, params ReadOnlySpan<string> secrets)
    {
        foreach (var secret in secrets)
        {
            foreach (var part in Parts(secret)) text = text.Replace(part, "***", StringComparison.Ordinal);
        }
        var line = new StringBuilder();
        foreach (var c in Redactor.WithEmails.Redact(text))
        {
            if (line.Length >= MostWords) break;
            line.Append(char.IsControl(c) || char.IsSurrogate(c) ? ' ' : c);
        }
        return line.ToString().Trim();
    }

    // An answer may quote a secret whole, or only the end of the address that is one.
    private static IEnumerable<string> Parts(string secret) => secret.Length == 0 ? [] : new[] { secret }.Concat(secret.Split(['/', '?', '=', '&', '@', ':'], StringSplitOptions.RemoveEmptyEntries).Where(p => p.Length >= 8)).OrderByDescending(p => p.Length);
}
