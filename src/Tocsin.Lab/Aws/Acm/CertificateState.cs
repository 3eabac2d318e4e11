using NodaTime;

namespace Tocsin.Lab.Aws.Acm;

/// <summary>What DNS answers for a name: the CNAME's value, or that a proxy stands before it and hides it.</summary>
public sealed record DnsRecordView(string Value, bool Proxied);

/// <summary>The record that proves a name and the wildcard above it.</summary>
public sealed record CertificateRecord(string Name, string Value)
{
    public static CertificateRecord For(string name) => new($"_{LabIds.Hex(32)}.{name}.", $"_{LabIds.Hex(32)}.{LabIds.Letters(name, 10).ToLowerInvariant()}.acm-validations.aws.");
}

/// <summary>One name of a certificate and the record that proves it.</summary>
public sealed class CertificateDomain(string name, CertificateRecord record)
{
    public string Name { get; } = name;

    public string RecordName => record.Name;

    public string RecordValue => record.Value;

    /// <summary>A wildcard is proven by the record of the name below it.</summary>
    public static IEnumerable<CertificateDomain> Of(IEnumerable<string> names) =>
        names.Distinct(StringComparer.OrdinalIgnoreCase).GroupBy(n => n.StartsWith("*.", StringComparison.Ordinal) ? n[2..] : n, StringComparer.OrdinalIgnoreCase)
            .SelectMany(g => CertificateRecord.For(g.Key) is var record ? g.Select(n => new CertificateDomain(n, record)) : []);

    public string Status { get; set; } = "PENDING_VALIDATION";

    /// <summary>Lab time since which the record is right.</summary>
    public Duration? RightSince { get; set; }
}

public sealed class Certificate(string region, IEnumerable<string> names, Instant created, Duration requested)
{
    public string Arn { get; } = LabIds.Arn("acm", region, $"certificate/{LabIds.Uuid()}");

    public List<CertificateDomain> Domains { get; } = [.. CertificateDomain.Of(names)];

    public Instant Created { get; } = created;

    public Duration Requested { get; } = requested;

    public Instant? Issued { get; set; }

    /// <summary><c>PENDING_VALIDATION</c>, <c>ISSUED</c>, <c>FAILED</c>, <c>VALIDATION_TIMED_OUT</c>, <c>EXPIRED</c>.</summary>
    public string Status { get; set; } = "PENDING_VALIDATION";

    /// <summary>Of a failed one: <c>CAA_ERROR</c>, <c>DOMAIN_NOT_ALLOWED</c> and the like.</summary>
    public string? FailureReason { get; set; }

    public List<string> InUseBy { get; } = [];

    public string? Token { get; init; }

    public void Issue(Instant now)
    {
        (Status, Issued, FailureReason) = ("ISSUED", now, null);
        foreach (var domain in Domains) domain.Status = "SUCCESS";
    }
}

/// <summary>The certificates of one region. ACM looks at DNS by itself, here whenever <see cref="Settle"/> is called.</summary>
public sealed class CertificateState
{
    private static readonly Duration GivesUpAfter = Duration.FromHours(72);

    public Duration ValidationTakes { get; set; } = Duration.FromMinutes(30);

    public List<Certificate> Certificates { get; } = [];

    /// <summary>What DNS has for a record's name; unset means that there is nothing. Asked under the world's lock: it must answer from memory.</summary>
    public Func<string, DnsRecordView?>? Dns { get; set; }

    public void Settle(Duration elapsed, Instant now)
    {
        foreach (var certificate in Certificates.Where(c => c.Status is "PENDING_VALIDATION"))
        {
            foreach (var domain in certificate.Domains.Where(d => d.Status is "PENDING_VALIDATION"))
            {
                domain.RightSince = Right(domain) ? domain.RightSince ?? elapsed : null;
                if (elapsed - domain.RightSince >= ValidationTakes) domain.Status = "SUCCESS";
            }
            if (certificate.Domains.TrueForAll(d => d.Status is "SUCCESS")) certificate.Issue(now);
            else if (elapsed - certificate.Requested >= GivesUpAfter) (certificate.Status, certificate.FailureReason) = ("VALIDATION_TIMED_OUT", null);
        }
    }

    private bool Right(CertificateDomain domain) => Dns?.Invoke(domain.RecordName) is { Proxied: false } view
        && string.Equals(view.Value.TrimEnd('.'), domain.RecordValue.TrimEnd('.'), StringComparison.OrdinalIgnoreCase);
}
