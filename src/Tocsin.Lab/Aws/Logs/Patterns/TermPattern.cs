using System.Text;
using System.Text.RegularExpressions;

namespace Tocsin.Lab.Aws.Logs.Patterns;

/// <summary>
/// Terms: all of the plain ones, none of those with a minus; those with a question mark are alternatives, which AWS leaves out of account as soon as a plain or
/// a minus term stands beside them. A term is found anywhere in the line, not only as a whole word.
/// </summary>
internal sealed class TermPattern
{
    private readonly List<Func<ReadOnlyMemory<byte>, bool>> all = [];
    private readonly List<Func<ReadOnlyMemory<byte>, bool>> any = [];
    private readonly List<Func<ReadOnlyMemory<byte>, bool>> none = [];

    private TermPattern()
    {
    }

    public static TermPattern Parse(string pattern)
    {
        var text = new PatternText(pattern);
        var terms = new TermPattern();
        for (text.SkipSpace(); !text.Ended; text.SkipSpace())
        {
            var into = text.Here switch { '-' => terms.none, '?' => terms.any, _ => terms.all };
            if (into != terms.all) text.Skip();
            // "ERROR" - "Exiting": the sign may stand apart from its term.
            if (into == terms.none) text.SkipSpace();
            into.Add(Term(text));
        }
        return terms;
    }

    public bool Matches(ReadOnlyMemory<byte> message)
    {
        foreach (var term in all)
        {
            if (!term(message)) return false;
        }
        foreach (var term in none)
        {
            if (term(message)) return false;
        }
        return all.Count > 0 || none.Count > 0 || any.Count == 0 || any.Exists(t => t(message));
    }

    private static Func<ReadOnlyMemory<byte>, bool> Term(PatternText text)
    {
        if (text.Here == '%') return Expression(text.Regex());
        if (text.Here == '"') return Phrase(text.Quoted() is { Length: > 0 } phrase ? phrase : throw BadTerm("\"\""));
        var term = text.TakeWhile(static c => !char.IsWhiteSpace(c));
        return term.Length > 0 && term.All(static c => char.IsLetterOrDigit(c) || c == '_') ? Phrase(term) : throw BadTerm(term);
    }

    private static Func<ReadOnlyMemory<byte>, bool> Phrase(string phrase)
    {
        var sought = Encoding.UTF8.GetBytes(phrase);
        return m => m.Span.IndexOf(sought) >= 0;
    }

    private static Func<ReadOnlyMemory<byte>, bool> Expression(Regex regex) => m => regex.IsMatch(Encoding.UTF8.GetString(m.Span));

    private static Exception BadTerm(string term) => LogErrors.Invalid($"Invalid character(s) in term '{term}'");
}
