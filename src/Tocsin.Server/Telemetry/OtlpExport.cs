using System.Collections.Concurrent;
using System.Data.Common;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tocsin.Server.Api;
using Tocsin.Server.Notify;
using Tocsin.Server.Notify.Http;
using Tocsin.Server.Setup;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Telemetry;

/// <summary>
/// Sends spans and metrics to a collector. Nothing waits for it: what gathers while the collector is away is kept up to a limit, then the oldest is given up, and how
/// much that was is a metric.
/// </summary>
public sealed class OtlpExport : BackgroundService
{
    private const int MostKept = 4096;
    private const int MostAtOnce = 512;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(10);
    private readonly ConcurrentQueue<Activity> ended = new();
    private readonly ActivityListener listener;
    private readonly HttpClient http;
    private readonly OtlpSettings settings;
    private readonly ServerOptions options;
    private readonly Metrics metrics;
    private readonly ServerState state;
    private readonly ILogger<OtlpExport> log;
    private readonly string node;
    private long lost;
    private bool failing;

    public OtlpExport(ServerOptions options, Metrics metrics, ServerState state, ILogger<OtlpExport> log)
    {
        (this.options, this.metrics, this.state, this.log) = (options, metrics, state, log);
        settings = options.Otlp ?? throw new InvalidOperationException("no collector is set up");
        node = Guid.CreateVersion7(options.Time.GetUtcNow()).ToString();
        http = new OutgoingGuard(options.AllowNetworks).CreateClient();
        http.Timeout = Limit;
        listener = new ActivityListener { ShouldListenTo = s => s.Name == Traces.Name, Sample = (ref _) => ActivitySamplingResult.AllDataAndRecorded, ActivityStopped = Keep };
        ActivitySource.AddActivityListener(listener);
    }

    /// <summary>Sends what has gathered, and how the numbers stand.</summary>
    public async Task SendAsync(CancellationToken cancel)
    {
        while (!ended.IsEmpty)
        {
            var batch = new List<Activity>(MostAtOnce);
            while (batch.Count < MostAtOnce && ended.TryDequeue(out var span)) batch.Add(span);
            if (await PostAsync("/v1/traces", OtlpJson.Spans(batch, node), cancel)) continue;
            Interlocked.Add(ref lost, batch.Count);
            break;
        }
        var all = await metrics.ReadAsync(cancel);
        await PostAsync("/v1/metrics", OtlpJson.Metrics([.. all, new Metric("tocsin_spans_lost_total", IsCounter: true, "Spans that reached no collector.", [new([], Interlocked.Read(ref lost))])], node, state.Started, options.Time.Now()), cancel);
    }

    public override void Dispose()
    {
        listener.Dispose();
        http.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            await Task.Delay(settings.Every.ToTimeSpan(), stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            try
            {
                // At the end once more: what led to it is worth most.
                await SendAsync(CancellationToken.None);
            }
            catch (DbException e)
            {
                state.DatabaseFailed(e);
            }
        }
    }

    private void Keep(Activity span)
    {
        if (!span.Recorded) return;
        ended.Enqueue(span);
        while (ended.Count > MostKept && ended.TryDequeue(out _)) Interlocked.Increment(ref lost);
    }

    private async Task<bool> PostAsync(string path, JsonObject body, CancellationToken cancel)
    {
        var why = "";
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, settings.Url + path) { Content = SmallJson.Content(body) };
            foreach (var (name, value) in settings.Headers) request.Headers.TryAddWithoutValidation(name, value.StartsWith('$') ? options.Variable(value[1..]) : value);
            using var answer = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            if (!answer.IsSuccessStatusCode) why = string.Create(CultureInfo.InvariantCulture, $"it answered {(int)answer.StatusCode}");
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            why = e is ForbiddenAddressException || e.InnerException is ForbiddenAddressException ? "it is in a private network; allow it under server: allowNetworks:" : e.GetType().Name;
        }
        // Said once, not every quarter of a minute.
        if (why.Length > 0 && !failing) ServerMessages.CollectorAway(log, why);
        failing = why.Length > 0;
        return why.Length == 0;
    }
}
