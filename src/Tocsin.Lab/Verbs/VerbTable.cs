using System.Collections.Immutable;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Verbs;

/// <summary>Every verb of the lab.</summary>
public static class VerbTable
{
    public static ImmutableArray<Verb> All { get; } = [.. SecretVerbs.All, .. ServiceVerbs.All, .. ComponentVerbs.All];

    /// <summary>Runs one request; throws <see cref="LabException"/> in a sentence, and then nothing was changed but what that sentence says.</summary>
    public static string Run(LabHost host, VerbRequest request)
    {
        var verb = All.FirstOrDefault(v => v.Name == request.Verb) ?? throw VerbCall.Unknown("verb", request.Verb, All.Select(v => v.Name));
        lock (host.World.Gate)
        {
            var call = new VerbCall(host, verb, request);
            var done = verb.Run(call);
            if (verb.Breaks(call)) host.Break(request.By, call.Environment.Name, request.Line);
            return done;
        }
    }
}
