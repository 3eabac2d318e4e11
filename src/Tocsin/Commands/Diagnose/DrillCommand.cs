using System.CommandLine;
using Tocsin.Cli.Commands.Lab;
using Tocsin.Cli.Setup;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Cli.Commands.Diagnose;

/// <summary>What a drill is asked for, as typed.</summary>
internal sealed record DrillRequest
{
    public string? Service { get; init; }
    public string? Environment { get; init; }
    public string Format { get; init; } = "text";
    public string? Since { get; init; }

    /// <summary>One merchant's domain.</summary>
    public string? Domain { get; init; }
    /// <summary>Also where a domain is given: all services and not only the one that serves it.</summary>
    public bool AllServices { get; init; }
    public string? BundleTo { get; init; }
    public string? BundleFrom { get; init; }
    public string? Endpoint { get; init; }
    public bool Lab { get; init; }

    /// <summary>Nothing is shown while it looks.</summary>
    public bool Quiet { get; init; }
    public bool GiveExitCode { get; init; }

    public int CodeOf(Verdict verdict) => verdict switch
    {
        Verdict.Blind => ExitCode.CouldNotLook,
        Verdict.Healthy => ExitCode.Done,
        _ => GiveExitCode ? ExitCode.Found : ExitCode.Done,
    };
}

/// <summary>tocsin drill: everything one looks at when something is broken, at once, and what it comes down to.</summary>
internal static class DrillCommand
{
    public static Command Create(CommonOptions common, Terminal terminal)
    {
        var service = new Argument<string?>("SERVICE") { Description = "A service's name or role; without it all services, the worst first", Arity = ArgumentArity.ZeroOrOne };
        var environment = new Option<string?>("--env") { Description = "The environment (default: the platform's first)", HelpName = "NAME" };
        var format = CommonOptions.Format("text", "json", "md", "html");
        var domain = new Option<string?>("--domain") { Description = "One merchant's domain: its DNS against the platform's addresses, the ask endpoint, the tenant, the certificate and how it is got", HelpName = "NAME" };
        var since = new Option<string?>("--since") { Description = "How far back to look: a time or an age (default: 15m)", HelpName = "TIME" };
        var bundle = new Option<string?>("--bundle") { Description = "Write what was seen into this file, to carry and to diagnose again", HelpName = "FILE" };
        var from = new Option<string?>("--from-bundle") { Description = "Look at nothing: diagnose what an earlier drill wrote", HelpName = "FILE" };
        var endpoint = new Option<string?>("--endpoint") { Description = "Ask AWS at this address (default: the environment's in platform.yaml, then $AWS_ENDPOINT_URL, then AWS)", HelpName = "URL" };
        var lab = new Option<bool>("--lab") { Description = "Ask the lab that runs on this machine" };
        var server = new Option<bool>("--server") { Description = "Have the server of $TOCSIN_URL look: it has the access, and stands where the platform is" };
        var exitCode = CommonOptions.GiveExitCode();
        var command = new ExampledCommand(
            "drill",
            "The five-minute drill in seconds: logs, service events, stopped tasks, secrets, comparison, and the cause they come down to.",
            [
                "tocsin drill storefront --env production            one service and what it needs",
                "tocsin drill --env production                       all services, the worst first",
                "tocsin drill core-api --since 1h --format md        for a ticket",
                "tocsin drill storefront --bundle seen.json          keep what was seen",
                "tocsin drill --domain shop.example                  one merchant's domain",
                "tocsin drill --from-bundle seen.json                diagnose it again",
                "tocsin drill storefront --server                    by the server of $TOCSIN_URL",
            ])
        {
            Arguments = { service }, Options = { environment, domain, format, since, bundle, from, endpoint, lab, server, exitCode },
        };
        DrillRequest Request(ParseResult parsed) => new()
        {
            Service = parsed.GetValue(service),
            Environment = parsed.GetValue(environment),
            Format = parsed.GetValue(format)!,
            Since = parsed.GetValue(since),
            Domain = parsed.GetValue(domain),
            BundleTo = parsed.GetValue(bundle),
            BundleFrom = parsed.GetValue(from),
            Endpoint = parsed.GetValue(endpoint),
            Lab = parsed.GetValue(lab),
            GiveExitCode = parsed.GetValue(exitCode),
        };
        command.SetAction((parsed, cancel) => parsed.GetValue(server) ? DrillByServer.RunAsync(Request(parsed), terminal, cancel) : new LabRun(terminal).DoAsync(c => Run(common.Load(parsed), terminal).RunAsync(Request(parsed), c), cancel));
        return command;
    }

    private static DrillRun Run(Settings settings, Terminal terminal) => new(settings, new CatalogStore(settings), terminal);
}
