using System.Globalization;

namespace Tocsin.Lab.Host;

/// <summary>What <c>lab env</c> exports: enough for any real client, and nothing of the user's own AWS set-up left in force.</summary>
public static class LabVariables
{
    public static IReadOnlyDictionary<string, string> Of(LabState state, LabFolder folder)
    {
        var empty = folder.EmptyFile;
        if (!File.Exists(empty)) File.WriteAllText(empty, "");
        var variables = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["AWS_ENDPOINT_URL"] = state.Endpoint,
            ["AWS_ACCESS_KEY_ID"] = state.AccessKeyId,
            ["AWS_SECRET_ACCESS_KEY"] = state.SecretAccessKey,
            ["AWS_DEFAULT_REGION"] = state.Environments[0].Region,
            ["AWS_CA_BUNDLE"] = folder.Authority,
            ["AWS_CONFIG_FILE"] = empty,
            ["AWS_SHARED_CREDENTIALS_FILE"] = empty,
            ["AWS_EC2_METADATA_DISABLED"] = "true",
            ["AWS_PAGER"] = "",
            [LabFolder.Variable] = folder.Path,
            ["TOCSIN_LAB_ACCOUNT"] = state.Account,
        };
        foreach (var place in state.Environments)
        {
            var prefix = $"TOCSIN_LAB_{Name(place.Name)}";
            variables[$"{prefix}_REGION"] = place.Region;
            variables[$"{prefix}_CLUSTER"] = place.Cluster;
            foreach (var (component, address) in place.Components)
            {
                variables[$"{prefix}_{Name(component)}_HOST"] = address.Host;
                variables[$"{prefix}_{Name(component)}_PORT"] = address.Port.ToString(CultureInfo.InvariantCulture);
                if (address.User is { } user) variables[$"{prefix}_{Name(component)}_USER"] = user;
                if (address.Password is { } password) variables[$"{prefix}_{Name(component)}_PASSWORD"] = password;
            }
        }
        return variables;
    }

    private static string Name(string text) => text.ToUpperInvariant().Replace('-', '_');
}
