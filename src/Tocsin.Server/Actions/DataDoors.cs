using System.Globalization;
using NodaTime;
using Tocsin.Collect.Probes.Servers;
using Tocsin.Collect.Wire;

namespace Tocsin.Server.Actions;

/// <summary>The way to what is no AWS: the databases, queues and names of one environment. Null: nobody said where they are.</summary>
public sealed record DataDoors(ServerGround? Servers)
{
    public static readonly DataDoors None = new((ServerGround?)null);

    /// <summary>The field of the password by which actions are done, where reading has another.</summary>
    internal const string ActPassword = "act_password";
    private const string ActUser = "act_user";

    // TypeORM's names of migrations end with the time they were made, in milliseconds.
    private const int Stamp = 13;

    /// <summary>Where the component is and who may act there, by a login of its own where one is given; throws <see cref="ActionRefused"/> where nobody said.</summary>
    public (ServerGround Ground, Place Place) Open(string component)
    {
        if (Servers is not { } ground) throw new ActionRefused($"where {component} is, is not known here");
        if (ground.Find(component) is not { } place) throw new ActionRefused($"where {component} of {ground.Map.Environment} is, is not known: {ground.Name(component, "host")} says it");
        // Some need none, so an empty password is one.
        var (user, password) = (ground.Setting(component, ActUser), ground.Variable(ground.Name(component, ActPassword)));
        if (user is not null && password is null) throw new ActionRefused($"{ground.Name(component, ActUser)} is set and {ground.Name(component, ActPassword)} is not: set both, an empty password where there is none, or neither to act by the login that reads");
        return (ground, password is null ? place : place with { User = user ?? "", Password = password });
    }

    /// <summary>The component that is a MySQL cluster; null: there is none.</summary>
    public string? Database => Servers?.Map.Components.FirstOrDefault(c => Servers.Map.Component(c, "cluster") is not null);

    /// <summary>Whether this login holds; null: it could not be tried.</summary>
    public async Task<bool?> LogsInAsync(ActionGround ground, string user, string password, CancellationToken cancel)
    {
        if (ground.Doors.Database is not { } component || Servers?.Find(component) is not { } place) return null;
        try
        {
            await using var reader = await MySqlReader.OpenAsync(Servers.Target(place), new MySqlLogin(user, password), cancel);
            return true;
        }
        catch (WireFailure e)
        {
            return e.Code is "ER_1045" ? false : null;
        }
    }

    /// <summary>In words, which migrations ran since a revision was made: going back may find a schema that it does not know.</summary>
    public async Task<string> MigrationsSinceAsync(ActionGround ground, Instant? since, CancellationToken cancel)
    {
        const string unknown = "which migrations ran since could not be read: look before going back";
        if (since is not { } made || ground.Doors.Database is not { } component || Servers?.Find(component) is not { User.Length: > 0 } place || Servers.Map.Component(component, "schema") is not { } schema) return unknown;
        if (MySqlQuestion.Migrations(schema, Servers.Map.Component(component, "migrationsTable") ?? "migrations") is not { } question) return unknown;
        try
        {
            await using var reader = await MySqlReader.OpenAsync(Servers.Target(place), new MySqlLogin(place.User, place.Password), cancel);
            var later = (await reader.AskAsync(question, cancel)).Rows.Select(r => r[0] ?? "").Where(n => MadeAt(n) > made).ToList();
            return later.Count == 0 ? "no migration is newer than that revision" : $"newer than that revision: {string.Join(", ", later.Take(5))}; it must still work with them";
        }
        catch (WireFailure e)
        {
            return $"{unknown} ({e.Code})";
        }
    }

    private static Instant MadeAt(string migration) =>
        migration.Length > Stamp && long.TryParse(migration.AsSpan(migration.Length - Stamp), NumberStyles.None, CultureInfo.InvariantCulture, out var ms) ? Instant.FromUnixTimeMilliseconds(ms) : Instant.MinValue;
}
