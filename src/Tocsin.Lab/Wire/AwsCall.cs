using System.Globalization;
using System.Text.Json.Nodes;
using NodaTime;

namespace Tocsin.Lab.Wire;

/// <summary>Whose key signed a call.</summary>
public sealed record Caller(string Account, string Arn, string UserName, string AccessKeyId);

/// <summary>
/// One call, whatever protocol it came in: parameters of the Query and EC2 protocols stand in <see cref="Input"/> as if they had been JSON
/// (<c>Filter.1.Name=x</c> is <c>{"Filter":[{"Name":"x"}]}</c>, all leaves text).
/// </summary>
public sealed record AwsCall(string Service, string Operation, string Region, Caller Caller, JsonObject Input, Instant Now)
{
    public string SourceIp { get; init; } = "127.0.0.1";

    public string UserAgent { get; init; } = "";

    public string RequestId { get; init; } = "";

    /// <summary>A required text; absent or empty is the error that AWS gives.</summary>
    public string Required(string name) =>
        Text(name) is { Length: > 0 } text ? text : throw new AwsException("InvalidParameterException", $"{name} can not be blank.");

    public string? Text(string name) => Input[name] is JsonValue value ? value.ToString() : null;

    public long? Number(string name) => Text(name) is not { } text ? null
        : long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var number) ? number
        : throw new AwsException("SerializationException", $"{name} is not a number");

    public bool? Flag(string name) => Text(name) is not { } text ? null
        : bool.TryParse(text, out var flag) ? flag
        : throw new AwsException("SerializationException", $"{name} is neither true nor false");

    /// <summary>A list of texts; absent is empty.</summary>
    public IEnumerable<string> Texts(string name) => Items(name).Select(i => i?.ToString() ?? "");

    public IEnumerable<JsonNode?> Items(string name) => Input[name] switch
    {
        null => [],
        JsonArray list => list,
        // A list whose members have a name of their own: Filters.Filter.1.
        JsonObject { Count: 1 } named when named.First().Value is JsonArray list => list,
        // The Query protocol writes an empty list as an empty text.
        JsonValue empty when empty.ToString().Length == 0 => [],
        var single => throw new AwsException("SerializationException", $"{name} is not a list: {single.ToJsonString()}"),
    };

    public JsonObject? Object(string name) => Input[name] as JsonObject;
}
