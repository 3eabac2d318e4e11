using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using NodaTime;
using Tocsin.Core.Matching;
using Tocsin.Core.Signals;
using Tocsin.Lab.Faults;

namespace Tocsin.Lab.Tests.Faults;

/// <summary>
/// Of what each fault made the platform say, the one text that its entry knows best: the catalog's samples, taken anew from real runs. With
/// TOCSIN_RECORD=FOLDER they are written below that folder, a file per entry, whole or not at all.
/// </summary>
internal sealed class SampleHarvest(string folder, string labFolder)
{
    private const int MostText = 4000;
    private const string Begin = "  - id: fault-";
    private static readonly JsonSerializerOptions Plain = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private readonly SortedDictionary<string, SortedDictionary<string, Harvested>> entries = new(StringComparer.Ordinal);

    private sealed record Harvested(string Fault, string Signature, string Text, string[] Among, double Score)
    {
        // A sample is worth most where nothing else may be meant, then where it says most, then where it is short.
        public (int, double, int) Worth => (-Among.Length, Score, -Text.Length);
    }

    public static SampleHarvest? Asked(string labFolder) => Environment.GetEnvironmentVariable("TOCSIN_RECORD") is { Length: > 0 } folder ? new SampleHarvest(Path.GetFullPath(folder, TestLab.Root), labFolder) : null;

    public void Take(Fault fault, IEnumerable<string> texts)
    {
        var now = SystemClock.Instance.GetCurrentInstant();
        var best = texts.SelectMany(t => Events(fault.Entry, t, now)).Distinct(StringComparer.Ordinal).Select(t => Judge(fault, t, now)).OfType<Harvested>().MaxBy(h => h.Worth);
        if (best is null) return;
        lock (entries)
        {
            if (!entries.TryGetValue(fault.Entry, out var samples)) entries[fault.Entry] = samples = new(StringComparer.Ordinal);
            samples[fault.Id] = best;
        }
    }

    public void Write()
    {
        foreach (var (entry, samples) in entries)
        {
            var layer = ShippedFaults.Ground.Entries.First(e => e.Id == entry).Layer;
            var file = Path.Combine(folder, layer, entry, "samples", "faults.yaml");
            Directory.CreateDirectory(Path.GetDirectoryName(file)!);
            File.WriteAllText($"{file}.part", Text(samples.Values, file));
            File.Move($"{file}.part", file, overwrite: true);
        }
    }

    // What other faults gave in an earlier run, such as that of the other profile, stays.
    private static string Text(IEnumerable<Harvested> samples, string file)
    {
        var texts = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var kept in File.Exists(file) ? File.ReadAllText(file).Split(Begin)[1..] : [])
        {
            if (ShippedFaults.All.Faults.Any(f => f.Id == kept.Split('\n')[0])) texts[kept.Split('\n')[0]] = Begin + kept;
        }
        foreach (var sample in samples) texts[sample.Fault] = Yaml(sample);
        return string.Concat(texts.Values.Prepend("# What the platform said when the lab broke it. Written by `./dev samples`: run it again rather than change a line here.\nsamples:\n"));
    }

    private static string Yaml(Harvested one)
    {
        var rank = one.Among.Length == 0 ? "    rank: first\n" : $"    rank: among\n    among: [{string.Join(", ", one.Among)}]\n";
        return $"{Begin}{one.Fault}\n    from: the lab's fault {one.Fault}\n    source: recorded\n{rank}    signature: {one.Signature}\n    text: {JsonSerializer.Serialize(one.Text, Plain)}\n";
    }

    private IEnumerable<string> Events(string entry, string text, Instant now)
    {
        var found = new List<string>();
        new StreamMatcher(ShippedFaults.Signatures, new StreamOptions(now)).Feed(Encoding.UTF8.GetBytes(text), 0, final: true, full: true, m =>
        {
            if (m.Entry.Id == entry) found.Add(Neutral(m.Text));
        });
        return found;
    }

    private string Neutral(string text) => Redactor.Default.Redact(text).Replace(labFolder, "/srv/lab", StringComparison.Ordinal).Replace(TestLab.Root, "/srv", StringComparison.Ordinal).TrimEnd();

    // As `catalog test` will judge it.
    private static Harvested? Judge(Fault fault, string text, Instant now)
    {
        if (text.Length > MostText) return null;
        var explanation = Explainer.Explain(ShippedFaults.Signatures, text, now);
        var own = explanation.Candidates.FirstOrDefault(c => c.Entry.Id == fault.Entry);
        if (own is null) return null;
        var ahead = explanation.Candidates.Where(c => !ReferenceEquals(c, own) && c.Score >= own.Score).Select(c => c.Entry.Id).Order(StringComparer.Ordinal).ToArray();
        return new Harvested(fault.Id, own.Matches.MaxBy(m => m.Score)!.Signature, text, ahead, own.Score);
    }
}
