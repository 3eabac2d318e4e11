namespace Tocsin.Core.Signals;

/// <summary>
/// Passwords given to commands by short options (<c>mysql -pSECRET</c>, <c>redis-cli -a SECRET</c>, <c>curl -u user:SECRET</c>), and to
/// Redis by AUTH. Long options such as --password are <see cref="KeyedSecrets"/>.
/// </summary>
internal static class CommandSecrets
{
    private const int MaxWords = 64;

    private static readonly Command[] Commands =
    [
        new("mysql", ["-p"], Attached: true, Separate: false),
        new("mariadb", ["-p"], Attached: true, Separate: false),
        new("redis-cli", ["-a", "--pass"], Attached: false, Separate: true),
        new("curl", ["-u", "--user", "-U", "--proxy-user"], Attached: true, Separate: true, AfterColon: true),
        new("sshpass", ["-p"], Attached: true, Separate: true),
        new("docker login", ["-p"], Attached: false, Separate: true),
        new("ldapsearch", ["-w"], Attached: true, Separate: true),
        new("mongosh", ["-p"], Attached: false, Separate: true),
        new("mongodump", ["-p"], Attached: false, Separate: true),
        new("sqlcmd", ["-P"], Attached: true, Separate: true),
    ];

    private static readonly WordSearch Names = new(Array.ConvertAll(Commands, static command => command.Name), StringComparison.Ordinal);

    public static void Find(ReadOnlySpan<char> text, SecretFindings found)
    {
        var at = 0;
        while (at < text.Length)
        {
            var hit = Names.In(text[at..]);
            if (hit < 0)
                break;
            at = LookAtCommand(text, at + hit, found);
        }

        FindAuth(text, found);
    }

    private static int LookAtCommand(ReadOnlySpan<char> text, int at, SecretFindings found)
    {
        foreach (var command in Commands)
        {
            if (!text[at..].StartsWith(command.Name, StringComparison.Ordinal))
                continue;

            // mysqldump, mysqladmin, mariadb-dump: the name goes on.
            var end = at + command.Name.Length;
            while (end < text.Length && end - at < 32 && (char.IsAsciiLetterOrDigit(text[end]) || text[end] is '-' or '_'))
                end++;
            if (end < text.Length && text[end] == ' ')
                return ReadOptions(text, end, command, found);
        }

        return at + 1;
    }

    private static int ReadOptions(ReadOnlySpan<char> text, int at, Command command, SecretFindings found)
    {
        for (var count = 0; count < MaxWords; count++)
        {
            var start = SecretText.SkipBlanks(text, at);
            if (start >= text.Length || text[start] is '\r' or '\n' or '|' or ';' or '&')
                return start;
            var word = ReadWord(text, start);
            at = word.Next;
            foreach (var option in command.Options)
            {
                var given = text[word.Start..word.End];
                if (!given.StartsWith(option, StringComparison.Ordinal))
                    continue;
                if (given.Length == option.Length && command.Separate)
                    at = ClaimWord(text, SecretText.SkipBlanks(text, at), command, found);
                else if (given.Length > option.Length && command.Attached && option.Length == 2)
                    Claim(text, word.Start + option.Length, word.End, command, found);
                else if (given.Length > option.Length && given[option.Length] == '=')
                    Claim(text, word.Start + option.Length + 1, word.End, command, found);
            }
        }

        return at;
    }

    private static int ClaimWord(ReadOnlySpan<char> text, int start, Command command, SecretFindings found)
    {
        if (start >= text.Length || text[start] is '-' or '\r' or '\n')
            return start;
        var word = ReadWord(text, start);
        Claim(text, word.Start, word.End, command, found);
        return word.Next;
    }

    private static void Claim(ReadOnlySpan<char> text, int start, int end, Command command, SecretFindings found)
    {
        if (end - start > 1 && text[start] is '"' or '\'')
        {
            start++;
            if (text[end - 1] is '"' or '\'')
                end--;
        }

        if (command.AfterColon)
        {
            var colon = text[start..end].IndexOf(':');
            if (colon < 0)
                return;
            start += colon + 1;
        }

        var secret = text[start..end];
        if (!secret.IsEmpty && !Placeholders.IsPlaceholder(secret) && !IsPorts(secret))
            found.Add(start, end, "password");
    }

    /// <summary>A shell word; blanks within quotes belong to it.</summary>
    private static Piece ReadWord(ReadOnlySpan<char> text, int start)
    {
        var at = start;
        var inside = '\0';
        while (at < text.Length && text[at] is not ('\r' or '\n'))
        {
            var c = text[at];
            if (inside == '\0' && c is ' ' or '\t' or '|' or ';')
                break;
            if (c == inside)
                inside = '\0';
            else if (inside == '\0' && c is '"' or '\'')
                inside = c;
            at++;
        }

        return new(start, at, at, Quoted: false);
    }

    /// <summary>docker's -p3306:3306.</summary>
    private static bool IsPorts(ReadOnlySpan<char> value) => value.Contains(':') && !value.ContainsAnyExceptInRange('0', ':');

    /// <summary>AUTH password, AUTH user password, "AUTH" "user" "password"; more words after it make it a sentence.</summary>
    private static void FindAuth(ReadOnlySpan<char> text, SecretFindings found)
    {
        const string auth = "AUTH";
        var at = 0;
        while (at < text.Length)
        {
            var hit = text[at..].IndexOf(auth, StringComparison.Ordinal);
            if (hit < 0)
                return;
            var start = at + hit;
            at = start + auth.Length;
            if (start > 0 && (char.IsAsciiLetterOrDigit(text[start - 1]) || text[start - 1] is '_' or '-'))
                continue;
            if (at < text.Length && text[at] == '"')
                at++;
            at = ReadAuth(text, at, found);
        }
    }

    private static int ReadAuth(ReadOnlySpan<char> text, int at, SecretFindings found)
    {
        var first = ReadArgument(text, at);
        if (first.Length == 0)
            return at;
        var second = ReadArgument(text, first.Next);
        var last = second.Length == 0 ? first : second;
        var secret = text[last.Start..last.End];
        var isSentence = Placeholders.IsPlaceholder(secret) || Placeholders.IsSentenceWord(secret) || Placeholders.IsPlaceholder(text[first.Start..first.End]);
        if (isSentence || (last.Next < text.Length && text[last.Next] is not ('\r' or '\n' or '"' or '\'' or '\\')))
            return first.Start;
        found.Add(last.Start, last.End, "password");
        return last.Next;
    }

    private static Piece ReadArgument(ReadOnlySpan<char> text, int at)
    {
        var start = SecretText.SkipBlanks(text, at);
        if (start == at || start >= text.Length)
            return new(start, start, at, Quoted: false);
        var quoted = text[start] == '"';
        if (quoted)
            start++;
        var end = start;
        while (end < text.Length && text[end] is not (' ' or '\t' or '\r' or '\n' or '"' or '\'' or '\\'))
            end++;
        if (quoted && end < text.Length && text[end] == '"')
            return new(start, end, end + 1, quoted);
        var next = SecretText.SkipBlanks(text, end);
        var endsLine = next < text.Length && text[next] is '\r' or '\n';
        return new(start, end, endsLine ? next : end, quoted);
    }

    /// <param name="Attached">The password follows the option without a blank.</param>
    /// <param name="AfterColon">The password is what follows the user name's colon.</param>
    private sealed record Command(string Name, string[] Options, bool Attached, bool Separate, bool AfterColon = false);
}
