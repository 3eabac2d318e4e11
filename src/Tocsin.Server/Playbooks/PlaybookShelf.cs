using System.Collections.Immutable;
using Tocsin.Core.Catalog;
using Tocsin.Core.Incidents;
using Tocsin.Core.Platforms;
using Tocsin.Core.Response.Playbooks;
using Tocsin.Server.Setup;

namespace Tocsin.Server.Playbooks;

/// <summary>The playbooks that there are, and which of them an incident calls for.</summary>
public sealed class PlaybookShelf(ServerOptions options)
{
    public ImmutableArray<Playbook> All => options.Playbooks;

    /// <summary>All of them with the names of an environment.</summary>
    public ImmutableArray<Playbook> In(PlatformEnvironment environment) => [.. All.Select(b => PlaybookNames.Fill(b, options.Platform, environment))];

    /// <summary>By its id, or by the beginning of one where only one begins so.</summary>
    public Playbook? Find(string id) =>
        All.FirstOrDefault(p => string.Equals(p.Id, id, StringComparison.OrdinalIgnoreCase))
        ?? (id.Length > 0 && All.Where(p => p.Id.StartsWith(id, StringComparison.OrdinalIgnoreCase)).Take(2).ToList() is [var one] ? one : null);

    /// <summary>The best first: by the diagnosis, by what matched, by the facts and the severity.</summary>
    public ImmutableArray<ProposedPlaybook> For(Incident incident)
    {
        var cause = incident.Diagnosis?.Cause.Split('/')[0] ?? "";
        ImmutableArray<string> entries = [.. incident.Matches.Select(m => m.Entry).Prepend(incident.Entry).Prepend(cause).Where(e => e.Length > 0).Distinct(StringComparer.Ordinal)];
        return PlaybookProposal.For(All, new Situation(incident.Severity, incident.Facts, entries));
    }

    /// <summary>A playbook with the names of an incident's environment; null with the reason where they cannot be filled in.</summary>
    /// <param name="service">Of a page of single steps, whose service is asked for; empty: the playbook's own.</param>
    public Playbook? Fill(string id, string environment, string service, out string problem)
    {
        problem = "";
        if (Find(id) is not { } book) problem = $"there is no playbook \"{id}\"; {Nearest.Suggest(id, All.Select(p => p.Id))}known: {string.Join(", ", All.Select(p => p.Id))}";
        else if (options.Platform.Environment(environment) is not { } place) problem = $"the platform has no environment \"{environment}\", so no names can be filled in; known: {string.Join(", ", options.Platform.Environments.Select(e => e.Name))}";
        else if (service.Length > 0 && options.Platform.Service(service) is null) problem = $"there is no service \"{service}\"; {Nearest.Suggest(service, options.Platform.Services.Select(s => s.Name))}known: {string.Join(", ", options.Platform.Services.Select(s => s.Name))}";
        else return PlaybookNames.Fill(service.Length > 0 ? book with { Service = service } : book, options.Platform, place);
        return null;
    }
}
