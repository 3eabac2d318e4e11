using System.Collections.Immutable;
using System.Globalization;
using System.Text.RegularExpressions;
using NodaTime;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Matching;

namespace Tocsin.Core.Signals.Watching;

/// <summary>What an address answered: a status, or the stage at which the way to it ended and why.</summary>
/// <param name="Status">0 where there was no answer.</param>
public sealed record AddressAnswer(WatchedAddress Address, int Status, string Stage, string Code, Duration Took);

/// <summary>Makes looks of what was seen. What was not seen is no look that votes.</summary>
public static partial class WatchLooks
{
    public const string Aws = "aws";

    /// <summary>How a look ends that was answered without the fact it asks for: there is nothing of that kind, such as no task that stopped.</summary>
    public const string NotKnown = "is not known";

    /// <summary>The looks of one round at the addresses.</summary>
    /// <param name="controlAnswers">Whether any address of others answered; null: none was asked.</param>
    public static ImmutableArray<Look> Of(IReadOnlyCollection<AddressAnswer> answers, bool? controlAnswers, Instant at) => [.. answers.Select(a => Of(a, controlAnswers, at))];

    /// <summary>Whether nothing answered at all, so that it may be this host that sees nothing.</summary>
    public static bool NothingAnswered(IReadOnlyCollection<AddressAnswer> answers) => answers.Count > 0 && answers.All(a => a.Status == 0);

    /// <summary>The looks of one round at an environment's facts, for each rule and each thing it holds of.</summary>
    /// <remarks>Of several looks at one thing, such as AWS's and the server's own, the one that saw something counts; of those the bad one.</remarks>
    public static ImmutableArray<Look> Of(WatchPlan plan, IReadOnlyCollection<Observation> observations) =>
    [
        .. from rule in plan.Rules
           from seen in observations
           where seen.Probe == rule.Probe && (rule.Environments.IsEmpty || rule.Environments.Contains(seen.Subject.Environment, StringComparer.Ordinal))
           group Of(rule, seen) by SubjectOf(rule, seen) into same
           select same.OrderBy(l => l.Outcome switch { LookOutcome.Bad => 0, LookOutcome.Good => 1, _ => 2 }).First(),
    ];

    /// <summary>Whether a source could be asked: one answer is enough. What is not set up is no source.</summary>
    public static Look? Sight(string environment, string source, IReadOnlyCollection<Observation> observations, Instant at)
    {
        var asked = observations.Where(o => o.Status is not ObservationStatus.NotConfigured).ToList();
        if (asked.Count == 0) return null;
        var subject = new WatchSubject(WatchKind.Sight, environment, "", source);
        if (asked.Exists(o => o.IsEvidence)) return new Look(subject, LookOutcome.Good, at, "");
        var missing = asked.GroupBy(o => o.Note, StringComparer.Ordinal).OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal).First();
        return new Look(subject, LookOutcome.Bad, at, $"Blind: {source} of {environment} cannot be asked ({missing.First().Status}: {Short(missing.Key)})");
    }

    /// <summary>Whether facts may be looked at at all.</summary>
    public static Look Budget(string environment, Instant at, int perHour, bool isUsed) =>
        new(new WatchSubject(WatchKind.Sight, environment, "", "budget"), isUsed ? LookOutcome.Bad : LookOutcome.Good, at, string.Create(CultureInfo.InvariantCulture, $"Blind: facts of {environment} are not looked at, the {perHour} calls to AWS of this hour are used up"));

    private static Look Of(AddressAnswer answer, bool? controlAnswers, Instant at)
    {
        var address = answer.Address;
        var subject = new WatchSubject(WatchKind.Address, address.Environment, address.Service, address.Id);
        if (answer.Status == 0 && controlAnswers is false) return new Look(subject, LookOutcome.Unseen, at, "addresses of others do not answer either: this host sees nothing");
        var good = address.Status > 0 ? answer.Status == address.Status : answer.Status is >= 200 and < 400;
        if (good) return new Look(subject, LookOutcome.Good, at, "");
        return new Look(subject, LookOutcome.Bad, at, answer.Status > 0 ? $"{Shown(address.Address)} answers {answer.Status}" : $"{Shown(address.Address)} does not answer ({answer.Code} at {answer.Stage})");
    }

    private static Look Of(WatchRule rule, Observation seen)
    {
        var subject = SubjectOf(rule, seen);
        var value = seen.IsEvidence ? seen.Value(rule.When.Name) : null;
        if (value is null) return new Look(subject, LookOutcome.Unseen, seen.At, seen.IsEvidence ? $"{rule.When.Name} {NotKnown}" : $"{seen.Status}: {Short(seen.Note)}");
        return rule.When.Compare.Holds(value) ? new Look(subject, LookOutcome.Bad, seen.At, Filled(rule.Says, seen)) : new Look(subject, LookOutcome.Good, seen.At, "");
    }

    private static WatchSubject SubjectOf(WatchRule rule, Observation seen) =>
        new(WatchKind.Rule, seen.Subject.Environment, seen.Subject.Service.Length > 0 ? seen.Subject.Service : seen.Subject.Component, rule.Id, seen.Subject.Item);

    private static string Filled(string says, Observation seen) => Hole().Replace(says, m => m.Groups[1].Value is "item" ? seen.Subject.Item : seen.Facts.GetValueOrDefault(m.Groups[1].Value, "?"));

    // Without scheme, and without a query that may hold a key.
    private static string Shown(string address)
    {
        var bare = address[(address.IndexOf("://", StringComparison.Ordinal) + 3)..];
        var query = bare.IndexOf('?', StringComparison.Ordinal);
        return (query < 0 ? bare : bare[..query]).TrimEnd('/');
    }

    private static string Short(string note) => note.Length <= 90 ? note : $"{note[..89]}…";

    [GeneratedRegex("\\{([a-zA-Z]{1,40})\\}", RegexOptions.CultureInvariant)]
    private static partial Regex Hole();
}
