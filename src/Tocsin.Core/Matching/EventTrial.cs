using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Tocsin.Core.Catalog;

namespace Tocsin.Core.Matching;

/// <summary>A signature that holds on the event under trial, and where the factor stood that led to it; numbered as in the catalog.</summary>
internal sealed record Held(int Number, CompiledSignature Signature, ImmutableArray<Capture> Captures, int At);

/// <summary>Tries signatures on one event after the other. Each signature is tried once an event, however many of its factors were found.</summary>
internal sealed class EventTrial(MatchSet set)
{
    private readonly EventText text = new();
    private readonly int[] lastTried = new int[set.Signatures.Length];
    private readonly List<Capture> captures = [];
    private readonly Func<StructuredEvent?>[] structuredOnce = new Func<StructuredEvent?>[1];
    private StructuredEvent? structured;
    private bool structuredRead;
    private bool textSet;
    private int number;

    public List<Held> Held { get; } = [];

    /// <summary>Entry, signature and the <c>not</c> pattern that alone kept it from holding.</summary>
    public Action<Entry, string, string>? Vetoed { get; init; }

    public void Begin()
    {
        structured?.Dispose();
        structured = null;
        structuredRead = false;
        textSet = false;
        number++;
        Held.Clear();
    }

    public void Try(ReadOnlySpan<byte> whole, int[] signatures, int at)
    {
        foreach (var candidate in signatures)
        {
            if (lastTried[candidate] == number) continue;
            lastTried[candidate] = number;
            if (!textSet) text.Set(whole);
            textSet = true;
            captures.Clear();
            var signature = set.Signatures[candidate];
            if (signature.Holds(text, structuredOnce[0] ??= Structured, captures, out var vetoed))
                Held.Add(new Held(candidate, signature, Distinct(), at));
            else if (vetoed is not null)
                Vetoed?.Invoke(signature.Entry, signature.Signature.Id, vetoed);
        }
    }

    private StructuredEvent? Structured()
    {
        if (!structuredRead) structured = StructuredEvent.Read(text.Raw);
        structuredRead = true;
        return structured;
    }

    private ImmutableArray<Capture> Distinct()
    {
        if (captures.Count == 0) return [];
        for (var i = captures.Count - 1; i > 0; i--)
        {
            if (captures.FindIndex(c => string.Equals(c.Name, captures[i].Name, StringComparison.Ordinal)) < i) captures.RemoveAt(i);
        }
        return ImmutableCollectionsMarshal.AsImmutableArray(captures.ToArray());
    }
}
