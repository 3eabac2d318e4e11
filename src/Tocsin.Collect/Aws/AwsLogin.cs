using System.Diagnostics;
using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.Runtime.Credentials;

namespace Tocsin.Collect.Aws;

/// <summary>Whose calls these are. Nothing is looked up before the first call.</summary>
public sealed class AwsLogin
{
    // Who logs in after a failure is seen after so long.
    private static readonly TimeSpan Again = TimeSpan.FromSeconds(30);
    private readonly Func<AWSCredentials> find;
    private readonly string whose;
    private readonly Lock gate = new();
    private Task<AWSCredentials>? found;
    private long foundAt;

    private AwsLogin(Func<AWSCredentials> find, string whose)
    {
        this.find = find;
        this.whose = whose;
    }

    public static AwsLogin Keys(string accessKeyId, string secretAccessKey, string? sessionToken = null) =>
        new(() => string.IsNullOrEmpty(sessionToken) ? new BasicAWSCredentials(accessKeyId, secretAccessKey) : new SessionAWSCredentials(accessKeyId, secretAccessKey, sessionToken), accessKeyId);

    /// <summary>A profile of the user's own files, also one that assumes a role.</summary>
    public static AwsLogin Profile(string name) => new(
        () => new CredentialProfileStoreChain().TryGetAWSCredentials(name, out var credentials) ? credentials : throw new AmazonClientException($"there is no profile {name}, or it has no credentials"),
        $"profile {name}");

    /// <summary>What the SDK's own chain finds: the environment, the profile that it names, a container's or instance's role.</summary>
    public static AwsLogin Usual() => new(() => DefaultAWSCredentialsIdentityResolver.GetCredentials(), "the usual credentials");

    internal async Task<ImmutableCredentials> GetAsync(string call, CancellationToken cancel)
    {
        try
        {
            var credentials = await FoundAsync(CancellationToken.None).WaitAsync(cancel);
            return await credentials.GetCredentialsAsync().WaitAsync(cancel);
        }
        catch (AmazonClientException e)
        {
            throw new AwsFailure(AwsFailureKind.Credentials, "NoCredentials", $"{whose}: {Words(e.Message)}", 0, call, e);
        }
    }

    // Looked for once for all calls, also where nothing is found: the chain ends at the address of an instance's role, and waits there for seconds.
    private Task<AWSCredentials> FoundAsync(CancellationToken cancel)
    {
        lock (gate)
        {
            if (found is null || (found.IsFaulted && Stopwatch.GetElapsedTime(foundAt) > Again)) (found, foundAt) = (FindAsync(cancel), Stopwatch.GetTimestamp());
            return found;
        }
    }

    // The chain blocks its thread while it asks; it is one that nobody else waits for.
    private Task<AWSCredentials> FindAsync(CancellationToken cancel) => Task.Factory.StartNew(
        () =>
        {
            var credentials = find();
            credentials.GetCredentials();
            return credentials;
        },
        cancel,
        TaskCreationOptions.LongRunning,
        TaskScheduler.Default);

    // The chain tells of each place where it looked. An expired SSO login is worth its own words, the rest is not.
    private static string Words(string message) =>
        !message.Contains("Exception 1 of", StringComparison.Ordinal) || message.Contains("SSO", StringComparison.Ordinal)
            ? message
            : "none in the environment (AWS_ACCESS_KEY_ID, AWS_PROFILE), in the user's files, and from no container or instance role; log in (aws sso login), or name a profile in platform.yaml";
}
