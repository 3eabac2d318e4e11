using System.Collections.Immutable;
using System.Text;

namespace Tocsin.Core.Matching;

/// <summary>A named part of the text that a hole or a group stood for.</summary>
public sealed record Capture(string Name, string Value);

/// <summary>
/// Literal text with typed holes, matched on bytes. Holes take the longest run of their own characters that lets the rest match.
/// Failures are remembered by (segment, position), so the work is bounded by segments × text × <see cref="MaxHole"/>.
/// </summary>
internal sealed class TemplatePattern
{
    private const int MaxHole = 512;
    private const int MaxPortDigits = 5;
    private const int MaxLength = 1000;
    private const int MaxHoles = 32;
    private static readonly string[] HoleKinds = ["host", "port", "user", "int", "arn", "path", "domain", "any"];

    private readonly ImmutableArray<Segment> segments;
    private readonly bool exactCase;

    private TemplatePattern(ImmutableArray<Segment> segments, bool exactCase)
    {
        this.segments = segments;
        this.exactCase = exactCase;
    }

    private sealed record Segment(byte[]? Literal, string Hole, string Name);

    /// <summary>Why the text is no template, or null where it is one.</summary>
    public static string? Refuse(string template)
    {
        if (template.Length > MaxLength) return $"the template has {template.Length} characters, at most {MaxLength} are read";
        var (parts, problem) = Split(template, exactCase: true);
        if (problem is not null) return problem;
        if (parts.Count(s => s.Literal is null) > MaxHoles) return $"the template has more than {MaxHoles} holes";
        if (parts.All(s => s.Literal is null)) return "the template has no literal text";
        for (var i = 1; i < parts.Length; i++)
        {
            if (parts[i].Literal is null && parts[i - 1].Literal is null) return "two holes stand side by side; literal text is needed between them";
        }
        return null;
    }

    public static TemplatePattern Compile(string template, bool exactCase) => new(Split(template, exactCase).Segments, exactCase);

    /// <summary>The literal pieces between the holes, as written.</summary>
    public static IEnumerable<string> Literals(string template) =>
        Split(template, exactCase: true).Segments.Where(s => s.Literal is not null).Select(s => Encoding.UTF8.GetString(s.Literal!));

    /// <summary>The position of the match, or -1; captures are appended where a list is given.</summary>
    public int Find(ReadOnlySpan<byte> text, List<Capture>? captures)
    {
        var leading = segments[0].Literal is null ? 1 : 0;
        var needle = segments[leading].Literal!;
        HashSet<long>? failed = null;
        Span<int> ends = stackalloc int[segments.Length];
        for (var at = 0; (at = AsciiFold.IndexOf(text, needle, at, exactCase)) >= 0; at++)
        {
            var start = leading == 0 ? at : HoleStart(segments[0].Hole, text, at);
            if (leading == 1 && start == at && !MayBeEmpty(segments[0].Hole)) continue;
            if (leading == 0 && !DigitEdge(text, at, needle[0], before: true)) continue;
            if (leading == 1) ends[0] = at;
            ends[leading] = at + needle.Length;
            if (!Rest(text, leading + 1, at + needle.Length, ends, ref failed)) continue;
            if (captures is not null) Collect(text, start, ends, captures);
            return start;
        }
        return -1;
    }

    private bool Rest(ReadOnlySpan<byte> text, int index, int position, Span<int> ends, ref HashSet<long>? failed)
    {
        if (index == segments.Length) return segments[^1].Literal is not { } last || DigitEdge(text, position, last[^1], before: false);
        var key = ((long)index << 32) | (uint)position;
        if (failed is not null && failed.Contains(key)) return false;
        var segment = segments[index];
        var found = segment.Literal is { } literal
            ? LiteralHere(text, index, position, literal, ends, ref failed)
            : HoleHere(text, index, position, segment.Hole, ends, ref failed);
        if (!found) (failed ??= []).Add(key);
        return found;
    }

    private bool LiteralHere(ReadOnlySpan<byte> text, int index, int position, byte[] literal, Span<int> ends, ref HashSet<long>? failed)
    {
        if (!AsciiFold.StartsWith(text[position..], literal, exactCase)) return false;
        ends[index] = position + literal.Length;
        return Rest(text, index + 1, position + literal.Length, ends, ref failed);
    }

    private bool HoleHere(ReadOnlySpan<byte> text, int index, int position, string hole, Span<int> ends, ref HashSet<long>? failed)
    {
        var run = HoleLength(hole, text[position..]);
        var least = MayBeEmpty(hole) ? 0 : 1;
        if (index == segments.Length - 1)
        {
            ends[index] = position + run;
            return run >= least;
        }
        var shortestFirst = string.Equals(hole, "any", StringComparison.Ordinal);
        for (var step = least; step <= run; step++)
        {
            var taken = shortestFirst ? step : run - (step - least);
            ends[index] = position + taken;
            if (Rest(text, index + 1, position + taken, ends, ref failed)) return true;
        }
        return false;
    }

