using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Tocsin.Core.Signals;

/// <summary>Masks quoted values. Those of a few keys say what happened and stay, with their own quoted values masked.</summary>
internal static class QuoteMask
{
    private const int MaxDepth = 3;
    private const int MaxKey = 41;
    private const int MaxValue = 2000;
    private const int MaxWords = 300;

    /// <summary>Values of these keys say what happened; values of all others say where, to whom and when.</summary>
    private static readonly string[] TellingKeys =
    [
        "code", "msg", "message", "error", "err", "name", "type", "level", "errno", "syscall", "reason", "event", "logger", "status", "kind",
        "exception", "title", "detail", "problem", "problem_type", "severity", "errortype", "errormessage", "sqlstate", "cause", "description", "log", "line",
    ];

    public static ReadOnlySpan<char> Apply(ReadOnlySpan<char> text, Span<char> output)
    {
        var masked = new MaskedText(output);
        Apply(text, ref masked, depth: 0);
        return masked.Text;
    }

    private static void Apply(scoped ReadOnlySpan<char> text, ref MaskedText masked, int depth)
    {
        for (var at = 0; at < text.Length;)
        {
            if (!TryFind(text, at, out var found))
            {
                masked.Add(text[at++]);
                continue;
            }
            var end = found.Close + 1;
            var value = text[(found.Open + 1)..found.Close];
            if (value.IsEmpty || IsKey(text, end))
            {
                masked.Add(text[at..end]);
            }
            else
            {
                masked.Add(text[at..(found.Open + 1)]);
                if (depth < MaxDepth && IsTelling(text[found.Key..found.KeyEnd])) ApplyWithin(value, ref masked, depth + 1);
                else masked.Add(MaskedText.Mask);
                masked.Add(text[found.Close]);
            }
            at = end;
        }
    }

    /// <summary>A message may hold quoted values of its own, or a whole JSON line that another program wrapped.</summary>
    [SkipLocalsInit]
    private static void ApplyWithin(scoped ReadOnlySpan<char> value, ref MaskedText masked, int depth)
    {
        var plain = new MaskedText(stackalloc char[value.Length]);
        for (var at = 0; at < value.Length; at++)
        {
            if (value[at] == '\\' && Runs.Is(value, at + 1, '"')) at++;
            plain.Add(value[at]);
        }
        Apply(plain.Text, ref masked, depth);
    }

    /// <summary>A quoted text, and the key before it where there is one. A quote within a word is an apostrophe.</summary>
    private static bool TryFind(ReadOnlySpan<char> text, int at, out Quoted found)
    {
        found = default;
        if (!IsKeyChar(text, at - 1) && TryKey(text, at, out var key, out var keyEnd, out var open) && Close(text, open) is var end and > 0)
        {
            found = new Quoted(key, keyEnd, open, end);
            return true;
        }
        if (at > 0 && char.IsAsciiLetterOrDigit(text[at - 1])) return false;
        if (Close(text, at) is not (> 0 and var close)) return false;
        found = new Quoted(at, at, at, close);
        return true;
    }

    [StructLayout(LayoutKind.Auto)]
    private readonly record struct Quoted(int Key, int KeyEnd, int Open, int Close);

    // "key": or key=, and where its value begins.
    private static bool TryKey(ReadOnlySpan<char> text, int at, out int key, out int keyEnd, out int value)
    {
        key = text[at] is '"' or '\'' ? at + 1 : at;
        keyEnd = value = key;
        if (key >= text.Length || !(char.IsAsciiLetter(text[key]) || text[key] is '_' or '@')) return false;
        while (keyEnd - key <= MaxKey && IsKeyChar(text, keyEnd)) keyEnd++;
        if (keyEnd - key > MaxKey) return false;
        value = keyEnd < text.Length && text[keyEnd] is '"' or '\'' ? keyEnd + 1 : keyEnd;
        if (value >= text.Length || text[value] is not (':' or '=')) return false;
        value += text[value] == ':' && Runs.Is(text, value + 1, ' ') ? 2 : 1;
        return true;
    }

    private static bool IsKeyChar(ReadOnlySpan<char> text, int at) =>
        (uint)at < (uint)text.Length && (char.IsAsciiLetterOrDigit(text[at]) || text[at] is '_' or '@' or '.' or '-');

    // The quote that closes the one at this place, or -1. A letter behind it means that it closes nothing.
    private static int Close(ReadOnlySpan<char> text, int open)
    {
        if (open >= text.Length || text[open] is not ('"' or '\'' or '`')) return -1;
        var quote = text[open];
        var most = quote == '"' ? MaxValue : MaxWords;
        var at = open + 1;
        for (var count = 0; at < text.Length && text[at] != quote; count++)
        {
            if (count == most || text[at] is '\r' or '\n') return -1;
            var isEscape = text[at] == '\\' && quote != '`';
            if (isEscape && Runs.Is(text, at + 1, '\n')) return -1;
            at += isEscape ? 2 : 1;
        }
        return at < text.Length && !(at + 1 < text.Length && char.IsAsciiLetterOrDigit(text[at + 1])) ? at : -1;
    }

    private static bool IsKey(ReadOnlySpan<char> text, int at)
    {
        if (!Runs.Is(text, at, ':')) return false;
        at += Runs.Is(text, at + 1, ' ') ? 2 : 1;
        return at < text.Length && (char.IsAsciiDigit(text[at]) || text[at] is '"' or '\'' or '{' or '[' or 't' or 'f' or 'n' or '-');
    }

    private static bool IsTelling(ReadOnlySpan<char> key)
    {
        foreach (var telling in TellingKeys)
        {
            if (key.Length == telling.Length && key.Equals(telling, StringComparison.OrdinalIgnoreCase)) return true;
        }
        return false;
    }
}
