using System.Collections.Immutable;
using System.CommandLine;
using NodaTime;
using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;
using Tocsin.Collect.Aws;
using Tocsin.Collect.Probes;
using Tocsin.Core.Catalog;
using Tocsin.Core.Platforms;

namespace Tocsin.Cli.Commands.Platforms;

/// <summary>Where AWS is asked, as several commands let it be said.</summary>
internal sealed class AskOptions
{
    public Option<string?> Environment { get; } = new("--env") { Description = "The environment (default: the platform's first)", HelpName = "NAME" };

    public Option<string?> Endpoint { get; } = new("--endpoint") { Description = "Ask AWS at this address (default: the environment's in platform.yaml, then $AWS_ENDPOINT_URL, then AWS)", HelpName = "URL" };

    public Option<bool> Lab { get; } = new("--lab") { Description = "Ask the lab that runs on this machine" };

    public PlatformAsk Load(CommonOptions common, ParseResult parsed) => new(common.Load(parsed), parsed.GetValue(Endpoint), parsed.GetValue(Lab));
}

/// <summary>A platform and the way to its AWS.</summary>
internal sealed class PlatformAsk(Settings settings, string? endpoint, bool lab)
{
    private static readonly Duration CallLimit = Duration.FromSeconds(10);

    public Settings Settings => settings;

    public Platform Platform { get; } = PlatformFile.Load(settings);

    public bool ReadsSecretValues => Platform.Fields.GetValueOrDefault("secretValues") is "shapes";

    public PlatformEnvironment Environment(string? name)
    {
        if (name is null) return Platform.Environments[0];
        return Platform.Environment(name) ?? throw new SettingsException($"there is no environment {name}; {Nearest.Suggest(name, Platform.Environments.Select(e => e.Name))}the platform has {string.Join(", ", Platform.Environments.Select(e => e.Name))}");
    }

    public ImmutableArray<Service> Services(string? name)
    {
        if (name is null) return Platform.Services;
        return [Platform.Service(name) ?? Platform.Services.FirstOrDefault(s => s.Fields.GetValueOrDefault("alias") == name)
            ?? throw new SettingsException($"there is no service {name}; {Nearest.Suggest(name, Platform.Services.Select(s => s.Name))}the platform has {string.Join(", ", Platform.Services.Select(s => s.Name))}")];
    }

    public AwsConnection Connection(PlatformEnvironment environment) => AwsConnection.For(environment, endpoint, lab);

    public static AwsCaller Caller(AwsConnection connection) => connection.Caller(CallLimit);

    public PlatformMap Map(PlatformEnvironment environment) => new(Platform, environment);

    /// <summary>A file beside platform.yaml, read whole.</summary>
    public string Beside(string name)
    {
        var file = Path.Combine(Path.GetDirectoryName(settings.PlatformFile) ?? ".", name);
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"{file} could not be read: {e.Message}");
        }
    }

    /// <summary>Account, region and endpoint, as every output names them; a lab's with its banner.</summary>
    public static async Task<string> WhereAsync(AwsConnection connection, AwsCaller caller, string region, CancellationToken cancel)
    {
        string account;
        try
        {
            account = (await caller.AskAsync("sts", region, "GetCallerIdentity", [], cancel))["Account"]?.ToString() ?? "unknown";
        }
        catch (AwsFailure e)
        {
            account = $"unknown ({PlainText.Of(Refusals.Words(e))})";
        }
        var banner = connection.Lab is not null || account.All(c => c == '0') ? "LAB · " : "";
        return $"{banner}account {account} · {region} · {connection.Endpoint?.ToString().TrimEnd('/') ?? "AWS"}";
    }
}
