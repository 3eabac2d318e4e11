using System.Collections.Immutable;

namespace Tocsin.Server.Notify;

/// <summary>Every kind of channel there is.</summary>
public static class ChannelKinds
{
    public static ImmutableArray<ChannelKind> All { get; } =
    [
        Log.LogChannel.Kind,
    ];

    public static ChannelKind? Of(string kind) => All.FirstOrDefault(k => k.Kind == kind);
}
