using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;

namespace Tocsin.Collect.Wire;

/// <summary>The transport of Redis's protocol: TLS, login, commands. Knows no command; its reading face is <see cref="RedisReader"/>. A login is tried once.</summary>
internal sealed class RedisConnection : IAsyncDisposable
{
    private readonly WireConnection wire;
    private readonly RedisReply replies;

    private RedisConnection(WireConnection wire)
    {
        this.wire = wire;
        replies = new RedisReply(wire);
    }

    public IPAddress? Address => wire.Address;

    /// <exception cref="WireFailure">At which stage it ended, and why.</exception>
    public static async Task<RedisConnection> OpenAsync(WireTarget target, RedisLogin login, CancellationToken cancel)
    {
        try
        {
            return await OpenAsync(await WireConnection.OpenAsync(target, cancel), target.Tls, login, cancel);
        }
        catch (WireFailure e) when (!target.Tls && e.Stage is WireStage.Ask or WireStage.Authenticate && e.Code is WireFailure.Reset)
        {
            if (await SpeaksTlsAsync(target, cancel)) throw new WireFailure(e.Stage, "TLS_REQUIRED", "the server hangs up on a plain word and greets by TLS", e);
            throw;
        }
        catch (WireFailure e) when (target.Tls && e.Stage is WireStage.Tls && e.Code is "ETIMEDOUT")
        {
            if (!await SpeaksPlainAsync(target, cancel)) throw;
            throw new WireFailure(e.Stage, "PLAIN_SERVER", "the server is silent to a TLS greeting and answers a plain word", e);
        }
    }

    // A Redis without TLS takes the greeting for the beginning of a command and waits for its end.
    private static async Task<bool> SpeaksPlainAsync(WireTarget target, CancellationToken cancel)
    {
        try
        {
            await using var plain = await WireConnection.OpenAsync(target with { Tls = false }, cancel);
            var connection = new RedisConnection(plain);
            _ = await connection.SendAsync(["PING"], cancel);
            return true;
        }
        catch (WireFailure)
        {
            return false;
        }
    }

    /// <summary>Over a connection, which is closed where the login fails.</summary>
    public static async Task<RedisConnection> OpenAsync(WireConnection wire, bool tls, RedisLogin login, CancellationToken cancel)
    {
        var connection = new RedisConnection(wire);
        try
        {
            if (tls) await connection.EncryptAsync(cancel);
            await connection.LogInAsync(login, cancel);
            return connection;
        }
        catch
        {
            await wire.DisposeAsync();
            throw;
        }
    }

    /// <exception cref="WireFailure">The server hung up, or what it said was too long or no Redis.</exception>
    public async Task<RedisValue> SendAsync(IEnumerable<string> words, CancellationToken cancel)
    {
        await wire.WriteAsync(Form([.. words]), cancel);
        return await ReceiveAsync(cancel);
    }

    /// <summary>Several at once, answered in their order: one way there and back.</summary>
    public async Task<ImmutableArray<RedisValue>> SendAllAsync(IReadOnlyList<ImmutableArray<string>> commands, CancellationToken cancel)
    {
        await wire.WriteAsync(commands.SelectMany(Form).ToArray(), cancel);
        var answers = ImmutableArray.CreateBuilder<RedisValue>(commands.Count);
        for (var i = 0; i < commands.Count; i++) answers.Add(await ReceiveAsync(cancel));
        return answers.MoveToImmutable();
    }

    public ValueTask DisposeAsync() => wire.DisposeAsync();

    private async Task EncryptAsync(CancellationToken cancel)
    {
        try
        {
            await wire.UpgradeAsync(cancel);
        }
        catch (WireFailure e) when (e.Code is WireFailure.WrongProtocol)
        {
            throw wire.Fail("PLAIN_SERVER", "the server answers a TLS greeting in plain", e);
        }
    }

    // RESP3 first, for its login is one step; a server before 6 does not know HELLO, and gets AUTH.
    private async Task LogInAsync(RedisLogin login, CancellationToken cancel)
    {
        wire.Stage = WireStage.Authenticate;
        string[] auth = login.Password.Length == 0 ? [] : ["AUTH", login.User.Length > 0 ? login.User : "default", login.Password];
        var said = await SendAsync(["HELLO", "3", .. auth], cancel);
        if (said is RedisValue.Error unknown && CodeOf(unknown.Words) is "OTHER")
        {
            said = auth.Length == 0 ? new RedisValue.Nil() : await SendAsync(login.User.Length > 0 ? auth : ["AUTH", login.Password], cancel);
        }
        if (said is RedisValue.Error refused) throw Refused(refused);
        wire.Stage = WireStage.Ask;
        if (login.Database > 0 && await SendAsync(["SELECT", login.Database.ToString(CultureInfo.InvariantCulture)], cancel) is RedisValue.Error wrong) throw Refused(wrong);
    }

    private WireFailure Refused(RedisValue.Error error) => wire.Fail(CodeOf(error.Words), error.Words);

    /// <summary>The code of a refusal as facts name it.</summary>
    internal static string CodeOf(string words) => words.Split(' ', 2)[0] switch
    {
        "NOAUTH" => "NOAUTH",
        "WRONGPASS" => "WRONGPASS",
        "READONLY" => "READONLY",
        "OOM" => "OOM",
        "LOADING" => "LOADING",
        "DENIED" => "OTHER",
        "ERR" when words.Contains("max number of clients", StringComparison.OrdinalIgnoreCase) => "MAXCLIENTS",
        // Before version 6, and where no password is set.
        "ERR" when words.Contains("invalid password", StringComparison.OrdinalIgnoreCase) => "WRONGPASS",
        _ => "OTHER",
    };

    private async Task<RedisValue> ReceiveAsync(CancellationToken cancel)
    {
        try
        {
            return await replies.ReadAsync(cancel);
        }
        catch (WireFormatException e)
        {
            // The first byte of a TLS alert: the server took our plain word for a bad record.
            throw e.Message.EndsWith("0x15", StringComparison.Ordinal) && !wire.Encrypted ? wire.Fail("TLS_REQUIRED", "the server answers in TLS", e) : wire.Fail(WireFailure.WrongProtocol, e.Message, e);
        }
    }

    private static byte[] Form(ImmutableArray<string> words)
    {
        var form = new List<byte>(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"*{words.Length}\r\n")));
        foreach (var word in words)
        {
            var bytes = Encoding.UTF8.GetBytes(word);
            form.AddRange(Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"${bytes.Length}\r\n")));
            form.AddRange(bytes);
            form.AddRange("\r\n"u8);
        }
        return [.. form];
    }

    // A handshake and no more: nothing is sent over it.
    private static async Task<bool> SpeaksTlsAsync(WireTarget target, CancellationToken cancel)
    {
        try
        {
            await using var look = await WireConnection.OpenAsync(target with { LooksOnly = true }, cancel);
            await look.UpgradeAsync(cancel);
            return true;
        }
        catch (WireFailure e)
        {
            return e.Code is "TLS_ALERT";
        }
    }
}
