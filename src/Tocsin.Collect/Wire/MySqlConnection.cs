using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Text;

namespace Tocsin.Collect.Wire;

/// <summary>Who logs in. Without TLS a password is sent only as its hash, unless <see cref="AskServerKey"/> allows a key that nobody vouches for.</summary>
public sealed record MySqlLogin(string User, string Password)
{
    public string Schema { get; init; } = "";

    public bool AskServerKey { get; init; }
}

/// <summary>
/// The transport of MySQL's protocol: greeting, TLS, login, statements with text results. Knows no statement; its reading face is <see cref="MySqlReader"/>.
/// A login is tried once.
/// </summary>
internal sealed class MySqlConnection : IAsyncDisposable
{
    private const int MaxPacket = 1 << 20;
    private const int MaxColumns = 100;
    private const int MaxRows = 5000;
    private const int Utf8 = 45;
    private const byte Ok = 0x00;
    private const byte More = 0x01;
    private const byte LocalFile = 0xfb;
    private const byte End = 0xfe;
    private const byte Error = 0xff;
    private const byte FastDone = 3;
    private const byte FullNeeded = 4;
    private const byte KeyWanted = 2;
    private readonly WireConnection wire;
    private byte sequence;

    private MySqlConnection(WireConnection wire) => this.wire = wire;

    public string Version { get; private set; } = "";

    public bool Encrypted => wire.Encrypted;

    public System.Net.IPAddress? Address => wire.Address;

    public static async Task<MySqlConnection> OpenAsync(WireTarget target, MySqlLogin login, CancellationToken cancel) =>
        await OpenAsync(await WireConnection.OpenAsync(target, cancel), target.Tls, login, cancel);

