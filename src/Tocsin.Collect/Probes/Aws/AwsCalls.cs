using System.Collections.Concurrent;
using System.Collections.Immutable;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Collect.Aws;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>One call as it was made.</summary>
/// <param name="Outcome">ok, or AWS's error code.</param>
public sealed record CallMade(string Service, string Region, string Operation, string Outcome, long Bytes, Duration Took);

/// <summary>
/// The calls of one drill: facts that belong together share one answer, so the same question is asked once however many probes want it. A call outlives the
/// probe that began it, for the others wait for it too; it ends with the drill.
/// </summary>
public sealed class AwsCalls(AwsCaller caller, TimeProvider time, CancellationToken ending)
{
    private readonly ConcurrentDictionary<string, Lazy<Task<JsonObject>>> answers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, Lazy<Task<byte[]>>> objects = new(StringComparer.Ordinal);
    private readonly ConcurrentQueue<CallMade> made = new();

    /// <summary>Every call that was made, in the order in which they ended.</summary>
    public ImmutableArray<CallMade> Made => [.. made];

    /// <summary>The answer, which is shared: whoever gets it changes nothing in it.</summary>
    public async Task<JsonObject> AskAsync(Sighting sighting, string service, string region, string operation, JsonObject input, CancellationToken cancel)
    {
        var key = $"{service} {region} {operation} {input.ToJsonString()}";
        var fresh = new Lazy<Task<JsonObject>>(() => CallAsync(service, region, operation, input, ending));
        var one = answers.GetOrAdd(key, fresh);
        sighting.Asked($"{service} {operation} in {region}{(ReferenceEquals(one, fresh) ? "" : " (shared)")}");
        return await one.Value.WaitAsync(cancel);
    }

    /// <summary>What S3 holds at a path, or how it lists a bucket; each question once too.</summary>
    public async Task<byte[]> ObjectAsync(Sighting sighting, string region, string operation, string path, SortedDictionary<string, string> query, CancellationToken cancel)
    {
        var key = $"s3 {region} {path}?{string.Join('&', query.Select(q => $"{q.Key}={q.Value}"))}";
        var fresh = new Lazy<Task<byte[]>>(() => NotedAsync("s3", region, operation, async c => await caller.ObjectAsync(region, operation, path, query, c), static b => b.Length, ending));
        var one = objects.GetOrAdd(key, fresh);
        sighting.Asked($"s3 {operation} in {region}{(ReferenceEquals(one, fresh) ? "" : " (shared)")}");
        return await one.Value.WaitAsync(cancel);
    }

    private Task<JsonObject> CallAsync(string service, string region, string operation, JsonObject input, CancellationToken cancel) =>
        NotedAsync(service, region, operation, c => caller.AskAsync(service, region, operation, input, c), static a => a.ToJsonString().Length, cancel);

    private async Task<T> NotedAsync<T>(string service, string region, string operation, Func<CancellationToken, Task<T>> call, Func<T, long> weigh, CancellationToken cancel)
    {
        var began = time.GetTimestamp();
        try
        {
            var answer = await call(cancel);
            Note("ok", weigh(answer));
            return answer;
        }
        catch (AwsFailure e)
        {
            Note(e.Code, 0);
            throw;
        }

        void Note(string outcome, long bytes) => made.Enqueue(new CallMade(service, region, operation, outcome, bytes, Duration.FromTimeSpan(time.GetElapsedTime(began))));
    }
}
