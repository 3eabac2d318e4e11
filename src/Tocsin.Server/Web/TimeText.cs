using System.Globalization;
using NodaTime;

namespace Tocsin.Server.Web;

internal static class TimeText
{
    /// <summary>As a browser reads it.</summary>
    public static string Iso(this Instant at) => at.ToString("uuuu-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);
}
