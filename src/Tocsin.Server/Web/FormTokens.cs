using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;
using Tocsin.Server.Access;

namespace Tocsin.Server.Web;

/// <summary>What stands in each form of a session and nowhere else, so that no other site can send one. It needs no memory, and outlives a restart as the session does.</summary>
public sealed class FormTokens(byte[] key, Links links)
{
    public const string Field = "form-token";

    /// <param name="session">The session's own token, or the name that a trusted proxy gave.</param>
    public string For(string session) => Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"form\n{session}")))[..40];

    public bool Holds(string session, string given) => CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(For(session)), Encoding.UTF8.GetBytes(given));

    /// <summary>Whether a browser says that the form came from a page of ours. Where it says nothing, as old ones do, the token alone decides.</summary>
    public bool IsOwn(HttpRequest request)
    {
        var site = request.Headers["Sec-Fetch-Site"].ToString();
        if (site.Length > 0) return site is "same-origin" or "none";
        var origin = request.Headers.Origin.ToString();
        return origin.Length == 0 || (Uri.TryCreate(origin, UriKind.Absolute, out var from) && (from.Authority == request.Host.Value || from.Authority == links.Address.Authority));
    }
}
