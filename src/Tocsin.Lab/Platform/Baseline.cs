using System.Text.Json.Nodes;
using Tocsin.Lab.Aws.Ecr;
using Tocsin.Lab.Aws.Ecs;
using Tocsin.Lab.Aws.Elb;
using Tocsin.Lab.Aws.Iam;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Platform;

/// <summary>
/// How the platform was when it was healthy, and the way back there from any state: everything that a verb or an API call can change is put back, and services
/// whose tasks no longer run what they should are deployed anew. Values and processes are real, so being back takes as long as the tasks take to start.
/// </summary>
internal sealed class Baseline
{
    private readonly LabWorld world;
    private readonly EcsEngine engine;
    private readonly List<Action> restores = [];
    private readonly List<Action> histories = [];
    private readonly List<(LabRegion Region, Action Restore)> routing = [];
    private readonly Dictionary<(string Region, string Name), Aws.Secrets.Secret> secrets = [];

    /// <summary>Remembers the world as it is. Called with the world's lock held.</summary>
    public Baseline(LabWorld world, EcsEngine engine)
    {
        this.world = world;
        this.engine = engine;
        foreach (var principal in world.Iam.Principals.Values) Remember(principal);
        foreach (var key in world.Iam.Keys.Values.Where(k => k.Session is null).ToList()) restores.Add(() => key.Active = true);
        foreach (var region in world.Regions.Values)
        {
            foreach (var secret in region.Secrets.Secrets.Values) Remember(region, secret);
            foreach (var repository in region.Images.Repositories.Values) Remember(region, repository);
            foreach (var group in region.Elb.TargetGroups.Values) Remember(group);
            foreach (var balancer in region.Elb.Balancers.Values) Remember(region, balancer);
            restores.Add(() => region.Ecs.PlacementFailure = null);
            Remember(region);
            var groups = region.Elb.TargetGroups.Keys.ToHashSet(StringComparer.Ordinal);
            restores.Add(() =>
            {
                foreach (var added in region.Elb.TargetGroups.Keys.Where(k => !groups.Contains(k)).ToList()) region.Elb.TargetGroups.Remove(added);
            });
        }
        // Services last: they are deployed on what the others put back.
        foreach (var region in world.Regions.Values)
        {
            foreach (var service in region.Ecs.Clusters.Values.SelectMany(c => c.Services.Values)) Remember(region, service);
        }
    }

    public Aws.Secrets.Secret? Secret(LabRegion region, string name) => secrets.GetValueOrDefault((region.Name, name));

    public void RestoreRules(LabRegion region) => routing.Where(r => r.Region == region).ToList().ForEach(r => r.Restore());

    /// <summary>Further things that are put back, before the services are.</summary>
    public void Add(Action restore) => restores.Insert(0, restore);

    /// <summary>Called with the world's lock held.</summary>
    public void Restore()
    {
        foreach (var restore in restores) restore();
        foreach (var history in histories) history();
        engine.Signal();
    }

    private void Remember(Principal principal)
    {
        var inline = principal.Inline.ToDictionary(StringComparer.Ordinal);
        restores.Add(() =>
        {
            principal.Inline.Clear();
            foreach (var (name, policy) in inline) principal.Inline[name] = policy;
        });
    }

    private void Remember(LabRegion region, Aws.Secrets.Secret secret)
    {
        var value = secret.Current!.Value;
        var (changed, versions) = (secret.Changed, secret.Versions.Select(v => (Version: v, Stages: v.Stages.ToList())).ToList());
        secrets[(region.Name, secret.Name)] = secret;
        restores.Add(() =>
        {
            (secret.Deleted, secret.GoneAt, secret.KmsKey) = (null, null, null);
            region.Secrets.Secrets[secret.Name] = secret;
            if (secret.Current?.Value != value) secret.Put(value, world.Clock.Now);
        });
        // Its history is put back too, or whoever looks next would see a change that was none. By then it is known which tasks had read another value.
        histories.Add(() =>
        {
            secret.Changed = changed;
            Put(secret.Versions, versions.Select(v => v.Version));
            foreach (var (version, stages) in versions) Put(version.Stages, stages);
        });
    }

    private void Remember(LabRegion region, Repository repository)
    {
        var images = repository.Images.Select(i => (Image: i, Tags: i.Tags.ToList())).ToList();
        restores.Add(() =>
        {
            region.Images.Repositories[repository.Name] = repository;
            repository.Images.Clear();
            foreach (var (image, tags) in images)
            {
                image.Tags.Clear();
                image.Tags.UnionWith(tags);
                repository.Images.Add(image);
            }
        });
    }

