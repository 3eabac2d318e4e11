using System.Collections.Immutable;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Verbs;

/// <summary>Every verb of the lab.</summary>
public static class VerbTable
{
    public static ImmutableArray<Verb> All { get; } = [.. SecretVerbs.All, .. ServiceVerbs.All, .. ComponentVerbs.All, .. QueueVerbs.All];

    /// <summary>Runs one request; throws <see cref="LabException"/> in a sentence, and then nothing was changed but what that sentence says.</summary>
    public static async Task<string> RunAsync(LabHost host, VerbRequest request, CancellationToken cancel)
    {
        var (call, verb, done) = Begin(host, request);
        if (done is null)
        {
            done = await verb.Beyond!(call)!(cancel);
            lock (host.World.Gate) Note(host, verb, call, request);
        }
        return done;
    }

    /// <summary>Runs a request that needs nothing but the world; one that has to wait for a server is refused.</summary>
    public static string Run(LabHost host, VerbRequest request) =>
        Begin(host, request).Done ?? throw new LabException($"lab {request.Verb} waits for a server and cannot be run here");

    // Done is null where the work lies beyond the world's lock.
    private static (VerbCall Call, Verb Verb, string? Done) Begin(LabHost host, VerbRequest request)
    {
        var verb = All.FirstOrDefault(v => v.Name == request.Verb) ?? throw VerbCall.Unknown("verb", request.Verb, All.Select(v => v.Name));
        lock (host.World.Gate)
        {
            var call = new VerbCall(host, verb, request);
            if (verb.Beyond?.Invoke(call) is not null) return (call, verb, null);
            var done = verb.Run(call);
            Note(host, verb, call, request);
            return (call, verb, done);
        }
    }

    private static void Note(LabHost host, Verb verb, VerbCall call, VerbRequest request)
    {
        if (verb.Breaks(call)) host.Break(request.By, call.Environment.Name, request.Line);
    }
}
