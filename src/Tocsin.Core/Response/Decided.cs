using System.Collections.Immutable;

namespace Tocsin.Core.Response;

/// <summary>The answer to a command about one of the streams beside an incident: events, nothing to do, or a refusal with its reason.</summary>
public abstract record Decided<TEvent>
    where TEvent : class
{
    public sealed record Accept(ImmutableArray<TEvent> Events) : Decided<TEvent>;

    /// <summary>It is so already.</summary>
    public sealed record Nothing(string Why) : Decided<TEvent>;

    public sealed record Refuse(string Why) : Decided<TEvent>;

    public static Decided<TEvent> One(TEvent e) => new Accept([e]);

    public static Decided<TEvent> No(string why) => new Refuse(why);
}
