using System.Collections.Immutable;
using Tocsin.Core.Catalog;

namespace Tocsin.Lab.Faults;

/// <summary>The form of fault.yaml, declared once.</summary>
public static class FaultShape
{
    private static readonly Shape Text = new Shape.Text("A text");
    private static readonly Shape Any = new Shape.Scalar("A value");
    private static readonly Shape Count = new Shape.Number("A count", Least: 0, Whole: true);
    private static readonly Shape Flag = new Shape.Flag("true or false");
    private static readonly Shape Lines = new Shape.List("Verb lines without --env", Text, NotEmpty: true);
    private static readonly Key Service = new("service", new Shape.Text("A service's name or role"), Required: true);

    private static readonly ImmutableArray<Key> Checks =
    [
        new("stopped", Map("A task of the service stopped", [Service, new("reason", Text), new("code", Text), new("exit", Count), new("container", Text), new("containerReason", Text)])),
        new("event", Map("A service event", [Service, new("contains", Text, Required: true)])),
        new("log", Map("Text in the service's log group", [Service, new("contains", Text, Required: true)])),
        new("http", Http()),
        new("tls", Map("A TLS handshake through a load balancer", [new("name", Text, Required: true), new("fails", Flag), Door()])),
        new("target", Map("A target of the service's target group; state none: there is none", [Service, new("state", Text), new("reason", Text), new("description", Text)])),
        new("service", Map("The service's own state", [Service, new("desired", Count), new("running", Count), new("rollout", Text), new("failedTasks", Count)])),
        new("definition", Map("The newest revision beside the running one", [Service, new("behind", Count), new("olderImage", Flag)])),
        new("client", Map("A real client's answer", [new("run", new Shape.Text("The client and its words; passwords come by MYSQL_PWD and REDISCLI_AUTH"), Required: true), new("contains", Text), new("without", new Shape.Text("What must not stand in the answer")), new("exit", Count), new("seconds", new Shape.Number("Its time on the wall (default: 6)", Least: 1, Whole: true))])),
        new("api", Map("Any call of AWS's API", [new("of", Text, Required: true), new("operation", Text, Required: true), new("input", new Shape.Text("JSON"), Required: true), new("path", Text, Required: true), new("is", Any), new("contains", Text)])),
    ];

    public static Shape.Map Root { get; } = Map(
        "A fault",
        [
            new("id", new Shape.Text("The folder's name", Pattern: EntryNames.IdPattern), Required: true),
            new("title", Text, Required: true),
            new("about", Text, Required: true),
            new("entry", new Shape.Text("The entry's id", Pattern: EntryNames.IdPattern), Required: true),
            new("cause", new Shape.Text("The id of one of its causes", Pattern: EntryNames.IdPattern), Required: true),
            new("root", new Shape.Text("ENTRY/CAUSE of what lies behind, where the entry is of a symptom", Pattern: "[a-z0-9-]+/[a-z0-9-]+")),
            new("kind", new Shape.Text("Whether it happens or is played", ["real", "emulated"]), Required: true),
            new("why", new Shape.Text("What is played and by what; an emulated fault says it")),
            new("profiles", new Shape.List("The lab's profiles in which it can happen (default: both)", new Shape.Text("A profile", ["core", "full"]), NotEmpty: true)),
            new("domain", new Shape.Text("The merchant's domain that is complained about")),
            new("coreHides", new Shape.Text("Why nobody could tell its cause from what the core profile shows; the exam does not ask there")),
            new("byHand", new Shape.Text("Why no action can repair it: what was broken lies where none reaches; the exam then only sees that the proposed ones do no harm")),
            new("prints", new Shape.Flag("Whether the platform prints what the entry's signatures know (default: true)")),
            new("environments", new Shape.List("Where it can be injected (default: everywhere)", Text, NotEmpty: true)),
            new("prepare", Lines),
            new("before", new Shape.List("Probes that hold once it is prepared and before it is broken; whoever looks sees what happened from then on", new Shape.Map("One probe", Checks, [[.. Checks.Select(c => c.Name)]]), NotEmpty: true)),
            new("break", Lines, Required: true),
            new("within", new Shape.Text("Lab time that it may take to land (default: 10m)", Pattern: EntryNames.DurationPattern)),
            new("landed", new Shape.List("Independent probes, all of which must hold", new Shape.Map("One probe", Checks, [[.. Checks.Select(c => c.Name)]]), NotEmpty: true), Required: true),
            new("heal", Lines, Required: true),
            new("healed", new Shape.List("Probes that hold once it is healed, for what is back later than the services are", new Shape.Map("One probe", Checks, [[.. Checks.Select(c => c.Name)]]), NotEmpty: true)),
        ]);

    /// <summary>The form of not-possible.yaml, beside the faults' folders.</summary>
    public static Shape.Map NotPossible { get; } = Map(
        "What the lab cannot do",
        [
            new("causes", new Shape.List("Documented causes that no fault here can be", Map("One cause", [new("cause", new Shape.Text("ENTRY/CAUSE", Pattern: "[a-z0-9-]+/[a-z0-9-]+"), Required: true), new("why", Text, Required: true)])), Required: true),
        ]);

    private static Shape.Map Http() => Map(
        "Requests through a load balancer",
        [
            new("host", Text, Required: true),
            new("path", Text, Required: true),
            Door(),
            new("scheme", new Shape.Text("A scheme", ["http", "https"])),
            new("method", new Shape.Text("A method", ["GET", "POST", "OPTIONS"])),
            new("headers", new Shape.Table("Headers by name", Text)),
            new("body", new Shape.Text("What is sent; {signature} stands for the signature")),
            new("sign", Map(
                "A signature as the other side would send it: HMAC-SHA256 by a key of a secret",
                [
                    Service,
                    new("key", Text, Required: true),
                    new("stage", new Shape.Text("The secret's version", ["AWSCURRENT", "AWSPREVIOUS"])),
                    new("over", new Shape.Text("What is signed (default: the body)")),
                    new("form", new Shape.Text("How it is written", ["hex", "base64", "base64-unpadded"]), Required: true),
                ])),
            new("status", Count),
            new("contains", Text),
            new("without", new Shape.Text("What must not stand in the answer")),
            new("has", new Shape.Table("Headers that the answer has, and what stands in them", Text)),
            new("lacks", new Shape.List("Headers that it has not", Text)),
            new("tries", new Shape.Number("Requests of one look, of which one must fit (default: 1)", Least: 1, Whole: true)),
            new("parallel", new Shape.Number("How many at once (default: 1)", Least: 1, Whole: true)),
        ]);

    private static Key Door() => new("door", new Shape.Text("The load balancer (default: alb)", ["alb", "nlb"]));

    private static Shape.Map Map(string about, ImmutableArray<Key> keys) => new(about, keys);
}
