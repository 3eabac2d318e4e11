namespace Tocsin.Collect.Probes;

/// <summary>What Tocsin's own questions carry in their address, so that nobody takes the lines they leave in a service's log for trouble of a visitor.</summary>
internal static class OwnMark
{
    private const string Mark = "by=tocsin";

    /// <summary>The address with the mark; services pass over a parameter that they do not know.</summary>
    public static Uri On(Uri address) => new UriBuilder(address) { Query = address.Query.Length > 1 ? $"{address.Query}&{Mark}" : Mark }.Uri;

    public static bool IsOn(string line) => line.Contains(Mark, StringComparison.Ordinal);
}
