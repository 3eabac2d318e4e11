using System.Collections.Immutable;
using System.Globalization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Server.Api;
using Tocsin.Server.Incidents;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;
using Tocsin.Server.Web.Pages;

namespace Tocsin.Server.Web;

/// <summary>What was asked of a simulation, as the address has it.</summary>
/// <param name="Severity">Null: what the facts suggest.</param>
/// <param name="At">Null: now.</param>
/// <param name="AcknowledgeAfter">Minutes after which <paramref name="By"/> acknowledges; null: nobody does.</param>
public sealed record SimulationAsked(string What, Severity? Severity, ImmutableArray<string> Facts, string Environment, string Service, LocalDateTime? At, int Hours, int? AcknowledgeAfter, string By);

/// <summary>Who would be paged when and by what, by the decisions of real incidents. Nothing is opened and nobody is paged; the address holds all of the question.</summary>
public static class SimulatePages
{
    private const int MostHours = 48;

    public static void Map(IEndpointRouteBuilder app) => app.Look("/simulate", ShowAsync);

    private static async Task ShowAsync(HttpContext context, PageWriter pages, PlanSource source, ServerOptions options, TimeProvider time)
    {
        var (query, plan) = (context.Request.Query, source.Now);
        var asked = Read(query, options);
        var (result, severity, problem) = query.ContainsKey("what") ? Run(asked, plan, time.Now()) : (null, null, "");
        await pages.WriteAsync<SimulatePage>(
            context, problem.Length > 0 ? 400 : 200, (nameof(SimulatePage.Asked), asked), (nameof(SimulatePage.Result), result), (nameof(SimulatePage.Decided), severity), (nameof(SimulatePage.Problem), problem), (nameof(SimulatePage.Plan), plan), (nameof(SimulatePage.Services), options.Platform.Services.Select(s => s.Name).ToList()));
    }

    private static SimulationAsked Read(IQueryCollection query, ServerOptions options) => new(
        query["what"].ToString().Trim(),
        Enum.TryParse<Severity>(query["severity"], out var severity) && Enum.IsDefined(severity) ? severity : null,
        [.. query["fact"].OfType<string>().Where(f => ImpactFacts.Words.Contains(f, StringComparer.Ordinal))],
        query["environment"].ToString() is { Length: > 0 } environment ? environment : options.Platform.Environments[0].Name,
        query["service"].ToString(),
        OnCallPages.Moment.Parse(query["at"].ToString()) is { Success: true, Value: var at } ? at : null,
        Number(query["hours"], MostHours) ?? 2,
        Number(query["after"], MostHours * 60),
        query["by"].ToString());

    private static int? Number(string? text, int most) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0 && number <= most ? number : null;

    private static (SimulationResult? Result, SuggestedSeverity? Severity, string Problem) Run(SimulationAsked asked, ResponsePlan plan, Instant now)
    {
        if (asked.What.Length == 0) return (null, null, "say what is broken");
        if (Texts.TooLong(asked.What, asked.Environment, asked.Service) is { } problem) return (null, null, problem);
        if (asked.AcknowledgeAfter is not null && !plan.Roster.People.ContainsKey(asked.By)) return (null, null, "choose who acknowledges");
        var facts = ImpactFacts.Of(asked.Facts, null, string.Equals(asked.Environment, "production", StringComparison.OrdinalIgnoreCase));
        var severity = asked.Severity is { } wanted ? new SuggestedSeverity(wanted, "as it was asked") : SeverityMatrix.Suggest(facts, plan.Policy.MajorUsers);
        var start = asked.At is { } at ? plan.Policy.Calendar.Zone.AtLeniently(at).ToInstant() : now;
        ImmutableArray<SimulatedAct> acts = asked.AcknowledgeAfter is { } minutes ? [new SimulatedAct(Duration.FromMinutes(minutes), _ => new IncidentCommand.Acknowledge(asked.By))] : [];
        var result = Simulation.Run(new SimulationInput(new Declaration(new IncidentId(1), asked.What, asked.Environment, asked.Service, "", "", severity, facts, null, null), "person", start, Duration.FromHours(asked.Hours), acts), plan);
        return result.Refusal.Length > 0 ? (null, null, result.Refusal) : (result, severity, "");
    }
}
