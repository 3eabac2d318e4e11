using System.Text.Json.Nodes;

namespace Tocsin.Lab.Wire;

/// <summary>How true to AWS an operation is: what it says happens, or only its answer is right.</summary>
public enum Support
{
    /// <summary>What the answer says is so: a process runs, a byte was stored, a policy decides.</summary>
    Real,

    /// <summary>The answer has AWS's shape and follows the lab's own state; nothing stands behind it.</summary>
    Emulated,
}

/// <summary>
/// One operation of the stand-in. <see cref="Answer"/> gets the call with the world's lock held and returns the answer as JSON; for the XML protocols a
/// property <c>"Name&gt;Item"</c> is the list <c>Name</c> whose elements are called <c>Item</c> (else <c>member</c>, in EC2 <c>item</c>).
/// </summary>
public sealed record Operation(string Service, string Name, Func<AwsCall, JsonObject> Answer)
{
    /// <summary>The IAM actions that the caller needs.</summary>
    public Func<AwsCall, IEnumerable<string>> Actions { get; init; } = _ => [$"{Prefix(Service)}:{Name}"];

    /// <summary>The ARNs that the action is asked on; an action without resources is asked on <c>*</c>.</summary>
    public Func<AwsCall, IEnumerable<string>> Resources { get; init; } = static _ => ["*"];

    public bool ReadOnly { get; init; } = ReadOnlyVerbs.Any(v => Name.StartsWith(v, StringComparison.Ordinal));

    /// <summary>Called without the world's lock: the operation's state has one of its own.</summary>
    public bool OwnLock { get; init; }

    /// <summary>A data event, which the trail leaves out.</summary>
    public bool OffTrail { get; init; }

    public Support Support { get; init; } = Support.Emulated;

    /// <summary>What differs from AWS, for the table of the documents.</summary>
    public string Note { get; init; } = "";

    /// <summary>A service's prefix in policies, where it is not the name that it is signed for.</summary>
    public static string Prefix(string service) => service is "monitoring" ? "cloudwatch" : service;

    private static readonly string[] ReadOnlyVerbs = ["Describe", "List", "Get", "Filter", "Lookup", "Simulate", "Batch", "Start"];
}
