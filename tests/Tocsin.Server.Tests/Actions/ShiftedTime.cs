namespace Tocsin.Server.Tests.Actions;

/// <summary>The real time and what was added to it: for who talks to a lab, whose clock goes on by itself, and still waits for nobody.</summary>
internal sealed class ShiftedTime : TimeProvider
{
    private long added;

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref added));

    public void Advance(TimeSpan by) => Interlocked.Add(ref added, by.Ticks);
}
