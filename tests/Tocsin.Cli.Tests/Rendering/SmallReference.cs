using Tocsin.Core.Catalog;
using Tocsin.Core.Platforms;

namespace Tocsin.Cli.Tests.Rendering;

/// <summary>A reference of two entries and a platform of two environments, with everything in it that a page can go wrong on.</summary>
internal static class SmallReference
{
    public static Platform Platform { get; } = PlatformReader.Parse(
        """
        id: shop
        name: Shop & Co
        account: "123456789012"
        baseDomain: shop.example
        vpn: wg0
        environments:
          production: { region: ap-south-1, cluster: shop-production, components: { aurora: { endpoint: db.production.example } } }
          staging: { region: ap-southeast-1, cluster: shop-staging, components: { aurora: { endpoint: db.staging.example } } }
        services:
          api: { role: core-api, port: 3000, logGroup: /shop/api, secret: shop/api/env }
        """,
        "platform.yaml").Value!;

    public static ErrorReference Reference { get; } = Build(DatabaseGuide);

    public static ErrorReference Build(string databaseGuide) => ErrorReference.Build(
        [Folder("ecs", "task-crash", TaskCrash, TaskGuide), Folder("database", "db-unreachable", DbUnreachable, databaseGuide)],
        """
        probes:
          db.connect:
            about: A connection
            vantage: host
            facts:
              stage: { type: enum, values: [connect, done], about: Where it ended }
              seconds: { type: number, unit: seconds, about: How long it took }
        """,
        "observations.yaml",
        []);

    private static EntryFolder Folder(string layer, string id, string yaml, string guide) =>
        new($"catalog/{layer}/{id}", layer, id, yaml, guide, [("samples/a.yaml", Samples)], Shipped: true);

    private const string Samples =
        """
        samples:
          - { id: one, from: a run, source: captured, rank: first, text: "Error: connect ECONNREFUSED 10.0.0.1:3306" }
        nearMisses:
          - { id: other-port, from: a run, source: captured, goesTo: none, because: not MySQL, text: "connect ECONNREFUSED 10.0.0.1:5432" }
        """;

    private const string DbUnreachable =
        """
        id: db-unreachable
        title: "Database cannot be reached: a < b | c"
        layer: database
        component: aurora
        service: core-api
        summary: No connection in {{region}}, run `nc` to see.
        keywords: [mysql2, wireguard]
        related: [task-crash, not-there]
        signatures:
          - id: refused
            says: component
            any:
              - { regex: 'connect ECONNREFUSED \S+:(3306|33060)' }
              - { literal: "Can't connect to <MySQL> server" }
            not: [{ literal: postgres }]
          - id: piped
            says: hint
            all: [{ regex: 'mysql \| refused here' }]
        timing:
          - { id: again, says: symptom, of: [refused], count: 3, within: 5m }
        page:
          any:
            - { count: 5, within: 2m, severity: P2 }
            - { impact: checkout-failing, severity: P1 }
        causes:
          - id: down
            title: The database <b>stands</b> still
            prior: common
            excludes: [{ fact: db.connect.stage, is: done }]
            evidence:
              - { fact: db.connect.seconds, above: 5, against: moderate, group: time, because: "A refusal | is quick" }
              - { saw: refused, for: strong, group: text, because: The driver says so }
            leadsTo: [task-crash/no-database]
            fixes: [start]
        fixes:
          - id: start
            title: Start it
            does: Start it in {{region}}.
            action: ecs.rollback
            verify: It answers.
            undo: Stop it again.
        """;

    private const string TaskCrash =
        """
        id: task-crash
        title: Task crashes on start
        layer: ecs
        component: core-api
        service: core-api
        summary: It starts and dies.
        signatures:
          - { id: exited, says: symptom, any: [{ literal: "Essential container in task exited" }] }
        page: { never: Another entry pages. }
        causes:
          - id: no-database
            title: No database
            prior: rare
            evidence: [{ saw: exited, for: weak, group: text, because: ECS says so }]
        fixes: [{ id: mend, title: Mend it, does: Mend DB_HOST., verify: It runs. }]
        """;

    private const string DatabaseGuide =
        """
        # Database cannot be reached

        ## What it is

        The port of {{aurora.endpoint}} is shut, see `task-crash`. Tunnel {{vpn}}. <script>alert(1)</script> [click](javascript:alert(2))

        ## Root cause

        | text | means |
        |---:|---|
        | `ECONNREFUSED` | <b>refused</b> |

        ## Diagnose

        Is the tunnel up?

        ```bash
        wg show {{vpn}}
        ```

        Does the port open in `{{region}}`?

        ```bash
        nc -zv {{aurora.endpoint}} 3306 && echo "<open>"
        ```

        ## Fix

        1. Start it:

           ```bash
           aws rds start-db-cluster \
             --region {{region}}
           ```

        2. Wait:

        ```sql
        SELECT 1;
        ```

        3. Done.

        ## Fix

        Twice the same heading.
        """;

    private const string TaskGuide =
        """
        ## What it is

        A crash of {{service}}.

        ## Root cause

        Many.

        ## Diagnose

        Read the log.

        ## Fix

        Mend it.
        """;
}
