using System.Collections.Immutable;
using System.Globalization;
using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;

namespace Tocsin.Core.Diagnosis;

/// <summary>Three-valued: what could not be seen is neither true nor false.</summary>
internal enum Truth
{
    False,
    Unknown,
    True,
}

/// <summary>An observation as evidence. <see cref="Blind"/> says why it is none, though it may read like one.</summary>
internal sealed record Seen(Observation Observation, string Blind)
{
    public bool IsEvidence => Blind.Length == 0;
}

/// <summary>What the evidence says to one condition, and the observations it says it by; where it is unknown, those that should have known.</summary>
internal readonly record struct Answer(Truth Truth, ImmutableArray<Seen> By)
{
    public static readonly Answer NotAsked = new(Truth.Unknown, []);
}

/// <summary>The bundle, ready to be asked: the newest look at each subject, by probe, as seen by one service.</summary>
internal sealed class Evidence
{
    /// <summary>The one probe that is about Tocsin's own host: it says nothing of what a service logs.</summary>
    private const string Vpn = "vpn.interface";

    /// <summary>The probe that reads what a service printed.</summary>
    private const string Log = "app.logs";

    /// <summary>WireGuard shakes hands at least every three minutes while there is traffic.</summary>
    private const double LiveHandshakeSeconds = 180;

    private static readonly Duration Quiet = Duration.FromMinutes(15);

    /// <summary>What was said again and again for at least <see cref="Kept"/> has ended after this silence, or after so many times the longest it kept before.</summary>
    private static readonly Duration Silence = Duration.FromSeconds(20);
    private static readonly Duration Kept = Duration.FromSeconds(1);
    private const int Said = 3;
    private const int TimesLonger = 3;

    /// <summary>So long after a component's start what its users say is still of its coming back: what it lost, and what they had begun.</summary>
    private static readonly Duration Return = Duration.FromSeconds(10);

    private readonly Dictionary<string, ImmutableArray<Seen>> _byProbe;
    private readonly Dictionary<(string Probe, string Service), ImmutableArray<Seen>> _asked = [];
    private readonly ILookup<string, Observation> _others;
    private readonly Dictionary<Subject, bool> _wells = [];
    private readonly DiagnosisCatalog _catalog;
    private readonly Truth _vpn;

