using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Tocsin.Lab.Platform;

/// <summary>The healthy secrets of one environment: a template whose placeholders are filled with values made at each start, so that none is ever stored.</summary>
internal sealed partial class LabSecrets(Func<string, string> address, Func<string, string> url)
{
    private readonly Dictionary<string, string> named = new(StringComparer.Ordinal);

    /// <summary>Name and JSON text of every secret of the environment.</summary>
    public Dictionary<string, string> Fill(JsonObject template, string environment)
    {
        var result = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, environments) in template)
        {
            if (environments?[environment] is JsonObject values) result[name] = Fill(values).ToJsonString(Written);
        }
        return result;
    }

    private JsonObject Fill(JsonObject values)
    {
        var filled = new JsonObject();
        foreach (var (key, value) in values) filled[key] = value is JsonObject inner ? Fill(inner).ToJsonString(Written) : Fill(value!.ToString());
        return filled;
    }

    private static readonly JsonSerializerOptions Written = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private string Fill(string text) => Placeholder().Replace(text, m => m.Groups[1].Value switch
    {
        "generate:hex32" => RandomNumberGenerator.GetHexString(32, lowercase: true),
        "generate:rsa-pem" => Pem(),
        ['a', 'd', 'd', 'r', 'e', 's', 's', ':', .. var component] => address(component),
        ['u', 'r', 'l', ':', .. var service] => url(service),
        var shared when shared.StartsWith("generate:hex32:", StringComparison.Ordinal) => named.TryGetValue(shared, out var known) ? known : named[shared] = RandomNumberGenerator.GetHexString(32, lowercase: true),
        var unknown => throw new InvalidOperationException($"{{{{{unknown}}}}} is no placeholder of secrets"),
    });

    private static string Pem()
    {
        using var rsa = RSA.Create(2048);
        return rsa.ExportPkcs8PrivateKeyPem() + "\n";
    }

    [GeneratedRegex(@"\{\{([a-z0-9:-]+)\}\}", RegexOptions.CultureInvariant)]
    private static partial Regex Placeholder();
}
