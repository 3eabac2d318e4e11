using System.Collections.Frozen;
using System.Collections.Immutable;
using Tocsin.Core.Catalog;

namespace Tocsin.Core.Platforms;

/// <summary>What each guarded action takes of AWS beyond what reading takes. Actions that change no AWS resource take nothing here.</summary>
public static class ActionPermissions
{
    private static readonly FrozenDictionary<string, ImmutableArray<string>> Known = new Dictionary<string, ImmutableArray<string>>(StringComparer.Ordinal)
    {
        ["ecs.rollback"] = ["ecs:UpdateService"],
        ["ecs.deployRevision"] = ["ecs:RegisterTaskDefinition", "ecs:UpdateService", "iam:PassRole"],
        ["ecs.scale"] = ["ecs:UpdateService"],
        ["ecs.forceDeploy"] = ["ecs:UpdateService"],
        ["ecs.stopWrites"] = ["ecs:UpdateService", "application-autoscaling:RegisterScalableTarget"],
        ["rds.snapshot"] = ["rds:CreateDBClusterSnapshot", "rds:DescribeDBClusterSnapshots"],
        ["rds.restoreToNewCluster"] = ["rds:RestoreDBClusterToPointInTime", "rds:RestoreDBClusterFromSnapshot", "rds:CreateDBInstance"],
        ["secret.create"] = ["secretsmanager:CreateSecret", "secretsmanager:DeleteSecret"],
        ["secret.put"] = ["secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue", "secretsmanager:UpdateSecretVersionStage"],
        ["aurora.rotatePassword"] = ["rds:ModifyDBCluster", "secretsmanager:GetSecretValue", "secretsmanager:PutSecretValue"],
        ["iam.deactivateKey"] = ["iam:UpdateAccessKey", "iam:ListAccessKeys"],
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Null where there is no such action.</summary>
    public static ImmutableArray<string>? Of(string action) =>
        EntryNames.Actions.Contains(action, StringComparer.Ordinal) ? Known.GetValueOrDefault(action, []) : null;
}
