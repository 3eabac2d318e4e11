using System.Collections.Immutable;
using System.Numerics;

namespace Tocsin.Core.Matching;

/// <summary>What one step of a compiled expression does.</summary>
internal enum Op : byte
{
    Byte,
    Set,
    Loop,
    LazyLoop,
    Split,
    Jump,
    Save,
    LineStart,
    LineEnd,
    WordEdge,
    NoWordEdge,
    Match,
}

/// <summary>One step: <see cref="A"/> and <see cref="B"/> are targets, bounds or a slot, by operation; <see cref="Set"/> is a set of bytes.</summary>
internal readonly record struct Step(Op Op, int A, int B, ByteSet? Set);

/// <summary>A set of bytes as a bitmap.</summary>
internal sealed class ByteSet
{
    private readonly ulong[] bits = new ulong[4];

    public bool Has(byte b) => (bits[b >> 6] & (1UL << (b & 63))) != 0;

    public void Add(byte b) => bits[b >> 6] |= 1UL << (b & 63);

    public void AddRange(int from, int to)
    {
        for (var b = from; b <= to; b++) Add((byte)b);
    }

    public void Add(ByteSet other)
    {
        for (var i = 0; i < 4; i++) bits[i] |= other.bits[i];
    }

    public ByteSet Inverted()
    {
        var inverted = new ByteSet();
        for (var i = 0; i < 4; i++) inverted.bits[i] = ~bits[i];
        return inverted;
    }

    /// <summary>Both cases of every letter in the set.</summary>
    public ByteSet Folded()
    {
        var folded = new ByteSet();
        for (var b = 0; b < 256; b++)
        {
            if (!Has((byte)b)) continue;
            folded.Add((byte)b);
            if (char.IsAsciiLetter((char)b)) folded.Add((byte)(b ^ 0x20));
        }
        return folded;
    }
}

/// <summary>
/// A regular expression on bytes whose cost is linear: a backtracking matcher that never tries the same step at the same position twice, so the work is
/// bounded by steps × text whatever the text is. It gives the leftmost match and prefers as .NET does. What the reader of expressions
/// (<see cref="LinearRegexCompiler"/>) does not know runs on .NET's NonBacktracking engine instead.
/// </summary>
internal sealed class LinearRegex(ImmutableArray<Step> steps, ImmutableArray<string> groups, bool ignoreCase)
{
    private readonly Step[] program = [.. steps];
    private readonly byte[] prefix = Prefix(steps);
    private readonly ByteSet? first = First(steps);
    private readonly Stack<(int Step, int Position, int Slot, int Old)> pending = [];
    private ulong[] tried = [];
    private int[] slots = [];

    /// <summary>The position of the leftmost match, or -1; named groups are appended where a list is given.</summary>
    public int Find(ReadOnlySpan<byte> text, List<Capture>? captures)
    {
        var words = ((program.Length * (text.Length + 1)) + 63) / 64;
        if (tried.Length < words) tried = new ulong[BitOperations.RoundUpToPowerOf2((uint)words)];
        else Array.Clear(tried, 0, words);
        slots = slots.Length > 0 ? slots : new int[groups.Length * 2];
        for (var at = 0; (at = Start(text, at)) >= 0; at++)
        {
            Array.Fill(slots, -1);
            if (!MatchAt(text, at)) continue;
            if (captures is not null) Collect(text, captures);
            return at;
        }
        return -1;
    }

    private int Start(ReadOnlySpan<byte> text, int from)
    {
        if (prefix.Length > 0) return AsciiFold.IndexOf(text, prefix, from, !ignoreCase);
        if (first is null) return from <= text.Length ? from : -1;
        while (from < text.Length && !first.Has(text[from])) from++;
        return from < text.Length ? from : -1;
    }

    private bool MatchAt(ReadOnlySpan<byte> text, int start)
    {
        pending.Clear();
        var (step, at) = (0, start);
        while (true)
        {
            if (Run(text, ref step, ref at)) return true;
            if (!Back(ref step, ref at)) return false;
        }
    }

