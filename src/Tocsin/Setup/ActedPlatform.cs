using System.Collections.Immutable;
using NodaTime;
using Tocsin.Cli.Commands.Diagnose;
using Tocsin.Collect.Aws;
using Tocsin.Core.Platforms;
using Tocsin.Core.Response.Actions;
using Tocsin.Server.Actions;
using Tocsin.Server.Setup;

namespace Tocsin.Cli.Setup;

/// <summary>The platform as actions reach it: read by the usual login, changed only by the acting role.</summary>
internal static class ActedPlatform
{
    private static readonly Duration CallLimit = Duration.FromSeconds(10);

    /// <summary>In the lab this role acts; it may do what the actions take, and nothing else.</summary>
    private const string LabRole = "arn:aws:iam::000000000000:role/tocsin-acting";

    /// <param name="mode">For every environment; null: as tocsin.yaml says.</param>
    public static ActionSetup Of(Platform platform, ActionSettings settings, string? endpoint, bool lab, ActionMode? mode)
    {
        var modes = platform.Environments.ToImmutableDictionary(e => e.Name, e => mode ?? settings.Modes.GetValueOrDefault(e.Name, ActionMode.Plan), StringComparer.Ordinal);
        if (!lab && modes.FirstOrDefault(m => m.Value == ActionMode.On && !settings.Roles.ContainsKey(m.Key)).Key is { } bare)
            throw new SettingsException($"actions are on in {bare} without a role that acts: name one under server: actions: roles: in tocsin.yaml, or leave them at plan and run the printed commands yourself");
        var grounds = platform.Environments.ToImmutableDictionary(e => e.Name, e => new Lazy<ActionGround>(() => Ground(platform, e, lab ? LabRole : settings.Roles.GetValueOrDefault(e.Name), endpoint, lab)), StringComparer.Ordinal);
        return new ActionSetup { Modes = modes, Freezes = settings.Freezes, Ground = e => grounds.GetValueOrDefault(e)?.Value };
    }

    public static ActionGround Ground(Platform platform, PlatformEnvironment environment, string? role, string? endpoint, bool lab)
    {
        var connection = AwsConnection.For(environment, endpoint, lab);
        var surroundings = Surroundings.Of(platform, environment, connection.Lab);
        var usual = new AwsCallerOptions { Login = connection.Login, Endpoint = connection.Endpoint, Limit = CallLimit, Tries = 3 };
        Func<ActingFor, CancellationToken, Task<AwsCaller>> acting = role is null
            ? static (_, _) => throw new ActionRefused("there is no role that acts here: run the printed commands from your own terminal")
            : new ActingRole(usual, role, environment.Fields["region"]).AsAsync;
        return new ActionGround(surroundings.Map, new AwsCaller(usual), connection.Endpoint?.ToString().TrimEnd('/') ?? ActionPlanner.AwsItself, acting, TimeProvider.System) { Doors = new DataDoors(surroundings.Servers()) };
    }
}
