using System.Collections.Immutable;
using System.Numerics;
using System.Runtime.InteropServices;

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
    TextEnd,
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

/// <summary>What a run of an expression writes to. Expressions are shared by all matchers of a catalog, so each matcher brings its own.</summary>
internal sealed class LinearWork
{
    /// <summary>A slot number that stands for: go on with the step at the position.</summary>
    public const int Resume = -1;

    /// <summary>A slot number that stands for: go on behind the run, from each position of a range.</summary>
    public const int Ends = -2;

    private Pending[] pending = new Pending[64];
    private ulong[] tried = [];
    private (int From, int To)[] runs = [];

    /// <summary>A slot to restore to <see cref="Position"/>, or a step to go on with from each position up to or down to <see cref="Last"/>.</summary>
    [StructLayout(LayoutKind.Auto)]
    internal readonly record struct Pending(int Step, int Position, int Last, int Slot);

    public int[] Slots { get; private set; } = [];

    /// <summary>How many positions are waiting to be tried; bounded by what was tried.</summary>
    public int Waiting { get; private set; }

    public void Begin(long bits, int slots, int steps)
    {
        var words = (int)((bits + 63) / 64);
        if (tried.Length < words) tried = new ulong[BitOperations.RoundUpToPowerOf2((uint)words)];
        else Array.Clear(tried, 0, words);
        if (Slots.Length < slots) Slots = new int[slots];
        if (runs.Length < steps) runs = new (int, int)[steps];
        for (var i = 0; i < steps; i++) runs[i] = (-1, -1);
        Waiting = 0;
    }

    /// <summary>The run of a step's set that is known so far: where it starts and how far it was followed.</summary>
    public ref (int From, int To) Run(int step) => ref runs[step];

    /// <summary>Whether the bit was set before; it is set now.</summary>
    public bool Seen(int bit)
    {
        var mask = 1UL << (bit & 63);
        if ((tried[bit >> 6] & mask) != 0) return true;
        tried[bit >> 6] |= mask;
        return false;
    }

    /// <summary>The first bit from one to another, upwards or downwards, that was not seen; -1 where all were.</summary>
    public int Unseen(int from, int last)
    {
        var up = from <= last;
        var (low, high) = up ? (from, last) : (last, from);
        for (var word = from >> 6; up ? word <= high >> 6 : word >= low >> 6; word += up ? 1 : -1)
        {
            var open = ~tried[word];
            if (word == low >> 6) open &= ulong.MaxValue << (low & 63);
            if (word == high >> 6) open &= ulong.MaxValue >> (63 - (high & 63));
            if (open != 0) return (word << 6) + (up ? BitOperations.TrailingZeroCount(open) : 63 - BitOperations.LeadingZeroCount(open));
        }
        return -1;
    }

    public void Push(Pending entry)
    {
        if (Waiting == pending.Length) Array.Resize(ref pending, pending.Length * 2);
        pending[Waiting++] = entry;
    }

    public bool TryPop(out Pending entry)
    {
        entry = default;
        if (Waiting == 0) return false;
        entry = pending[--Waiting];
        return true;
    }
}

/// <summary>
/// A regular expression on bytes whose cost is linear: a backtracking matcher that never tries the same step at the same position twice, so the work is
/// bounded by steps × text whatever the text is. It gives the leftmost match and prefers as .NET does. What the reader of expressions
/// (<see cref="LinearRegexCompiler"/>) does not know runs on .NET's NonBacktracking engine instead.
/// </summary>
internal sealed class LinearRegex
{
    // 4 MB of memory for what was tried: enough for the everyday expression on the largest event.
    private const long MaxBits = 1L << 25;

    private readonly Step[] program;
    private readonly string[] groups;
    private readonly bool ignoreCase;
    private readonly byte[] prefix;
    private readonly ByteSet? first;

    // Where in the memory of what was tried a step's positions lie; only steps with a choice have a row, a run of a set has a second one for its ends.
    private readonly int[] rows;
    private readonly int rowCount;

    public LinearRegex(ImmutableArray<Step> steps, ImmutableArray<string> groups, bool ignoreCase)
    {
        program = [.. steps];
        this.groups = [.. groups];
        this.ignoreCase = ignoreCase;
        prefix = Prefix(steps);
        first = First(steps);
        rows = new int[program.Length];
        for (var i = 0; i < program.Length; i++)
        {
            rows[i] = rowCount;
            rowCount += program[i].Op switch { Op.Split => 1, Op.Loop or Op.LazyLoop => 2, _ => 0 };
        }
    }

