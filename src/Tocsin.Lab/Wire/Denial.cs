using Tocsin.Lab.Aws.Iam;

namespace Tocsin.Lab.Wire;

/// <summary>IAM's refusal, in the code and words of the service that was asked.</summary>
internal static class Denial
{
    public static AwsException Of(AwsCall call, string action, string resource, PolicyVerdict verdict, bool session)
    {
        var why = verdict is PolicyVerdict.ExplicitDeny ? "with an explicit deny in an identity-based policy"
            : session ? "because no session policy allows the " + action + " action"
            : "because no identity-based policy allows the " + action + " action";
        var on = resource is "*" ? "" : $" on resource: {resource}";
        var sentence = $"User: {call.Caller.Arn} is not authorized to perform: {action}{on} {why}";
        return AwsProduct.All[call.Service].Protocol switch
        {
            AwsProtocol.Json => new AwsException("AccessDeniedException", sentence),
            AwsProtocol.Ec2 => new AwsException("UnauthorizedOperation", $"You are not authorized to perform this operation. {sentence}", 403),
            _ => new AwsException("AccessDenied", sentence, 403),
        };
    }
}