    public Evidence(EvidenceBundle bundle, DiagnosisCatalog catalog)
    {
        (Bundle, _catalog) = (bundle, catalog);
        Dependencies = new Dependencies(bundle.Topology);
        var here = bundle.Observations.Where(o => o.Subject.Environment.Length == 0 || o.Subject.Environment == bundle.Environment).ToList();
        _vpn = VpnIsUp(here.Where(o => o.Probe == Vpn));
        _byProbe = here.GroupBy(o => (o.Probe, o.Subject, o.Vantage)).SelectMany(Newest).Select(o => new Seen(o, BlindFor(o)))
            .GroupBy(s => s.Observation.Probe, StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.ToImmutableArray(), StringComparer.Ordinal);
        var current = Current.Select(s => s.Observation).ToHashSet(ReferenceEqualityComparer.Instance);
        _others = bundle.Observations.Where(o => o.IsEvidence && !current.Contains(o)).ToLookup(o => o.Probe, StringComparer.Ordinal);
        Services = [.. Current.Select(s => s.Observation.Subject.Service).Concat(bundle.Matches.Select(m => m.Subject.Service)).Concat(bundle.Services)
            .Where(s => s.Length > 0).Select(Dependencies.ServiceName).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        Matches = [.. bundle.Matches.Where(m => m.Subject.Environment.Length == 0 || m.Subject.Environment == bundle.Environment)
            .Where(m => !IsPast(m) && !IsMereHint(m))];
    }

    public EvidenceBundle Bundle { get; }

    public Dependencies Dependencies { get; }

    public ImmutableArray<string> Services { get; }

    /// <summary>What is still printed; what ended before all was well again is history.</summary>
    public ImmutableArray<LogMatch> Matches { get; }

    public IEnumerable<Seen> Current => _byProbe.OrderBy(p => p.Key, StringComparer.Ordinal).SelectMany(p => p.Value);

    /// <summary>Earlier looks, and those at other environments: material for comparison.</summary>
    public IEnumerable<Observation> Others(string probe) => _others[probe];

    public IEnumerable<Observation> Siblings(Observation of) => _byProbe.GetValueOrDefault(of.Probe, []).Where(s => s.IsEvidence).Select(s => s.Observation);

    /// <summary>Whether something looked at the state of this environment's service, or of this one item, and all that it saw is well.</summary>
    public bool IsWell(Subject subject)
    {
        if (_wells.TryGetValue(subject, out var known)) return known;
        var looks = Bundle.Observations.Where(o => o.Subject.Environment == subject.Environment && o.Subject.Service == subject.Service && o.Subject.Item == subject.Item && _catalog.WrongByProbe.ContainsKey(o.Probe)).ToList();
        var symptoms = looks.SelectMany(o => _catalog.WrongByProbe[o.Probe].Where(w => w.Kind == WrongKind.Symptom).Select(w => (Look: o, Wrong: w, Value: o.Value(w.When.Name)))).ToList();
        return _wells[subject] = looks.TrueForAll(o => o.IsEvidence) && symptoms.Exists(p => p.Value is not null)
            && symptoms.TrueForAll(p => p.Value is null || !p.Wrong.When.Compare.Holds(p.Value))
            && !Bundle.Matches.Any(m => m.Subject.Environment == subject.Environment && m.Subject.Service == subject.Service && (subject.Item.Length == 0 || m.Subject.Item == subject.Item));
    }

    /// <param name="service">The service whose trouble it is; empty: not known, every observation counts.</param>
    /// <param name="ofAll">Of several items, such as the queues of a service, it has to hold for all that the entry's texts name, and without any for all: that one queue runs says nothing against another that is paused.</param>
    public Answer Ask(Condition condition, Entry entry, string service, bool ofAll = false) => condition switch
    {
        Condition.Fact fact when ofAll => OfAll(Ask(fact, fact.Of.Length > 0 && service.Length > 0 ? Dependencies.ServiceName(fact.Of) : service), fact, entry, service),
        Condition.Fact fact => Ask(fact, fact.Of.Length > 0 && service.Length > 0 ? Dependencies.ServiceName(fact.Of) : service),
        Condition.Saw saw => Saw(saw, entry, service),
        _ => throw new ArgumentOutOfRangeException(nameof(condition), condition, "unknown condition"),
    };

    public IEnumerable<LogMatch> MatchesOf(Entry entry, string service) =>
        Matches.Where(m => m.Entry == entry.Id && (service.Length == 0 || Dependencies.ServiceName(m.Subject.Service) == service));

    public bool IsLogRefused(string service) => Of(Log, service).Any(s => s.Observation.IsRefused);

    private Answer Ask(Condition.Fact fact, string service)
    {
        var (holds, denies, unknown) = (ImmutableArray.CreateBuilder<Seen>(), ImmutableArray.CreateBuilder<Seen>(), ImmutableArray.CreateBuilder<Seen>());
        foreach (var seen in Of(DiagnosisCatalog.ProbeOf(fact.Name), service))
        {
            var value = seen.IsEvidence ? seen.Observation.Value(fact.Name) : null;
            (value is null ? unknown : fact.Compare.Holds(value) ? holds : denies).Add(seen);
        }
        if (holds.Count > 0) return new Answer(Truth.True, holds.ToImmutable());
        if (unknown.Count > 0) return new Answer(Truth.Unknown, unknown.ToImmutable());
        return denies.Count > 0 ? new Answer(Truth.False, denies.ToImmutable()) : Answer.NotAsked;
    }

    private Answer OfAll(Answer answer, Condition.Fact fact, Entry entry, string service)
    {
        if (answer.Truth != Truth.True || answer.By.Any(s => s.Observation.Subject.Item.Length == 0)) return answer;
        var named = MatchesOf(entry, service).Select(m => m.Subject.Item).Where(i => i.Length > 0).ToHashSet(StringComparer.Ordinal);
        var others = Of(DiagnosisCatalog.ProbeOf(fact.Name), fact.Of.Length > 0 && service.Length > 0 ? Dependencies.ServiceName(fact.Of) : service)
            .Where(s => s.IsEvidence && (named.Count == 0 || named.Contains(s.Observation.Subject.Item)) && s.Observation.Value(fact.Name) is { } value && !fact.Compare.Holds(value)).ToImmutableArray();
        return others.IsEmpty ? answer : new Answer(Truth.False, others);
    }

    private Answer Saw(Condition.Saw saw, Entry entry, string service) =>
        new(MatchesOf(entry, service).Any(m => m.Signatures.Contains(saw.Signature, StringComparer.Ordinal)) ? Truth.True : Truth.False, []);

    private ImmutableArray<Seen> Of(string probe, string service)
    {
        if (_asked.TryGetValue((probe, service), out var known)) return known;
        return _asked[(probe, service)] = [.. _byProbe.GetValueOrDefault(probe, []).Where(s => IsAbout(s.Observation, service))];
    }

    private bool IsAbout(Observation seen, string service)
    {
        if (service.Length == 0) return true;
        if (seen.Probe == Vpn) return false;
        var subject = seen.Subject;
        return subject.Service.Length > 0 ? Dependencies.ServiceName(subject.Service) == service : subject.Component.Length == 0 || Dependencies.MayNeed(service, subject.Component);
    }

    // The last look that saw something; a later one that could not look leaves it standing. Two of the same instant both count.
    private static IEnumerable<Observation> Newest(IEnumerable<Observation> looks)
    {
        var all = looks.ToList();
        var pool = all.Exists(o => o.IsEvidence) ? all.FindAll(o => o.IsEvidence) : all;
        var last = pool.Max(o => o.At);
        return pool.Where(o => o.At == last);
    }

    private string BlindFor(Observation seen)
    {
        if (!seen.IsEvidence) return seen.Note.Length > 0 ? seen.Note : Names.Of(seen.Status);
        if (seen.Vantage != Vantage.Host || _vpn == Truth.True || !Dependencies.BehindVpn(Bundle.Environment, seen.Subject.Component)) return "";
        var stage = seen.Facts.GetValueOrDefault("stage", "");
        var silent = seen.Facts.GetValueOrDefault("code", "") is "ETIMEDOUT" or "EHOSTUNREACH" or "ENETUNREACH" or "ENOTFOUND" or "EAI_AGAIN";
        return stage is "resolve" or "connect" && (silent || _vpn == Truth.False) ? "the VPN is not connected, so this host cannot reach it" : "";
    }

    private static Truth VpnIsUp(IEnumerable<Observation> looks)
    {
        var seen = looks.Where(o => o.IsEvidence).OrderBy(o => o.At).LastOrDefault();
        if (seen?.Facts.GetValueOrDefault("up") is not { } up) return Truth.Unknown;
        if (up != "true") return Truth.False;
        var age = seen.Facts.TryGetValue("handshakeSeconds", out var text) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds) ? seconds : 0;
        return age is >= 0 and <= LiveHandshakeSeconds ? Truth.True : Truth.False;
    }

