using System.Globalization;
using NodaTime;
using NodaTime.Text;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>One line of an Application Load Balancer's access log, as far as it tells who answered (user guide, access log entries).</summary>
/// <param name="Target">Null: none was chosen.</param>
/// <param name="TargetSeconds">Null: the target gave no answer.</param>
/// <param name="TargetStatus">Null: the status is the load balancer's own.</param>
/// <param name="Group">ARN of the target group; empty where a rule answered by itself.</param>
internal sealed record AccessLogLine(Instant At, string? Target, double? TargetSeconds, int Status, int? TargetStatus, string Host, string Group, string Actions)
{
    // Places of the fields in a line. New ones come at the end.
    private const int Time = 1;
    private const int TargetField = 4;
    private const int TargetTime = 6;
    private const int ElbStatus = 8;
    private const int TargetStatusField = 9;
    private const int RequestField = 12;
    private const int GroupField = 16;
    private const int ActionsField = 22;

    public bool IsOwn => TargetStatus is null;

    /// <summary>Null where the line is none of this kind.</summary>
    public static AccessLogLine? Of(string line)
    {
        var fields = Fields(line);
        if (fields.Count <= ActionsField || InstantPattern.ExtendedIso.Parse(fields[Time]) is not { Success: true, Value: var at } || Number(fields[ElbStatus]) is not { } status) return null;
        var seconds = double.TryParse(fields[TargetTime], NumberStyles.Float, CultureInfo.InvariantCulture, out var taken) && taken >= 0 ? taken : (double?)null;
        return new AccessLogLine(at, fields[TargetField] is "-" ? null : fields[TargetField], seconds, status, Number(fields[TargetStatusField]), HostOf(fields[RequestField]), fields[GroupField] is "-" ? "" : fields[GroupField], fields[ActionsField]);
    }

    // Method, address with host and port, version.
    private static string HostOf(string request) => request.Split(' ') is [_, var address, ..] && Uri.TryCreate(address, UriKind.Absolute, out var uri) ? uri.Host : "";

    private static int? Number(string text) => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    // Parted by blanks; what is quoted may hold blanks, and quotes behind a backslash.
    private static List<string> Fields(string line)
    {
        var (fields, at) = (new List<string>(), 0);
        while (at < line.Length)
        {
            var quoted = line[at] == '"';
            var from = quoted ? at + 1 : at;
            var to = from;
            while (to < line.Length && line[to] != (quoted ? '"' : ' ')) to += line[to] == '\\' && quoted ? 2 : 1;
            fields.Add(line[Math.Min(from, line.Length)..Math.Min(to, line.Length)]);
            at = quoted ? to + 2 : to + 1;
        }
        return fields;
    }
}
