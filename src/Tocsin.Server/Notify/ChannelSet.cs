using System.Collections.Immutable;
using Tocsin.Core.Catalog;
using Tocsin.Core.Response;
using Tocsin.Server.Setup;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Server.Notify;

/// <summary>The channels of response.yaml, set up.</summary>
public sealed class ChannelSet : IDisposable
{
    private readonly HttpClient http;
    private readonly ImmutableDictionary<string, IChannel> channels;
    private readonly Func<string, string?> variable;
    private readonly ImmutableHashSet<string> withRoom;

    public ChannelSet(ServerOptions options)
    {
        var guard = new OutgoingGuard(options.AllowNetworks);
        variable = options.Variable;
        http = guard.CreateClient();
        var made = ImmutableDictionary.CreateBuilder<string, IChannel>(StringComparer.Ordinal);
        foreach (var rule in options.Plan.Policy.Channels.Values)
        {
            var kind = options.Kinds.FirstOrDefault(k => k.Kind == rule.Kind);
            if (kind is null && options.Live) throw new ServerSetupException($"channel {rule.Id} is of the kind {rule.Kind}, which this program does not have; known: {string.Join(", ", options.Kinds.Select(k => k.Kind))}");
            if (kind is not null && (options.Live || options.Channels.ContainsKey(rule.Id) || kind.Settings.Keys.IsEmpty)) made[rule.Id] = kind.Create(new ChannelSetup(rule.Id, options.Channels.GetValueOrDefault(rule.Id, new YamlMappingNode()), Filled, http, guard, options.Time, options.Write));
        }
        channels = made.ToImmutable();
        withRoom = [.. options.Channels.Where(c => c.Value.Has(Http.Room.Setting.Name)).Select(c => c.Key)];
    }

    public IChannel? Of(string id) => channels.GetValueOrDefault(id);

    public bool KeepsAlarm(string id) => channels.TryGetValue(id, out var channel) && channel.KeepsAlarm;

    /// <summary>Where a person is reached by a channel, variables put in; null with the reason where nowhere.</summary>
    public string? Address(Roster roster, string person, string channel, out string problem)
    {
        problem = "";
        if (person.Length == 0) return "";
        var written = roster.People.TryGetValue(person, out var known) ? known.Addresses.FirstOrDefault(a => a.Channel == channel).Address : null;
        if (written is null) problem = $"{person} has no address for {channel} any more";
        else if (Filled(written) is { } address) return address;
        else problem = $"the variable {written} is not set";
        return null;
    }

    /// <summary>Channels with a room, where something can be said to everyone there, with their kinds. An alarm service is none: an update wakes nobody.</summary>
    public ImmutableArray<(string Id, string Kind, string About)> Rooms(ResponsePolicy policy)
    {
        var paged = policy.Policies.Values.SelectMany(p => p.Steps).SelectMany(s => s.Notify).OfType<Target.Channel>().Select(t => t.Id).ToHashSet(StringComparer.Ordinal);
        return [.. policy.Channels.Values.Where(r => r.Kind != "pagerduty" && (paged.Contains(r.Id) || withRoom.Contains(r.Id))).OrderBy(r => r.Id, StringComparer.Ordinal).Select(r => (r.Id, r.Kind, r.About))];
    }

    public void Dispose() => http.Dispose();

    private string? Filled(string text) => text.StartsWith('$') ? variable(text[1..]) is { Length: > 0 } value ? value : null : text;
}
