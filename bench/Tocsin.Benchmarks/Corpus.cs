using System.Text;
using Tocsin.Core.Catalog;

namespace Tocsin.Benchmarks;

/// <summary>
/// A log of any size: lines of the quiet corpus in shuffled runs, digits changed from run to run so that no two runs are equal, and samples of the catalog strewn in.
/// The same arguments give the same bytes.
/// </summary>
internal static class Corpus
{
    private const int RunLines = 16;
    private const int Seed = 20261121;

    public static void Write(string file, long bytes, double share, ErrorReference reference)
    {
        var runs = reference.Quiet.SelectMany(q => q.Text.Split('\n', StringSplitOptions.RemoveEmptyEntries).Chunk(RunLines)).ToArray();
        var samples = reference.Entries.SelectMany(e => e.Samples).Select(s => s.Text).ToArray();
        var random = new Random(Seed);
        using var writer = new StreamWriter(file, append: false, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false), 1 << 20);
        long written = 0;
        while (written < bytes)
        {
            var shift = random.Next(10);
            foreach (var line in runs[random.Next(runs.Length)])
            {
                var text = Shift(line, shift);
                writer.Write(text);
                writer.Write('\n');
                written += text.Length + 1;
                if (random.NextDouble() >= share) continue;
                var sample = samples[random.Next(samples.Length)];
                writer.Write(sample);
                writer.Write('\n');
                written += sample.Length + 1;
            }
        }
    }

    private static string Shift(string line, int shift) =>
        string.Create(line.Length, (line, shift), static (span, state) =>
        {
            for (var i = 0; i < span.Length; i++)
            {
                var c = state.line[i];
                span[i] = char.IsAsciiDigit(c) ? (char)('0' + ((c - '0' + state.shift) % 10)) : c;
            }
        });
}
