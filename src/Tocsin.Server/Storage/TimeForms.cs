using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Serialization;
using System.Xml;
using NodaTime;
using NodaTime.Text;
using NodaTime.TimeZones;
using Tocsin.Core.Incidents;

namespace Tocsin.Server.Storage;

/// <summary>How times and ids stand in JSON.</summary>
public static class TimeForms
{
    public static ImmutableArray<JsonConverter> All { get; } =
    [
        new Form<Instant>(InstantPattern.ExtendedIso.Format, t => InstantPattern.ExtendedIso.Parse(t).GetValueOrThrow()),
        new Form<Duration>(t => XmlConvert.ToString(t.ToTimeSpan()), t => Duration.FromTimeSpan(XmlConvert.ToTimeSpan(t))),
        new Form<LocalTime>(LocalTimePattern.ExtendedIso.Format, t => LocalTimePattern.ExtendedIso.Parse(t).GetValueOrThrow()),
        new Form<LocalDate>(LocalDatePattern.Iso.Format, t => LocalDatePattern.Iso.Parse(t).GetValueOrThrow()),
        new Form<DateTimeZone>(z => z.Id, t => DateTimeZoneProviders.Tzdb[t]),
        new Form<IncidentId>(i => i.ToString(), t => IncidentIds.Parse(t) ?? throw new JsonException($"'{t}' is no incident")),
    ];

    private sealed class Form<T>(Func<T, string> write, Func<string, T> read) : JsonConverter<T>
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Of(reader.GetString());

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(write(value));

        public override T ReadAsPropertyName(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Of(reader.GetString());

        public override void WriteAsPropertyName(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WritePropertyName(write(value));

        public override bool CanConvert(Type typeToConvert) => typeof(T).IsAssignableFrom(typeToConvert);

        private T Of(string? text)
        {
            try
            {
                return read(text ?? "");
            }
            catch (Exception e) when (e is UnparsableValueException or FormatException or DateTimeZoneNotFoundException or OverflowException)
            {
                throw new JsonException($"'{text}' is no {typeof(T).Name}", e);
            }
        }
    }
}

public static class IncidentIds
{
    /// <summary>INC-12, inc-12 or 12.</summary>
    public static IncidentId? Parse(string text)
    {
        var digits = text.StartsWith("INC-", StringComparison.OrdinalIgnoreCase) ? text.AsSpan(4) : text;
        return int.TryParse(digits, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number) && number > 0 ? new IncidentId(number) : null;
    }
}
