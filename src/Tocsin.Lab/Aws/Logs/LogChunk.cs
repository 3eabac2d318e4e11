using System.Runtime.InteropServices;
using NodaTime;

namespace Tocsin.Lab.Aws.Logs;

/// <summary>
/// A block of events in order of arrival: their bytes one after another and a fixed record for each. Bytes once written never change, so a reader may hold
/// on to them after the lock. A block is closed after an hour of lab time, which is how exactly retention is kept.
/// </summary>
internal sealed class LogChunk(long first, Duration began)
{
    private const int MaxEvents = 1024;
    private const int MaxBytes = 256 * 1024;
    private static readonly Duration MaxAge = Duration.FromHours(1);

    private Entry[] entries = new Entry[8];
    private byte[] bytes = new byte[1024];
    private int used;

    public long First { get; } = first;

    public int Count { get; private set; }

    public long Behind => First + Count;

    /// <summary>Lab time of the last arrival.</summary>
    public Duration Last { get; private set; }

    public bool Takes(int length, Duration now) =>
        Count == 0 || (Count < MaxEvents && used + length <= MaxBytes && now - began < MaxAge);

    public void Add(long timestamp, long ingested, int stream, ReadOnlySpan<byte> text, Duration now)
    {
        if (Count == entries.Length) Array.Resize(ref entries, Math.Min(MaxEvents, Count * 2));
        if (used + text.Length > bytes.Length) Array.Resize(ref bytes, Math.Max(used + text.Length, bytes.Length * 2));
        text.CopyTo(bytes.AsSpan(used));
        entries[Count++] = new Entry(timestamp, ingested, used, text.Length, stream);
        used += text.Length;
        Last = now;
    }

    /// <summary>Gives back what growth reserved; nothing is added any more.</summary>
    public void Close()
    {
        Array.Resize(ref entries, Count);
        Array.Resize(ref bytes, used);
    }

    public Entry At(long arrival) => entries[arrival - First];

    public ReadOnlyMemory<byte> Text(in Entry entry) => bytes.AsMemory(entry.Offset, entry.Length);

    [StructLayout(LayoutKind.Auto)]
    public readonly record struct Entry(long Timestamp, long Ingested, int Offset, int Length, int Stream);
}
