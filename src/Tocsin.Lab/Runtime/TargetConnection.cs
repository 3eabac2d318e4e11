using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Tocsin.Lab.Runtime;

/// <summary>
/// One connection to a target, spoken without a client library: such a library repeats a request in silence when a kept connection was closed under it,
/// and a load balancer answers 502.
/// </summary>
internal sealed class TargetConnection : IDisposable
{
    private const int MaxHead = 64 * 1024;
    private readonly Socket socket;
    private readonly NetworkStream stream;
    private readonly byte[] buffer = new byte[MaxHead];
    private int start;
    private int end;

    private TargetConnection(Socket socket, IPEndPoint target)
    {
        this.socket = socket;
        Target = target;
        stream = new NetworkStream(socket, ownsSocket: true);
    }

    public IPEndPoint Target { get; }

    /// <summary>Whether the target closed it, or said something that nobody asked for.</summary>
    public bool IsSpent => start != end || socket.Poll(0, SelectMode.SelectRead);

    public static async Task<TargetConnection> ConnectAsync(IPEndPoint target, CancellationToken cancel)
    {
        var connecting = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await connecting.ConnectAsync(target, cancel);
            return new TargetConnection(connecting, target);
        }
        catch
        {
            connecting.Dispose();
            throw;
        }
    }

    public ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancel) => stream.WriteAsync(bytes, cancel);

    /// <summary>The next head that is an answer: those of 1xx announce one.</summary>
    public async ValueTask<TargetHead> ReadHeadAsync(CancellationToken cancel)
    {
        while (true)
        {
            var head = await ReadOneHeadAsync(cancel);
            if (head.Status >= 200) return head;
            if (head.Status == 101) throw new MalformedResponseException("switches protocols unasked");
        }
    }

    /// <summary>Nothing at the target's end of the connection.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> into, CancellationToken cancel)
    {
        if (start == end) return await stream.ReadAsync(into, cancel);
        var taken = Math.Min(into.Length, end - start);
        buffer.AsMemory(start, taken).CopyTo(into);
        start += taken;
        return taken;
    }

    /// <summary>The size line of the next chunk; the last one is 0, and the trailers behind it are read over.</summary>
    public async ValueTask<long> ReadChunkSizeAsync(bool first, CancellationToken cancel)
    {
        if (!first && (await ReadLineAsync(cancel)).Length != 0) throw new MalformedResponseException("a chunk is longer than it says");
        var line = await ReadLineAsync(cancel);
        var digits = line.Split(';')[0].Trim();
        if (!long.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var size) || size < 0)
            throw new MalformedResponseException("a chunk without a size");
        while (size == 0 && (await ReadLineAsync(cancel)).Length > 0)
        {
            // Trailers are not passed on.
        }
        return size;
    }

    public void Dispose() => stream.Dispose();

    private async ValueTask<TargetHead> ReadOneHeadAsync(CancellationToken cancel)
    {
        while (true)
        {
            var (length, behind) = HeadEnd(buffer.AsSpan(start, end - start));
            if (length >= 0)
            {
                var head = TargetHead.Parse(buffer.AsSpan(start, length));
                start += behind;
                return head;
            }
            if (!CouldBeHttp(buffer.AsSpan(start, end - start))) throw new MalformedResponseException("not HTTP");
            await FillAsync(cancel);
        }
    }

    private async ValueTask<string> ReadLineAsync(CancellationToken cancel)
    {
        while (true)
        {
            var at = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
            if (at >= 0)
            {
                var line = Encoding.Latin1.GetString(buffer, start, at).TrimEnd('\r');
                start += at + 1;
                return line;
            }
            await FillAsync(cancel);
        }
    }

    private async ValueTask FillAsync(CancellationToken cancel)
    {
        buffer.AsSpan(start, end - start).CopyTo(buffer);
        end -= start;
        start = 0;
        if (end == buffer.Length) throw new MalformedResponseException("header too long");
        var read = await stream.ReadAsync(buffer.AsMemory(end), cancel);
        if (read == 0) throw new EndOfStreamException("the target closed the connection");
        end += read;
    }

    private static bool CouldBeHttp(ReadOnlySpan<byte> head) => "HTTP/1."u8.StartsWith(head[..Math.Min(head.Length, 7)]);

    private static (int Length, int Behind) HeadEnd(ReadOnlySpan<byte> bytes)
    {
        var at = bytes.IndexOf("\r\n\r\n"u8);
        if (at >= 0) return (at, at + 4);
        at = bytes.IndexOf("\n\n"u8);
        return at >= 0 ? (at, at + 2) : (-1, 0);
    }
}