    /// <summary>A text that only hints at a component is no sign of it where it was printed by who does not need that component: any socket is reset.</summary>
    public bool IsMereHint(LogMatch match) =>
        match.Subject.Service.Length > 0 && _catalog.IsHint(match.Entry, match.Signatures) && ComponentOf(match) is { } component && !Dependencies.MayNeed(Dependencies.ServiceName(match.Subject.Service), component);

    // A line is history when nothing is wrong with what it is about, and either it is long silent, or all is well since after it and who printed it is gone or found it well again.
    private bool IsPast(LogMatch match)
    {
        var service = Dependencies.ServiceName(match.Subject.Service);
        var states = Current.Where(s => _catalog.WrongByProbe.ContainsKey(s.Observation.Probe) && IsAbout(s.Observation, service)).ToList();
        if (states.Exists(s => s.IsEvidence && _catalog.WrongByProbe[s.Observation.Probe].Any(w => s.Observation.Value(w.When.Name) is { } v && w.When.Compare.Holds(v)))) return false;
        if (Bundle.CollectedAt - match.Last > Quiet) return true;
        return states.TrueForAll(s => s.IsEvidence) && (match.Live ? IsOver(match, states, service) : states.Exists(s => s.Observation.Since > match.Last));
    }

    // Who still runs may have said once what still holds. Of a component that is seen to be well it says no more when it worked since, or was silent for much longer than before.
    // One line is over for every entry that knows it, for it was said once.
    private bool IsOver(LogMatch match, List<Seen> states, string service) =>
        Bundle.Matches.Any(m => m.Live && m.Subject == match.Subject && m.Source == match.Source && m.Last == match.Last && m.Text == match.Text && ComponentOf(m) is { } component && IsOver(m, component, states, service));

