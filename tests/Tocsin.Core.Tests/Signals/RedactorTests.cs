using System.Text;
using Tocsin.Core.Signals;

namespace Tocsin.Core.Tests.Signals;

public sealed class RedactorTests
{
    private const int HostileLength = 1_000_000;

    public static TheoryData<string, string, string> Forms()
    {
        var data = new TheoryData<string, string, string>();
        foreach (var line in Table("redaction-forms.tsv"))
        {
            var cells = line.Replace("{}", "", StringComparison.Ordinal).Replace('⏎', '\n').Split('\t');
            data.Add(cells[0], cells[1], cells[2]);
        }

        return data;
    }

    public static TheoryData<string> NearMisses() => new(Table("redaction-near-misses.txt"));

    public static TheoryData<string> HostileParts() => new(
        "password=", "password:", "password: \"", "\"password\":\"", "password='", "token={", "token=[", "token: ['", "cookie: ", "cookie: a=", "Cookie:\"", "authorization: ",
        "authorization: a b", ":token>", "<token>", "X-Amz-Credential=AKIAQWERTYUIOP234567/", "routing_key=", "token=arn:", "requirepass ", "AUTH ", "\"AUTH\" \"",
        "-----BEGIN PRIVATE KEY-----", "-----BEGIN PRIVATE KEY-----\nAAAA\n", "eyJ", "eyJ.", "SG.", "sk-", "xoxb-", "AKIA", "$2b$", "hooks.slack.com/services/",
        "://", "://a:", "://a:b@", "a:b@tcp(", "@", "a@", "mysql ", "mysql -p", "curl -u ", "curl \"", "redis-cli -a ", "4111 ", "4", "1 2 3 4 ", ".", "......M.", "MNOMNO.aaaaaa.",
        "IDENTIFIED BY ", "IDENTIFIED BY '", "SET PASSWORD ", "SET PASSWORD='", "USER a PASSWORD '", "name: 'auth', args: [", "args", "Bearer ", "Bearer a1", "basic ",
        "[redacted:password]", "[redacted:", "password=[redacted:token]", "\\", "\\\"", "\"", "'", "password\\\\\\\":\\\\\\\"", "name: password value: ", "%3D", "api key ", "_", "a", "\n", "password\n");

    [Theory]
    [MemberData(nameof(Forms))]
    public void A_secret_goes_and_the_rest_stays(string kind, string input, string expected)
    {
        Assert.Equal(expected, Redactor.Default.Redact(input));
        Assert.Contains(Redactor.Default.Find(input), found => found.Kind == kind);
    }

    [Theory]
    [MemberData(nameof(Forms))]
    public void Redacting_twice_changes_nothing(string kind, string input, string expected)
    {
        Assert.NotEmpty(kind);
        Assert.Equal(expected, Redactor.Default.Redact(expected));
        foreach (var around in new[] { $"2026-11-21T21:49:40Z ERROR {input}", $"{input} and more", $"[{input}]", $"{{\"msg\":\"{input}\"}}" })
        {
            var once = Redactor.Default.Redact(around);
            Assert.Equal(once, Redactor.Default.Redact(once));
            Assert.Empty(Redactor.Default.Find(once));
        }
    }

    [Theory]
    [MemberData(nameof(NearMisses))]
    public void What_only_looks_like_a_secret_stays(string line) => Assert.Equal(line, Redactor.Default.Redact(line));

    [Fact]
    public void The_tables_are_as_large_as_promised()
    {
        Assert.True(Forms().Count >= 60);
        Assert.True(NearMisses().Count >= 30);
    }

