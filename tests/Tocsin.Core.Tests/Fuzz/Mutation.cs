using System.Globalization;
using System.Text;

namespace Tocsin.Core.Tests.Fuzz;

/// <summary>Texts made by small damage to real ones. The same number always makes the same text.</summary>
internal sealed class Mutation(IReadOnlyList<string> seeds, int maxLength)
{
    private static readonly string[] Bits =
    [
        "\n", "\t", " ", "  ", ": ", "- ", "[", "]", "{", "}", "{{", "}}", "\"", "'", "\\", "\\u", "\\ud83d", "\\x1b[", "\e[31m", "\e]8;;", "\0", "\r\n", "\u00e9", "\ud83d", "\udc00", "\ufeff",
        "&a ", "*a", "!!str ", "| ", ">-\n", "--- ", "? ", "# ", "<<: ", "~", "null", "true", "NaN", "1e999", "-1", "0", "99999999999999999999", "2026-11-21T10:00:00Z ", "(?:", ")", "*", "+", "?",
        "{1,3}", "|", "^", "$", ".*", "[^", "(?<n>", "\\b", "{host}", "{any}", "{int}", "=", "arn:", "::1", ":3306", "Error: ", "    at ", "ECONNREFUSED",
    ];

    /// <summary>How many inputs each test makes; `./dev fuzz` asks for more.</summary>
    public static int Count { get; } =
        int.TryParse(Environment.GetEnvironmentVariable("TOCSIN_FUZZ"), NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 3000;

    /// <summary>Runs the target on every input and fails with the first one it cannot take.</summary>
    public void Run(Action<string, Random> target, int count = 0) =>
        Parallel.For(0, count > 0 ? count : Count, number =>
        {
            var random = new Random(number);
            var input = Draw(random);
            try
            {
                target(input, random);
            }
            catch (Exception e)
            {
                throw new InvalidOperationException($"input {number} is not taken: {e.GetType().Name}: {e.Message}\n{System.Text.Json.JsonSerializer.Serialize(input)}\n{e.StackTrace}", e);
            }
        });

    private string Draw(Random random)
    {
        var text = new StringBuilder(Cut(seeds[random.Next(seeds.Count)], random));
        for (var i = random.Next(random.Next(6) == 0 ? 30 : 5); i >= 0; i--) Damage(text, random);
        if (text.Length > maxLength) text.Length = maxLength;
        return text.ToString();
    }

    private string Cut(string text, Random random)
    {
        if (text.Length <= maxLength) return text;
        var start = random.Next(text.Length - maxLength + 1);
        return text.Substring(start, maxLength);
    }

    private void Damage(StringBuilder text, Random random)
    {
        var at = random.Next(text.Length + 1);
        var length = Math.Min(random.Next(random.Next(4) == 0 ? 200 : 8), text.Length - at);
        switch (random.Next(7))
        {
            case 0:
                text.Remove(at, length);
                break;
            case 1 or 2:
                text.Insert(at, Bits[random.Next(Bits.Length)]);
                break;
            case 3:
                text.Insert(random.Next(text.Length + 1), text.ToString(at, length));
                break;
            case 4:
                text.Insert(at, (char)random.Next(random.Next(8) == 0 ? 0x10000 : 0x80));
                break;
            case 5:
                var other = seeds[random.Next(seeds.Count)];
                var from = random.Next(other.Length + 1);
                text.Insert(at, other.AsSpan(from, Math.Min(random.Next(60), other.Length - from)));
                break;
            default:
                for (var i = at; i < at + length; i++) text[i] = (char)(text[i] ^ (1 << random.Next(7)));
                break;
        }
    }
}
