using NodaTime;

namespace Tocsin.Lab.Wire;

/// <summary>Token buckets by service or by <c>service:Operation</c>, in calls per second of wall time. Without a limit nothing is throttled.</summary>
public sealed class Throttle
{
    private readonly Dictionary<string, Bucket> buckets = new(StringComparer.Ordinal);

    public IReadOnlyDictionary<string, double> Limits => buckets.ToDictionary(b => b.Key, b => b.Value.PerSecond, StringComparer.Ordinal);

    /// <summary>Sets a limit, whose burst is one second's worth but at least one call; zero or less removes it.</summary>
    public void Set(string name, double perSecond)
    {
        if (perSecond <= 0) buckets.Remove(name);
        else buckets[name] = new Bucket { PerSecond = perSecond, Left = Math.Max(1, perSecond) };
    }

    public void Clear() => buckets.Clear();

    public bool Takes(string service, string operation, Instant now) => Take(service, now) && Take($"{service}:{operation}", now);

    private bool Take(string name, Instant now)
    {
        if (!buckets.TryGetValue(name, out var bucket)) return true;
        if (bucket.Seen is { } seen) bucket.Left = Math.Min(Math.Max(1, bucket.PerSecond), bucket.Left + (now - seen).TotalSeconds * bucket.PerSecond);
        bucket.Seen = now;
        if (bucket.Left < 1) return false;
        bucket.Left--;
        return true;
    }

    private sealed class Bucket
    {
        public double PerSecond { get; init; }

        public double Left { get; set; }

        public Instant? Seen { get; set; }
    }
}
