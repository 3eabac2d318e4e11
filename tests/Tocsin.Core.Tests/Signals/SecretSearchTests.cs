using System.Buffers;
using System.Text.RegularExpressions;
using Tocsin.Core.Signals;

namespace Tocsin.Core.Tests.Signals;

/// <summary>The searches by hand against the library's, which they stand in for.</summary>
public sealed partial class SecretSearchTests
{
    private static readonly string[] Words = ["password", "pass", "api key", "api_key", "_auth", "sk-", "otp", "k?", "$2a$"];
    private static readonly string[] CardPieces = ["4242", " ", "-", "4", "378282246310005", "3782", "822463", "10005", "4242424242424242", "x", ".", "_", "é", "\u200d", "\u0301", "12345678901234567890", ".5", "\n"];

    [Theory]
    [InlineData(StringComparison.Ordinal)]
    [InlineData(StringComparison.OrdinalIgnoreCase)]
    public void A_word_is_found_where_the_library_finds_it(StringComparison comparison)
    {
        var library = SearchValues.Create(Words, comparison);
        var ours = new WordSearch(Words, comparison);
        var random = new Random(5);
        string[] pieces = [.. Words, "PASSWORD", "Api Key", "p", "a", "\u212a?", "\u017fk-", "\u017f", "o", "t", " ", "é", "P", "$2", "aSs"];
        for (var round = 0; round < 50_000; round++)
        {
            var text = string.Concat(random.GetItems(pieces, random.Next(6)));
            Assert.Equal(text.AsSpan().IndexOfAny(library), ours.In(text));
        }
    }

    [Fact]
    public void A_card_number_is_found_where_the_expression_finds_it()
    {
        var random = new Random(6);
        for (var round = 0; round < 100_000; round++)
        {
            var text = string.Concat(random.GetItems(CardPieces, random.Next(1, 12)));
            var found = new SecretFindings();
            CardNumbers.Find(text, found);
            var places = found.Settle(text).Select(f => (f.Start, f.Length)).ToHashSet();
            var possible = CardNumber().Matches(text).Select(m => (m.Index, m.Length)).ToList();
            Assert.Subset(possible.ToHashSet(), places);
            Assert.Equal(possible.Count(p => CardNumbers.IsCard(text.AsSpan(p.Index, p.Length))), places.Count);
        }
    }

    [GeneratedRegex(@"(?<![\w.-])(?>[0-9]{4}(?<gap>[ -])[0-9]{4}\k<gap>[0-9]{4}\k<gap>[0-9]{4}|[0-9]{4}[ -][0-9]{6}[ -][0-9]{5}|[0-9]{14,19})(?![\w-]|\.[0-9])")]
    private static partial Regex CardNumber();
}