    /// <summary>Over a connection, which is closed where the login fails.</summary>
    public static async Task<MySqlConnection> OpenAsync(WireConnection wire, bool tls, MySqlLogin login, CancellationToken cancel)
    {
        var connection = new MySqlConnection(wire);
        try
        {
            await connection.LogInAsync(tls, login, cancel);
            return connection;
        }
        catch (WireFormatException e)
        {
            var failure = wire.Fail(WireFailure.WrongProtocol, e.Message, e);
            await wire.DisposeAsync();
            throw failure;
        }
        catch
        {
            await wire.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs one statement.</summary>
    public async Task<MySqlRows> QueryAsync(string sql, CancellationToken cancel)
    {
        wire.Stage = WireStage.Ask;
        sequence = 0;
        try
        {
            await SendAsync([3, .. Encoding.UTF8.GetBytes(sql)], cancel);
            return await ResultAsync(cancel);
        }
        catch (WireFormatException e)
        {
            throw wire.Fail(WireFailure.WrongProtocol, e.Message, e);
        }
    }

    public ValueTask DisposeAsync() => wire.DisposeAsync();

    private async Task LogInAsync(bool tls, MySqlLogin login, CancellationToken cancel)
    {
        wire.Stage = WireStage.Greeting;
        var first = await GreetingAsync(cancel);
        if (first is [Error, ..]) throw Refused(first);
        var greeting = MySqlGreeting.Read(first);
        Version = greeting.Version;
        var flags = MySqlFlags.LongPassword | MySqlFlags.Protocol41 | MySqlFlags.Transactions | MySqlFlags.Secure | MySqlFlags.Plugin;
        if (login.Schema.Length > 0) flags |= MySqlFlags.WithSchema;
        if (tls) flags = await EncryptAsync(greeting, flags, cancel);
        wire.Stage = WireStage.Authenticate;
        var plugin = greeting.Plugin is MySqlAuth.CachingSha2 ? MySqlAuth.CachingSha2 : MySqlAuth.Native;
        await SendAsync(Answer(flags, login, plugin, Proof(plugin, login.Password, greeting.Scramble)), cancel);
        await ProveAsync(plugin, login, greeting.Scramble, cancel);
        wire.Stage = WireStage.Ask;
    }

    private async Task<byte[]> GreetingAsync(CancellationToken cancel)
    {
        try
        {
            return await ReceiveAsync(cancel);
        }
        catch (WireFailure e) when (e.Code is WireFailure.TimedOut)
        {
            throw wire.Fail("NO_GREETING", "the connection is open, and the server does not greet", e);
        }
        catch (WireFailure e) when (e.Code is WireFailure.TooLong)
        {
            throw wire.Fail(WireFailure.WrongProtocol, "what came is no greeting of MySQL", e);
        }
    }

    private async Task<uint> EncryptAsync(MySqlGreeting greeting, uint flags, CancellationToken cancel)
    {
        wire.Stage = WireStage.Tls;
        if (!greeting.OffersTls) throw wire.Fail("TLS_UNSUPPORTED", "the server offers no TLS");
        flags |= MySqlFlags.Tls;
        await SendAsync(Head(flags), cancel);
        await wire.UpgradeAsync(cancel);
        return flags;
    }

    private async Task ProveAsync(string plugin, MySqlLogin login, byte[] scramble, CancellationToken cancel)
    {
        // A switch of the way, then caching_sha2's two answers: more never comes.
        for (var turns = 0; turns < 6; turns++)
        {
            var packet = await ReceiveAsync(cancel);
            switch (packet)
            {
                case [Ok, ..]:
                    return;
                case [Error, ..]:
                    throw Refused(packet);
                case [End, ..]:
                    (plugin, scramble) = Switch(packet);
                    await SendAsync(Proof(plugin, login.Password, scramble), cancel);
                    break;
                case [More, FastDone] when plugin is MySqlAuth.CachingSha2:
                    break;
                case [More, FullNeeded] when plugin is MySqlAuth.CachingSha2:
                    await SendAsync(await FullProofAsync(login, scramble, cancel), cancel);
                    break;
                default:
                    throw new WireFormatException("the login is answered by something unknown");
            }
        }
        throw new WireFormatException("the login comes to no end");
    }

    // Encrypted, the password itself; else encrypted for the server's key.
    private async Task<byte[]> FullProofAsync(MySqlLogin login, byte[] scramble, CancellationToken cancel)
    {
        if (wire.Encrypted) return [.. Encoding.UTF8.GetBytes(login.Password), 0];
        if (!login.AskServerKey) throw wire.Fail("TLS_NEEDED", "the server wants the whole password, which is not sent without TLS");
        await SendAsync([KeyWanted], cancel);
        var packet = await ReceiveAsync(cancel);
        if (packet is [Error, ..]) throw Refused(packet);
        if (packet is not [More, ..]) throw new WireFormatException("no key came");
        return MySqlAuth.Encrypted(login.Password, scramble, Encoding.ASCII.GetString(packet.AsSpan(1)));
    }

    private (string Plugin, byte[] Scramble) Switch(byte[] packet)
    {
        var cursor = new WireCursor(packet);
        cursor.Byte();
        var plugin = Encoding.ASCII.GetString(cursor.UntilZero());
        var scramble = cursor.Rest().TrimEnd((byte)0).ToArray();
        return plugin is MySqlAuth.Native or MySqlAuth.CachingSha2
            ? (plugin, scramble)
            : throw wire.Fail("OTHER", $"the server wants the password by {plugin}, which is not spoken here");
    }

    private static byte[] Proof(string plugin, string password, byte[] scramble) =>
        plugin is MySqlAuth.CachingSha2 ? MySqlAuth.CachingSha2Answer(password, scramble) : MySqlAuth.NativeAnswer(password, scramble);

    private static byte[] Head(uint flags)
    {
        var head = new byte[32];
        BinaryPrimitives.WriteUInt32LittleEndian(head, flags);
        BinaryPrimitives.WriteUInt32LittleEndian(head.AsSpan(4), MaxPacket);
        head[8] = Utf8;
        return head;
    }

    private static byte[] Answer(uint flags, MySqlLogin login, string plugin, byte[] proof) =>
    [
        .. Head(flags), .. Encoding.UTF8.GetBytes(login.User), 0, (byte)proof.Length, .. proof,
        .. login.Schema.Length > 0 ? [.. Encoding.UTF8.GetBytes(login.Schema), 0] : Array.Empty<byte>(),
        .. Encoding.ASCII.GetBytes(plugin), 0,
    ];

    private async Task<MySqlRows> ResultAsync(CancellationToken cancel)
    {
        var first = await ReceiveAsync(cancel);
        if (first is [Error, ..]) throw Refused(first);
        if (first is [Ok, ..]) return MySqlRows.None;
        if (first is [LocalFile, ..] or []) throw new WireFormatException("the server asks for a file of ours");
        var count = Columns(first);
        var columns = ImmutableArray.CreateBuilder<string>(count);
        for (var i = 0; i < count; i++) columns.Add(MySqlRows.Column(await ReceiveAsync(cancel)));
        if (!IsEnd(await ReceiveAsync(cancel))) throw new WireFormatException("the columns come to no end");
        var rows = ImmutableArray.CreateBuilder<ImmutableArray<string?>>();
        while (true)
        {
            var packet = await ReceiveAsync(cancel);
            if (packet is [Error, ..]) throw Refused(packet);
            if (IsEnd(packet)) return new MySqlRows(columns.MoveToImmutable(), rows.ToImmutable());
            if (rows.Count == MaxRows) throw wire.Fail(WireFailure.TooLong, $"more than {MaxRows} rows");
            rows.Add(MySqlRows.Row(packet, count));
        }
    }

    private static int Columns(byte[] packet)
    {
        var count = new WireCursor(packet).Number();
        return count is > 0 and <= MaxColumns ? (int)count : throw new WireFormatException($"{count} columns");
    }

    private static bool IsEnd(byte[] packet) => packet is [End, ..] && packet.Length < 9;

    private WireFailure Refused(byte[] packet)
    {
        var error = MySqlError.Read(packet);
        return wire.Fail(error.Code, error.SqlState.Length > 0 ? $"{error.Number} ({error.SqlState}): {error.Words}" : $"{error.Number}: {error.Words}");
    }

    private async Task SendAsync(byte[] payload, CancellationToken cancel)
    {
        var packet = new byte[payload.Length + 4];
        BinaryPrimitives.WriteInt32LittleEndian(packet, payload.Length);
        packet[3] = sequence++;
        payload.CopyTo(packet, 4);
        await wire.WriteAsync(packet, cancel);
    }

    private async Task<byte[]> ReceiveAsync(CancellationToken cancel)
    {
        var head = await wire.ReadAsync(4, cancel);
        var length = head[0] | (head[1] << 8) | (head[2] << 16);
        if (length > MaxPacket) throw wire.Fail(WireFailure.TooLong, $"a packet of {length} bytes");
        sequence = (byte)(head[3] + 1);
        return await wire.ReadAsync(length, cancel);
    }
}
