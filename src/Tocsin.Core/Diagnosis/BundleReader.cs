using System.Collections.Immutable;
using System.Text.Json;
using NodaTime;
using NodaTime.Text;
using Tocsin.Core.Catalog;

namespace Tocsin.Core.Diagnosis;

/// <summary>Reads a bundle strictly: unknown keys, wrong types and unknown words are problems that name the place in the file.</summary>
public static class BundleReader
{
    public static Parsed<EvidenceBundle> Parse(ReadOnlyMemory<byte> json, string file)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var read = new JsonFields(document.RootElement, "", file, []);
            var bundle = Bundle(read);
            return read.Problems.Count > 0 ? new(null, read.Problems) : new(bundle, []);
        }
        catch (JsonException e)
        {
            return new(null, [new Problem(new Place(file, (int)(e.LineNumber ?? 0) + 1, (int)(e.BytePositionInLine ?? 0) + 1), "bundle-json", "this is not JSON, or it ends too early")]);
        }
    }

    private static EvidenceBundle Bundle(JsonFields f)
    {
        f.Only("version", "platform", "environment", "services", "catalog", "collectedAt", "onset", "observations", "matches", "topology");
        if (f.Whole("version") is var version && version != BundleJson.Version) f.Refuse("version", $"the version is {version}; this program reads {BundleJson.Version}");
        return new EvidenceBundle
        {
            Platform = f.Text("platform", required: true),
            Environment = f.Text("environment", required: true),
            Services = f.Texts("services"),
            Catalog = f.Text("catalog"),
            CollectedAt = f.Time("collectedAt", required: true) ?? default,
            Onset = f.Time("onset"),
            Observations = f.Each("observations", Observation),
            Matches = f.Each("matches", Match),
            Topology = f.Inner("topology") is { } t ? Topology(t) : Core.Diagnosis.Topology.Empty,
        };
    }

    private static Observation Observation(JsonFields f)
    {
        f.Only("probe", "subject", "vantage", "status", "at", "facts", "since", "changedAt", "note");
        return new Observation
        {
            Probe = f.Text("probe", required: true),
            Subject = Subject(f),
            Vantage = f.Word<Vantage>("vantage"),
            Status = f.Word<ObservationStatus>("status"),
            At = f.Time("at", required: true) ?? default,
            Facts = f.Facts("facts"),
            Since = f.Time("since"),
            ChangedAt = f.Time("changedAt"),
            Note = f.Text("note"),
        };
    }

    private static LogMatch Match(JsonFields f)
    {
        f.Only("entry", "signatures", "subject", "source", "first", "last", "count", "text", "live", "gapMs");
        return new LogMatch(
            f.Text("entry", required: true), f.Texts("signatures"), Subject(f), f.Text("source"),
            f.Time("first", required: true) ?? default, f.Time("last", required: true) ?? default, f.Whole("count"), f.Text("text"))
        {
            Live = f.Flag("live"),
            Gap = f.Whole("gapMs", required: false) is > 0 and var gap ? Duration.FromMilliseconds(gap) : null,
        };
    }

    private static Subject Subject(JsonFields f)
    {
        if (f.Inner("subject") is not { } s) return new Subject("");
        s.Only("environment", "service", "component", "item");
        return new Subject(s.Text("environment"), s.Text("service"), s.Text("component"), s.Text("item"));
    }

    private static Topology Topology(JsonFields f)
    {
        f.Only("services", "components");
        return new Topology(
            f.Each("services", s =>
            {
                s.Only("name", "role", "dependsOn");
                return new ServiceNode(s.Text("name", required: true), s.Text("role"), s.Texts("dependsOn"));
            }),
            f.Each("components", c =>
            {
                c.Only("environment", "name", "reach");
                return new ComponentNode(c.Text("environment"), c.Text("name", required: true), c.Text("reach"));
            }));
    }
}

/// <summary>The members of one JSON object, asked for by type. What is wrong goes to <see cref="Problems"/>; the answer is then empty.</summary>
internal sealed class JsonFields(JsonElement element, string path, string file, List<Problem> problems)
{
    public List<Problem> Problems => problems;

