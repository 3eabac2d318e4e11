using System.Collections.Immutable;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Components;

/// <summary>
/// The lab's own way to its Redis: one connection by the socket file that stays open. Whoever comes when the server takes no more clients would be locked out of
/// the setting that says so. Its component lets in one at a time.
/// </summary>
internal sealed class RedisDoor(string socket) : IDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private Socket? connection;
    private BufferedStream? stream;

    /// <summary>The answer as redis-cli prints it where nobody looks: a line for each text.</summary>
    /// <param name="password">Empty: nobody logs in.</param>
    /// <exception cref="LabException">The server refused, or does not answer.</exception>
    public async Task<string> AskAsync(ImmutableArray<string> words, string password, CancellationToken cancel)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        limit.CancelAfter(Limit);
        try
        {
            // A server that was started anew has hung up; then nothing of this was heard.
            if (stream is not null && connection!.Poll(0, SelectMode.SelectRead)) Close();
            if (stream is null) await OpenAsync(password, limit.Token);
            return await SendAsync(words, limit.Token);
        }
        catch (Exception e) when (e is SocketException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            Close();
            throw new LabException($"it does not answer on {Path.GetFileName(socket)}: {e.Message}");
        }
    }

    public void Dispose() => Close();

    private void Close()
    {
        stream?.Dispose();
        connection?.Dispose();
        (stream, connection) = (null, null);
    }

    private async Task OpenAsync(string password, CancellationToken cancel)
    {
        connection = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await connection.ConnectAsync(new UnixDomainSocketEndPoint(socket), cancel);
        stream = new BufferedStream(new NetworkStream(connection));
        if (password.Length > 0) await SendAsync(["AUTH", password], cancel);
    }

    private async Task<string> SendAsync(ImmutableArray<string> words, CancellationToken cancel)
    {
        var form = new StringBuilder(string.Create(CultureInfo.InvariantCulture, $"*{words.Length}\r\n"));
        foreach (var word in words) form.Append(CultureInfo.InvariantCulture, $"${Encoding.UTF8.GetByteCount(word)}\r\n{word}\r\n");
        await stream!.WriteAsync(Encoding.UTF8.GetBytes(form.ToString()), cancel);
        await stream.FlushAsync(cancel);
        var lines = new List<string>();
        if (await ReadAsync(lines, cancel) is { } refusal) throw new LabException(refusal);
        return string.Join('\n', lines).Trim();
    }

    /// <returns>What it refused with; null: it did not.</returns>
    private async Task<string?> ReadAsync(List<string> lines, CancellationToken cancel)
    {
        var line = await LineAsync(cancel);
        switch (line[0])
        {
            case '-':
                return line[1..];
            case '$' when Length(line) is >= 0 and var length:
                var text = new byte[length + 2];
                await stream!.ReadExactlyAsync(text, cancel);
                lines.Add(Encoding.UTF8.GetString(text, 0, length));
                return null;
            case '*':
                string? refusal = null;
                for (var left = Length(line); left > 0; left--) refusal ??= await ReadAsync(lines, cancel);
                return refusal;
            default:
                lines.Add(line[0] is '$' ? "" : line[1..]);
                return null;
        }
    }

    private async Task<string> LineAsync(CancellationToken cancel)
    {
        var line = new List<byte>();
        var next = new byte[1];
        while (line is not [.., (byte)'\r', (byte)'\n'])
        {
            await stream!.ReadExactlyAsync(next, cancel);
            line.Add(next[0]);
        }
        return Encoding.UTF8.GetString([.. line[..^2]]);
    }

    private static int Length(string line) => int.Parse(line.AsSpan(1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
}
