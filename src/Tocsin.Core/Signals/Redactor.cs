using System.Text;

namespace Tocsin.Core.Signals;

/// <summary>One secret in a text: where it stands (in UTF-16 units) and what it is.</summary>
public readonly record struct Redaction(int Start, int Length, string Kind);

/// <summary>
/// Takes secrets out of text before it is kept, shown or sent. Matching sees the raw bytes; everything after it sees what this leaves.
/// Only the secret itself is replaced, by <c>[redacted:KIND]</c>: user names, hosts, key names and cookie names are what a responder
/// works with. A doubtful value beside a secret's name is redacted; an obvious placeholder is not.
/// </summary>
/// <remarks>
/// Redacting twice gives the same text as redacting once, by construction: passes repeat until one finds nothing. A text made so
/// that many passes each uncover something new is hostile, and is replaced as a whole. The cost is linear in the text's length.
/// </remarks>
public sealed class Redactor
{
    private const int MaxPasses = 6;
    private const string HostileText = SecretFindings.MarkStart + "unsettled]";

    private readonly bool emails;

    private Redactor(bool emails) => this.emails = emails;

    /// <summary>Credentials, keys and card numbers.</summary>
    public static Redactor Default { get; } = new(emails: false);

    /// <summary>As <see cref="Default"/>, and e-mail addresses: for what leaves the company (status page, public post-mortem).</summary>
    public static Redactor WithEmails { get; } = new(emails: true);

    /// <summary>The text with every secret replaced, everything else unchanged.</summary>
    public string Redact(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        for (var pass = 0; pass < MaxPasses; pass++)
        {
            var found = Find(text);
            if (found.Count == 0)
                return text;
            text = Replace(text, found);
        }

        return Find(text).Count == 0 ? text : HostileText;
    }

    /// <summary>The secrets of a text, in order and without overlap. Marks of an earlier redaction are none.</summary>
    public IReadOnlyList<Redaction> Find(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        var found = new SecretFindings();

        // The first scan that claims a place names its kind: from the most specific form to the least.
        TokenForms.Find(text, found);
        PatternSecrets.Find(text, found);
        UrlSecrets.Find(text, found);
        CommandSecrets.Find(text, found);
        KeyedSecrets.Find(text, found);
        if (emails)
            UrlSecrets.FindEmails(text, found);
        return found.Settle(text);
    }

    private static string Replace(string text, IReadOnlyList<Redaction> found)
    {
        var output = new StringBuilder(text.Length + 64);
        var done = 0;
        foreach (var (start, length, kind) in found)
        {
            output.Append(text, done, start - done).Append(SecretFindings.MarkStart).Append(kind).Append(']');
            done = start + length;
        }

        return output.Append(text, done, text.Length - done).ToString();
    }
}