    // Goes on until the match, or until a step fails.
    private bool Run(ReadOnlySpan<byte> text, ref int step, ref int at)
    {
        while (true)
        {
            var s = program[step];
            switch (s.Op)
            {
                case Op.Match:
                    return true;
                case Op.Byte:
                    if (at >= text.Length || (ignoreCase ? AsciiFold.Fold(text[at]) : text[at]) != s.A) return false;
                    at++;
                    step++;
                    break;
                case Op.Set:
                    if (at >= text.Length || !s.Set!.Has(text[at])) return false;
                    at++;
                    step++;
                    break;
                case Op.Loop or Op.LazyLoop:
                    if (Seen(text, step, at) || !Loop(text, s, ref step, ref at)) return false;
                    break;
                case Op.Split:
                    if (Seen(text, step, at)) return false;
                    pending.Push((s.B, at, -1, 0));
                    step = s.A;
                    break;
                case Op.Jump:
                    step = s.A;
                    break;
                case Op.Save:
                    pending.Push((0, 0, s.A, slots[s.A]));
                    slots[s.A] = at;
                    step++;
                    break;
                default:
                    if (!Holds(text, s.Op, at)) return false;
                    step++;
                    break;
            }
        }
    }

    // A bounded run of one set of bytes: every end that is allowed is remembered, the preferred one is tried first. Unbounded runs are splits, so that
    // each of their positions is tried once.
    private bool Loop(ReadOnlySpan<byte> text, Step s, ref int step, ref int at)
    {
        var limit = Math.Min(text.Length, at + s.B);
        var end = at;
        while (end < limit && s.Set!.Has(text[end])) end++;
        var least = at + s.A;
        if (end < least) return false;
        step++;
        if (s.Op == Op.Loop)
        {
            for (var other = least; other < end; other++) pending.Push((step, other, -1, 0));
            at = end;
        }
        else
        {
            for (var other = end; other > least; other--) pending.Push((step, other, -1, 0));
            at = least;
        }
        return true;
    }

    private bool Back(ref int step, ref int at)
    {
        while (pending.TryPop(out var top))
        {
            if (top.Slot >= 0)
            {
                slots[top.Slot] = top.Old;
                continue;
            }
            (step, at) = (top.Step, top.Position);
            return true;
        }
        return false;
    }

    private bool Seen(ReadOnlySpan<byte> text, int step, int at)
    {
        var bit = (step * (text.Length + 1)) + at;
        var mask = 1UL << (bit & 63);
        if ((tried[bit >> 6] & mask) != 0) return true;
        tried[bit >> 6] |= mask;
        return false;
    }

    private static bool Holds(ReadOnlySpan<byte> text, Op op, int at) => op switch
    {
        Op.LineStart => at == 0 || text[at - 1] == '\n',
        Op.LineEnd => at == text.Length || text[at] == '\n',
        Op.WordEdge => IsWord(text, at - 1) != IsWord(text, at),
        _ => IsWord(text, at - 1) == IsWord(text, at),
    };

    private static bool IsWord(ReadOnlySpan<byte> text, int at) => at >= 0 && at < text.Length && (char.IsAsciiLetterOrDigit((char)text[at]) || text[at] is (byte)'_' or >= 0x80);

    private void Collect(ReadOnlySpan<byte> text, List<Capture> captures)
    {
        for (var i = 0; i < groups.Length; i++)
        {
            if (groups[i].Length > 0 && slots[i * 2] >= 0 && slots[(i * 2) + 1] >= slots[i * 2])
                captures.Add(new Capture(groups[i], System.Text.Encoding.UTF8.GetString(text[slots[i * 2]..slots[(i * 2) + 1]])));
        }
    }

    private static byte[] Prefix(ImmutableArray<Step> steps)
    {
        var bytes = new List<byte>();
        foreach (var step in steps)
        {
            if (step.Op == Op.Save) continue;
            if (step.Op != Op.Byte) break;
            bytes.Add((byte)step.A);
        }
        // A jump back into the prefix would make it longer than it is; the compiler never jumps before the first loop.
        return [.. bytes];
    }

    private static ByteSet? First(ImmutableArray<Step> steps)
    {
        var step = steps.FirstOrDefault(s => s.Op != Op.Save);
        return step.Op == Op.Set || (step.Op is Op.Loop or Op.LazyLoop && step.A > 0) ? step.Set : null;
    }
}
