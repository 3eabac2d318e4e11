using NodaTime;

namespace Tocsin.Server.Storage;

/// <summary>Times as the database keeps them: Unix microseconds.</summary>
public static class Micros
{
    public const long PerSecond = 1_000_000;
    private const long TicksEach = 10;

    public static long Of(Instant at) => at.ToUnixTimeTicks() / TicksEach;

    public static long? Of(Instant? at) => at is { } given ? Of(given) : null;

    public static Instant At(long micros) => Instant.FromUnixTimeTicks(micros * TicksEach);

    public static Instant? At(long? micros) => micros is { } given ? At(given) : null;

    /// <summary>Now, no finer than it is kept.</summary>
    public static Instant Now(this TimeProvider time) => At(Of(Instant.FromDateTimeOffset(time.GetUtcNow())));
}
