using System.Globalization;
using System.Text;
using Tocsin.Core.Response;

namespace Tocsin.Server.Notify.Mail;

/// <summary>A page as an Internet message (RFC 5322): plain text in UTF-8, in base64, so that no line is too long and none can end the message.</summary>
internal static class MailText
{
    private const int LineLength = 76;

    // An encoded word holds 75 characters with its frame; 45 bytes make 60.
    private const int WordBytes = 45;

    public static string Of(OutgoingPage page, string from)
    {
        var text = new StringBuilder(page.First);
        if (page.More.Length > 0) text.Append("\r\n\r\n").Append(page.More.ReplaceLineEndings("\r\n"));
        if (page.AcknowledgeLink is { } button) text.Append("\r\n\r\nAcknowledge: ").Append(button.AbsoluteUri);
        if (page.Link is { } link) text.Append("\r\n\r\n").Append(page.Subject).Append(": ").Append(link.AbsoluteUri);
        var domain = from[(from.IndexOf('@', StringComparison.Ordinal) + 1)..];
        string[] head =
        [
            $"From: Tocsin <{from}>",
            $"To: <{page.Address}>",
            $"Subject: {Encoded(page.First)}",
            $"Date: {page.At.ToString("ddd, dd MMM uuuu HH:mm:ss", CultureInfo.InvariantCulture)} +0000",
            $"Message-ID: <{page.IdempotencyKey.Replace('/', '.')}@{domain}>",
            .. page.Severity is Severity.P0 or Severity.P1 ? ["Importance: high", "X-Priority: 1"] : Array.Empty<string>(),
            "Auto-Submitted: auto-generated",
            $"X-Tocsin-Attempt: {page.Attempt.ToString(CultureInfo.InvariantCulture)}",
            "MIME-Version: 1.0",
            "Content-Type: text/plain; charset=utf-8",
            "Content-Transfer-Encoding: base64",
        ];
        return $"{string.Join("\r\n", head)}\r\n\r\n{Body(text.ToString())}";
    }

    /// <summary>One address that fits an envelope: nothing in it can end the line or name a second one.</summary>
    public static bool IsAddress(string text)
    {
        var at = text.LastIndexOf('@');
        return at > 0 && at < text.Length - 1 && text.Length <= 254 && text.IndexOf('@', StringComparison.Ordinal) == at && text.All(c => c > ' ' && c < 127 && c is not ('<' or '>' or ',' or ';' or '"' or '\\' or '(' or ')'));
    }

    private static string Body(string text)
    {
        var base64 = Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
        return string.Join("\r\n", base64.Chunk(LineLength).Select(c => new string(c)));
    }

    // Plain where it can be, else encoded words of RFC 2047, each of whole characters.
    private static string Encoded(string text)
    {
        if (text.All(c => c is >= ' ' and < (char)127) && text.Length <= LineLength - 9 && !text.Contains("=?", StringComparison.Ordinal)) return text;
        var words = new List<string>();
        var bytes = new List<byte>();
        foreach (var rune in text.EnumerateRunes())
        {
            var encoded = Encoding.UTF8.GetBytes(rune.Value < ' ' ? " " : rune.ToString());
            if (bytes.Count + encoded.Length > WordBytes) Flush();
            bytes.AddRange(encoded);
        }
        Flush();
        return string.Join("\r\n ", words);

        void Flush()
        {
            if (bytes.Count > 0) words.Add($"=?utf-8?B?{Convert.ToBase64String([.. bytes])}?=");
            bytes.Clear();
        }
    }
}
