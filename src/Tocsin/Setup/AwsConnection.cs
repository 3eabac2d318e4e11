using Tocsin.Collect.Aws;
using Tocsin.Core.Platforms;
using Tocsin.Lab.Host;

namespace Tocsin.Cli.Setup;

/// <summary>Where AWS is asked for one environment, and as whom: what was given, else a running lab where asked for, else the platform's, else the environment's variable, else AWS itself.</summary>
internal sealed record AwsConnection(AwsLogin Login, Uri? Endpoint, bool Lab)
{
    public const string Variable = "AWS_ENDPOINT_URL";

    public static AwsConnection For(PlatformEnvironment environment, string? endpoint, bool lab)
    {
        if (lab)
        {
            var running = LabFolder.Default().Running() ?? throw new LabException("no lab runs; start it with tocsin lab up");
            return new AwsConnection(AwsLogin.Keys(running.AccessKeyId, running.SecretAccessKey), new Uri(running.Endpoint), Lab: true);
        }
        var named = endpoint ?? environment.Fields.GetValueOrDefault("endpoint") ?? Environment.GetEnvironmentVariable(Variable);
        var address = string.IsNullOrEmpty(named) ? null : Uri.TryCreate(named, UriKind.Absolute, out var uri) && uri.Scheme is "http" or "https" ? new Uri(named) : throw new SettingsException($"'{named}' is not an address of AWS; one begins with http:// or https://");
        var login = environment.Fields.GetValueOrDefault("profile") is { } profile ? AwsLogin.Profile(profile) : AwsLogin.Usual();
        return new AwsConnection(login, address, address is not null && LabFolder.Default().Running() is { } own && new Uri(own.Endpoint) == address);
    }

    public AwsCaller Caller(NodaTime.Duration limit) => new(new AwsCallerOptions { Login = Login, Endpoint = Endpoint, Limit = limit, Tries = 3 });
}
