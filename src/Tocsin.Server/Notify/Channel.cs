using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Core.Response;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Server.Notify;

/// <summary>What a message is for.</summary>
public enum PagePurpose
{
    /// <summary>Someone is to act.</summary>
    Page,

    /// <summary>A drill: it looks and arrives like a page, and says that it is none.</summary>
    Test,

    /// <summary>A status update for a room: nobody is to act by it.</summary>
    Update,

    /// <summary>The page with the same key is answered or over. Only channels with <see cref="IChannel.KeepsAlarm"/> get it.</summary>
    Ended,
}

/// <summary>One page as a channel sends it. Its text is redacted already.</summary>
/// <param name="IdempotencyKey">The same for every attempt at the same page, and for its end; at most 64 characters of A-Z a-z 0-9 - and /.</param>
/// <param name="Attempt">From 1. Above 1 an earlier attempt may have arrived: the receiver is given the same key, so that it can tell.</param>
/// <param name="Subject">The incident, such as INC-12, or the name of a drill.</param>
/// <param name="Channel">The channel's id in response.yaml.</param>
/// <param name="Person">A person's id; empty for a room.</param>
/// <param name="Address">Where to; variables are put in. It may be a secret: never logged, never part of a reason.</param>
/// <param name="First">At most 160 characters: severity, environment, service, since when, what.</param>
/// <param name="More">Verdict, next step, link; lines, may be empty.</param>
/// <param name="Link">The incident in the browser; null where the server knows no address of its own.</param>
/// <param name="AcknowledgeLink">A page with one button for this person; opening it changes nothing. Of a test page it says that the page arrived. Null for rooms.</param>
/// <param name="At">When the page was decided.</param>
public sealed record OutgoingPage(
    PagePurpose Purpose,
    string IdempotencyKey,
    int Attempt,
    string Subject,
    string Channel,
    string Person,
    string Address,
    Severity Severity,
    string First,
    string More,
    Uri? Link,
    Uri? AcknowledgeLink,
    Instant At);

/// <summary>How an attempt ended. Reasons are one line, hold no address and no answer text longer than 200 characters.</summary>
public abstract record SendResult
{
    /// <param name="Receipt">What is known now: accepted, or more where the answer says more.</param>
    /// <param name="Reference">The receiver's own name for it, or empty.</param>
    public sealed record Taken(Receipt Receipt, string Reference) : SendResult;

    /// <summary>For good: trying again cannot help (wrong address, wrong key, refused). The next channel is tried at once.</summary>
    public sealed record Refused(string Why) : SendResult;

    /// <summary>It surely did not arrive, and may the next time (no connection, 429, 503).</summary>
    /// <param name="After">As the receiver asks; null: as the sender thinks best.</param>
    public sealed record TryAgain(string Why, Duration? After) : SendResult;

    /// <summary>It may have arrived: sent, and no answer, or one that says nothing (time limit, connection lost, 500). It is sent again with the same key.</summary>
    public sealed record InDoubt(string Why) : SendResult;
}

/// <summary>
/// One way to reach someone, set up. One small folder for each kind: Notify/KIND/, and one line in <see cref="ChannelKinds"/>.
/// Whatever happens becomes a <see cref="SendResult"/>; only the cancellation asked for leaves as an exception. Used by several sends at once.
/// </summary>
public interface IChannel
{
    /// <summary>Whether it rings on by itself until it is told that the page is over.</summary>
    bool KeepsAlarm { get; }

    /// <param name="page">What to send.</param>
    /// <param name="cancel">Ends with the sender's own limit too (<see cref="Sending.Limit"/>): then the attempt counts as in doubt.</param>
    Task<SendResult> SendAsync(OutgoingPage page, CancellationToken cancel);
}

/// <summary>A kind of channel, as response.yaml names it.</summary>
/// <param name="Settings">The keys below <c>server: channels: ID:</c> in tocsin.yaml; checked strictly before <paramref name="Create"/> is called. A map without keys: there are none.</param>
public sealed record ChannelKind(string Kind, Shape.Map Settings, Func<ChannelSetup, IChannel> Create);

/// <summary>What a channel is made of.</summary>
/// <param name="Id">The channel's id in response.yaml.</param>
/// <param name="Settings">As in tocsin.yaml, checked; an empty map where nothing is set.</param>
/// <param name="Variable">Puts the environment's variables into a text: $NAME alone stands for its value. Null: it is not set.</param>
/// <param name="Http">Follows no redirect, reaches no private address unless it is allowed (<see cref="OutgoingGuard"/>); shared, never disposed by the channel.</param>
/// <param name="Guard">For channels that open connections of their own: asked before each.</param>
/// <param name="Time">For tests that advance it.</param>
/// <param name="Write">A line for the server's own output.</param>
public sealed record ChannelSetup(string Id, YamlMappingNode Settings, Func<string, string?> Variable, HttpClient Http, OutgoingGuard Guard, TimeProvider Time, Action<string> Write);

public static class Sending
{
    /// <summary>How long one attempt may take. A claim on a page lasts a little longer, so that a second node never sends what a first one still sends.</summary>
    public static readonly Duration Limit = Duration.FromSeconds(7);
}
