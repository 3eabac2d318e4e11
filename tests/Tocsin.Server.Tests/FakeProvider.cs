using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Tocsin.Server.Tests;

/// <summary>
/// An identity provider on loopback: it lets in at once whoever comes, as the claims say, and holds every request against the standard. What a test changes of
/// it is how a bad one would behave.
/// </summary>
internal sealed class FakeProvider : IAsyncDisposable
{
    public const string Client = "tocsin";
    public const string Secret = "the client's own secret";
    private readonly ConcurrentDictionary<string, (string Nonce, string Challenge, string Redirect)> codes = new(StringComparer.Ordinal);
    private readonly WebApplication listening;
    private RSA key = RSA.Create(2048);
    private string keyId = "first";
    private int count;

    private FakeProvider(WebApplication app) => listening = app;

    /// <summary>What the next tokens say beside what they must.</summary>
    public Dictionary<string, object?> Claims { get; } = new(StringComparer.Ordinal) { ["sub"] = "u-1", ["preferred_username"] = "ada", ["groups"] = new[] { "engineers" } };

    /// <summary>Changes a token's head and body before it is signed.</summary>
    public Action<Dictionary<string, object?>, Dictionary<string, object?>> Spoil { get; set; } = static (_, _) => { };

    /// <summary>Makes the token's signature; null: as it should be.</summary>
    public Func<byte[], byte[]>? Sign { get; set; }

    public string Issuer => listening.Urls.First();

    public Func<DateTimeOffset> Now { get; set; } = static () => DateTimeOffset.UnixEpoch;

    public static async Task<FakeProvider> StartAsync(CancellationToken cancel)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var app = builder.Build();
        var provider = new FakeProvider(app);
        app.MapGet("/.well-known/openid-configuration", () => Results.Json(new { issuer = provider.Issuer, authorization_endpoint = $"{provider.Issuer}/authorize", token_endpoint = $"{provider.Issuer}/token", jwks_uri = $"{provider.Issuer}/keys", token_endpoint_auth_methods_supported = new[] { "client_secret_basic" } }));
        app.MapGet("/keys", () => Results.Json(new { keys = new[] { provider.Key() } }));
        app.MapGet("/authorize", provider.Authorize);
        // Named as what it is: else its result would be taken for nothing.
        app.MapPost("/token", (Func<HttpContext, Task<IResult>>)provider.TokenAsync);
        await app.StartAsync(cancel);
        return provider;
    }

    /// <summary>Signs with another key from now on, as providers do now and then.</summary>
    public void ChangeKey()
    {
        key.Dispose();
        (key, keyId) = (RSA.Create(2048), "second");
    }

    public async ValueTask DisposeAsync()
    {
        await listening.DisposeAsync();
        key.Dispose();
    }

    private object Key()
    {
        var parameters = key.ExportParameters(false);
        return new { kty = "RSA", use = "sig", kid = keyId, alg = "RS256", n = Base64Url.EncodeToString(parameters.Modulus!), e = Base64Url.EncodeToString(parameters.Exponent!) };
    }

    private IResult Authorize(HttpContext context)
    {
        var query = context.Request.Query;
        if (query["client_id"] != Client || query["response_type"] != "code" || query["code_challenge_method"] != "S256" || !query["scope"].ToString().Split(' ').Contains("openid")) return Results.BadRequest();
        var code = $"code-{Interlocked.Increment(ref count)}";
        codes[code] = (query["nonce"].ToString(), query["code_challenge"].ToString(), query["redirect_uri"].ToString());
        return Results.Redirect($"{query["redirect_uri"]}?code={code}&state={Uri.EscapeDataString(query["state"].ToString())}&iss={Uri.EscapeDataString(Issuer)}");
    }

    private async Task<IResult> TokenAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync(context.RequestAborted);
        var basic = Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Client}:{Uri.EscapeDataString(Secret)}"));
        if (context.Request.Headers.Authorization != $"Basic {basic}") return Results.StatusCode(401);
        // A code holds once, for whoever asked for it, and for where it was sent to.
        if (form["grant_type"] != "authorization_code" || !codes.TryRemove(form["code"].ToString(), out var asked)) return Results.BadRequest();
        if (form["redirect_uri"] != asked.Redirect || Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(form["code_verifier"].ToString()))) != asked.Challenge) return Results.BadRequest();
        return Results.Json(new { access_token = "unused", token_type = "Bearer", id_token = Token(asked.Nonce) });
    }

    private string Token(string nonce)
    {
        var now = Now().ToUnixTimeSeconds();
        var head = new Dictionary<string, object?>(StringComparer.Ordinal) { ["alg"] = "RS256", ["kid"] = keyId, ["typ"] = "JWT" };
        var body = new Dictionary<string, object?>(Claims, StringComparer.Ordinal) { ["iss"] = Issuer, ["aud"] = Client, ["iat"] = now, ["exp"] = now + 300, ["nonce"] = nonce };
        Spoil(head, body);
        var text = $"{Part(head)}.{Part(body)}";
        var data = Encoding.ASCII.GetBytes(text);
        return $"{text}.{Base64Url.EncodeToString(Sign is { } sign ? sign(data) : key.SignData(data, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1))}";
    }

    private static string Part(Dictionary<string, object?> part) => Base64Url.EncodeToString(JsonSerializer.SerializeToUtf8Bytes(part));
}
