using System.Collections.Immutable;
using Tocsin.Core.Catalog;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Server.Access.Oidc;

/// <summary>An identity provider that people sign in with, by OpenID Connect.</summary>
/// <param name="Name">As the button calls it.</param>
/// <param name="Issuer">As the provider writes itself; its discovery document stands below it.</param>
/// <param name="Secret">Or $NAME of a variable that holds it.</param>
/// <param name="Account">The claim that names the account.</param>
/// <param name="Groups">The claim that lists somebody's groups.</param>
/// <param name="Roles">Groups by role; * is everybody. None: accounts are made by an administrator, and keep the role they were given.</param>
/// <param name="Adopts">Whether an account that has a password is taken for the same person because of its name.</param>
public sealed record OidcSettings(string Name, string Issuer, string Client, string Secret, string Account, string Groups, ImmutableArray<string> Scopes, ImmutableArray<(Role Role, ImmutableArray<string> Groups)> Roles, bool Adopts)
{
    private const string Everybody = "*";
    private static readonly Shape Some = new Shape.List("Groups; \"*\" is everybody", new Shape.Text("A group"), NotEmpty: true);

    public static readonly Shape.Map Shape = new(
        "Signing in with an identity provider, by OpenID Connect",
        [
            new Key("issuer", new Shape.Text("The provider's address, as it writes itself", Pattern: "https://.+|http://(127\\.[0-9.]+|localhost|\\[::1\\])(:[0-9]+)?(/.*)?"), Required: true),
            new Key("client", new Shape.Text("The client's id at the provider"), Required: true),
            new Key("secret", new Shape.Text("The client's secret, best as $NAME of a variable"), Required: true),
            new Key("name", new Shape.Text("What the button calls it (default: the provider's host)")),
            new Key("account", new Shape.Text("The claim that names the account (default: preferred_username)")),
            new Key("groups", new Shape.Text("The claim that lists groups (default: groups)")),
            new Key("scopes", new Shape.List("What is asked for beside openid (default: profile)", new Shape.Text("A scope"))),
            new Key("roles", new Shape.Map("Which groups have which role; the highest counts. With it accounts make themselves, and roles follow at each sign-in", [new Key("viewer", Some), new Key("responder", Some), new Key("commander", Some), new Key("admin", Some)])),
            new Key("adopt", new Shape.Flag("Take over accounts that have a password, by their name: only where nobody can choose their own name at the provider")),
        ]);

    /// <summary>The highest role that the groups give; null: none.</summary>
    public Role? RoleOf(IReadOnlyCollection<string> groups) =>
        Roles.Where(r => r.Groups.Contains(Everybody, StringComparer.Ordinal) || r.Groups.Any(g => groups.Contains(g, StringComparer.Ordinal))).Select(r => (Role?)r.Role).Max();

    internal static OidcSettings? Read(YamlMappingNode? map)
    {
        if (map is null) return null;
        var issuer = map.Text("issuer");
        var roles = map.Get("roles") as YamlMappingNode;
        return new OidcSettings(
            Given(map, "name", new Uri(issuer).Host),
            issuer,
            map.Text("client"),
            map.Text("secret"),
            Given(map, "account", "preferred_username"),
            Given(map, "groups", "groups"),
            ["openid", .. map.Has("scopes") ? map.Texts("scopes") : ["profile"]],
            roles is null ? [] : [.. Enum.GetValues<Role>().Where(r => roles.Has(Key(r))).Select(r => (r, roles.Texts(Key(r)).ToImmutableArray()))],
            map.Text("adopt") is "true");
    }

    private static string Key(Role role) => role.ToString().ToLowerInvariant();

    private static string Given(YamlMappingNode map, string key, string otherwise) => map.Has(key) ? map.Text(key) : otherwise;
}
