using System.Collections.Immutable;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using NodaTime;
using Tocsin.Core.Signals.Watching;
using Tocsin.Server.Access;

namespace Tocsin.Server.Watch;

/// <summary>One thing that is watched, as it stands.</summary>
/// <param name="State">well, ill, flapping or unseen; unseen is never health.</param>
/// <param name="Since">Since when it is ill or unseen.</param>
/// <param name="Says">What is wrong, or what was missing to see it.</param>
public sealed record WatchLine(WatchKind Kind, string Environment, string Service, string Id, string Item, string State, Instant? Since, string Says, Instant? LastSeen)
{
    public static WatchLine Of(WatchedThing thing)
    {
        var (subject, known) = (thing.Subject, thing.Known);
        var state = known switch { { UnseenSince: not null } => "unseen", { Flaps: true } => "flapping", { IllSince: not null } => "ill", _ => "well" };
        return new WatchLine(subject.Kind, subject.Environment, subject.Service, subject.Id, subject.Item, state, known.UnseenSince ?? known.IllSince, known.Says, known.LastSeen);
    }
}

/// <param name="On">Whether platform.yaml says what to watch.</param>
/// <param name="CallsLastHour">To AWS; <paramref name="CallsPerHour"/> is their limit.</param>
/// <param name="Pending">What the watch said and nobody took yet.</param>
/// <param name="Unset">Addresses that are not watched, for want of a variable.</param>
public sealed record WatchLook(bool On, Instant? LastAddresses, Instant? LastFacts, int CallsLastHour, int CallsPerHour, int Pending, ImmutableArray<string> Unset, ImmutableArray<WatchLine> Things)
{
    public static readonly WatchLook Off = new(On: false, null, null, 0, 0, 0, [], []);
}

/// <summary>The watch as it stands.</summary>
internal static class WatchApi
{
    public static void Map(IEndpointRouteBuilder api) =>
        api.MapGet("/watch", (HttpContext context) => Results.Ok(Look(context.RequestServices.GetService<PlatformWatch>()))).Needs(Role.Viewer, Scopes.Read).WithTags("signals").WithSummary("What is watched, and how it stands").Produces<WatchLook>();

    private static WatchLook Look(PlatformWatch? watch)
    {
        if (watch is null) return WatchLook.Off;
        var seen = watch.View();
        return new WatchLook(On: true, seen.LastAddresses, seen.LastFacts, seen.CallsLastHour, seen.CallsPerHour, seen.Pending, seen.Unset, [.. seen.Things.Select(WatchLine.Of)]);
    }
}
