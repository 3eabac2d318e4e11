using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Tocsin.Collect.Wire;

/// <summary>A reply of Redis, of RESP2 and RESP3 alike.</summary>
public abstract record RedisValue
{
    private RedisValue()
    {
    }

    /// <summary>A text of any kind: simple, bulk, verbatim, number, boolean.</summary>
    public sealed record Text(string Value) : RedisValue;

    /// <summary>Words of refusal: the first is the code.</summary>
    public sealed record Error(string Words) : RedisValue
    {
        public string Code => Words.Split(' ', 2)[0];
    }

    /// <summary>An array, a set, or a map as key, value, key, value.</summary>
    public sealed record Many(ImmutableArray<RedisValue> Items) : RedisValue;

    /// <summary>Nothing is there.</summary>
    public sealed record Nil : RedisValue;

    public string? AsText => (this as Text)?.Value;

    public long? AsNumber => long.TryParse(AsText, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>The texts of an array; what is none is left out.</summary>
    public ImmutableArray<string> Texts => this is Many many ? [.. many.Items.Select(i => i.AsText).OfType<string>()] : [];
}

/// <summary>Reads one reply, whole or not at all: limits on each length, on depth and on the count of everything in it.</summary>
internal sealed class RedisReply(WireConnection wire)
{
    private const int MaxLine = 64 * 1024;
    private const int MaxBulk = 4 * 1024 * 1024;
    private const int MaxItems = 50_000;
    private const int MaxDepth = 8;
    private int items;

    /// <exception cref="WireFormatException">It is no reply of Redis.</exception>
    public async Task<RedisValue> ReadAsync(CancellationToken cancel)
    {
        items = 0;
        while (true)
        {
            var value = await ReadAsync(0, cancel);
            if (value is not null) return value;
        }
    }

    // Null stands for what is said besides: attributes and pushes.
    private async Task<RedisValue?> ReadAsync(int depth, CancellationToken cancel)
    {
        if (depth > MaxDepth) throw new WireFormatException($"arrays more than {MaxDepth} deep");
        if (++items > MaxItems) throw wire.Fail(WireFailure.TooLong, $"more than {MaxItems} values");
        var kind = (char)await wire.ReadByteAsync(cancel);
        switch (kind)
        {
            case '+' or ':' or ',' or '(' or '#':
                return new RedisValue.Text(await LineAsync(cancel));
            case '-':
                return new RedisValue.Error(await LineAsync(cancel));
            case '_':
                await LineAsync(cancel);
                return new RedisValue.Nil();
            case '$' or '=' or '!':
                return await BulkAsync(kind, cancel);
            case '*' or '~' or '%':
                return await ManyAsync(depth, kind is '%' ? 2 : 1, cancel);
            case '|' or '>':
                await ManyAsync(depth, kind is '|' ? 2 : 1, cancel);
                return null;
            default:
                throw new WireFormatException(char.IsAsciiLetterOrDigit(kind) ? $"a reply that begins with {kind}" : $"a reply that begins with 0x{(int)kind:x2}");
        }
    }

    private async Task<RedisValue> BulkAsync(char kind, CancellationToken cancel)
    {
        var length = await LengthAsync(MaxBulk, cancel);
        if (length < 0) return new RedisValue.Nil();
        var bytes = await wire.ReadAsync(length + 2, cancel);
        if (bytes[^2] != '\r' || bytes[^1] != '\n') throw new WireFormatException("a text does not end where it should");
        var text = Encoding.UTF8.GetString(bytes, 0, length);
        // A verbatim text says in three letters what it is.
        return kind is '!' ? new RedisValue.Error(text) : new RedisValue.Text(kind is '=' && text.Length >= 4 ? text[4..] : text);
    }

    private async Task<RedisValue> ManyAsync(int depth, int each, CancellationToken cancel)
    {
        var count = await LengthAsync(MaxItems, cancel);
        if (count < 0) return new RedisValue.Nil();
        var values = ImmutableArray.CreateBuilder<RedisValue>();
        for (var i = 0; i < count * each; i++)
        {
            if (await ReadAsync(depth + 1, cancel) is { } value) values.Add(value);
            else i--;
        }
        return new RedisValue.Many(values.ToImmutable());
    }

    private async Task<int> LengthAsync(int most, CancellationToken cancel)
    {
        var line = await LineAsync(cancel);
        if (!long.TryParse(line, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var length) || length < -1) throw new WireFormatException("a length that is none");
        return length <= most ? (int)length : throw wire.Fail(WireFailure.TooLong, $"a length of {length}");
    }

    private async Task<string> LineAsync(CancellationToken cancel)
    {
        var line = new List<byte>();
        while (true)
        {
            var next = await wire.ReadByteAsync(cancel);
            if (next == '\n') break;
            if (line.Count == MaxLine) throw new WireFormatException("a line comes to no end");
            line.Add(next);
        }
        if (line is not [.., (byte)'\r']) throw new WireFormatException("a line ends without a carriage return");
        return Encoding.UTF8.GetString([.. line[..^1]]);
    }
}