    /// <summary>Whether a text of this length can be tried in bounded memory; where not, the expression runs on the other engine.</summary>
    public bool Fits(int length) => rowCount * (length + 1L) <= MaxBits;

    /// <summary>The position of the leftmost match, or -1; named groups are appended where a list is given.</summary>
    public int Find(ReadOnlySpan<byte> text, List<Capture>? captures, LinearWork work)
    {
        work.Begin(rowCount * (text.Length + 1L), groups.Length * 2, program.Length);
        for (var at = 0; (at = Start(text, at)) >= 0; at++)
        {
            for (var i = 0; i < work.Slots.Length; i++) work.Slots[i] = -1;
            if (!MatchAt(text, at, work)) continue;
            if (captures is not null) Collect(text, work.Slots, captures);
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

    private bool MatchAt(ReadOnlySpan<byte> text, int start, LinearWork work)
    {
        var (step, at) = (0, start);
        while (true)
        {
            if (Run(text, step, at, work)) return true;
            if (!Back(text, ref step, ref at, work)) return false;
        }
    }

    // Goes on until the match, or until a step fails.
    private bool Run(ReadOnlySpan<byte> text, int step, int at, LinearWork work)
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
                    if (!work.Seen(Bit(text, rows[step], at))) Loop(text, s, step, at, work);
                    return false;
                case Op.Split:
                    if (work.Seen(Bit(text, rows[step], at))) return false;
                    work.Push(new LinearWork.Pending(s.B, at, at, LinearWork.Resume));
                    step = s.A;
                    break;
                case Op.Jump:
                    step = s.A;
                    break;
                case Op.Save:
                    work.Push(new LinearWork.Pending(0, work.Slots[s.A], 0, s.A));
                    work.Slots[s.A] = at;
                    step++;
                    break;
                default:
                    if (!Holds(text, s.Op, at)) return false;
                    step++;
                    break;
            }
        }
    }

    // A bounded run of one set of bytes: every end that is allowed is remembered as one range, the preferred end first. Unbounded runs are splits, so
    // that each of their positions is tried once.
    private static void Loop(ReadOnlySpan<byte> text, Step s, int step, int at, LinearWork work)
    {
        var limit = (int)Math.Min(text.Length, at + (long)s.B);
        ref var run = ref work.Run(step);
        var known = at >= run.From && at <= run.To;
        var end = known ? run.To : at;
        while (end < limit && s.Set!.Has(text[end])) end++;
        run = (known ? run.From : at, end);
        end = Math.Min(end, limit);
        var least = at + (long)s.A;
        if (end < least) return;
        work.Push(s.Op == Op.Loop ? new LinearWork.Pending(step, end, (int)least, LinearWork.Ends) : new LinearWork.Pending(step, (int)least, end, LinearWork.Ends));
    }

    private bool Back(ReadOnlySpan<byte> text, ref int step, ref int at, LinearWork work)
    {
        while (work.TryPop(out var top))
        {
            if (top.Slot >= 0)
            {
                work.Slots[top.Slot] = top.Position;
                continue;
            }
            (step, at) = (top.Step, top.Position);
            if (top.Slot == LinearWork.Resume) return true;
            var start = Bit(text, rows[step] + 1, 0);
            var bit = work.Unseen(start + top.Position, start + top.Last);
            if (bit < 0) continue;
            at = bit - start;
            work.Seen(bit);
            if (at != top.Last) work.Push(top with { Position = at + Math.Sign(top.Last - at) });
            step++;
            return true;
        }
        return false;
    }

    private static int Bit(ReadOnlySpan<byte> text, int row, int at) => (row * (text.Length + 1)) + at;

    private static bool Holds(ReadOnlySpan<byte> text, Op op, int at) => op switch
    {
        Op.LineStart => at == 0 || text[at - 1] == '\n',
        Op.LineEnd => at == text.Length || text[at] == '\n',
        Op.TextEnd => at == text.Length,
        Op.WordEdge => IsWord(text, at - 1) != IsWord(text, at),
        _ => IsWord(text, at - 1) == IsWord(text, at),
    };

    private static bool IsWord(ReadOnlySpan<byte> text, int at) => at >= 0 && at < text.Length && (char.IsAsciiLetterOrDigit((char)text[at]) || text[at] is (byte)'_' or >= 0x80);

    private void Collect(ReadOnlySpan<byte> text, int[] slots, List<Capture> captures)
    {
        for (var i = 0; i < groups.Length; i++)
        {
            if (slots[i * 2] >= 0 && slots[(i * 2) + 1] >= slots[i * 2])
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
