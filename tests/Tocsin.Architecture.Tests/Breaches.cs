namespace Tocsin.Architecture.Tests;

/// <summary>Asserts that a rule is broken nowhere, and names every place where it is.</summary>
internal static class Breaches
{
    public static void None(IEnumerable<string> found)
    {
        var places = found.Distinct(StringComparer.Ordinal).ToList();
        Assert.True(places.Count == 0, string.Join('\n', places));
    }
}
