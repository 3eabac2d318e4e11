using Tocsin.Cli.Setup;
using Tocsin.Core.Matching;

namespace Tocsin.Cli.Output;

/// <summary>How a scan ended.</summary>
internal sealed record ScanSummary(long Bytes, long Lines, double Seconds, int Sources, bool Stopped);

/// <summary>Takes finds as they come and tells them in one format. Nothing is shown that was not redacted.</summary>
internal abstract class ScanOutput : IDisposable
{
    public ScanTally Tally { get; } = new();

    public static ScanOutput Create(string format, Terminal terminal, bool withContext, bool live) => format switch
    {
        "json" => new JsonScanOutput(terminal),
        "ndjson" => new NdjsonScanOutput(terminal, live),
        _ => new TextScanOutput(terminal, withContext, live),
    };

    public void Found(string source, Match match)
    {
        Tally.Add(source, match);
        Show(source, match);
    }

    public abstract void End(ScanSummary summary);

    public virtual void Dispose()
    {
    }

    protected abstract void Show(string source, Match match);
}
