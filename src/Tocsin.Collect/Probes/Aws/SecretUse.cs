using System.Text.Json.Nodes;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>One variable of a container that comes out of Secrets Manager.</summary>
/// <param name="Secret">ARN or name, without what stands behind it.</param>
/// <param name="Key">Of the JSON object; empty: the whole value.</param>
public sealed record SecretUse(string Container, string Variable, string Secret, string Key, string Region)
{
    private const int ArnParts = 7;

    public static IEnumerable<SecretUse> Of(JsonObject definition) =>
        from container in definition.Items("containerDefinitions")
        from secret in container.Items("secrets")
        let place = secret.Text("valueFrom") ?? ""
        where !place.Contains(":ssm:", StringComparison.Ordinal) && !place.StartsWith('/')
        select Read(container.Text("name") ?? "", secret.Text("name") ?? "", place);

    // arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME[:KEY:STAGE:VERSION]
    private static SecretUse Read(string container, string variable, string from)
    {
        var parts = from.Split(':');
        return parts is ["arn", _, "secretsmanager", var region, ..] && parts.Length >= ArnParts
            ? new SecretUse(container, variable, string.Join(':', parts[..ArnParts]), parts.Length > ArnParts ? parts[ArnParts] : "", region)
            : new SecretUse(container, variable, from, "", "");
    }
}
