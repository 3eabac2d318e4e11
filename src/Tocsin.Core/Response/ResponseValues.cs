using System.Globalization;
using NodaTime;
using NodaTime.Text;
using Tocsin.Core.Catalog;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Core.Response;

/// <summary>Values of response.yaml whose form is right and which still mean nothing: a zone that is not, the 31st of February, an end before its start.</summary>
internal static class ResponseValues
{
    public static IReadOnlyList<Problem> Check(YamlMappingNode root, string file)
    {
        var problems = new List<Problem>();
        Visit(root, file, problems);
        foreach (var (name, _) in root.Map("calendar").Scalars("holidays"))
        {
            if (!LocalDatePattern.Iso.Parse(name).Success) problems.Add(new Problem(root.Map("calendar").At(file), "no-date", $"calendar.holidays: {name} is no date"));
        }
        return problems;
    }

    private static void Visit(YamlNode node, string file, List<Problem> problems)
    {
        foreach (var inner in node is YamlSequenceNode list ? list.Children : []) Visit(inner, file, problems);
        if (node is not YamlMappingNode map) return;
        foreach (var (key, value) in map.Children)
        {
            if (value is YamlScalarNode { Value: { } text } && Refuse(((YamlScalarNode)key).Value ?? "", text) is { } why) problems.Add(new Problem(value.At(file), why.Rule, why.Message));
            Visit(value, file, problems);
        }
        if (Backwards(map)) problems.Add(new Problem(map.At(file), "ends-before-start", $"{map.Text("from")} to {map.Text("to")} ends before it starts"));
    }

    private static (string Rule, string Message)? Refuse(string key, string value) => key switch
    {
        "zone" when DateTimeZoneProviders.Tzdb.GetZoneOrNull(value) is null =>
            ("unknown-zone", $"the time zone \"{value}\" is unknown; {Nearest.Suggest(value, DateTimeZoneProviders.Tzdb.Ids)}an IANA name is expected"),
        "from" or "to" or "start" when !IsTime(value) =>
            ("no-time", $"{key}: {value} is no time of a calendar and a clock"),
        _ => null,
    };

    private static bool IsTime(string value) =>
        value.Contains('T', StringComparison.Ordinal) ? YamlTimes.MomentPattern.Parse(value).Success : YamlTimes.ClockPattern.Parse(value).Success;

    private static bool Backwards(YamlMappingNode map) =>
        YamlTimes.MomentPattern.Parse(map.Text("from")) is { Success: true, Value: var from } && YamlTimes.MomentPattern.Parse(map.Text("to")) is { Success: true, Value: var to } && to <= from;
}

/// <summary>Times in a tree that already passed its checks.</summary>
internal static class YamlTimes
{
    public static readonly LocalDateTimePattern MomentPattern = LocalDateTimePattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm");
    public static readonly LocalTimePattern ClockPattern = LocalTimePattern.CreateWithInvariantCulture("HH:mm");

    public static LocalTime Clock(this YamlMappingNode map, string key) => ClockPattern.Parse(map.Text(key)).Value;

    public static LocalDateTime Moment(this YamlMappingNode map, string key) => MomentPattern.Parse(map.Text(key)).Value;

    public static Duration? MaybeTime(this YamlMappingNode map, string key) => map.Has(key) ? map.Time(key) : null;

    public static Duration Time(this YamlMappingNode map, string key)
    {
        var text = map.Text(key);
        var amount = int.Parse(text.AsSpan(0, text.Length - 1), NumberStyles.None, CultureInfo.InvariantCulture);
        return text[^1] switch
        {
            's' => Duration.FromSeconds(amount),
            'm' => Duration.FromMinutes(amount),
            'h' => Duration.FromHours(amount),
            _ => Duration.FromDays(amount),
        };
    }

    public static YamlMappingNode Map(this YamlMappingNode map, string key) => (YamlMappingNode)map.Get(key)!;

    public static IEnumerable<(string Name, YamlMappingNode Map)> Table(this YamlMappingNode map, string key) => map.Get(key) is YamlMappingNode table ? table.Table() : [];

    public static IEnumerable<(string Name, YamlMappingNode Map)> Table(this YamlMappingNode table) =>
        table.Children.Select(c => (((YamlScalarNode)c.Key).Value ?? "", (YamlMappingNode)c.Value));

    public static IEnumerable<(string Name, string Value)> Scalars(this YamlMappingNode map, string key) =>
        map.Get(key) is YamlMappingNode table ? table.Children.Select(c => (((YamlScalarNode)c.Key).Value ?? "", ((YamlScalarNode)c.Value).Value ?? "")) : [];
}
