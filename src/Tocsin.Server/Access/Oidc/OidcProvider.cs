using System.Buffers.Text;
using System.Collections.Immutable;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using NodaTime;
using Tocsin.Server.Notify;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Access.Oidc;

/// <summary>One sign-in on its way, as the browser carries it.</summary>
/// <param name="Verifier">Proves to the provider that whoever redeems the code is who asked for it (PKCE).</param>
internal sealed record Asked(string State, string Nonce, string Verifier)
{
    public static Asked New() => new(Secrets.Token(""), Secrets.Token(""), Secrets.Token(""));
}

/// <summary>Asks an identity provider who somebody is: the authorization code flow with PKCE, and nothing else.</summary>
public sealed class OidcProvider : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly Duration Known = Duration.FromHours(1);

    // Who sends tokens with made-up keys makes nobody ask the provider for each.
    private static readonly Duration KeysAgain = Duration.FromSeconds(30);
    private readonly ServerOptions options;
    private readonly OidcSettings settings;
    private readonly HttpClient http;
    private volatile Document? document;
    private volatile Keys? keys;

    public OidcProvider(ServerOptions options)
    {
        this.options = options;
        settings = options.Oidc ?? throw new InvalidOperationException("no provider is set up");
        http = new OutgoingGuard(options.AllowNetworks).CreateClient();
        http.Timeout = Limit;
    }

    private Instant Now => options.Time.Now();

    public void Dispose() => http.Dispose();

    /// <summary>Whether an answer that names its issuer is of this provider (RFC 9207).</summary>
    internal bool Is(string issuer) => issuer == settings.Issuer;

    /// <summary>Where the browser goes to be asked.</summary>
    internal async Task<Uri> AskAsync(Asked asked, Uri back, CancellationToken cancel)
    {
        var found = await DocumentAsync(cancel);
        var query = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["response_type"] = "code",
            ["client_id"] = settings.Client,
            ["redirect_uri"] = back.AbsoluteUri,
            ["scope"] = string.Join(' ', settings.Scopes),
            ["state"] = asked.State,
            ["nonce"] = asked.Nonce,
            ["code_challenge"] = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(asked.Verifier))),
            ["code_challenge_method"] = "S256",
        };
        return new Uri($"{found.Authorize}{(found.Authorize.Contains('?') ? '&' : '?')}{string.Join('&', query.Select(q => $"{q.Key}={Uri.EscapeDataString(q.Value)}"))}");
    }

    /// <summary>Who came back with a code. Throws <see cref="OidcException"/> where that is not known for sure, <see cref="AccessException"/> where they may not.</summary>
    internal async Task<Vouched> WhoAsync(string code, Asked asked, Uri back, CancellationToken cancel)
    {
        var found = await DocumentAsync(cancel);
        var token = await RedeemAsync(found, code, asked, back, cancel);
        var id = IdToken.KeyOf(token);
        var claims = IdToken.Verify(token, await KeysAsync(found, id, cancel), new Expected(settings.Issuer, settings.Client, asked.Nonce, Now));
        var name = Json.Text(claims, settings.Account);
        if (name.Length == 0) throw new OidcException($"the provider says nothing of the claim {settings.Account}, which names the account");
        var role = settings.RoleOf(Json.Texts(claims, settings.Groups));
        if (settings.Roles.Length > 0 && role is null) throw new AccessException($"{name} is in no group that may use this server");
        return new Vouched(settings.Issuer, Json.Text(claims, "sub"), name, role, settings.Adopts);
    }

    private async Task<string> RedeemAsync(Document found, string code, Asked asked, Uri back, CancellationToken cancel)
    {
        var secret = settings.Secret.StartsWith('$') ? options.Variable(settings.Secret[1..]) : settings.Secret;
        if (secret is not { Length: > 0 }) throw new OidcException("the variable of the client's secret is not set on the server");
        var form = new Dictionary<string, string>(StringComparer.Ordinal) { ["grant_type"] = "authorization_code", ["code"] = code, ["redirect_uri"] = back.AbsoluteUri, ["code_verifier"] = asked.Verifier };
        using var request = new HttpRequestMessage(HttpMethod.Post, found.Token);
        if (found.TakesBasic) request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(settings.Client)}:{Uri.EscapeDataString(secret)}")));
        else (form["client_id"], form["client_secret"]) = (settings.Client, secret);
        request.Content = new FormUrlEncodedContent(form);
        var answer = await SendAsync(request, "redeem the code", cancel);
        return Json.Text(answer, "id_token") is { Length: > 0 } token ? token : throw new OidcException("the provider gave no id token; is openid among its scopes?");
    }

    private async Task<Document> DocumentAsync(CancellationToken cancel)
    {
        if (document is { } known && Now - known.Read < Known && Now >= known.Read) return known;
        using var request = new HttpRequestMessage(HttpMethod.Get, $"{settings.Issuer.TrimEnd('/')}/.well-known/openid-configuration");
        var read = await SendAsync(request, "describe itself", cancel);
        if (Json.Text(read, "issuer") != settings.Issuer) throw new OidcException("the provider calls itself by another issuer than tocsin.yaml does");
        var ways = Json.Texts(read, "token_endpoint_auth_methods_supported");
        return document = new Document(Address(read, "authorization_endpoint"), Address(read, "token_endpoint"), Address(read, "jwks_uri"), ways.IsEmpty || ways.Contains("client_secret_basic", StringComparer.Ordinal), Now);
    }

    // A provider that is asked by https sends nobody to where others can listen.
    private string Address(JsonElement read, string name)
    {
        var text = Json.Text(read, name);
        return Uri.TryCreate(text, UriKind.Absolute, out var address) && (address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && settings.Issuer.StartsWith("http://", StringComparison.Ordinal)))
            ? text
            : throw new OidcException($"the provider's {name} is no address of https");
    }

    // A key that is not known yet may be a new one: providers change them.
    private async Task<ImmutableArray<SigningKey>> KeysAsync(Document found, string id, CancellationToken cancel)
    {
        if (keys is { } known && Now - known.Read < Known && Now >= known.Read && (id.Length == 0 || known.All.Any(k => k.Id == id) || Now - known.Read < KeysAgain)) return known.All;
        using var request = new HttpRequestMessage(HttpMethod.Get, found.KeysAt);
        keys = new Keys(SigningKey.Read(await SendAsync(request, "give its keys", cancel)), Now);
        return keys.All;
    }

    private async Task<JsonElement> SendAsync(HttpRequestMessage request, string what, CancellationToken cancel)
    {
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        try
        {
            using var answer = await http.SendAsync(request, cancel);
            var text = await answer.Content.ReadAsStringAsync(cancel);
            if (!answer.IsSuccessStatusCode) throw new OidcException(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"the provider did not {what}: it answered {(int)answer.StatusCode}"));
            using var read = JsonDocument.Parse(text, new JsonDocumentOptions { MaxDepth = 16 });
            return read.RootElement.Clone();
        }
        catch (JsonException)
        {
            throw new OidcException($"the provider did not {what}: its answer is no JSON");
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            // The words of the library may name addresses.
            throw new OidcException(e is ForbiddenAddressException || e.InnerException is ForbiddenAddressException ? "the provider is in a private network; allow it under server: allowNetworks:" : $"the provider could not be asked to {what}");
        }
    }

    private sealed record Document(string Authorize, string Token, string KeysAt, bool TakesBasic, Instant Read);

    private sealed record Keys(ImmutableArray<SigningKey> All, Instant Read);
}
