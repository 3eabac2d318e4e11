using System.Diagnostics;
using System.Globalization;
using Tocsin.Cli.Setup;
using Tocsin.Collect.Logs;

namespace Tocsin.Cli.Output;

/// <summary>Bytes, rate and time left on one line of standard error, from the first second on.</summary>
internal sealed class ProgressLine(Terminal terminal, Stopwatch clock) : IDisposable
{
    private static readonly TimeSpan Delay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan Every = TimeSpan.FromMilliseconds(100);
    private TimeSpan last;
    private bool shown;

    public void Show(ScanProgress progress)
    {
        var now = clock.Elapsed;
        if (now < Delay || now - last < Every) return;
        last = now;
        shown = true;
        terminal.Error.Write($"\r\e[K{Describe(progress, now.TotalSeconds, terminal.Width)}");
    }

    public void Clear()
    {
        if (shown) terminal.Error.Write("\r\e[K");
        shown = false;
    }

    public void Dispose() => Clear();

    internal static string Describe(ScanProgress progress, double seconds, int width)
    {
        var rate = progress.Read / Math.Max(seconds, 0.001);
        var text = $"{Size(progress.Read)} at {Size((long)rate)}/s";
        if (progress.Total > 0)
        {
            var left = TimeSpan.FromSeconds(Math.Max(0, progress.Total - progress.Read) / Math.Max(rate, 1));
            text = string.Create(CultureInfo.InvariantCulture, $"{100.0 * progress.Read / progress.Total:0} % of {Size(progress.Total)}, {text}, {left:mm\\:ss} left");
        }
        var line = $"{progress.Path}: {text}";
        return line.Length < width ? line : line[^(width - 1)..];
    }

    public static string Size(long bytes) => bytes switch
    {
        < 1000 => string.Create(CultureInfo.InvariantCulture, $"{bytes} B"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e3:0.0} kB"),
        < 1_000_000_000 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e6:0.0} MB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1e9:0.00} GB"),
    };
}