    // Quotas, routes, groups, hosts and scaling: everything that stands around the services.
    private void Remember(LabRegion region)
    {
        var quotas = region.Quotas.Quotas.Select(q => (Quota: q, q.Value)).ToList();
        var tables = region.Network.RouteTables.Select(t => (Table: t, Routes: t.Routes.ToList())).ToList();
        var groups = region.Network.Groups.Select(g => (Group: g, Rules: g.Rules.ToList())).ToList();
        var hosts = region.Network.Instances.Select(i => (Host: i, i.State)).ToList();
        var certificates = region.Certificates.Certificates.ToList();
        var targets = region.Scaling.Targets.Select(t => (Target: t, t.Min, t.Max)).ToList();
        restores.Add(() =>
        {
            foreach (var (quota, value) in quotas) quota.Value = value;
            foreach (var (table, routes) in tables) Put(table.Routes, routes);
            foreach (var (group, rules) in groups) Put(group.Rules, rules);
            foreach (var (host, state) in hosts) (host.State, host.SettlesAt) = (state, null);
            foreach (var gateway in region.Network.NatGateways) gateway.State = "available";
            Put(region.Certificates.Certificates, certificates);
            Put(region.Scaling.Targets, targets.Select(t => t.Target));
            foreach (var (target, min, max) in targets) (target.Min, target.Max, target.InSuspended, target.OutSuspended, target.ScheduledSuspended) = (min, max, false, false, false);
        });
    }

    private static void Put<T>(List<T> list, IEnumerable<T> was)
    {
        var items = was.ToList();
        list.Clear();
        list.AddRange(items);
    }

    private void Remember(TargetGroup group)
    {
        var (path, port, matcher, interval, timeout, healthy, unhealthy) = (group.HealthPath, group.HealthPort, group.Matcher, group.Interval, group.Timeout, group.HealthyThreshold, group.UnhealthyThreshold);
        restores.Add(() => (group.HealthPath, group.HealthPort, group.Matcher, group.Interval, group.Timeout, group.HealthyThreshold, group.UnhealthyThreshold) = (path, port, matcher, interval, timeout, healthy, unhealthy));
    }

    private void Remember(LabRegion region, LoadBalancer balancer)
    {
        var attributes = balancer.Attributes.ToDictionary(StringComparer.Ordinal);
        var rules = balancer.Listeners.Select(l => (Listener: l, Rules: l.Rules.ToList())).ToList();
        restores.Add(() =>
        {
            foreach (var (name, value) in attributes) balancer.Attributes[name] = value;
        });
        Action restore = () =>
        {
            foreach (var (listener, was) in rules)
            {
                listener.Rules.Clear();
                listener.Rules.AddRange(was);
            }
        };
        restores.Add(restore);
        routing.Add((region, restore));
    }

    private void Remember(LabRegion region, EcsServiceState service)
    {
        var (definition, desired, breaker, rollback, least, most, grace) =
            (service.Definition, service.Desired, service.CircuitBreaker, service.RollbackOnFailure, service.MinimumHealthyPercent, service.MaximumPercent, service.HealthGrace);
        var balancers = service.Balancers.ToList();
        var cluster = region.Ecs.Clusters.Values.First(c => c.Arn == service.ClusterArn);
        restores.Add(() =>
        {
            cluster.Services[service.Name] = service;
            foreach (var newer in region.Ecs.Families[service.Name].Where(d => d.Revision > definition.Revision && d.Active)) (newer.Active, newer.Deregistered) = (false, world.Clock.Now);
            (service.Status, service.Desired, service.CircuitBreaker, service.RollbackOnFailure, service.MinimumHealthyPercent, service.MaximumPercent, service.HealthGrace) =
                ("ACTIVE", desired, breaker, rollback, least, most, grace);
            service.Balancers.Clear();
            service.Balancers.AddRange(balancers);
            definition.Active = true;
            if (!RunsAsItShould(region, cluster, service, definition)) engine.Deploy(service, definition, null);
        });
    }

    // A task reads its secrets when it starts: one that started before the last change runs on old values.
    private bool RunsAsItShould(LabRegion region, EcsCluster cluster, EcsServiceState service, TaskDefinition definition)
    {
        if (service.Definition != definition || service.Primary.Rollout is "FAILED" || service.Primary.FailuresInRow > 0) return false;
        var tasks = cluster.Tasks.Values.Where(t => t.Group == $"service:{service.Name}" && t.Counts && t.StartedBy == service.Primary.Id).ToList();
        if (tasks.Count > 0 && tasks.Exists(t => t.PullStopped is { } read && SecretsOf(region, definition).Any(s => s.Changed > read))) return false;
        return true;
    }

    private static IEnumerable<Aws.Secrets.Secret> SecretsOf(LabRegion region, TaskDefinition definition) =>
        definition.Containers.SelectMany(c => c["secrets"] as JsonArray ?? []).Select(s => string.Join(':', s!["valueFrom"]!.ToString().Split(':').Take(7)))
            .Distinct(StringComparer.Ordinal).Select(region.Secrets.Find).OfType<Aws.Secrets.Secret>();
}
