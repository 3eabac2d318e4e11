using System.Diagnostics;
using System.Globalization;
using Tocsin.Benchmarks;
using Tocsin.Collect.Files;
using Tocsin.Core.Matching;

// corpus FILE BYTES SHARE: writes a log made of the quiet corpus with the catalog's samples strewn in. kernels FILE: the literal pass by itself.
// lab: a running lab under load. diagnosis: bundle in, verdict out.
var reference = CatalogFiles.Read([new CatalogRoot("catalog", Shipped: true)]);
switch (args)
{
    case ["corpus", var file, var bytes, var share]:
        Corpus.Write(file, long.Parse(bytes, CultureInfo.InvariantCulture), double.Parse(share, CultureInfo.InvariantCulture), reference);
        return 0;
    case ["kernels", var file]:
        Kernels(file, MatchSet.Build(reference.Entries.Select(e => e.Entry)));
        return 0;
    case ["lab"]:
        await LabLoad.RunAsync(CancellationToken.None);
        return 0;
    case ["diagnosis"]:
        DiagnosisBench.Run(reference);
        return 0;
    default:
        Console.Error.WriteLine("usage: corpus FILE BYTES SHARE | kernels FILE | lab | diagnosis");
        return 2;
}

static void Kernels(string file, MatchSet set)
{
    using var stream = File.OpenRead(file);
    var text = new byte[Math.Min(stream.Length, 64 << 20)];
    stream.ReadExactly(text);
    var table = new FactorTable(set.RequiredLiterals, text.AsSpan(0, Math.Min(text.Length, 64 * 1024)));
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{set.RequiredLiterals.Length} required literals, {text.Length / 1e6:0} MB"));
    foreach (var path in Enum.GetValues<ScanPath>().Where(LiteralScanner.IsSupported))
    {
        var scanner = new LiteralScanner(table, path);
        var hits = new HitBuffer(1024);
        var best = double.MaxValue;
        for (var round = 0; round < 5; round++)
        {
            hits.Clear();
            var clock = Stopwatch.StartNew();
            scanner.Scan(text, ref hits);
            best = Math.Min(best, clock.Elapsed.TotalSeconds);
        }
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{path,-10} {text.Length / best / 1e9:0.00} GB/s, {hits.Count} hits"));
        if (path != LiteralScanner.Best) continue;
        var byLiteral = new int[set.RequiredLiterals.Length];
        foreach (var (_, factor) in hits.Items) byLiteral[factor]++;
        foreach (var factor in Enumerable.Range(0, byLiteral.Length).OrderByDescending(f => byLiteral[f]).Take(15))
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {byLiteral[factor],8} \"{set.RequiredLiterals[factor]}\" {string.Join(' ', set.SignaturesOfFactor[factor].Select(i => set.Signatures[i].Key))}"));
    }
}
