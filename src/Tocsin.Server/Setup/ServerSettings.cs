using System.Collections.Immutable;
using System.Net;
using Tocsin.Core.Catalog;
using Tocsin.Core.Response;
using Tocsin.Server.Access;
using Tocsin.Server.Access.Oidc;
using Tocsin.Server.Clock;
using Tocsin.Server.Notify;
using Tocsin.Server.Publishing;
using Tocsin.Server.Telemetry;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Server.Setup;

/// <summary>The part <c>server:</c> of tocsin.yaml. Strict: what is unknown or impossible stops the start, with its line.</summary>
public sealed record ServerSettings(string? Listen, Uri? Url, string? Data, string? Postgres, ImmutableDictionary<string, YamlMappingNode> Channels, ImmutableArray<IPNetwork> AllowNetworks, TrustedProxy Proxy, NodaTime.Duration? KeepSignals, NodaTime.Duration? KeepPages, OutsideHeartbeat? Heartbeat, ActionSettings Actions, string IssueRepository, SubscriberSettings Subscribers, OidcSettings? Oidc, OtlpSettings? Otlp)
{
    public static readonly Shape.Map Shape = new(
        "How tocsin serve runs",
        [
            new Key("listen", new Shape.Text("Where it listens, such as http://127.0.0.1:8080", Pattern: "https?://.+")),
            new Key("url", new Shape.Text("The address by which people reach it, for the links in pages", Pattern: "https?://.+")),
            new Key("data", new Shape.Text("The folder of the embedded database")),
            new Key("postgres", new Shape.Text("A connection string of PostgreSQL, or $NAME of a variable that holds it")),
            new Key("channels", new Shape.Table("Settings of channels by their id in response.yaml", new Shape.Table("Settings", new Shape.OneOrMany("A value or several")))),
            new Key("allowNetworks", new Shape.List("Private networks that channels may reach, such as 10.1.0.0/16", new Shape.Text("A network"))),
            new Key("proxy", new Shape.Map("A proxy in front that says who somebody is", [new Key("header", new Shape.Text("The header with the account's name"), Required: true), new Key("from", new Shape.List("Networks from which it is believed", new Shape.Text("A network"), NotEmpty: true), Required: true)])),
            new Key("oidc", OidcSettings.Shape),
            new Key("otlp", OtlpSettings.Shape),
            new Key("actions", ActionSettings.Shape),
            new Key("subscribers", new Shape.Map("How the public may have the status page sent to it", [new Key("mail", Notify.Mail.MailChannel.Kind.Settings), new Key("webhooks", new Shape.Flag("Whether signed webhooks are sent too"))])),
            new Key("issues", new Shape.Map("Where P3 incidents and action items become issues; the token is $TOCSIN_GITHUB_TOKEN", [new Key("repository", new Shape.Text("The repository, such as owner/name", Pattern: "[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+"), Required: true)])),
            new Key("keepSignals", new Shape.Text("For how long signals are kept, such as 30d", Pattern: "[1-9][0-9]{0,3}d")),
            new Key("keepPages", new Shape.Text("For how long it is kept how a page was sent, such as 400d", Pattern: "[1-9][0-9]{0,3}d")),
            new Key("heartbeat", new Shape.Map("An address outside that is asked while all clocks are alive; whoever answers there calls somebody when it is asked no more", [new Key("url", new Shape.Text("The address, or $NAME of a variable that holds it", Pattern: "https?://.+|\\$[A-Z][A-Z0-9_]*"), Required: true), new Key("every", new Shape.Text("How often (default: 60s)", Pattern: "[1-9][0-9]{0,3}s"))])),
        ]);

    public static ServerSettings Empty { get; } = new(null, null, null, null, ImmutableDictionary<string, YamlMappingNode>.Empty, [], TrustedProxy.None, null, null, null, ActionSettings.None, "", SubscriberSettings.None, null, null);

