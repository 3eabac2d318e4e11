using System.Collections.Immutable;

namespace Tocsin.Core.Catalog;

/// <summary>The names an entry may use. Apart from the shapes, so that a scan need not build those.</summary>
public static class EntryNames
{
    public const string IdPattern = "[a-z][a-z0-9]*(-[a-z0-9]+)*";
    public const string DurationPattern = "[1-9][0-9]{0,5}(s|m|h)";

    public static readonly ImmutableArray<string> Layers = ["ecs", "database", "network", "queue", "service", "cloudflare"];
    public static readonly ImmutableArray<string> Severities = ["P0", "P1", "P2", "P3"];

    public static readonly ImmutableArray<string> Impacts =
    [
        "no-healthy-target", "running-below-desired", "address-failing", "error-share", "queue-age", "certificate-near-expiry",
        "checkout-failing", "login-failing",
    ];

    public static readonly ImmutableArray<string> Roles = ["core-api", "customer-panel", "admin-api", "events-worker", "storefront"];

    /// <summary>The guarded actions a fix may name.</summary>
    public static readonly ImmutableArray<string> Actions =
    [
        "ecs.rollback", "ecs.deployRevision", "ecs.scale", "ecs.forceDeploy", "ecs.stopWrites", "rds.snapshot", "rds.restoreToNewCluster",
        "secret.create", "secret.put", "aurora.rotatePassword", "iam.deactivateKey", "mysql.killConnection", "migration.markRun",
        "bullmq.retryFailed", "bullmq.pause", "redis.deleteKey", "cloudflare.unproxyRecord", "clickhouse.applySchema", "github.openIssue",
    ];
}
