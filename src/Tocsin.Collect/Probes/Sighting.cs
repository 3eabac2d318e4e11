using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Signals;

namespace Tocsin.Collect.Probes;

/// <summary>
/// Collects what one look sees. Facts are checked against the probe's definition: another name, type, or value of an enum throws, for it is a mistake of the
/// probe and no observation. A fact that is not known is left out; leaving it out is never an answer.
/// </summary>
public sealed class Sighting(string probe, FactTable definitions)
{
    private readonly Lock gate = new();
    private readonly SortedDictionary<string, string> facts = new(StringComparer.Ordinal);
    private readonly List<string> asked = [];
    private readonly List<string> lacking = [];
    private Instant? since;
    private Instant? changedAt;
    private long bytes;
    private bool empty;

    /// <summary>Since when it is as it is: the onset of what is wrong, or since when it is well.</summary>
    public void Since(Instant? at)
    {
        lock (gate) since = at;
    }

    /// <summary>When that which it describes was last changed by someone; of several the newest.</summary>
    public void ChangedAt(Instant? at)
    {
        lock (gate) changedAt = changedAt is { } known && (at is null || known > at) ? known : at;
    }

    public void Fact(string name, bool? value)
    {
        if (value is { } known) Put(name, FactType.Bool, FactText.Of(known));
    }

    public void Fact(string name, double? value)
    {
        if (value is { } known) Put(name, FactType.Number, FactText.Of(known));
    }

    /// <summary>A value of an enum as observations.yaml lists it, or a text, which is redacted.</summary>
    public void Fact(string name, string? value)
    {
        if (value is not null) Put(name, FactType.Enum, value);
    }

    public bool Has(string name)
    {
        lock (gate) return facts.ContainsKey(name);
    }

    /// <summary>Looked, and there was nothing; the facts it carries hold all the same.</summary>
    public void Empty()
    {
        lock (gate) empty = true;
    }

    /// <summary>A part could not be seen, such as for want of a permission; the facts that were seen hold.</summary>
    public void Lacks(string what)
    {
        lock (gate)
        {
            if (!lacking.Contains(what, StringComparer.Ordinal)) lacking.Add(what);
        }
    }

    /// <summary>Notes one question and what its answer weighed.</summary>
    public void Asked(string what, long answerBytes = 0)
    {
        lock (gate)
        {
            asked.Add(what);
            bytes += answerBytes;
        }
    }

    internal Observation Observe(Probe of, Instant at, ObservationStatus? status, string note)
    {
        lock (gate)
        {
            var seen = status ?? (empty ? ObservationStatus.Empty : ObservationStatus.Ok);
            var words = string.Join("; ", new[] { note }.Concat(lacking).Where(n => n.Length > 0));
            return new Observation
            {
                Probe = of.Name,
                Subject = of.Subject,
                Vantage = of.Vantage,
                Status = seen,
                At = at,
                Facts = facts.ToImmutableSortedDictionary(StringComparer.Ordinal),
                Since = since,
                ChangedAt = changedAt,
                Note = Redactor.Default.Redact(words),
            };
        }
    }

    internal (ImmutableArray<string> Asked, long Bytes) Cost()
    {
        lock (gate) return ([.. asked], bytes);
    }

    private void Put(string name, FactType given, string value)
    {
        var full = $"{probe}.{name}";
        if (!definitions.Facts.TryGetValue(full, out var fact)) throw new ArgumentException($"no probe yields {full}", nameof(name));
        if (fact.Type == FactType.Text) value = Redactor.Default.Redact(value);
        else if (fact.Type != given) throw new ArgumentException($"{full} is a {fact.Type}, not a {given}", nameof(value));
        if (fact.Type == FactType.Enum && !fact.Values.Contains(value, StringComparer.Ordinal)) throw new ArgumentException($"{full} is never {value}", nameof(value));
        lock (gate) facts[name] = value;
    }
}
