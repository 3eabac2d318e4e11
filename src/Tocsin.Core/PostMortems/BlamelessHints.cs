using System.Collections.Immutable;
using System.Text.RegularExpressions;

namespace Tocsin.Core.PostMortems;

/// <summary>A place in the text that speaks of somebody's fault, and what to ask instead.</summary>
public sealed record WordingHint(string Part, string Words, string Instead);

/// <summary>Post-mortems look at systems and processes, not at individuals. These are hints: nothing is refused for its wording.</summary>
public static partial class BlamelessHints
{
    private static readonly (Regex Form, string Instead)[] Forms =
    [
        (ShouldHave(), "what would have made it the easy thing to do?"),
        (HumanError(), "what let one mistake through to production?"),
        (Character(), "which condition made it likely? Speed, load, a missing check?"),
        (Fault(), "which part of the system allowed it?"),
        (Omission(), "what would have reminded, or done it without a person?"),
        (Obvious(), "it is plain only afterwards: what was to be seen at the time?"),
    ];

    /// <param name="people">Names and ids; one in the cause or among what went poorly is a hint by itself.</param>
    public static ImmutableArray<WordingHint> Of(PostMortemText text, IEnumerable<string> people)
    {
        var named = people.Where(p => p.Length > 2).ToList();
        return
        [
            .. Parts(text).SelectMany(p => Forms.SelectMany(f => f.Form.Matches(p.Text).Select(m => new WordingHint(p.Name, m.Value, f.Instead)))
                .Concat(p.Blames ? named.Where(n => Names(p.Text, n)).Select(n => new WordingHint(p.Name, n, "a role, or what anyone in that place would have seen; names belong to the action items")) : [])),
        ];
    }

    private static IEnumerable<(string Name, string Text, bool Blames)> Parts(PostMortemText text) =>
    [
        ("Summary", text.Summary, true),
        ("Root Cause", text.RootCause, true),
        .. text.Factors.Select(f => ("Contributing Factors", f, true)),
        .. text.WentWell.Select(w => ("What Went Well", w, false)),
        .. text.WentPoorly.Select(w => ("What Went Poorly", w, true)),
        ("Lessons Learned", text.Lessons, true),
    ];

    private static bool Names(string text, string name)
    {
        for (var at = text.IndexOf(name, StringComparison.OrdinalIgnoreCase); at >= 0; at = text.IndexOf(name, at + 1, StringComparison.OrdinalIgnoreCase))
        {
            var end = at + name.Length;
            if ((at == 0 || !char.IsLetterOrDigit(text[at - 1])) && (end == text.Length || !char.IsLetterOrDigit(text[end]))) return true;
        }
        return false;
    }

    private const RegexOptions Usual = RegexOptions.IgnoreCase | RegexOptions.CultureInvariant;

    [GeneratedRegex(@"\b(?:should|could|ought to) have\b|\bshould'?ve\b", Usual)]
    private static partial Regex ShouldHave();

    [GeneratedRegex(@"\b(?:human|operator|user) error\b", Usual)]
    private static partial Regex HumanError();

    [GeneratedRegex(@"\b(?:careless(?:ly|ness)?|negligen(?:t|ce)|incompeten(?:t|ce)|stupid(?:ly)?|lazy|sloppy|reckless(?:ly)?)\b", Usual)]
    private static partial Regex Character();

    [GeneratedRegex(@"\b(?:fault of|at fault|to blame|blamed?|guilty|responsible for (?:the|this) (?:outage|incident|error))\b", Usual)]
    private static partial Regex Fault();

    [GeneratedRegex(@"\b(?:forgot(?:ten)?|neglected to|failed to|did not bother|didn'?t bother|ignored the)\b", Usual)]
    private static partial Regex Omission();

    [GeneratedRegex(@"\b(?:obvious(?:ly)?|clearly should|everyone knows|simply had to)\b", Usual)]
    private static partial Regex Obvious();
}
