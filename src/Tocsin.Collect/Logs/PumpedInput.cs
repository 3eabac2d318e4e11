using System.Collections.Concurrent;

namespace Tocsin.Collect.Logs;

/// <summary>
/// A pipe read on a thread of its own. A read of an idle pipe cannot be broken off, nor can the opening of one that nobody writes to;
/// so the reader waits here instead, where it can be stopped. A stop reads as the end.
/// </summary>
internal sealed class PumpedInput : Stream
{
    private const int ChunkBytes = 128 * 1024;
    private readonly Func<Stream> open;
    private readonly CancellationToken cancel;
    private readonly BlockingCollection<byte[]> free = [new byte[ChunkBytes], new byte[ChunkBytes]];
    private readonly BlockingCollection<(byte[] Bytes, int Length)> ready = [];
    private Stream? source;
    private Exception? failure;
    private byte[] chunk = [];
    private int at;
    private int end;
    private bool ended;

    public PumpedInput(Func<Stream> open, CancellationToken cancel)
    {
        this.open = open;
        this.cancel = cancel;
        new Thread(Pump) { IsBackground = true, Name = "log input" }.Start();
    }

    public override bool CanRead => true;

    public override bool CanSeek => false;

    public override bool CanWrite => false;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <summary>Whether bytes, or the end, came within the time. After a stop only what came before it is given.</summary>
    public bool Wait(TimeSpan patience)
    {
        if (at < end || ended) return true;
        if (!TryTake(patience, out var next)) return ended = cancel.IsCancellationRequested;
        if (chunk.Length > 0) free.Add(chunk, CancellationToken.None);
        (chunk, at, end) = (next.Bytes, 0, next.Length);
        ended = end == 0;
        return true;
    }

    private bool TryTake(TimeSpan patience, out (byte[] Bytes, int Length) next)
    {
        if (ready.TryTake(out next) || cancel.IsCancellationRequested) return next.Bytes is not null;
        try
        {
            return ready.TryTake(out next, (int)patience.TotalMilliseconds, cancel);
        }
        catch (OperationCanceledException)
        {
            return ready.TryTake(out next);
        }
    }

    /// <summary>The next bytes without taking them; empty at the end.</summary>
    public ReadOnlySpan<byte> Peek()
    {
        Wait(Timeout.InfiniteTimeSpan);
        return chunk.AsSpan(at, end - at);
    }

    public override int Read(Span<byte> buffer)
    {
        if (buffer.IsEmpty) return 0;
        Wait(Timeout.InfiniteTimeSpan);
        if (ended && failure is not null) throw new IOException(failure.Message, failure);
        if (ended) return 0;
        var length = Math.Min(buffer.Length, end - at);
        chunk.AsSpan(at, length).CopyTo(buffer);
        at += length;
        return length;
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    private void Pump()
    {
        var length = 0;
        do
        {
            var bytes = free.Take(CancellationToken.None);
            length = ReadChunk(bytes);
            ready.Add((bytes, length), CancellationToken.None);
        }
        while (length > 0);
    }

    private int ReadChunk(byte[] bytes)
    {
        try
        {
            source ??= open();
            var length = source.Read(bytes);
            if (length == 0) source.Dispose();
            return length;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            failure = e;
            return 0;
        }
    }
}
