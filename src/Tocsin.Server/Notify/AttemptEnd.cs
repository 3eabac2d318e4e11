using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Notify;

/// <summary>How an attempt at a page ended, as it is written down.</summary>
/// <param name="State">sent, would or failed for good; waiting: it is tried again at <paramref name="Due"/>.</param>
/// <param name="Commands">What its incident hears in the same transaction.</param>
/// <param name="InDoubt">It may have arrived all the same.</param>
public sealed record AttemptEnd(OutboxRow Row, string State, ImmutableArray<IncidentCommand> Commands, string Reference, string Outcome, Instant Due, bool InDoubt)
{
    /// <summary>It arrived, or would have.</summary>
    public static AttemptEnd Sent(OutboxRow row, string state, IEnumerable<Receipt> receipts, string reference, string outcome) =>
        new(row, state, [.. receipts.Select(r => new IncidentCommand.RecordReceipt((int)row.Page, r))], reference, outcome, Instant.MinValue, InDoubt: false);

    /// <summary>A page that a channel took from a process that died before its incident heard of it.</summary>
    public static AttemptEnd Taken(OutboxRow row) => Sent(row, "sent", Enum.TryParse<Receipt>(row.Outcome, ignoreCase: true, out var receipt) ? [receipt] : [], row.Reference, row.Outcome);

    public static AttemptEnd Failed(OutboxRow row, string why) =>
        new(row, "failed", [new IncidentCommand.RecordFailure((int)row.Page, why)], "", why, Instant.MinValue, InDoubt: false);

    public static AttemptEnd Later(OutboxRow row, Instant due, bool inDoubt, string why) => new(row, "waiting", [], "", why, due, inDoubt);
}