    [Fact]
    public void A_whole_document_keeps_everything_but_the_secrets()
    {
        var inputs = Forms().Select(row => row.Data.Item2).Where(input => !input.Contains("BEGIN", StringComparison.Ordinal));
        var text = string.Join('\n', inputs.Concat(Table("redaction-near-misses.txt")));
        var found = Redactor.Default.Find(text);
        var kept = new StringBuilder();
        var at = 0;
        foreach (var (start, length, _) in found)
        {
            Assert.True(start >= at && length > 0, "in order, without overlap");
            kept.Append(text, at, start - at);
            at = start + length;
        }

        kept.Append(text, at, text.Length - at);
        foreach (var line in Table("redaction-near-misses.txt"))
            Assert.Contains(line, kept.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", Redactor.Default.Redact(text), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("mail to ada.l+x@shop.example.com now", "mail to [redacted:email] now")]
    [InlineData("<ada@example.in>", "<[redacted:email]>")]
    [InlineData("user 'z'@'10.0.3.17' @nestjs/core@10.4.22 root@localhost", "user 'z'@'10.0.3.17' @nestjs/core@10.4.22 root@localhost")]
    public void Mail_addresses_go_where_asked(string input, string expected)
    {
        Assert.Equal(input, Redactor.Default.Redact(input));
        Assert.Equal(expected, Redactor.WithEmails.Redact(input));
        Assert.Equal(expected, Redactor.WithEmails.Redact(expected));
    }

    [Fact]
    public void Any_mixture_is_settled_after_one_call_and_keeps_what_was_not_found()
    {
        var random = new Random(20261121);
        var pieces = Forms().Select(row => row.Data.Item2).Concat(Table("redaction-near-misses.txt")).Concat(HostileParts().Select(row => row.Data)).ToArray();
        const string joints = " \n\"',;&|\0\ud800é";
        for (var round = 0; round < 3000; round++)
        {
            var text = new StringBuilder();
            for (var count = random.Next(1, 5); count > 0; count--)
            {
                var piece = pieces[random.Next(pieces.Length)];
                var start = random.Next(piece.Length);
                text.Append(random.Next(3) == 0 ? piece[start..] : random.Next(3) == 0 ? piece[..start] : piece);
                text.Append(joints[random.Next(joints.Length)]);
            }

            AssertSettles(text.ToString());
        }
    }

    [Fact]
    public void Random_characters_never_throw()
    {
        var random = new Random(7);
        const string alphabet = "password=:token\"'\\{}[]<>@/.-_ \n%$AKIAeyJ0123456789\ud83d\udea8\0";
        for (var round = 0; round < 3000; round++)
            AssertSettles(string.Create(random.Next(80), random, (span, source) => source.GetItems(alphabet.AsSpan(), span)));
    }

    /// <summary>
    /// No time is measured: work that is not linear makes a million characters take minutes, which the run's limit
    /// shows. Redact is at most seven such walks.
    /// </summary>
    [Theory]
    [MemberData(nameof(HostileParts))]
    public void Hostile_text_of_a_million_characters_is_done(string part)
    {
        var text = new StringBuilder(HostileLength + part.Length);
        while (text.Length < HostileLength)
            text.Append(part);
        Assert.All(Redactor.WithEmails.Find(text.ToString()).Take(10), found => Assert.True(found.Length > 0));
    }

    private static void AssertSettles(string text)
    {
        var found = Redactor.Default.Find(text);
        var at = 0;
        foreach (var (start, length, _) in found)
        {
            Assert.True(start >= at && length > 0 && start + length <= text.Length, text);
            at = start + length;
        }

        var once = Redactor.Default.Redact(text);
        Assert.Equal(once, Redactor.Default.Redact(once));
        Assert.True(found.Count > 0 || once == text, text);
        Assert.True(once.Length >= text.Length - found.Sum(redaction => redaction.Length) || once.Contains("[redacted:", StringComparison.Ordinal), text);
    }

    private static string[] Table(string name)
    {
        using var stream = typeof(RedactorTests).Assembly.GetManifestResourceStream(name) ?? throw new InvalidOperationException($"{name} is not embedded");
        using var reader = new StreamReader(stream);
        return [.. reader.ReadToEnd().Split('\n').Where(line => line.Length > 0 && line[0] != '#')];
    }
}