    /// <param name="map">Already held against <see cref="Shape"/>.</param>
    public static Parsed<ServerSettings> Read(YamlMappingNode map, ResponsePolicy policy, IReadOnlyList<ChannelKind> kinds, string file)
    {
        var problems = new List<Problem>();
        var channels = ChannelsOf(map, policy, kinds, file, problems);
        var proxy = map.Get("proxy") as YamlMappingNode;
        var settings = new ServerSettings(
            Given(map, "listen"),
            Given(map, "url") is { } url ? new Uri(url.EndsWith('/') ? url : $"{url}/") : null,
            Given(map, "data"),
            Given(map, "postgres"),
            channels,
            Networks(map, "allowNetworks", file, problems),
            proxy is null ? TrustedProxy.None : new TrustedProxy(proxy.Text("header"), Networks(proxy, "from", file, problems)),
            Given(map, "keepSignals") is { } days ? NodaTime.Duration.FromDays(Number(days)) : null,
            Given(map, "keepPages") is { } pages ? NodaTime.Duration.FromDays(Number(pages)) : null,
            map.Get("heartbeat") is YamlMappingNode beat ? new OutsideHeartbeat(beat.Text("url"), NodaTime.Duration.FromSeconds(Given(beat, "every") is { } every ? Number(every) : 60)) : null,
            ActionSettings.Read(map.Get("actions") as YamlMappingNode, file, problems),
            (map.Get("issues") as YamlMappingNode)?.Text("repository") ?? "",
            map.Get("subscribers") is YamlMappingNode by ? new SubscriberSettings(by.Get("mail") is YamlMappingNode ? Notify.Mail.MailChannel.Kind.Create : null, by.Get("mail") as YamlMappingNode ?? new(), by.Text("webhooks") is "true") : SubscriberSettings.None,
            OidcSettings.Read(map.Get("oidc") as YamlMappingNode),
            OtlpSettings.Read(map.Get("otlp") as YamlMappingNode));
        return problems.Count > 0 ? new(null, problems) : new(settings, []);
    }

    private static ImmutableDictionary<string, YamlMappingNode> ChannelsOf(YamlMappingNode map, ResponsePolicy policy, IReadOnlyList<ChannelKind> kinds, string file, List<Problem> problems)
    {
        var read = ImmutableDictionary.CreateBuilder<string, YamlMappingNode>(StringComparer.Ordinal);
        if (map.Get("channels") is not YamlMappingNode table) return read.ToImmutable();
        foreach (var (key, value) in table.Children)
        {
            var id = ((YamlScalarNode)key).Value ?? "";
            if (!policy.Channels.TryGetValue(id, out var rule)) problems.Add(At(key, file, "unknown-channel", $"response.yaml has no channel \"{id}\"; {Nearest.Suggest(id, policy.Channels.Keys)}".TrimEnd(' ', ';')));
            else if (kinds.FirstOrDefault(k => k.Kind == rule.Kind) is not { } kind) problems.Add(At(key, file, "unknown-kind", $"channel {id} is of the kind {rule.Kind}, which this program does not have; known: {string.Join(", ", kinds.Select(k => k.Kind))}"));
            else if (ShapeCheck.Check(value, kind.Settings, file) is { Count: > 0 } wrong) problems.AddRange(wrong);
            else read[id] = (YamlMappingNode)value;
        }
        return read.ToImmutable();
    }

    private static ImmutableArray<IPNetwork> Networks(YamlMappingNode map, string key, string file, List<Problem> problems)
    {
        var networks = ImmutableArray.CreateBuilder<IPNetwork>();
        foreach (var text in map.Texts(key))
        {
            if (IPNetwork.TryParse(text, out var network)) networks.Add(network);
            else problems.Add(At(map.Get(key)!, file, "network", $"\"{text}\" is no network such as 10.1.0.0/16"));
        }
        return networks.ToImmutable();
    }

    // Of a number with its unit behind it.
    private static int Number(string text) => int.Parse(text.AsSpan(0, text.Length - 1), System.Globalization.CultureInfo.InvariantCulture);

    private static Problem At(YamlNode node, string file, string rule, string message) => new(new Place(file, (int)node.Start.Line, (int)node.Start.Column), rule, message);

    private static string? Given(YamlMappingNode map, string key) => map.Has(key) ? map.Text(key) : null;
}
