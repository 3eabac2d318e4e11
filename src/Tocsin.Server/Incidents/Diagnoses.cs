using System.Threading.Channels;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Tocsin.Core.Incidents;
using Tocsin.Server.Storage;
using Tocsin.Server.Telemetry;

namespace Tocsin.Server.Incidents;

/// <summary>Looks at what each new incident is about, one after the other, and attaches what it finds. Without a way to look it does nothing.</summary>
public sealed class Diagnoses(Database database, Journal journal, IncidentDesk desk, Diagnosing? look, ILogger<Diagnoses> log) : BackgroundService
{
    private readonly Channel<IncidentId> waiting = Channel.CreateBounded<IncidentId>(new BoundedChannelOptions(100) { FullMode = BoundedChannelFullMode.DropOldest });

    public void Begin(IncidentId id)
    {
        // Of a storm the oldest may go without: what nobody waited for is looked at by hand.
        if (look is not null) waiting.Writer.TryWrite(id);
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (look is null) return;
        await foreach (var id in waiting.Reader.ReadAllAsync(stoppingToken))
        {
            try
            {
                using var span = Traces.Start("diagnose");
                span?.SetTag("tocsin.incident", id.ToString());
                var incident = await database.ReadAsync((s, c) => journal.ReadAsync(s, id, c), stoppingToken);
                if (incident is { IsOpen: true } && await look(incident, stoppingToken) is { } found) await desk.DoAsync(id, new IncidentCommand.AttachDiagnosis("", found), null, stoppingToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                ServerMessages.LoopFailed(log, $"the diagnosis of {id}", e);
            }
        }
    }
}
