using System.Collections.Concurrent;
using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Tocsin.Core.Incidents;
using Tocsin.Core.Response;

namespace Tocsin.Server.Storage;

/// <summary>
/// How events stand in the database. The names here and the keys of each body are a contract with every database that exists: a name is never used for
/// something else, a key never changes its meaning, and a new key has a default for the events that lack it. tests/Tocsin.Server.Tests/Expectations/events.json
/// holds today's form of each event, and a test reads it back.
/// </summary>
public sealed class EventJson
{
    private static readonly (string Name, Type Type)[] Kinds =
    [
        ("declared", typeof(Declared)),
        ("acknowledged", typeof(Acknowledged)),
        ("role-assigned", typeof(RoleAssigned)),
        ("severity-changed", typeof(SeverityChanged)),
        ("impact-reported", typeof(ImpactReported)),
        ("noted", typeof(Noted)),
        ("recorded", typeof(Recorded)),
        ("match-attached", typeof(MatchAttached)),
        ("diagnosis-attached", typeof(DiagnosisAttached)),
        ("update-posted", typeof(UpdatePosted)),
        ("mitigated", typeof(Mitigated)),
        ("resolved", typeof(Resolved)),
        ("reopened", typeof(Reopened)),
        ("merged-into", typeof(MergedInto)),
        ("absorbed", typeof(Absorbed)),
        ("split-off", typeof(SplitOff)),
        ("post-mortem-filed", typeof(PostMortemFiled)),
        ("step-fired", typeof(StepFired)),
        ("step-muted", typeof(StepMuted)),
        ("paged", typeof(Paged)),
        ("page-suppressed", typeof(PageSuppressed)),
        ("receipt-recorded", typeof(ReceiptRecorded)),
        ("page-failed", typeof(PageFailed)),
        ("channel-given-up", typeof(ChannelGivenUp)),
        ("alarm-raised", typeof(AlarmRaised)),
        ("deadline-missed", typeof(DeadlineMissed)),
        ("clock-went-back", typeof(ClockWentBack)),
    ];

    private static readonly FrozenDictionary<string, Type> Types = Kinds.ToFrozenDictionary(k => k.Name, k => k.Type, StringComparer.Ordinal);
    private static readonly FrozenDictionary<Type, string> Names = Kinds.ToFrozenDictionary(k => k.Type, k => k.Name);
    private static readonly JsonSerializerOptions Bodies = JsonForm.Options();

    private readonly ConcurrentDictionary<string, ResponsePolicy> policies = new(StringComparer.Ordinal);
    private readonly JsonSerializerOptions events;

    public EventJson()
    {
        events = JsonForm.Options();
        events.Converters.Insert(0, new PolicyByDigest(this));
    }

    public static string NameOf(IncidentEvent e) => Names[e.GetType()];

    public string Write(IncidentEvent e) => JsonSerializer.Serialize(e, e.GetType(), events);

    public IncidentEvent Read(string type, string body) =>
        Types.TryGetValue(type, out var known)
            ? (IncidentEvent)JsonSerializer.Deserialize(body, known, events)!
            : throw new SchemaException($"the database holds an event \"{type}\", which this program does not know: start the newer program");

    /// <summary>The digest of a policy and its form in the database.</summary>
    public (string Digest, string Body) Freeze(ResponsePolicy policy)
    {
        var body = JsonSerializer.Serialize(policy, Bodies);
        var digest = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(body)));
        policies.TryAdd(digest, policy);
        return (digest, body);
    }

    /// <summary>The digest of the policy that a stored declaration names, where that policy is not known yet.</summary>
    public string? Unknown(string type, string body)
    {
        if (type != "declared") return null;
        var digest = DigestIn(body);
        return policies.ContainsKey(digest) ? null : digest;
    }

    // A quote within a text is written with a backslash, so the sign stands nowhere but at the key.
    private static string DigestIn(string body)
    {
        const string sign = "\"policy\":\"";
        var start = body.IndexOf(sign, StringComparison.Ordinal);
        if (start >= 0 && body.IndexOf('"', start += sign.Length) is > 0 and var end) return body[start..end];
        using var document = JsonDocument.Parse(body);
        return document.RootElement.GetProperty("policy").GetString()!;
    }

    public void Know(string digest, string body) => policies[digest] = JsonSerializer.Deserialize<ResponsePolicy>(body, Bodies)!;

    private sealed class PolicyByDigest(EventJson owner) : JsonConverter<ResponsePolicy>
    {
        public override ResponsePolicy Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => owner.policies[reader.GetString()!];

        public override void Write(Utf8JsonWriter writer, ResponsePolicy value, JsonSerializerOptions options) => writer.WriteStringValue(owner.Freeze(value).Digest);
    }
}

/// <summary>JSON of Core's records: camelCase, times RFC 3339 in UTC, lengths ISO 8601, what is null left out.</summary>
public static class JsonForm
{
    public static JsonSerializerOptions Options()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web)
        {
            DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
            IgnoreReadOnlyProperties = true,
            Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            TypeInfoResolver = new DefaultJsonTypeInfoResolver { Modifiers = { Families } },
        };
        foreach (var converter in TimeForms.All) options.Converters.Add(converter);
        options.Converters.Add(new JsonStringEnumConverter<Severity>());
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.CamelCase));
        return options;
    }

    // The records of a family say which they are.
    private static void Families(JsonTypeInfo info)
    {
        if (info.Type == typeof(Due)) info.PolymorphismOptions = Family((typeof(Due.Within), "within"), (typeof(Due.NextBusinessDay), "nextBusinessDay"), (typeof(Due.SameBusinessDay), "sameBusinessDay"));
        if (info.Type == typeof(Target)) info.PolymorphismOptions = Family((typeof(Target.Person), "person"), (typeof(Target.Schedule), "schedule"), (typeof(Target.Role), "role"), (typeof(Target.Channel), "channel"));
    }

    private static JsonPolymorphismOptions Family(params (Type Type, string Name)[] members)
    {
        var options = new JsonPolymorphismOptions { TypeDiscriminatorPropertyName = "kind" };
        foreach (var (type, name) in members) options.DerivedTypes.Add(new JsonDerivedType(type, name));
        return options;
    }
}
