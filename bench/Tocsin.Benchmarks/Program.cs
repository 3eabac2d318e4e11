using System.Diagnostics;
using System.Globalization;
using NodaTime;
using Tocsin.Collect.Files;
using Tocsin.Collect.Logs;
using Tocsin.Core.Matching;

var set = MatchSet.Build(CatalogFiles.Read([new CatalogRoot("catalog", true)]).Entries.Select(e => e.Entry));
var file = args[0];
var bytes = new byte[64 << 20];
using (var s = File.OpenRead(file)) { _ = s.ReadAtLeast(bytes, bytes.Length, false); }
var literals = set.RequiredLiterals;
Console.WriteLine($"{literals.Length} factors, unfiltered {set.Unfiltered.Length}");
var table = new FactorTable(literals, bytes.AsSpan(0, 65536));
foreach (var path in Enum.GetValues<ScanPath>())
{
  for (var k = 0; k < 3; k++) {
    var sc = new LiteralScanner(table, path);
    var hits = new HitBuffer(1000);
    var w = Process.GetCurrentProcess().TotalProcessorTime;
    sc.Scan(bytes, ref hits);
    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{path}: {hits.Count} hits {bytes.Length / (Process.GetCurrentProcess().TotalProcessorTime - w).TotalSeconds / 1e9:0.00} GB/s"));
    if (path == ScanPath.Vector256 && k == 2)
    {
        var by = new Dictionary<int, int>();
        foreach (var (a, f) in hits.Items) by[f] = by.GetValueOrDefault(f) + 1;
        foreach (var (f, n) in by.OrderByDescending(p => p.Value).Take(24)) Console.WriteLine($"  {n} \"{literals[f]}\" {string.Join(' ', set.SignaturesOfFactor[f].Select(i => set.Signatures[i].Key))}");
    }
  }
}

for (var k = 0; k < 2; k++) {
var watch = Process.GetCurrentProcess().TotalProcessorTime;
long found = 0;
var scan = new LogScan(set, new StreamOptions(Instant.FromUtc(2026, 11, 21, 0, 0)));
var o = scan.Read(new LogSource(file), null, _ => found++, null, default);
Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"scan {found} found {o.Bytes / (Process.GetCurrentProcess().TotalProcessorTime - watch).TotalSeconds / 1e9:0.00} GB/s"));
}
{
    long pass = 0, bloomish = 0; const int N = 4_000_000;
    var lo = table.Low; var hi = table.High;
    var perBucket = new long[16];
    for (var i = 0; i < N; i++)
    {
        int a = 255, b = 255;
        for (var k = 0; k < 6; k++) { a &= lo[k][bytes[i + k] & 15] & hi[k][bytes[i + k] >> 4]; b &= lo[6 + k][bytes[i + k] & 15] & hi[6 + k][bytes[i + k] >> 4]; }
        if ((a | b) != 0) pass++;
        for (var q = 0; q < 8; q++) { if ((a >> q & 1) != 0) perBucket[q]++; if ((b >> q & 1) != 0) perBucket[8 + q]++; }
        _ = bloomish;
    }
    Console.WriteLine($"pass {100.0 * pass / N:0.00}% {string.Join(' ', perBucket.Select(p => $"{100.0 * p / N:0.00}"))}");
}
Console.WriteLine(string.Join(' ', literals.GroupBy(l => l.Length).OrderBy(g => g.Key).Select(g => $"{g.Key}:{g.Count()}")));
Console.WriteLine(string.Join('|', literals.Where(l => l.Length <= 5)));
Console.WriteLine(string.Join('|', literals.Where(l => l.Length > 5).Select(l => l)));
