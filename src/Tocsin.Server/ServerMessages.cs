using Microsoft.Extensions.Logging;

namespace Tocsin.Server;

/// <summary>Everything that the server writes to its own log. Nothing here holds an address, a token or the text of a log.</summary>
internal static partial class ServerMessages
{
    [LoggerMessage(1, LogLevel.Error, "what was due could not be handled together; each incident is tried alone")]
    public static partial void BatchFailed(ILogger log, Exception error);

    [LoggerMessage(2, LogLevel.Error, "the clock of INC-{Incident} could not be handled")]
    public static partial void ClockFailed(ILogger log, long incident, Exception error);

    [LoggerMessage(3, LogLevel.Error, "{Loop} stumbled and goes on")]
    public static partial void LoopFailed(ILogger log, string loop, Exception error);

    [LoggerMessage(4, LogLevel.Critical, "the database does not answer since {Since}: {Why}")]
    public static partial void DatabaseDown(ILogger log, string since, string why);

    [LoggerMessage(5, LogLevel.Information, "the database answers again after {Seconds} s")]
    public static partial void DatabaseBack(ILogger log, long seconds);

    [LoggerMessage(6, LogLevel.Warning, "page {Page} by {Channel}: {Why}; attempt {Attempt}")]
    public static partial void SendFailed(ILogger log, string page, string channel, string why, long attempt);

    [LoggerMessage(7, LogLevel.Error, "channel {Channel} threw instead of answering")]
    public static partial void ChannelThrew(ILogger log, string channel, Exception error);

    [LoggerMessage(8, LogLevel.Warning, "page {Page} may have been sent by a process that died; it is sent again with the same key")]
    public static partial void InDoubt(ILogger log, string page);

    [LoggerMessage(9, LogLevel.Error, "{Method} {Path} failed")]
    public static partial void RequestFailed(ILogger log, string method, string path, Exception error);

    [LoggerMessage(10, LogLevel.Error, "signal {Signal} could not be handled and is put aside")]
    public static partial void SignalFailed(ILogger log, string signal, Exception error);

    [LoggerMessage(11, LogLevel.Warning, "the clock was set back by {By}; what waited for the old time is brought forward")]
    public static partial void ClockSetBack(ILogger log, string by);

    [LoggerMessage(12, LogLevel.Error, "nobody could be told that this server cannot do its work")]
    public static partial void SelfAlarmUnheard(ILogger log);

    [LoggerMessage(13, LogLevel.Error, "not everything is alive, so nothing is pinged: {What}")]
    public static partial void Dead(ILogger log, string what);

    [LoggerMessage(14, LogLevel.Warning, "the heartbeat outside was not reached: {Why}")]
    public static partial void PingFailed(ILogger log, string why);

    [LoggerMessage(15, LogLevel.Warning, "nobody was signed in by the identity provider: {Why}")]
    public static partial void SignInFailed(ILogger log, string why);

    [LoggerMessage(16, LogLevel.Warning, "the collector of traces and metrics was not reached: {Why}; said once until it is")]
    public static partial void CollectorAway(ILogger log, string why);
}
