using System.Diagnostics;

namespace Tocsin.Server.Telemetry;

/// <summary>
/// Spans of what the server does. Where nobody collects them none is made. They name incidents, channels and outcomes, never an address that was asked for: the address
/// of an intake holds its key.
/// </summary>
internal static class Traces
{
    public const string Name = "Tocsin";
    private static readonly ActivitySource Source = new(Name);

    public static Activity? Start(string what, ActivityKind kind = ActivityKind.Internal) => Source.StartActivity(what, kind);

    /// <summary>It did not come out as it should.</summary>
    public static void Fail(this Activity? span, string why) => span?.SetStatus(ActivityStatusCode.Error, why);

    /// <summary>A look that found nothing to do is not told.</summary>
    public static void Forget(this Activity? span)
    {
        if (span is not null) span.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
    }
}
