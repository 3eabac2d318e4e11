using Microsoft.Extensions.Logging;

namespace Tocsin.Lab;

/// <summary>Everything that the lab's host writes to its own log.</summary>
internal static partial class LabMessages
{
    [LoggerMessage(1, LogLevel.Error, "LAB an operation of {Service} failed")]
    public static partial void OperationFailed(ILogger log, string service, Exception error);

    [LoggerMessage(2, LogLevel.Warning, "LAB {Service} {Operation} was asked and is not part of this lab")]
    public static partial void UnknownOperation(ILogger log, string service, string operation);

    [LoggerMessage(3, LogLevel.Error, "LAB {Loop} stumbled and goes on")]
    public static partial void LoopFailed(ILogger log, string loop, Exception error);
}
