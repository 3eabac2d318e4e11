using System.Globalization;
using Microsoft.AspNetCore.Http;

namespace Tocsin.Server.Api;

/// <summary>Versions of streams as HTTP says them.</summary>
public static class ETags
{
    public static string Of(long version) => string.Create(CultureInfo.InvariantCulture, $"\"v{version}\"");

    /// <summary>The version that a command is meant for; null: whatever it is at. A header that cannot be meant for any version matches none.</summary>
    public static int? Expected(HttpContext context)
    {
        var tag = context.Request.Headers.IfMatch.ToString();
        if (tag.Length == 0 || tag == "*") return null;
        return tag.StartsWith("\"v", StringComparison.Ordinal) && int.TryParse(tag.AsSpan(2).TrimEnd('"'), NumberStyles.None, CultureInfo.InvariantCulture, out var version) ? version : -1;
    }
}