    private bool IsOver(LogMatch match, string component, List<Seen> states, string service)
    {
        if (IsNamedWell(match, component)) return true;
        if (!states.Exists(s => s.IsEvidence && s.Observation.Subject.Component == component)) return false;
        // The component was started since, or something that needs it works since: one of several of its own, such as the workers of a queue, or requests, for as long as who fails now and then would not.
        if (states.Where(s => s.Observation.Subject.Item.Length > 0 || s.Observation.Subject.Component == component).Any(s => s.IsEvidence && s.Observation.Since > match.Last)) return true;
        if (Bundle.CollectedAt - match.Last >= Silence && Of(Log, service).Any(s => s.IsEvidence && s.Observation.Since > match.Last)) return true;
        // What several services said of it, and ended in the same moment, they said together.
        var together = Bundle.Matches.Where(m => m.Entry == match.Entry && m.Subject.Environment == match.Subject.Environment && m.Signatures.Intersect(match.Signatures, StringComparer.Ordinal).Any() && Apart(m.Last, match.Last) <= Return).ToList();
        var last = together.Max(m => m.Last);
        var often = together.Sum(m => m.Count) >= Said && last - together.Min(m => m.First) >= Kept;
        var returning = states.Exists(s => s.IsEvidence && s.Observation.Subject.Component == component && s.Observation.Since is { } since && since <= match.Last && match.Last - since <= Return);
        return (often || returning) && together.TrueForAll(m => GapOf(m) is { } gap && Bundle.CollectedAt - last >= Duration.Max(Silence, gap * TimesLonger));
    }

    // What the line itself names, such as a merchant's domain, is since then in a state that nothing is known against.
    private bool IsNamedWell(LogMatch match, string component) => Current.Any(s =>
        s.IsEvidence && s.Observation.Since > match.Last && s.Observation.Subject is { Item.Length: > 0 } named && named.Component == component && named.Environment == match.Subject.Environment
        && match.Text.Contains(named.Item, StringComparison.Ordinal) && !Bundle.Matches.Any(m => m.Subject == named));

    private static Duration? GapOf(LogMatch match) => match.Gap ?? (match.First == match.Last ? Duration.Zero : null);

    private static Duration Apart(Instant one, Instant other) => one > other ? one - other : other - one;

    private string? ComponentOf(LogMatch match) => _catalog.ComponentOf(match.Entry) is { } component && Dependencies.IsComponent(component) ? component : null;
}
