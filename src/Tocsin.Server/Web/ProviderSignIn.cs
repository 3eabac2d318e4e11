using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Logging;
using NodaTime;
using Tocsin.Server.Access;
using Tocsin.Server.Access.Oidc;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Web;

/// <summary>
/// Signing in with an identity provider. Between going there and coming back nothing is kept here: the browser carries what was asked, sealed, in a cookie that only
/// this path is given. A link that somebody else made signs nobody in, for it does not come with that cookie.
/// </summary>
public static class ProviderSignIn
{
    private const string Path = "/sign-in/provider";
    private const string Cookie = "tocsin-asked";
    private static readonly Duration Life = Duration.FromMinutes(10);

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapGet(Path, GoAsync).Open("sends the browser to the identity provider");
        app.MapGet($"{Path}/back", BackAsync).Open("what the identity provider says, and the sealed cookie of whoever asked");
    }

    private static async Task GoAsync(HttpContext context, OidcProvider provider, Links links, PageWriter pages, TimeProvider time, ILogger<OidcProvider> log, string? to)
    {
        var asked = Asked.New();
        try
        {
            var address = await provider.AskAsync(asked, links.SignedIn, context.RequestAborted);
            context.Response.Cookies.Append(Cookie, links.Sealed(JsonSerializer.Serialize(new Carried(asked, (time.Now() + Life).ToUnixTimeSeconds(), SignIn.Own(to)))), Options(links));
            context.Response.Redirect(address.AbsoluteUri);
        }
        catch (OidcException e)
        {
            ServerMessages.SignInFailed(log, e.Message);
            await SignIn.ShowAsync(context, pages, 502, to, "", Sentence(e.Message));
        }
    }

    private static async Task BackAsync(HttpContext context, OidcProvider provider, Identities identities, Links links, PageWriter pages, TimeProvider time, ILogger<OidcProvider> log, string? code, string? state, string? error, string? iss)
    {
        var carried = CarriedBy(context, links, time);
        context.Response.Cookies.Delete(Cookie, Options(links));
        var (status, problem) = (400, "");
        try
        {
            if (carried is null || !Same(carried.Asked.State, state)) problem = "This sign-in was not begun in this browser, or more than ten minutes ago. Begin again.";
            else if (error is { Length: > 0 }) problem = error is "access_denied" ? "The provider did not let you in." : "The provider could not sign you in; its own page said why.";
            else if (iss is not null && !provider.Is(iss)) problem = "The answer is of another provider.";
            else if (code is not { Length: > 0 }) problem = "The provider gave no code.";
            else
            {
                SignIn.Keep(context, links, await identities.SignInAsync(await provider.WhoAsync(code, carried.Asked, links.SignedIn, context.RequestAborted), context.RequestAborted));
                context.Goto(carried.To);
                return;
            }
        }
        catch (OidcException e)
        {
            (status, problem) = (502, Sentence(e.Message));
        }
        catch (AccessException e)
        {
            (status, problem) = (403, Sentence(e.Message));
        }
        ServerMessages.SignInFailed(log, problem);
        await SignIn.ShowAsync(context, pages, status, carried?.To, "", problem);
    }

    private static Carried? CarriedBy(HttpContext context, Links links, TimeProvider time) =>
        context.Request.Cookies[Cookie] is { Length: > 0 } cookie && links.Opened(cookie) is { } text && JsonSerializer.Deserialize<Carried>(text) is { } carried && Instant.FromUnixTimeSeconds(carried.Until) > time.Now() ? carried : null;

    private static bool Same(string wanted, string? given) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(wanted), Encoding.UTF8.GetBytes(given ?? ""));

    // Lax: the provider's redirect comes from another site, and is to bring it along.
    private static CookieOptions Options(Links links) => new() { HttpOnly = true, SameSite = SameSiteMode.Lax, Secure = links.Address.Scheme == Uri.UriSchemeHttps, Path = Path, IsEssential = true, MaxAge = Life.ToTimeSpan() };

    private static string Sentence(string text) => $"{char.ToUpperInvariant(text[0])}{text[1..]}.";

    private sealed record Carried(Asked Asked, long Until, string To);
}
