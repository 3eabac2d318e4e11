using Tocsin.Server.Actions.Aws;
using Tocsin.Server.Actions.Data;
using Tocsin.Server.Actions.Ecs;

namespace Tocsin.Server.Actions;

/// <summary>All kinds of actions; each has its rule in Core's table.</summary>
public static class ActionKinds
{
    public static ActionPlanner Planner() => new(
    [
        new RollBack(), new DeployRevision(), new ScaleTasks(), new ForceDeploy(), new StopWrites(),
        new Snapshot(), new RestoreToNewCluster(), new CreateSecret(), new PutSecret(), new RotatePassword(), new DeactivateKey(),
        new KillConnection(), new MarkMigration(), new RetryFailed(), new PauseQueue(), new DeleteKey(), new ApplySchema(), new UnproxyRecord(), new OpenIssue(),
    ]);
}
