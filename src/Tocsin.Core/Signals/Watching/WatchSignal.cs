using NodaTime;
using Tocsin.Core.Response;

namespace Tocsin.Core.Signals.Watching;

public enum WatchSignalKind
{
    Onset,

    /// <summary>It goes on; said again from time to time, so that nobody forgets it.</summary>
    Continues,
    Recovery,
}

/// <summary>What the watch has to say.</summary>
/// <param name="Entry">The entry of the error reference that the fact names, or empty.</param>
/// <param name="Fingerprint">The same for the same thing, in every process and version.</param>
/// <param name="Title">What a page says after severity, environment, service and time. No words of a log stand in it.</param>
/// <param name="Since">When it began, by the first look that saw it; of a recovery, when it was ill first.</param>
/// <param name="Flaps">It comes and goes: there is no recovery until it has been calm for a while.</param>
public sealed record WatchSignal(
    WatchSignalKind Kind,
    WatchSubject Subject,
    string Entry,
    string Fingerprint,
    string Title,
    ImpactFacts Impact,
    WatchedAddresses Addresses,
    Instant Since,
    Instant At,
    bool Flaps)
{
    public string Environment => Subject.Environment;

    public string Service => Subject.Service;

    /// <summary>Nothing is known any more, which is neither trouble nor health.</summary>
    public bool IsBlind => Subject.Kind is WatchKind.Sight;

    /// <summary>As correlation takes it.</summary>
    public IncidentSignal ToIncidentSignal() => new(Environment, Service, Entry, Fingerprint, At);
}
