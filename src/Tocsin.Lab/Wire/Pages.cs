using System.Text;

namespace Tocsin.Lab.Wire;

/// <summary>One page of a list. A token names the last item that was given, so an item that comes in front of it shifts nothing.</summary>
internal static class Pages
{
    public static (List<T> Items, string? Next) Of<T>(IEnumerable<T> all, Func<T, string> key, string? token, int size, Func<AwsException> invalid)
    {
        var list = all.ToList();
        var from = 0;
        if (!string.IsNullOrEmpty(token))
        {
            var last = Decode(token) ?? throw invalid();
            from = list.FindIndex(i => key(i) == last) + 1;
            if (from == 0) throw invalid();
        }
        var page = list.Skip(from).Take(size).ToList();
        return (page, from + page.Count < list.Count ? Encode(key(page[^1])) : null);
    }

    public static string Encode(string key) => Convert.ToBase64String(Encoding.UTF8.GetBytes(key));

    /// <summary>Null where it is no token of ours.</summary>
    public static string? Decode(string token)
    {
        var bytes = new byte[token.Length];
        return Convert.TryFromBase64String(token, bytes, out var count) ? Encoding.UTF8.GetString(bytes, 0, count) : null;
    }
}
