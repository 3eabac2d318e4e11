using System.Security.Cryptography;
using NodaTime;

namespace Tocsin.Lab.Aws.S3;

public sealed record StoredObject(string Key, byte[] Bytes, Instant Modified, string ContentType)
{
    public string? ContentEncoding { get; init; }

    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    // What S3 gives for an object that was put in one piece.
    public string ETag { get; } = $"\"{Convert.ToHexStringLower(MD5.HashData(Bytes))}\"";
}

public sealed class Bucket(string name, string region, Instant created)
{
    public string Name { get; } = name;

    public string Region { get; } = region;

    public Instant Created { get; } = created;

    public SortedDictionary<string, StoredObject> Objects { get; } = new(StringComparer.Ordinal);
}

/// <summary>Buckets of the whole account, in memory and at most <see cref="MostBytes"/>: the oldest objects make room for new ones.</summary>
public sealed class BucketStore
{
    public const long MostBytes = 64 * 1024 * 1024;
    private const int MostObjects = 20_000;
    private readonly Queue<(Bucket Bucket, StoredObject Object)> oldest = new();
    private int count;

    public SortedDictionary<string, Bucket> Buckets { get; } = new(StringComparer.Ordinal);

    public long Bytes { get; private set; }

    public Bucket Create(string name, string region, Instant now) => Buckets[name] = new Bucket(name, region, now);

    public void Put(Bucket bucket, StoredObject stored)
    {
        Remove(bucket, stored.Key);
        bucket.Objects[stored.Key] = stored;
        oldest.Enqueue((bucket, stored));
        Bytes += stored.Bytes.Length;
        count++;
        while (Bytes > MostBytes || count > MostObjects || oldest.Count > 2 * MostObjects)
        {
            var (from, old) = oldest.Dequeue();
            // What was replaced since is no longer there to be dropped.
            if (ReferenceEquals(from.Objects.GetValueOrDefault(old.Key), old)) Remove(from, old.Key);
        }
    }

    public void Remove(Bucket bucket, string key)
    {
        if (!bucket.Objects.Remove(key, out var gone)) return;
        Bytes -= gone.Bytes.Length;
        count--;
    }
}
