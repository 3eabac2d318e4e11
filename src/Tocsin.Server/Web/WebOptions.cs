using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Platforms;

namespace Tocsin.Server.Web;

/// <summary>A drill as a page shows it.</summary>
/// <param name="Account">The account that answered, or why none is known.</param>
/// <param name="Seconds">From the first question to the verdict.</param>
public sealed record DrillSeen(EvidenceBundle Bundle, DiagnosisReport Diagnosis, string Account, bool Lab, double Seconds);

/// <summary>Looks at one service of an environment, or at all where <paramref name="service"/> is empty; what each look gave is told as it comes.</summary>
public delegate Task<DrillSeen> Drilling(string environment, string service, Action<Observation> seen, CancellationToken cancel);

/// <summary>A drill that somebody asks of the server, as of the command line.</summary>
/// <param name="Environment">Null: the platform's first.</param>
/// <param name="Service">A service by name or role; null: all.</param>
/// <param name="Domain">One merchant's domain.</param>
/// <param name="Since">How far back, a time or an age.</param>
/// <param name="Format">json, text, md or html.</param>
/// <param name="Width">Of a line of text.</param>
/// <param name="Colour">Whether the text has colours of a terminal.</param>
public sealed record DrillAsked(string? Environment = null, string? Service = null, string? Domain = null, string? Since = null, string Format = "json", int Width = 100, bool Colour = false);

/// <summary>What a drill came down to, in the format that was asked for.</summary>
public sealed record DrillTold(string Text, Verdict Verdict);

/// <summary>It cannot be asked like this; the message says what would be right.</summary>
public sealed class DrillRefusal(string message) : Exception(message);

/// <summary>Looks, tells each part as it is found, and gives account, region and endpoint that answered.</summary>
public delegate Task<IReadOnlyList<string>> Looking<TPart>(LookAsked asked, Action<TPart> seen, CancellationToken cancel);

/// <summary>One service in two environments. No value of a secret is in it.</summary>
public sealed record ServiceCompared(ServiceState Left, ServiceState Right, ImmutableArray<EnvironmentDifference> Differences);

/// <summary>Whether a variable is as it should be.</summary>
public enum CheckStanding
{
    Right,
    Wrong,
    Unknown,
}

/// <summary>One variable of the checklist as it was found; its value is not in it.</summary>
/// <param name="Lives">Where it comes from.</param>
/// <param name="Said">What is wrong, or why it is not known.</param>
/// <param name="Right">What is right, in words.</param>
public sealed record CheckedLine(string Variable, CheckStanding Standing, string Lives, string Said, string Right);

/// <summary>The checklist of one service.</summary>
public sealed record ServiceChecked(string Service, IReadOnlyList<CheckedLine> Lines, IReadOnlyList<string> Mistakes);

/// <summary>A named fault of an attached lab.</summary>
/// <param name="Entry">The entry of the error reference that it shows as.</param>
public sealed record LabFault(string Id, string Title, string About, string Entry, string Cause, IReadOnlyList<string> Environments);

/// <summary>An attached lab at one moment.</summary>
public sealed record LabSeen(bool IsHealthy, string About, IReadOnlyList<(string Environment, string Name, bool IsHealthy, string Says)> Things, IReadOnlyList<(Instant At, string Environment, string By, string What)> Broken);

/// <summary>A lab beside this server: what can be broken in it, and how it is put back. It changes only its own.</summary>
/// <param name="Break">Gives what was done, a line each; throws <see cref="LabRefusal"/> where it is not done.</param>
/// <param name="Ask">Breaks, drills, compares and heals; what is broken already is healed before.</param>
public sealed record LabDoor(
    Func<IReadOnlyList<LabFault>> Faults,
    Func<CancellationToken, Task<LabSeen>> Look,
    Func<string, string, CancellationToken, Task<IReadOnlyList<string>>> Break,
    Func<CancellationToken, Task> Heal,
    Func<string, string, CancellationToken, Task<ExamAnswer>> Ask);

/// <summary>What the diagnosis said to a fault that was really there.</summary>
/// <param name="Expected">The right cause.</param>
/// <param name="Got">The one it put first; empty: none.</param>
/// <param name="Note">What kept it from being right, or asked at all.</param>
public sealed record ExamAnswer(string Expected, string Got, string Verdict, bool Right, double Seconds, string Note);

/// <summary>The lab did not do it; the message says why.</summary>
public sealed class LabRefusal(string message) : Exception(message);

/// <summary>One question of the lab's exam: a fault that was really there, and what the diagnosis said to it.</summary>
/// <param name="Cause">The right one, by its id within the entry.</param>
public sealed record ExamAsked(string Fault, string Cause, string Verdict, bool Right);

/// <summary>What the pages need beyond the server's own parts. What is not given has no page, and no link to it.</summary>
public sealed record WebOptions
{
    /// <summary>The error reference with its guides.</summary>
    public ErrorReference? Reference { get; init; }

    /// <summary>The newest exam that is shipped, by entry.</summary>
    public ImmutableDictionary<string, ImmutableArray<ExamAsked>> Exam { get; init; } = ImmutableDictionary<string, ImmutableArray<ExamAsked>>.Empty;

    public Drilling? Drill { get; init; }

    /// <summary>A drill in words; throws <see cref="DrillRefusal"/>.</summary>
    public Func<DrillAsked, CancellationToken, Task<DrillTold>>? Tell { get; init; }

    public Looking<ServiceCompared>? Compare { get; init; }

    public Looking<ServiceChecked>? Check { get; init; }

    /// <summary>The lab that is attached.</summary>
    public LabDoor? Lab { get; init; }

    /// <summary>The diagnosis that a bundle came down to, where it is kept.</summary>
    public Func<string, CancellationToken, Task<DiagnosisReport?>>? Report { get; init; }

    /// <summary>What evidence comes down to by the catalog of now.</summary>
    public Func<EvidenceBundle, DiagnosisReport>? Judge { get; init; }

    /// <summary>The account that is really asked, where it is not the platform's own; the lab's is 000000000000.</summary>
    public string Account { get; init; } = "";
}
