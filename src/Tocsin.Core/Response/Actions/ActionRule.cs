using System.Collections.Immutable;
using NodaTime;

namespace Tocsin.Core.Response.Actions;

/// <summary>How far an action can be taken back.</summary>
public enum Reversibility
{
    /// <summary>Its undo restores what was before.</summary>
    Full,

    /// <summary>Its undo restores the setting, not what happened meanwhile.</summary>
    Partial,

    /// <summary>There is no undo; <see cref="ActionRule.Undo"/> says why.</summary>
    None,
}

/// <summary>How it changes what is running.</summary>
public enum ActionEffect
{
    /// <summary>Something new is made, nothing that runs changes.</summary>
    Adds,

    /// <summary>Tasks are replaced, or there are more of them.</summary>
    Replaces,

    /// <summary>Something is taken away: capacity, a key, a connection, a value.</summary>
    Destroys,
}

/// <summary>What holds for one kind of action, whoever asks for it.</summary>
/// <param name="Approvers">Different people in production, before anything runs.</param>
/// <param name="Undo">How it is taken back, or why it cannot be.</param>
/// <param name="CoolDown">The same action on the same target waits that long.</param>
/// <param name="PerHour">At most so often in an environment.</param>
/// <param name="IgnoresFreeze">It may run in a freeze window: it only ever makes the damage smaller.</param>
/// <param name="MayStopAll">The minimum of healthy tasks does not hold for it.</param>
public sealed record ActionRule(
    string Id,
    string Does,
    int Approvers,
    ActionEffect Effect,
    Reversibility Reversibility,
    string Undo,
    Duration CoolDown,
    int PerHour,
    bool IgnoresFreeze = false,
    bool MayStopAll = false);

/// <summary>All actions there are. What is not in here is refused: there is no action that empties Redis, and none that restores a database in place.</summary>
public static class ActionTable
{
    private static readonly Duration Short = Duration.FromMinutes(2);
    private static readonly Duration Usual = Duration.FromMinutes(10);
    private static readonly Duration Long = Duration.FromMinutes(30);

    public static readonly ImmutableArray<ActionRule> All =
    [
        new("ecs.rollback", "The service runs the last revision again that was healthy here", 1, ActionEffect.Replaces, Reversibility.Full, "The revision that ran before is deployed again", Usual, 4),
        new("ecs.deployRevision", "A revision with the running images and the newest settings is registered and deployed", 1, ActionEffect.Replaces, Reversibility.Full, "The revision that ran before is deployed again", Usual, 4),
        new("ecs.scale", "The service's desired count changes", 1, ActionEffect.Replaces, Reversibility.Full, "The desired count from before is set again", Short, 12),
        new("ecs.forceDeploy", "Every task of the service is replaced by one of the same revision", 1, ActionEffect.Replaces, Reversibility.None, "The tasks are the same as before, only younger: there is nothing to take back", Usual, 10),
        new("ecs.stopWrites", "All services of the environment go to 0 tasks, and their scaling is suspended", 1, ActionEffect.Destroys, Reversibility.Partial, "Counts and scaling are as before; what senders gave up meanwhile is lost", Short, 10, IgnoresFreeze: true, MayStopAll: true),
        new("rds.snapshot", "A snapshot of the database cluster is taken", 1, ActionEffect.Adds, Reversibility.None, "A snapshot is evidence; it is deleted by hand when nobody needs it", Short, 6, IgnoresFreeze: true),
        new("rds.restoreToNewCluster", "A new cluster is made from a point in time", 2, ActionEffect.Adds, Reversibility.None, "The new cluster is deleted by hand once it is clear that nothing reads it", Long, 3),
        new("secret.create", "A secret that is missing is created with all its keys", 2, ActionEffect.Adds, Reversibility.Full, "The secret is marked for deletion, with a week to take that back", Usual, 4),
        new("secret.put", "One key of a secret changes, all others stay", 2, ActionEffect.Replaces, Reversibility.Full, "The version before is current again", Short, 10),
        new("aurora.rotatePassword", "The master password changes, in RDS and in every secret that holds it", 2, ActionEffect.Destroys, Reversibility.None, "The old password is the one that must not work any more", Long, 3, IgnoresFreeze: true),
        new("iam.deactivateKey", "An access key is made inactive", 1, ActionEffect.Destroys, Reversibility.Full, "The key is made active again", Short, 20, IgnoresFreeze: true),
        new("mysql.killConnection", "One connection of the database is ended", 2, ActionEffect.Destroys, Reversibility.None, "What the connection had not committed is rolled back by the server; its client connects again", Duration.FromSeconds(10), 30),
        new("migration.markRun", "A migration is written into the table of those that have run", 2, ActionEffect.Adds, Reversibility.Full, "The row is deleted again", Usual, 4),
        new("bullmq.retryFailed", "Failed jobs go back to the queue, in batches, until they fail again", 2, ActionEffect.Replaces, Reversibility.None, "Jobs that ran have done what they do", Usual, 6),
        new("bullmq.pause", "A queue is paused, or goes on", 1, ActionEffect.Destroys, Reversibility.Full, "The queue goes on", Short, 12),
        new("redis.deleteKey", "One key is deleted, that its queue does not own", 2, ActionEffect.Destroys, Reversibility.Full, "The key is given back from where it was put aside, for a week", Usual, 6),
        new("cloudflare.unproxyRecord", "ACM's validation record is made DNS-only", 2, ActionEffect.Replaces, Reversibility.Full, "The record is proxied again", Short, 6),
        new("clickhouse.applySchema", "Missing tables are made; tables that are there stay as they are", 2, ActionEffect.Adds, Reversibility.None, "Empty tables harm nobody; the consumer writes into them at once", Usual, 4),
        new("github.openIssue", "An issue is opened", 1, ActionEffect.Adds, Reversibility.Full, "The issue is closed", Duration.FromSeconds(10), 30, IgnoresFreeze: true),
    ];

    private static readonly ImmutableDictionary<string, ActionRule> ById = All.ToImmutableDictionary(a => a.Id, StringComparer.Ordinal);

    /// <summary>Null: there is no such action.</summary>
    public static ActionRule? Find(string id) => ById.GetValueOrDefault(id);

    /// <summary>How many people approve it. Outside production one is enough; fewer tasks are two people's decision, more tasks one's.</summary>
    public static int ApproversOf(ActionRule rule, ActionPlan plan) =>
        !plan.Production ? 1 : plan.LeastHealthy is { } least && least.After < least.Before && !rule.MayStopAll ? Math.Max(2, rule.Approvers) : rule.Approvers;
}
