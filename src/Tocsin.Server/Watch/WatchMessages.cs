using Microsoft.Extensions.Logging;

namespace Tocsin.Server.Watch;

internal static partial class WatchMessages
{
    [LoggerMessage(501, LogLevel.Error, "a look of the watch failed; the next one comes at its time")]
    public static partial void LookFailed(ILogger log, Exception error);

    [LoggerMessage(502, LogLevel.Warning, "nobody took what the watch says, it is kept and said again: {title}")]
    public static partial void NotTaken(ILogger log, string title, Exception error);

    [LoggerMessage(503, LogLevel.Warning, "facts of {environment} are not looked at: the {perHour} calls to AWS of this hour are used up")]
    public static partial void BudgetUsed(ILogger log, string environment, int perHour);

    [LoggerMessage(504, LogLevel.Debug, "a loop of the watch ended")]
    public static partial void Ended(ILogger log);
}
