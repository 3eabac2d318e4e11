using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;
using NodaTime;

namespace Tocsin.Core.Response.Actions;

/// <summary>Where a plan holds, and nowhere else.</summary>
public sealed record ActionPlace(string Account, string Region, string Endpoint);

/// <summary>One exact call, in the order of the plan.</summary>
/// <param name="Arguments">By name, each as JSON. A gap <c>{{tocsin:…}}</c> in it is filled in as it is sent: <c>token</c>, <c>N:path</c> from the answer to call N, <c>value:NAME</c> from what is typed in again.</param>
public sealed record PlannedCall(string Provider, string Operation, ImmutableSortedDictionary<string, string> Arguments);

/// <summary>Tasks of a service that are healthy before and after, at the least.</summary>
public sealed record HealthyTasks(int Before, int After);

/// <summary>
/// What would be done, made by only reading. <see cref="Digest"/> covers everything that an approver saw and that decides what runs; <see cref="FactsDigest"/>
/// the few facts that it depends on, which are read again right before it runs.
/// </summary>
public sealed record ActionPlan
{
    public required string Id { get; init; }
    public required string Action { get; init; }
    public required ActionPlace Place { get; init; }
    public required string Environment { get; init; }
    public required bool Production { get; init; }

    /// <summary>What it changes, such as a service, a secret or a key: one destructive act at a time on each.</summary>
    public required string Target { get; init; }

    /// <summary>Every service that feels it.</summary>
    public required ImmutableArray<string> BlastRadius { get; init; }
    public required string Current { get; init; }
    public required string Wanted { get; init; }
    public required ImmutableArray<PlannedCall> Calls { get; init; }

    /// <summary>Such as the revision's ARN, the desired count, the secret's version.</summary>
    public required ImmutableSortedDictionary<string, string> Facts { get; init; }

    /// <summary>What the undo gives back, as it was when the plan was made. The plan does not depend on it: it may move until it runs, and is then read again.</summary>
    public ImmutableSortedDictionary<string, string> Remembered { get; init; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>Null where the action concerns no tasks.</summary>
    public HealthyTasks? LeastHealthy { get; init; }

    /// <summary>For those who run it by hand.</summary>
    public ImmutableArray<string> Commands { get; init; } = [];
    public required Instant MadeAt { get; init; }

    /// <summary>From then on it is made anew.</summary>
    public required Instant Expires { get; init; }

    /// <summary>What an approver should know and no call shows, such as which migrations ran since.</summary>
    public ImmutableArray<string> Notes { get; init; } = [];

    /// <summary>The plan that this one takes back; empty: none.</summary>
    public string Undoes { get; init; } = "";

    /// <summary>What whoever starts it types in again, because it is stored nowhere: each with the digest that the plan knows it by.</summary>
    public ImmutableSortedDictionary<string, string> Values { get; init; } = ImmutableSortedDictionary.Create<string, string>(StringComparer.Ordinal);

    public string Digest => Canonical.Of(
    [
        Id, Action, Place.Account, Place.Region, Place.Endpoint, Environment, Production ? "production" : "other", Target, Current, Wanted,
        LeastHealthy is { } tasks ? $"{tasks.Before}>{tasks.After}" : "",
        Undoes,
        .. Canonical.List(BlastRadius),
        .. Canonical.List(Notes),
        .. Canonical.List(Values.SelectMany(Pair)),
        .. Canonical.List(Calls.Select(c => Canonical.Of([c.Provider, c.Operation, .. Canonical.List(c.Arguments.SelectMany(Pair))]))),
        FactsDigest,
        .. Remembered.IsEmpty ? [] : Canonical.List(Remembered.SelectMany(Pair)),
    ]);

    public string FactsDigest => Canonical.Of(Canonical.List(Facts.SelectMany(Pair)));

    /// <summary>The facts that are no longer as they were, each with both values; the plan's world has moved.</summary>
    public ImmutableArray<string> Moved(ImmutableSortedDictionary<string, string> now) =>
        [.. Facts.Where(f => !now.TryGetValue(f.Key, out var value) || value != f.Value).Select(f => $"{f.Key} was {f.Value}, {(now.TryGetValue(f.Key, out var value) ? $"is {value}" : "and cannot be seen now")}")];

    private static IEnumerable<string> Pair(KeyValuePair<string, string> pair) => [pair.Key, pair.Value];
}

/// <summary>A digest over texts that no two lists of texts share: each stands with its length.</summary>
internal static class Canonical
{
    public static string Of(IEnumerable<string> texts)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[4];
        foreach (var text in texts)
        {
            var bytes = Encoding.UTF8.GetBytes(text);
            BinaryPrimitives.WriteInt32BigEndian(length, bytes.Length);
            hash.AppendData(length);
            hash.AppendData(bytes);
        }
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>With its count first, so that what stands behind it is never taken for a part of it.</summary>
    public static IEnumerable<string> List(IEnumerable<string> texts)
    {
        var all = texts.ToList();
        return all.Prepend(all.Count.ToString(System.Globalization.CultureInfo.InvariantCulture));
    }
}
