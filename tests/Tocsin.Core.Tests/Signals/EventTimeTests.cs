using NodaTime;
using Tocsin.Core.Signals;

namespace Tocsin.Core.Tests.Signals;

public sealed class EventTimeTests
{
    [Theory]
    [InlineData("2026-11-21T21:49:40Z")]
    [InlineData("2026-11-21T21:49:40.1Z")]
    [InlineData("2026-11-21T21:49:40.000000001Z")]
    [InlineData("1969-12-31T23:59:59.5Z")]
    [InlineData("1970-01-01T00:00:00Z")]
    public void It_is_written_as_the_instant_is_and_there_and_back_it_is_the_same(string text)
    {
        var instant = NodaTime.Text.InstantPattern.ExtendedIso.Parse(text).Value;
        EventTime time = instant;
        Assert.Equal(text, time.ToString());
        Assert.Equal(instant, (Instant)time);
    }

    [Fact]
    public void What_lies_beyond_the_range_is_its_end()
    {
        Assert.Equal(long.MaxValue, ((EventTime)Instant.MaxValue).Nanoseconds);
        Assert.Equal(EventTime.MinValue, (EventTime)Instant.MinValue);
        Assert.Equal(long.MaxValue, ((EventTime)Instant.MaxValue + TimeSpan.FromDays(1)).Nanoseconds);
        Assert.Equal(EventTime.MinValue, EventTime.MinValue - TimeSpan.MaxValue);
    }

    [Fact]
    public void Seconds_are_rounded_down_on_both_sides_of_1970()
    {
        Assert.Equal(-1, new EventTime(-1).UnixSeconds);
        Assert.Equal(-1, new EventTime(-1_000_000_000).UnixSeconds);
        Assert.Equal(0, new EventTime(999_999_999).UnixSeconds);
    }
}
