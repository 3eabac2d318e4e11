using System.Collections.Immutable;
using Tocsin.Core.Catalog;
using Tocsin.Core.Signals;

namespace Tocsin.Core.Matching;

/// <summary>One known error found in one event.</summary>
/// <param name="Signature">The signature or timing rule that held.</param>
/// <param name="Line">Line of the event's first line, from 1.</param>
/// <param name="Offset">Byte offset of the event's first line in the stream, from 0.</param>
/// <param name="Captures">What holes and groups stood for, not redacted.</param>
/// <param name="Text">The line on which the signature was found, as bytes of the log, not redacted, at most <see cref="MaxText"/> long.</param>
/// <param name="Time">The time the event carries, or the one before it in the stream.</param>
public sealed record Match(
    Entry Entry,
    string Signature,
    Says Says,
    long Line,
    long Offset,
    ImmutableArray<Capture> Captures,
    string Text,
    EventTime? Time)
{
    public const int MaxText = 2000;

    /// <summary>Lines around the event, where the reader asked for them.</summary>
    public ImmutableArray<string> Before { get; init; } = [];

    public ImmutableArray<string> After { get; init; } = [];

    /// <summary>Every signature of the entry that held on the event, the leading one first.</summary>
    public ImmutableArray<string> Signatures { get; init; } = [];

    /// <summary>The other entries that matched the same event.</summary>
    public ImmutableArray<string> Rivals { get; init; } = [];

    /// <summary>How sure the text alone makes, 0 to 1.</summary>
    public double Score => ScoreOf(Says);

    public static double ScoreOf(Says says) => says switch
    {
        Says.Cause => 0.95,
        Says.Component => 0.85,
        Says.Symptom => 0.65,
        Says.Hint => 0.4,
        _ => 0,
    };
}
