using System.Net;
using System.Security.Cryptography.X509Certificates;
using NodaTime;

namespace Tocsin.Collect.Wire;

/// <summary>Where a walk leads, and how long it may take as a whole.</summary>
public sealed record WireTarget(string Host, int Port)
{
    /// <summary>From the first look-up to the last answer; wall time.</summary>
    public Duration Limit { get; init; } = Duration.FromSeconds(5);

    public bool Tls { get; init; }

    /// <summary>Trusted instead of the system's authorities: databases of AWS have authorities of their own.</summary>
    public X509Certificate2Collection? Authorities { get; init; }

    /// <summary>Sees the certificate whatever it is; whoever looks must send nothing secret.</summary>
    public bool LooksOnly { get; init; }

    /// <summary>The name that the certificate must bear; null: the host.</summary>
    public string? TlsName { get; init; }

    /// <summary>Asked for the host's address; null: as the system does.</summary>
    public IPEndPoint? Resolver { get; init; }

    public TimeProvider Time { get; init; } = TimeProvider.System;
}
