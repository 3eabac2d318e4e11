using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NodaTime;

namespace Tocsin.Lab.Platform;

/// <summary>The lab's own certificate authority: made at its start, its key never leaves the process.</summary>
internal sealed class LabAuthority : IDisposable
{
    private readonly X509Certificate2 root;
    private readonly Instant now;

    public LabAuthority(Instant now)
    {
        this.now = now;
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=Tocsin LAB authority, O=LAB", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, hasPathLengthConstraint: true, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        root = request.CreateSelfSigned(Start, Start.AddYears(1));
    }

    public string RootPem => root.ExportCertificatePem() + "\n";

    private DateTimeOffset Start => now.ToDateTimeOffset().AddHours(-1);

    /// <summary>Certificate, then key, as PEM.</summary>
    public (string Certificate, string Key) Issue(string name, params IEnumerable<string> others)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}, O=LAB", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        foreach (var each in others.Prepend(name).Distinct(StringComparer.Ordinal))
        {
            if (System.Net.IPAddress.TryParse(each, out var address)) names.AddIpAddress(address);
            else names.AddDnsName(each);
        }
        request.CertificateExtensions.Add(names.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        using var issued = request.Create(root, Start, Start.AddDays(90), RandomNumberGenerator.GetBytes(12));
        return (issued.ExportCertificatePem() + "\n", key.ExportPkcs8PrivateKeyPem() + "\n");
    }

    public void Dispose() => root.Dispose();
}
