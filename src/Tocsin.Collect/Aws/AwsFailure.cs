namespace Tocsin.Collect.Aws;

/// <summary>Why a call got no answer, as far as whoever asked must tell it apart.</summary>
public enum AwsFailureKind
{
    /// <summary>AWS refused what was asked: wrong, missing, or in the wrong state. The code says which.</summary>
    Refused,

    /// <summary>The permission is missing.</summary>
    Denied,

    /// <summary>The credentials are none, expired or unknown.</summary>
    Credentials,

    /// <summary>Too many calls, also after the retries.</summary>
    Throttled,

    /// <summary>AWS itself failed (5xx), also after the retries.</summary>
    Broken,

    /// <summary>Nobody was reached, or the answer was none of AWS's.</summary>
    Unreachable,

    /// <summary>The time limit was over.</summary>
    TimedOut,
}

/// <summary>A call that failed, with AWS's own code and words where it gave any. <see cref="Status"/> is 0 where there was no answer.</summary>
public sealed class AwsFailure(AwsFailureKind kind, string code, string message, int status, string call, Exception? inner = null)
    : Exception($"{call}: {code}: {message}", inner)
{
    private static readonly string[] CredentialCodes =
    [
        "UnrecognizedClientException", "InvalidClientTokenId", "ExpiredToken", "ExpiredTokenException", "InvalidSignatureException", "SignatureDoesNotMatch",
        "MissingAuthenticationToken", "MissingAuthenticationTokenException", "AuthFailure", "IncompleteSignature", "InvalidAccessKeyId",
    ];

    private static readonly string[] ThrottleCodes =
    [
        "Throttling", "ThrottlingException", "ThrottledException", "TooManyRequestsException", "RequestLimitExceeded", "RequestThrottled", "RequestThrottledException",
        "SlowDown", "PriorRequestNotComplete", "ProvisionedThroughputExceededException",
    ];

    public AwsFailureKind Kind => kind;

    public string Code => code;

    public int Status => status;

    /// <summary>The permission that the call takes, as IAM writes it, such as <c>ecs:DescribeServices</c>.</summary>
    public string Permission { get; } = call.Split(' ') is [var service, var operation, ..] ? $"{AwsEndpoint.Find(service)?.Prefix ?? service}:{operation}" : call;

    /// <summary>AWS's sentence, without the call.</summary>
    public string Words => message;

    internal bool MayPass => kind is AwsFailureKind.Throttled or AwsFailureKind.Broken;

    public static AwsFailureKind KindOf(string code, int status)
    {
        if (ThrottleCodes.Contains(code, StringComparer.Ordinal) || status == 429) return AwsFailureKind.Throttled;
        if (CredentialCodes.Contains(code, StringComparer.Ordinal)) return AwsFailureKind.Credentials;
        if (code.StartsWith("AccessDenied", StringComparison.Ordinal) || code is "UnauthorizedOperation" or "NotAuthorized") return AwsFailureKind.Denied;
        return status >= 500 ? AwsFailureKind.Broken : AwsFailureKind.Refused;
    }
}
