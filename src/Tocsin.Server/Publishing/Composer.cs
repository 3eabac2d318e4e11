using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;
using Tocsin.Core.Response.Playbooks;
using Tocsin.Server.Notify;
using Tocsin.Server.Setup;

namespace Tocsin.Server.Publishing;

/// <summary>A message about an incident before it is sent.</summary>
/// <param name="Template">Its name; empty: none.</param>
/// <param name="Text">Filled in; what nobody knows yet stands in brackets.</param>
public sealed record DraftMessage(string Template, string About, string Text, bool CallsPeople);

/// <summary>A room that can be written to.</summary>
/// <param name="Calls">Whom the template calls there.</param>
public sealed record RoomChoice(string Id, string Kind, string About, string Calls);

/// <summary>Fills the templates from an incident, and gives each room its own form of the text.</summary>
public sealed partial class Composer(ServerOptions options, ChannelSet channels)
{
    private const string WhatsApp = "whatsapp";

    public ImmutableArray<string> Templates => [.. options.Templates.Keys.Order(StringComparer.Ordinal)];

    /// <summary>The template that an incident of this kind and state has; empty: none is written for it.</summary>
    public string Usual(Incident incident)
    {
        var name = incident.Phase == IncidentPhase.Resolved ? "resolved" : Path.GetFileNameWithoutExtension(incident.Rule.Template);
        return options.Templates.ContainsKey(name) ? name : "";
    }

    /// <param name="runs">Of the incident: the step that somebody is at is what is done right now.</param>
    public DraftMessage Draft(Incident incident, string template, IEnumerable<PlaybookRun> runs)
    {
        if (!options.Templates.TryGetValue(template, out var found)) return new DraftMessage("", "", "", false);
        var plain = incident with { Title = PageText.Plain(incident.Title) };
        var next = incident.Rule.Update is { } within ? $"in {Words.Length(within)}" : "when there is news";
        return new DraftMessage(template, found.About, found.WithoutMentions().Fill(plain, "", incident.Facts.Said(), Doing(incident, runs), next).TrimEnd(), !found.Mentions.IsEmpty);
    }

    /// <summary>A text whose line of the next update says what was chosen.</summary>
    public string Promise(string template, string text, string next) => options.Templates.TryGetValue(template, out var found) ? found.Promise(text, next) : text;

    public ImmutableArray<RoomChoice> Rooms(ResponsePolicy policy, string template) => [.. channels.Rooms(policy).Select(r => new RoomChoice(r.Id, r.Kind, r.About, MentionIn(template, r.Kind)))];

    /// <summary>The text as it goes to a kind of channel: with the line that calls people, in that channel's own words.</summary>
    public string For(string kind, string template, string text, bool call) => call && MentionIn(template, kind) is { Length: > 0 } mention ? $"{text}\nCC: {mention}" : text;

    public string ForWhatsApp(string template, string text, bool call) => For(WhatsApp, template, text, call);

    /// <summary>Opens WhatsApp with the text typed in; a person sends it. By its interface free text goes only to whoever wrote within a day.</summary>
    public static Uri WhatsAppLink(string text) => new($"https://wa.me/?text={Uri.EscapeDataString(text)}");

    // A mention whose variable is not set calls nobody, and says nothing.
    private string MentionIn(string template, string kind)
    {
        if (!options.Templates.TryGetValue(template, out var found)) return "";
        return string.Join(' ', found.MentionIn(kind).Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(Filled).Where(m => m.Length > 0));
    }

    private string Filled(string mention)
    {
        var missing = false;
        var filled = Variable().Replace(mention, m =>
        {
            var value = options.Variable(m.Value[1..]);
            missing |= string.IsNullOrEmpty(value);
            return value ?? "";
        });
        return missing ? "" : filled;
    }

    private static string Doing(Incident incident, IEnumerable<PlaybookRun> runs)
    {
        if (incident.Phase == IncidentPhase.Resolved) return "";
        var held = runs.Where(r => r.Ended is null).SelectMany(r => r.Way.Where(s => r.Of(s.Id).Status == StepStatus.Held && s.Kind != StepKind.Message).Select(s => s.Title)).ToList();
        return held.Count > 0 ? string.Join("; ", held) : "";
    }

    [GeneratedRegex(@"\$[A-Z][A-Z0-9_]*", RegexOptions.CultureInvariant)]
    private static partial Regex Variable();
}
