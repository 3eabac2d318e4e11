using Microsoft.Win32.SafeHandles;

namespace Tocsin.Cli.Setup;

/// <summary>The reader of standard output went away (head, less): nobody is left to tell.</summary>
internal sealed class OutputClosedException(Exception inner) : Exception("the reader of standard output went away", inner);

/// <summary>Standard output that says when its reader is gone; the console's own stream passes over that in silence and the work would go on.</summary>
internal sealed class StandardOutput(Stream inner) : Stream
{
    private const int BrokenPipe = 32;
    private const nint Descriptor = 1;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => throw new NotSupportedException();

    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    // A file is left to the console's stream: it writes where the descriptor stands, which others may share.
    public static Stream Open()
    {
        if (!Console.IsOutputRedirected || OperatingSystem.IsWindows()) return Console.OpenStandardOutput();
        try
        {
            var stream = new FileStream(new SafeFileHandle(Descriptor, ownsHandle: false), FileAccess.Write, bufferSize: 0);
            return stream.CanSeek ? Console.OpenStandardOutput() : new StandardOutput(stream);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Closed, or of a kind that no file stream takes.
            return Console.OpenStandardOutput();
        }
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        try
        {
            inner.Write(buffer);
        }
        catch (IOException e) when (e.HResult == BrokenPipe)
        {
            throw new OutputClosedException(e);
        }
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}
