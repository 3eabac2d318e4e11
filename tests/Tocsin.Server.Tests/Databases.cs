namespace Tocsin.Server.Tests;

/// <summary>The two databases that everything must hold on.</summary>
public static class Databases
{
    public static TheoryData<string> Both => ["sqlite", "postgres"];

    public static async Task<string?> ConnectionAsync(string database, PostgresServer server, CancellationToken cancel) => database == "postgres" ? await server.CreateAsync(cancel) : null;
}