    private void Collect(ReadOnlySpan<byte> text, int start, ReadOnlySpan<int> ends, List<Capture> captures)
    {
        var from = start;
        for (var i = 0; i < segments.Length; i++)
        {
            if (segments[i].Literal is null) captures.Add(new Capture(segments[i].Name, Encoding.UTF8.GetString(text[from..ends[i]])));
            from = ends[i];
        }
    }

    // A pattern that ends or starts in a digit does not match inside a longer number: port 3306 is not 33061.
    internal static bool DigitEdge(ReadOnlySpan<byte> text, int position, byte edge, bool before)
    {
        if (edge is not (>= (byte)'0' and <= (byte)'9')) return true;
        var neighbour = before ? position - 1 : position;
        return neighbour < 0 || neighbour >= text.Length || text[neighbour] is not (>= (byte)'0' and <= (byte)'9');
    }

    private static bool MayBeEmpty(string hole) => string.Equals(hole, "user", StringComparison.Ordinal);

    private static int HoleLength(string hole, ReadOnlySpan<byte> text)
    {
        if (hole is "arn" && !text.StartsWith("arn:"u8)) return 0;
        var limit = Math.Min(text.Length, MaxHole);
        var i = 0;
        while (i < limit && InHole(hole, text[i], i == 0)) i++;
        return IsWhole(hole, text[..i]) ? i : 0;
    }

    // Where the hole that ends at a position starts; the position itself where no such hole ends there.
    private static int HoleStart(string hole, ReadOnlySpan<byte> text, int end)
    {
        var start = end;
        while (start > 0 && end - start < MaxHole && InHole(hole, text[start - 1], first: false)) start--;
        if (hole is "int" && start > 0 && start < end && text[start - 1] == '-' && (start == 1 || !char.IsAsciiLetterOrDigit((char)text[start - 2]))) start--;
        if (hole is "arn") start = text[start..end].LastIndexOf("arn:"u8) is var at and >= 0 ? start + at : end;
        return IsWhole(hole, text[start..end]) ? start : end;
    }

    // Longer runs of digits are no port, and a sign alone is no number.
    private static bool IsWhole(string hole, ReadOnlySpan<byte> run) =>
        hole is "port" ? run.Length <= MaxPortDigits : hole is not "int" || run is not [(byte)'-'];

    private static bool InHole(string hole, byte b, bool first) => hole switch
    {
        "host" => char.IsAsciiLetterOrDigit((char)b) || b is (byte)'.' or (byte)'-' or (byte)'_' or (byte)':' or (byte)'[' or (byte)']' or (byte)'%',
        "port" => b is >= (byte)'0' and <= (byte)'9',
        "int" => b is (>= (byte)'0' and <= (byte)'9') || (first && b == '-'),
        "user" => b is not ((byte)'\'' or (byte)'"' or (byte)'`' or (byte)'@') && b > ' ',
        "domain" => char.IsAsciiLetterOrDigit((char)b) || b is (byte)'.' or (byte)'-' or (byte)'_' or (byte)'*' || b >= 0x80,
        "arn" or "path" => b is not ((byte)'\'' or (byte)'"' or (byte)'`' or (byte)',' or (byte)')') && b > ' ',
        _ => b is not ((byte)'\n'),
    };

    private static (ImmutableArray<Segment> Segments, string? Problem) Split(string template, bool exactCase)
    {
        var parts = ImmutableArray.CreateBuilder<Segment>();
        var literal = new StringBuilder();
        for (var i = 0; i < template.Length; i++)
        {
            var c = template[i];
            if (c is '{' or '}' && i + 1 < template.Length && template[i + 1] == c)
            {
                literal.Append(c);
                i++;
            }
            else if (c == '{')
            {
                var close = template.IndexOf('}', i);
                if (close < 0) return ([], $"the hole that opens at character {i + 1} is not closed; {{{{ stands for a brace");
                var (hole, problem) = ReadHole(template[(i + 1)..close]);
                if (hole is null) return ([], problem);
                Flush(parts, literal, exactCase);
                parts.Add(hole);
                i = close;
            }
            else if (c == '}')
            {
                return ([], $"a brace closes at character {i + 1} that never opened; }}}} stands for a brace");
            }
            else
            {
                literal.Append(c);
            }
        }
        Flush(parts, literal, exactCase);
        return parts.Count == 0 ? ([], "the template is empty") : (parts.ToImmutable(), null);
    }

    private static (Segment? Hole, string? Problem) ReadHole(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        var name = equals < 0 ? text : text[..equals];
        var kind = equals < 0 ? text : text[(equals + 1)..];
        if (!HoleKinds.Contains(kind, StringComparer.Ordinal))
            return (null, $"the hole {{{text}}} is unknown; known: {string.Join(' ', HoleKinds.Select(h => $"{{{h}}}"))}, or {{name=kind}}");
        return name.Length == 0 ? (null, $"the hole {{{text}}} has no name before =") : (new Segment(null, kind, name), null);
    }

    private static void Flush(ImmutableArray<Segment>.Builder parts, StringBuilder literal, bool exactCase)
    {
        if (literal.Length == 0) return;
        var bytes = Encoding.UTF8.GetBytes(literal.ToString());
        parts.Add(new Segment(exactCase ? bytes : AsciiFold.Fold(bytes), "", ""));
        literal.Clear();
    }
}
