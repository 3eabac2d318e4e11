using System.Net.Sockets;

namespace Tocsin.Collect.Wire;

/// <summary>The stages of a walk to a server, in their order.</summary>
public enum WireStage
{
    Resolve,
    Connect,

    /// <summary>The server speaks first, and did not.</summary>
    Greeting,
    Tls,
    Authenticate,
    Ask,
    Done,
}

/// <summary>A walk that ended before its end: at which stage, by which raw code, and in the server's or the system's own words.</summary>
/// <param name="code">As catalog/observations.yaml names it: ECONNREFUSED, TLS_UNTRUSTED, ER_1045, WRONGPASS.</param>
/// <param name="words">Written by a server: redact before it is kept or shown.</param>
public sealed class WireFailure(WireStage stage, string code, string words, Exception? inner = null) : Exception($"{Text(stage)}: {code}: {words}", inner)
{
    public WireStage Stage => stage;

    public string Code => code;

    public string Words => words;

    /// <summary>The answer was longer than is read.</summary>
    public bool IsTruncated => code is TooLong;

    internal const string TooLong = "TOO_LONG";
    internal const string WrongProtocol = "WRONG_PROTOCOL";
    internal const string TimedOut = "ETIMEDOUT";
    internal const string Reset = "ECONNRESET";

    /// <summary>The stage as facts name it.</summary>
    public static string Text(WireStage stage) => stage switch
    {
        WireStage.Resolve => "resolve",
        WireStage.Connect => "connect",
        WireStage.Greeting => "greeting",
        WireStage.Tls => "tls",
        WireStage.Authenticate => "authenticate",
        WireStage.Ask => "ask",
        WireStage.Done => "done",
        _ => throw new ArgumentOutOfRangeException(nameof(stage)),
    };

    internal static string CodeOf(SocketError error) => error switch
    {
        SocketError.HostNotFound or SocketError.NoData => "ENOTFOUND",
        SocketError.TryAgain or SocketError.NoRecovery => "EAI_AGAIN",
        SocketError.ConnectionRefused => "ECONNREFUSED",
        SocketError.TimedOut => TimedOut,
        SocketError.HostUnreachable or SocketError.HostDown => "EHOSTUNREACH",
        SocketError.NetworkUnreachable or SocketError.NetworkDown => "ENETUNREACH",
        SocketError.ConnectionReset or SocketError.ConnectionAborted or SocketError.Shutdown => Reset,
        _ => "OTHER",
    };
}

/// <summary>Bytes that are not what the protocol says. Becomes a <see cref="WireFailure"/> where the stage is known.</summary>
internal sealed class WireFormatException(string message) : Exception(message);
