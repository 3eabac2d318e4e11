using System.Collections.Immutable;
using System.Text;
using NodaTime;
using NodaTime.Text;
using Tocsin.Core.Catalog;

namespace Tocsin.Core.Response;

/// <summary>Shifts as iCalendar (RFC 5545), and events of a calendar as overrides.</summary>
public static class OnCallCalendar
{
    private const int LineBytes = 75;
    private static readonly InstantPattern Utc = InstantPattern.CreateWithInvariantCulture("uuuuMMdd'T'HHmmss'Z'");
    private static readonly LocalDateTimePattern Floating = LocalDateTimePattern.CreateWithInvariantCulture("uuuuMMdd'T'HHmmss");
    private static readonly LocalDatePattern Day = LocalDatePattern.CreateWithInvariantCulture("uuuuMMdd");

    public static string Write(OnCallSchedule schedule, Roster roster, Interval range, Instant now)
    {
        var text = new StringBuilder();
        foreach (var line in (string[])["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//Tocsin//on-call//EN", $"X-WR-CALNAME:{Escape($"On call: {schedule.Id}")}"]) Line(text, line);
        foreach (var shift in schedule.Shifts(range))
        {
            var name = roster.People.TryGetValue(shift.Person, out var person) ? person.Name : shift.Person;
            Line(text, "BEGIN:VEVENT");
            Line(text, $"UID:{schedule.Id}-{shift.Person}-{Utc.Format(shift.When.Start)}@tocsin");
            Line(text, $"DTSTAMP:{Utc.Format(now)}");
            Line(text, $"DTSTART:{Utc.Format(shift.When.Start)}");
            Line(text, $"DTEND:{Utc.Format(shift.When.End)}");
            Line(text, $"SUMMARY:{Escape($"On call: {name} ({schedule.Id})")}");
            Line(text, $"X-TOCSIN-PERSON:{shift.Person}");
            Line(text, "END:VEVENT");
        }
        Line(text, "END:VCALENDAR");
        return text.ToString();
    }

    /// <summary>Each event as an override of the person it names; what cannot be read is a problem, and the rest is read.</summary>
    public static (ImmutableArray<Override> Overrides, ImmutableArray<Problem> Problems) Read(string text, string file, Roster roster, DateTimeZone zone)
    {
        var overrides = new List<Override>();
        var problems = new List<Problem>();
        Dictionary<string, (string Parameters, string Value)>? current = null;
        var line = 0;
        foreach (var (content, number) in Unfolded(text))
        {
            var (name, parameters, value) = Property(content);
            if (name == "BEGIN" && value == "VEVENT") (current, line) = (new(StringComparer.Ordinal), number);
            else if (name == "END" && value == "VEVENT" && current is not null)
            {
                if (Event(current, roster, zone) is var (one, why) && one is not null) overrides.Add(one);
                else problems.Add(new Problem(new Place(file, line, 1), "calendar-event", why));
                current = null;
            }
            else current?.TryAdd(name, (parameters, value));
        }
        if (current is not null) problems.Add(new Problem(new Place(file, line, 1), "calendar-event", "the event does not end"));
        return ([.. overrides], [.. problems]);
    }

    private static (Override? One, string Why) Event(Dictionary<string, (string Parameters, string Value)> fields, Roster roster, DateTimeZone zone)
    {
        if (fields.ContainsKey("RRULE")) return (null, "a recurring event is a rotation; write it as one");
        var start = Time(fields, "DTSTART", zone);
        var end = Time(fields, "DTEND", zone);
        if (start is null || end is null || end <= start) return (null, "the event has no start and end that can be read");
        var summary = Unescape(fields.GetValueOrDefault("SUMMARY").Value ?? "");
        var person = Person(fields.GetValueOrDefault("X-TOCSIN-PERSON").Value, summary, roster);
        return person is null ? (null, $"nobody of the list of people is named in \"{summary}\"") : (new Override(new Interval(start.Value, end.Value), person, ""), "");
    }

    private static string? Person(string? id, string summary, Roster roster)
    {
        if (id is not null && roster.People.ContainsKey(id)) return id;
        // The longest name first: Ann Lee is not Ann.
        return roster.People.Values.OrderByDescending(p => p.Name.Length).ThenBy(p => p.Id, StringComparer.Ordinal)
            .FirstOrDefault(p => summary.Contains(p.Name, StringComparison.OrdinalIgnoreCase) || summary.Split(' ', '(', ')', ',', ':').Contains(p.Id, StringComparer.OrdinalIgnoreCase))?.Id;
    }

    private static Instant? Time(Dictionary<string, (string Parameters, string Value)> fields, string name, DateTimeZone zone)
    {
        if (!fields.TryGetValue(name, out var field)) return null;
        if (Utc.Parse(field.Value) is { Success: true, Value: var utc }) return utc;
        var named = field.Parameters.Split(';').FirstOrDefault(p => p.StartsWith("TZID=", StringComparison.OrdinalIgnoreCase))?[5..].Trim('"');
        var local = named is null ? zone : DateTimeZoneProviders.Tzdb.GetZoneOrNull(named);
        if (local is null) return null;
        if (Floating.Parse(field.Value) is { Success: true, Value: var at }) return WallTime.At(at, local);
        return Day.Parse(field.Value) is { Success: true, Value: var date } ? local.AtStartOfDay(date).ToInstant() : null;
    }

    private static (string Name, string Parameters, string Value) Property(string line)
    {
        var colon = -1;
        var quoted = false;
        for (var i = 0; i < line.Length && colon < 0; i++)
        {
            if (line[i] == '"') quoted = !quoted;
            else if (line[i] == ':' && !quoted) colon = i;
        }
        if (colon < 0) return ("", "", "");
        var head = line[..colon];
        var semicolon = head.IndexOf(';', StringComparison.Ordinal);
        return (head[..(semicolon < 0 ? head.Length : semicolon)].ToUpperInvariant(), semicolon < 0 ? "" : head[(semicolon + 1)..], line[(colon + 1)..]);
    }

    // A line that begins with a blank goes on with the one before.
    private static IEnumerable<(string Text, int Number)> Unfolded(string text)
    {
        var (content, first, number) = (new StringBuilder(), 1, 0);
        foreach (var line in text.Split('\n').Select(l => l.TrimEnd('\r')))
        {
            number++;
            if (line.Length > 0 && line[0] is ' ' or '\t')
            {
                content.Append(line, 1, line.Length - 1);
                continue;
            }
            if (content.Length > 0) yield return (content.ToString(), first);
            content.Clear().Append(line);
            first = number;
        }
        if (content.Length > 0) yield return (content.ToString(), first);
    }

    // No line is longer than 75 bytes, and none is cut within a character.
    private static void Line(StringBuilder text, string line)
    {
        var bytes = 0;
        foreach (var rune in line.EnumerateRunes())
        {
            if (bytes + rune.Utf8SequenceLength > LineBytes)
            {
                text.Append("\r\n ");
                bytes = 1;
            }
            text.Append(rune.ToString());
            bytes += rune.Utf8SequenceLength;
        }
        text.Append("\r\n");
    }

    private static string Escape(string text) =>
        text.Replace("\\", "\\\\", StringComparison.Ordinal).Replace(";", "\\;", StringComparison.Ordinal).Replace(",", "\\,", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal);

    private static string Unescape(string text)
    {
        var plain = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] != '\\' || i + 1 == text.Length) plain.Append(text[i]);
            else plain.Append(text[++i] is 'n' or 'N' ? ' ' : text[i]);
        }
        return plain.ToString();
    }
}
