using Amazon.Runtime;
using Amazon.Runtime.CredentialManagement;
using Amazon.Runtime.Credentials;

namespace Tocsin.Collect.Aws;

/// <summary>Whose calls these are. Nothing is looked up before the first call.</summary>
public sealed class AwsLogin
{
    private readonly Func<AWSCredentials> find;
    private readonly string whose;
    private readonly Lock gate = new();
    private Task<AWSCredentials>? found;

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

    // The SDK's chain blocks its thread for seconds where nothing is set up, asking for an instance's role. So one looks for all, on a thread that nobody else waits for.
    private Task<AWSCredentials> FoundAsync()
    {
        lock (gate) return found ??= Task.Factory.StartNew(find, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    internal async Task<ImmutableCredentials> GetAsync(string call, CancellationToken cancel)
    {
        try
        {
            return await (await FoundAsync().WaitAsync(cancel)).GetCredentialsAsync().WaitAsync(cancel);
        }
        catch (AmazonClientException e)
        {
            // Whoever calls later looks again: keys may be there by then.
            lock (gate) found = null;
            throw new AwsFailure(AwsFailureKind.Credentials, "NoCredentials", $"{whose}: {e.Message}", 0, call, e);
        }
    }
}
