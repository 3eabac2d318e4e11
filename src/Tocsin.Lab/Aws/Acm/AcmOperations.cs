using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NodaTime;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws.Acm;

/// <summary>ACM with DNS validation: a certificate is issued once its records are seen for long enough.</summary>
public static partial class AcmOperations
{
    public static IEnumerable<Operation> All(LabWorld world)
    {
        CertificateState Of(AwsCall call)
        {
            var state = world.Regions[call.Region].Certificates;
            state.Settle(world.Clock.Elapsed, call.Now);
            return state;
        }
        yield return new Operation("acm", "DescribeCertificate", call => Describe(Of(call), call)) { Resources = static call => [call.Text("CertificateArn") ?? "*"], Note = "no X.509 certificate stands behind it" };
        yield return new Operation("acm", "ListCertificates", call => List(Of(call), call));
        yield return new Operation("acm", "RequestCertificate", call => Request(Of(call), call, world.Clock.Elapsed)) { ReadOnly = false, Note = "DNS validation only" };
    }

    private static JsonObject Describe(CertificateState state, AwsCall call)
    {
        var arn = call.Required("CertificateArn");
        if (!ValidArn().IsMatch(arn)) throw new AwsException("ValidationException", $"1 validation error detected: Value '{Inputs.Short(arn)}' at 'certificateArn' failed to satisfy constraint: Member must satisfy regular expression pattern: arn:[\\w+=/,.@-]+:acm:[\\w+=/,.@-]*:[0-9]+:[\\w+=,.@-]+(/[\\w+=,.@-]+)*");
        var c = state.Certificates.Find(c => c.Arn == arn) ?? throw new AwsException("ResourceNotFoundException", $"Could not find certificate {arn}.");
        return new JsonObject
        {
            ["Certificate"] = new JsonObject
            {
                ["CertificateArn"] = c.Arn,
                ["DomainName"] = c.Domains[0].Name,
                ["SubjectAlternativeNames"] = c.Domains.Select(d => d.Name).Array(),
                ["DomainValidationOptions"] = c.Domains.Array(d => new JsonObject
                {
                    ["DomainName"] = d.Name,
                    ["ValidationDomain"] = d.Name,
                    ["ValidationStatus"] = d.Status is "PENDING_VALIDATION" && c.Status is "FAILED" or "VALIDATION_TIMED_OUT" ? "FAILED" : d.Status,
                    ["ResourceRecord"] = new JsonObject { ["Name"] = d.RecordName, ["Type"] = "CNAME", ["Value"] = d.RecordValue },
                    ["ValidationMethod"] = "DNS",
                }),
                ["CreatedAt"] = AwsTime.Epoch(c.Created),
                ["Status"] = c.Status,
                ["Type"] = "AMAZON_ISSUED",
                ["KeyAlgorithm"] = "RSA-2048",
                ["InUseBy"] = c.InUseBy.Array(),
                ["RenewalEligibility"] = c.InUseBy.Count > 0 && c.Issued is not null ? "ELIGIBLE" : "INELIGIBLE",
            }.With("FailureReason", c.FailureReason).With("IssuedAt", c.Issued is { } issued ? AwsTime.Epoch(issued) : null)
                .With("NotBefore", c.Issued is { } from ? AwsTime.Epoch(from) : null).With("NotAfter", c.Issued is { } at ? AwsTime.Epoch(at + Duration.FromDays(395)) : null),
        };
    }

    private static JsonObject List(CertificateState state, AwsCall call)
    {
        var size = call.Within("MaxItems", 1, 1000, 1000, n => new AwsException("ValidationException", $"1 validation error detected: Value '{n}' at 'maxItems' failed to satisfy constraint: Member must have value less than or equal to 1000"));
        var statuses = call.Texts("CertificateStatuses").ToHashSet(StringComparer.Ordinal);
        var (page, next) = Pages.Of(state.Certificates.Where(c => statuses.Count == 0 || statuses.Contains(c.Status)), c => c.Arn, call.Text("NextToken"), size, () => new AwsException("ValidationException", "The NextToken is not valid."));
        return new JsonObject
        {
            ["CertificateSummaryList"] = page.Array(c => new JsonObject
            {
                ["CertificateArn"] = c.Arn,
                ["DomainName"] = c.Domains[0].Name,
                ["SubjectAlternativeNameSummaries"] = c.Domains.Select(d => d.Name).Array(),
                ["Status"] = c.Status,
                ["Type"] = "AMAZON_ISSUED",
                ["InUse"] = c.InUseBy.Count > 0,
                ["CreatedAt"] = AwsTime.Epoch(c.Created),
            }),
        }.With("NextToken", next);
    }

    private static JsonObject Request(CertificateState state, AwsCall call, Duration elapsed)
    {
        if ((call.Text("ValidationMethod") ?? "DNS") is not "DNS") throw new AwsException("ValidationException", "LAB: certificates are validated by DNS here.");
        List<string> names = [call.Required("DomainName"), .. call.Texts("SubjectAlternativeNames")];
        if (names.Find(n => !ValidDomain().IsMatch(n)) is { } bad) throw new AwsException("InvalidDomainValidationOptionsException", $"{Inputs.Short(bad)} is not a valid domain name.");
        if (names.Count > 100) throw new AwsException("LimitExceededException", "Too many domain names were requested for one certificate.");
        var token = call.Text("IdempotencyToken");
        if (token is not null && state.Certificates.Find(c => c.Token == token && c.Domains[0].Name == names[0]) is { } before) return new JsonObject { ["CertificateArn"] = before.Arn };
        var certificate = new Certificate(call.Region, names, call.Now, elapsed) { Token = token };
        state.Certificates.Add(certificate);
        return new JsonObject { ["CertificateArn"] = certificate.Arn };
    }

    [GeneratedRegex(@"\Aarn:[A-Za-z0-9_+=/,.@-]+:acm:[A-Za-z0-9_+=/,.@-]*:[0-9]+:[A-Za-z0-9_+=,.@-]+(/[A-Za-z0-9_+=,.@-]+)*\z", RegexOptions.NonBacktracking)]
    private static partial Regex ValidArn();

    [GeneratedRegex(@"\A(\*\.)?([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]{2,63}\z", RegexOptions.NonBacktracking)]
    private static partial Regex ValidDomain();
}
