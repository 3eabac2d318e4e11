using System.Globalization;
using Tocsin.Lab.Aws.Elb;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Verbs;

/// <summary>What stands around the services. In the core profile: the load balancers and AWS itself.</summary>
internal static class ComponentVerbs
{
    private static readonly VerbArgument Component = new("NAME", "The component");

    public static IEnumerable<Verb> All =>
    [
        new("component set", "Set a component's settings: alb idle-timeout=SECONDS; aws throttle.SERVICE=CALLS_PER_SECOND (0 ends it), placement=REASON (empty ends it); in the full profile a server's own, such as aurora max_connections=10, cold-start=SECONDS, paused=yes; redis requirepass=TEXT, reader=refused; cloudflare pages.PROJECT=failure:TEXT, token=revoked; worker BINDING=VALUE; vpn peer=silent.", [Component, new("KEY=VALUE", "What to set", Many: true)], Set)
        {
            Beyond = ServerVerbs.Set,
            Example = "component set alb idle-timeout=2",
        },
        new("component block", "Cut the way to a component: nat loses its route; new connections to alb, nlb or a server are dropped (root), all or those of one service's tasks.", [Component], c => Route(c, there: false))
        {
            Options = [new("--from", "Only from this service's tasks")],
            Beyond = ServerVerbs.Block,
            Example = "component block nat",
        },
        new("component unblock", "Give the way back.", [Component], c => Route(c, there: true)) { Beyond = ServerVerbs.Unblock, Example = "component unblock nat", Breaks = static _ => false },
        .. ServerVerbs.All,
        new("dns set", "Set a record: a value, and whether a proxy stands before it.", [new("NAME", "The record's name; 'acm' for the certificate's validation record, 'acm.ZONE' for one that was made in another zone"), new("TYPE", "A, CNAME, or SERVFAIL: no answer"), new("VALUE", "What it points to, or 'same'")], SetRecord)
        {
            Options = [new("--proxied", "yes: answers are a proxy's addresses, as with Cloudflare's orange cloud")],
            Example = "dns set acm CNAME same --proxied yes",
        },
        new("dns unset", "Remove a record.", [new("NAME", "The record's name, or 'acm' as above")], UnsetRecord) { Example = "dns unset kiran-books.example" },
        new("certificate renew", "Request a new certificate for the platform's domain: it waits for its validation record.", [], Renew) { Example = "certificate renew" },
    ];

    private static string Route(VerbCall call, bool there)
    {
        if (call[0] is not "nat") throw VerbCall.Unknown("component to block here", call[0], ServerVerbs.Names(call, "nat", "alb", "nlb"));
        foreach (var table in call.Region.Network.RouteTables.Where(t => !t.Main))
        {
            table.Routes.RemoveAll(r => r.Destination is "0.0.0.0/0");
            if (there) table.Routes.Add(new Aws.Network.Route("0.0.0.0/0", call.Region.Network.NatGateways[0].Id));
        }
        return there ? "private subnets have their default route again" : "private subnets have no default route: tasks that start cannot reach ECR, Secrets Manager or CloudWatch Logs";
    }

    private static string SetRecord(VerbCall call)
    {
        var name = RecordName(call);
        var proxied = call.Option("--proxied") is "yes";
        if (call[1] is not ("A" or "CNAME" or "SERVFAIL")) throw VerbCall.Unknown("record type", call[1], ["A", "CNAME", "SERVFAIL"]);
        var value = call[2] is not "same" ? call[2] : IsOfAcm(call) ? Waiting(call)!.RecordValue : call.Host.Dns.Find(name)?.Value ?? throw VerbCall.Unknown("record", name, call.Host.Dns.Names);
        call.Host.Dns.Set(name, call[1], value, proxied);
        return $"{name} is {call[1]} {value}{(proxied ? ", behind a proxy" : "")}";
    }

    private static string UnsetRecord(VerbCall call)
    {
        var name = RecordName(call);
        return call.Host.Dns.Unset(name) ? $"{name} is gone" : throw VerbCall.Unknown("record", name, call.Host.Dns.Names);
    }

    private static string Renew(VerbCall call)
    {
        var domain = call.Host.Options.Platform.Fields["baseDomain"];
        var certificate = new Aws.Acm.Certificate(call.Region.Name, [$"*.{domain}", domain], call.Host.World.Clock.Now, call.Host.World.Clock.Elapsed);
        call.Region.Certificates.Certificates.Add(certificate);
        return $"{certificate.Arn} is requested; its record is {certificate.Domains[0].RecordName} CNAME {certificate.Domains[0].RecordValue}";
    }

    // What ACM asks for, or that with a zone's name behind it, as where it was made in that zone.
    private static string RecordName(VerbCall call) =>
        IsOfAcm(call) ? (Waiting(call)?.RecordName ?? throw new LabException("no certificate is there; request one with: tocsin lab certificate renew")).TrimEnd('.') + call[0]["acm".Length..] : call[0];

    private static bool IsOfAcm(VerbCall call) => call[0] is "acm" || call[0].StartsWith("acm.", StringComparison.Ordinal);

    // The newest certificate's first name.
    private static Aws.Acm.CertificateDomain? Waiting(VerbCall call) => call.Region.Certificates.Certificates is [.., var last] ? last.Domains[0] : null;

    private static string Set(VerbCall call)
    {
        foreach (var (key, value) in call.From(1).Select(VerbCall.Pair)) Set(call, key, value);
        return $"{call[0]}: {string.Join(", ", call.From(1))}";
    }

    private static void Set(VerbCall call, string key, string value)
    {
        switch (call[0], key)
        {
            case ("alb", "idle-timeout"):
                Balancer(call).Attributes["idle_timeout.timeout_seconds"] = call.Whole(value, key).ToString(CultureInfo.InvariantCulture);
                break;
            case ("aws", "placement"):
                call.Region.Ecs.PlacementFailure = value.Length == 0 ? null : value;
                call.Host.Engine.Signal();
                break;
            case ("aws", _) when key.StartsWith("throttle.", StringComparison.Ordinal):
                if (!double.TryParse(value, NumberStyles.Float, CultureInfo.InvariantCulture, out var perSecond)) throw new LabException($"{key} is a number of calls per second, not '{value}'");
                call.Host.Door.Throttle.Set(key["throttle.".Length..], perSecond);
                break;
            case ("alb" or "aws", _):
                throw VerbCall.Unknown($"setting of {call[0]}", key, call[0] is "alb" ? ["idle-timeout"] : ["placement", "throttle.SERVICE"]);
            default:
                throw VerbCall.Unknown("component", call[0], ServerVerbs.Names(call, "alb", "aws"));
        }
    }

    private static LoadBalancer Balancer(VerbCall call) => call.Region.Elb.Balancers.Values.First(b => b.Type is "application");
}