    public void Only(params ReadOnlySpan<string> known)
    {
        if (element.ValueKind != JsonValueKind.Object)
        {
            Refuse("", "an object is expected here");
            return;
        }
        foreach (var member in element.EnumerateObject())
        {
            if (!known.Contains(member.Name)) Refuse(member.Name, $"unknown key; {Nearest.Suggest(member.Name, [.. known])}known are {string.Join(", ", known.ToArray())}");
        }
    }

    public void Refuse(string key, string why) => problems.Add(new Problem(new Place(file), "bundle-field", $"{Path(key)}: {why}"));

    public string Text(string key, bool required = false) => Member(key, required, JsonValueKind.String, "a text")?.GetString() ?? "";

    /// <summary>True where it stands there as true; else false.</summary>
    public bool Flag(string key)
    {
        if (element.ValueKind != JsonValueKind.Object || !element.TryGetProperty(key, out var found)) return false;
        if (found.ValueKind is not (JsonValueKind.True or JsonValueKind.False)) Refuse(key, "true or false is expected");
        return found.ValueKind is JsonValueKind.True;
    }

    public long Whole(string key, bool required = true)
    {
        if (Member(key, required, JsonValueKind.Number, "a whole number") is not { } found) return 0;
        if (found.TryGetInt64(out var value)) return value;
        Refuse(key, "a whole number is expected");
        return 0;
    }

    public Instant? Time(string key, bool required = false)
    {
        if (Member(key, required, JsonValueKind.String, "a time") is not { } found) return null;
        if (InstantPattern.ExtendedIso.Parse(found.GetString() ?? "") is { Success: true } parsed) return parsed.Value;
        Refuse(key, "a time such as 2026-11-22T08:00:00Z is expected");
        return null;
    }

    public T Word<T>(string key)
        where T : struct, Enum
    {
        var text = Text(key, required: true);
        foreach (var value in Enum.GetValues<T>())
        {
            if (Names.Of(value) == text) return value;
        }
        if (text.Length > 0) Refuse(key, $"\"{text}\" is none of {string.Join(", ", Enum.GetValues<T>().Select(Names.Of))}");
        return default;
    }

    public ImmutableArray<string> Texts(string key) =>
        Member(key, required: false, JsonValueKind.Array, "a list") is { } list ? [.. list.EnumerateArray().Select((e, i) => Plain(e, $"{key}[{i}]"))] : [];

    public ImmutableArray<T> Each<T>(string key, Func<JsonFields, T> read) =>
        Member(key, required: false, JsonValueKind.Array, "a list") is { } list
            ? [.. list.EnumerateArray().Select((e, i) => read(new JsonFields(e, $"{Path(key)}[{i}]", file, problems)))]
            : [];

    public JsonFields? Inner(string key) =>
        Member(key, required: false, JsonValueKind.Object, "an object") is { } found ? new JsonFields(found, Path(key), file, problems) : null;

    public ImmutableSortedDictionary<string, string> Facts(string key)
    {
        var facts = ImmutableSortedDictionary.CreateBuilder<string, string>(StringComparer.Ordinal);
        if (Member(key, required: false, JsonValueKind.Object, "an object") is not { } found) return facts.ToImmutable();
        foreach (var fact in found.EnumerateObject()) facts[fact.Name] = Scalar(fact.Value, $"{key}.{fact.Name}");
        return facts.ToImmutable();
    }

    private string Scalar(JsonElement value, string key) => value.ValueKind switch
    {
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Number => value.GetRawText(),
        _ => Plain(value, key),
    };

    private string Plain(JsonElement value, string key)
    {
        if (value.ValueKind == JsonValueKind.String) return value.GetString() ?? "";
        Refuse(key, "a text is expected");
        return "";
    }

    private JsonElement? Member(string key, bool required, JsonValueKind kind, string expected)
    {
        if (element.ValueKind != JsonValueKind.Object) return null;
        if (!element.TryGetProperty(key, out var found))
        {
            if (required) Refuse(key, $"{expected} is missing");
            return null;
        }
        if (found.ValueKind == kind) return found;
        Refuse(key, $"{expected} is expected");
        return null;
    }

    private string Path(string key) => (path.Length, key.Length) switch
    {
        (0, 0) => "the file",
        (0, _) => key,
        (_, 0) => path,
        _ => $"{path}.{key}",
    };
}
