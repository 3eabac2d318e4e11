using System.Globalization;
using Tocsin.Cli.Commands.Diagnose;
using Tocsin.Cli.Commands.Platforms;
using Tocsin.Cli.Setup;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Platforms;
using Tocsin.Lab.Host;
using Tocsin.Server.Web;

namespace Tocsin.Cli.Commands.Incidents;

/// <summary>What the pages and the API drill, compare and check: as the commands of the same names do, one service after another, so that each shows when it is known.</summary>
internal sealed class PageLooks(Settings settings, CatalogStore store, ServeRequest request, Terminal terminal)
{
    // A look is for one person who waits; it leaves the account's rate limits to others.
    private const int AtOnce = 3;

    public async Task<DrillSeen> DrillAsync(string environment, string service, Action<Observation> seen, CancellationToken cancel)
    {
        var run = new DrillRun(settings, store, terminal) { Seen = r => seen(r.Observation) };
        var outcome = await run.LookAsync(Asked(new DrillRequest { Environment = environment, Service = Named(service) }), cancel);
        return new DrillSeen(outcome.Bundle, outcome.Diagnosis, outcome.Account, outcome.Lab, outcome.Seconds);
    }

    /// <summary>As the command line shows it.</summary>
    public async Task<DrillTold> TellAsync(DrillAsked asked, CancellationToken cancel)
    {
        var wanted = new DrillRequest { Environment = asked.Environment, Service = asked.Service, Domain = asked.Domain, Since = asked.Since, Format = asked.Format };
        await using var text = new StringWriter(CultureInfo.InvariantCulture);
        var into = terminal.Into(text, TextWriter.Null, asked.Width, asked.Colour);
        var run = new DrillRun(settings, store, into);
        try
        {
            var outcome = await run.LookAsync(Asked(wanted), cancel);
            run.Show(wanted, outcome);
            return new DrillTold(text.ToString(), outcome.Diagnosis.Verdict);
        }
        catch (Exception e) when (e is SettingsException or LabException)
        {
            throw new DrillRefusal(e.Message);
        }
    }

    public async Task<IReadOnlyList<string>> CompareAsync(LookAsked asked, Action<ServiceCompared> seen, CancellationToken cancel)
    {
        var platform = new PlatformAsk(settings, request.Endpoint, request.Lab);
        var where = Array.Empty<string>();
        await Parallel.ForEachAsync(platform.Services(Named(asked.Service)), Limits(cancel), async (service, c) =>
        {
            var sides = await Task.WhenAll(CompareCommand.ReadAsync(platform, asked.Environment, [service], c), CompareCommand.ReadAsync(platform, asked.Other, [service], c));
            where = [sides[0].Where, sides[1].Where];
            seen(new ServiceCompared(sides[0].State.Services[0], sides[1].State.Services[0], EnvironmentComparison.Between(sides[0].State, sides[1].State)));
        });
        return where;
    }

    public async Task<IReadOnlyList<string>> CheckAsync(LookAsked asked, Action<ServiceChecked> seen, CancellationToken cancel)
    {
        var platform = new PlatformAsk(settings, request.Endpoint, request.Lab);
        var checklist = ChecklistCommand.Load(platform);
        var environment = platform.Environment(asked.Environment);
        var run = new ChecklistRun(platform, store);
        var where = "";
        await Parallel.ForEachAsync(platform.Services(Named(asked.Service)).Where(s => asked.Service.Length > 0 || checklist.Services.Any(c => c.Service == s.Name)), Limits(cancel), async (service, c) =>
        {
            var (lines, said) = await run.ReadAsync(checklist, environment, [service], c);
            where = said;
            seen(new ServiceChecked(service.Name, [.. lines.Select(Line)], [.. checklist.Services.Where(x => x.Service == service.Name).SelectMany(x => x.Mistakes)]));
        });
        return [$"{environment.Name}: {where}"];
    }

    private DrillRequest Asked(DrillRequest drill) => drill with { Endpoint = request.Endpoint, Lab = request.Lab, Quiet = true };

    private static CheckedLine Line(ChecklistLine line) => new(line.Variable.Name, (CheckStanding)line.Standing, line.Lives, line.Said, line.Variable.Right);

    private static ParallelOptions Limits(CancellationToken cancel) => new() { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancel };

    private static string? Named(string service) => service.Length > 0 ? service : null;
}
