using System.Text.Json.Nodes;

namespace Tocsin.Lab.Wire;

/// <summary>An answer that is an error, in AWS's code and words. Thrown by an operation, written by the protocol that the call came in.</summary>
public sealed class AwsException(string code, string message, int status = 400) : Exception(message)
{
    public string Code { get; } = code;

    public int Status { get; } = status;

    /// <summary>Members that the error has beside its message, such as <c>queryCompileError</c>.</summary>
    public JsonObject? Details { get; init; }
}
