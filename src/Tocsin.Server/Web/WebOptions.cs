using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Server.Web;

/// <summary>A drill as a page shows it.</summary>
/// <param name="Account">The account that answered, or why none is known.</param>
/// <param name="Seconds">From the first question to the verdict.</param>
public sealed record DrillSeen(EvidenceBundle Bundle, DiagnosisReport Diagnosis, string Account, bool Lab, double Seconds);

/// <summary>Looks at one service of an environment, or at all where <paramref name="service"/> is empty; what each look gave is told as it comes.</summary>
public delegate Task<DrillSeen> Drilling(string environment, string service, Action<Observation> seen, CancellationToken cancel);

/// <summary>What the pages need beyond the server's own parts. What is not given has no page, and no link to it.</summary>
public sealed record WebOptions
{
    /// <summary>The error reference with its guides.</summary>
    public ErrorReference? Reference { get; init; }

    public Drilling? Drill { get; init; }

    /// <summary>The diagnosis that a bundle came down to, where it is kept.</summary>
    public Func<string, CancellationToken, Task<DiagnosisReport?>>? Report { get; init; }

    /// <summary>The account that is really asked, where it is not the platform's own; the lab's is 000000000000.</summary>
    public string Account { get; init; } = "";
}
