using System.Globalization;
using System.Net;
using NodaTime;
using NodaTime.Text;

namespace Tocsin.Lab.Runtime;

/// <summary>
/// One line of an Application Load Balancer's access log (user guide, access log entries): fields in AWS's order, -1 for a time that did not come to be,
/// <c>-</c> for a text that there is none of. Times are wall-clock; the processing times are seconds.
/// </summary>
public sealed record AccessLogEntry
{
    private const int MaxUserAgent = 8 * 1024;
    private static readonly InstantPattern Micros = InstantPattern.CreateWithInvariantCulture("uuuu'-'MM'-'dd'T'HH':'mm':'ss'.'ffffff'Z'");

    public string Type { get; init; } = "http";

    public required Instant Time { get; init; }

    public required string LoadBalancer { get; init; }

    public required IPEndPoint Client { get; init; }

    public IPEndPoint? Target { get; init; }

    public Duration? RequestProcessing { get; init; }

    public Duration? TargetProcessing { get; init; }

    public Duration? ResponseProcessing { get; init; }

    public required int Status { get; init; }

    public int? TargetStatus { get; init; }

    public long ReceivedBytes { get; init; }

    public long SentBytes { get; init; }

    public required string Request { get; init; }

    public string UserAgent { get; init; } = "";

    public string? TargetGroupArn { get; init; }

    public required string TraceId { get; init; }

    public int? MatchedRule { get; init; }

    public required Instant Created { get; init; }

    public string? Actions { get; init; }

    public required string ConnectionTraceId { get; init; }

    public string Line() => string.Join(' ',
        Type, Micros.Format(Time), LoadBalancer, Client, Or(Target),
        Seconds(RequestProcessing), Seconds(TargetProcessing), Seconds(ResponseProcessing),
        Number(Status), Or(TargetStatus), Number(ReceivedBytes), Number(SentBytes),
        Quoted(Request), Quoted(Cut(UserAgent)), "-", "-", TargetGroupArn ?? "-", Quoted(TraceId), Quoted("-"), Quoted("-"),
        Or(MatchedRule), Micros.Format(Created), Quoted(Actions ?? "-"), Quoted("-"), Quoted("-"),
        Quoted(Or(Target)), Quoted(Or(TargetStatus)), Quoted("-"), Quoted("-"), ConnectionTraceId);

    private static string Or(IPEndPoint? value) => value?.ToString() ?? "-";

    private static string Or(int? value) => value is { } number ? Number(number) : "-";

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static string Seconds(Duration? value) => value is { } time ? time.TotalSeconds.ToString("0.000", CultureInfo.InvariantCulture) : "-1";

    private static string Cut(string userAgent) => userAgent.Length == 0 ? "-" : userAgent.Length > MaxUserAgent ? userAgent[..MaxUserAgent] : userAgent;

    // A quote or a control character of the client must not end the field: they stand escaped, as AWS's parsers expect.
    private static string Quoted(string text) => "\"" + string.Concat(text.Select(c => c switch
    {
        '"' => "\\\"",
        '\\' => "\\\\",
        _ when char.IsControl(c) => string.Create(CultureInfo.InvariantCulture, $"\\x{(int)c:X2}"),
        _ => c.ToString(),
    })) + "\"";
}
