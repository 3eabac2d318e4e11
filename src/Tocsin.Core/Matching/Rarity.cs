namespace Tocsin.Core.Matching;

/// <summary>How rare a text is in ordinary logs, in bits, by the frequency of its folded bytes. Only the order matters.</summary>
internal static class Rarity
{
    // -log2 of a byte's share in mixed service logs (JSON, Node, Java, syslog, access logs), folded; measured once, rounded.
    private static readonly byte[] Bits = Build();

    // Beyond the window the characters of a word depend on each other, so they count less, and at some length no more.
    private const double FurtherShare = 0.5;
    private const int FurtherMost = 60;

    /// <summary>The rarity of the rarest window of four, by which a text is found, and of the rest, by which it is told from others; 0 for texts shorter than a window.</summary>
    public static double Of(string text)
    {
        if (text.Length < Factors.MinLength) return 0;
        var best = 0;
        var all = 0;
        for (var i = 0; i + Factors.MinLength <= text.Length; i++) best = Math.Max(best, Window(text, i));
        foreach (var c in text) all += Bits[AsciiFold.Fold((byte)c)];
        return best + (FurtherShare * Math.Min(all - best, FurtherMost));
    }

    public static int Window(ReadOnlySpan<char> text, int at)
    {
        var sum = 0;
        for (var i = at; i < at + Factors.MinLength; i++) sum += Bits[AsciiFold.Fold((byte)text[i])];
        return sum;
    }

    public static int Window(ReadOnlySpan<byte> folded, int at)
    {
        var sum = 0;
        for (var i = at; i < at + Factors.MinLength; i++) sum += Bits[folded[i]];
        return sum;
    }

    public static string RarestPart(string text, int length)
    {
        var best = 0;
        for (var i = 0; i + length <= text.Length; i++)
        {
            if (Of(text.Substring(i, length)) > Of(text.Substring(best, length))) best = i;
        }
        return text.Substring(best, length);
    }

    private static byte[] Build()
    {
        var bits = new byte[256];

        // A loop: the library's fill is compiled anew at each start, for the processor's width.
        for (var i = 0; i < bits.Length; i++) bits[i] = 11;
        Set(bits, " e", 4);
        Set(bits, "0123tainorsd", 5);
        Set(bits, "456789lcmpu.:-", 6);
        Set(bits, "hgbf\"/,_[]", 7);
        Set(bits, "vykw=(){}", 8);
        Set(bits, "xqjz+*#@%;?!", 9);
        return bits;
    }

    private static void Set(byte[] bits, string characters, byte value)
    {
        foreach (var c in characters) bits[c] = value;
    }
}
