using NodaTime;
using Tocsin.Collect.Files;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;
using Tocsin.Core.Platforms;

namespace Tocsin.Catalog.Tests;

public sealed class ShippedCatalogTests
{
    private static readonly Instant Now = Instant.FromUtc(2026, 11, 21, 12, 0);
    private static readonly ErrorReference Reference = CatalogFiles.Read([new CatalogRoot(Repository.Path("catalog"), Shipped: true)]);

    private static readonly string[] Owed =
    [
        "ecs-resource-initialization", "ecs-cannot-pull-container", "ecs-task-crash-on-start", "alb-unhealthy-targets", "ecs-exit-137", "ecs-deployment-stuck",
        "ecs-task-definition-not-deployed", "mysql-unreachable", "mysql-access-denied", "mysql-too-many-connections", "mysql-ssl-required",
        "mysql-migration-conflict", "aurora-cold-start", "alb-502", "alb-503", "alb-504", "caddy-acme-challenge-failed", "caddy-ask-denied", "cors-blocked",
        "redis-unreachable", "bullmq-jobs-waiting", "bullmq-jobs-failed", "redis-wrongtype", "shopify-webhook-backlog", "firebase-service-account",
        "razorpay-signature", "shopify-webhook-signature", "session-not-persisting", "nestjs-startup-crash", "clickhouse-no-data", "clickhouse-table-missing",
        "storefront-fetch-failed", "cloudflare-pages-build-failed", "acm-pending-validation", "cloudflare-worker-1101", "subdomain-base-wrong",
    ];

    [Fact]
    public void Every_owed_entry_is_there() => Assert.Empty(Owed.Except(Reference.Entries.Select(e => e.Entry.Id), StringComparer.Ordinal));

    [Fact]
    public void Lint_finds_nothing_to_refuse()
    {
        var platform = PlatformReader.Parse(File.ReadAllText(Repository.Path("platforms", "zelly", "platform.yaml")), "platform.yaml");
        Assert.Empty(platform.Problems);
        var errors = Linter.Lint(Reference, PlatformNames.Known(platform.Value!), Now).Where(p => !p.IsWarning);
        Assert.Empty(errors);
    }

    [Fact]
    public void Every_sample_fares_as_it_says()
    {
        var set = MatchSet.Build(Reference.Entries.Select(e => e.Entry));
        Assert.Empty(Reference.Entries.SelectMany(e => SampleTest.Run(set, e, Now)).Where(o => o.Problem is not null).Select(o => $"{o.Place}: {o.Problem}"));
    }

    [Fact]
    public void The_start_up_crash_table_is_four_causes()
    {
        var causes = Reference.Find("ecs-task-crash-on-start")!.Entry.Causes.Select(c => c.Id);
        Assert.Superset(new HashSet<string>(["env-var-missing", "dependency-unreachable", "port-conflict", "malformed-json"], StringComparer.Ordinal), causes.ToHashSet(StringComparer.Ordinal));
    }

    [Fact]
    public void No_shipped_signature_makes_every_line_a_candidate() =>
        Assert.Empty(Reference.Entries.SelectMany(e => e.Entry.Signatures.Where(s => MatchSet.Prepare(e.Entry with { Signatures = [s] }).Signatures[0].RequiredLiterals.IsEmpty).Select(s => $"{e.Entry.Id}/{s.Id}")));
}
