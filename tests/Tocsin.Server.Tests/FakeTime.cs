namespace Tocsin.Server.Tests;

/// <summary>A clock that stands until it is moved; what is moved forward has also passed. Timers run on the machine's: nothing here waits for them.</summary>
internal sealed class FakeTime(DateTimeOffset start) : TimeProvider
{
    private long ticks = start.UtcTicks;
    private long passed;

    public override DateTimeOffset GetUtcNow() => new(Interlocked.Read(ref ticks), TimeSpan.Zero);

    public override long GetTimestamp() => base.GetTimestamp() + (long)(TimeSpan.FromTicks(Interlocked.Read(ref passed)).TotalSeconds * TimestampFrequency);

    public void Advance(TimeSpan by)
    {
        Interlocked.Add(ref ticks, by.Ticks);
        if (by > TimeSpan.Zero) Interlocked.Add(ref passed, by.Ticks);
    }
}
