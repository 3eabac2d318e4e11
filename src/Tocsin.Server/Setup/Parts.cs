using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Tocsin.Core.Response;
using Tocsin.Server.Access;
using Tocsin.Server.Access.Oidc;
using Tocsin.Server.Actions;
using Tocsin.Server.Api;
using Tocsin.Server.Clock;
using Tocsin.Server.Incidents;
using Tocsin.Server.Ingest;
using Tocsin.Server.Notify;
using Tocsin.Server.Notify.Issues;
using Tocsin.Server.Playbooks;
using Tocsin.Server.PostMortems;
using Tocsin.Server.Publishing;
using Tocsin.Server.Reading;
using Tocsin.Server.Storage;
using Tocsin.Server.Telemetry;
using Tocsin.Server.Watch;

namespace Tocsin.Server.Setup;

/// <summary>What a server is made of, in the order of the flow.</summary>
internal static class Parts
{
    public static void Add(IServiceCollection services, ServerOptions options, Database database, byte[] key)
    {
        services.AddSingleton(options).AddSingleton(options.Time).AddSingleton(database).AddSingleton<ServerState>();
        services.AddSingleton(new PlanSource(options.Plan)).AddSingleton(new EventJson()).AddSingleton<ChannelSet>();
        services.AddSingleton(s => new Journal(s.GetRequiredService<EventJson>(), s.GetRequiredService<ChannelSet>().KeepsAlarm, options.IssueRepository.Length > 0));
        // signals, match
        services.AddSingleton<IntakeKeys>().AddSingleton<Inbox>().AddSingleton<Heartbeats>().AddSingleton<HeartbeatWatch>().AddSingleton<WebhookSignals>();
        services.AddSingleton(new Recogniser(options.Matching, options.Time));
        services.AddSingleton(s => new Placement(s.GetRequiredService<IncidentDesk>(), s.GetRequiredService<PlanSource>(), s.GetRequiredService<Recogniser>(), signal => WatchSignals.Standing(signal, s.GetService<PlatformWatch>())));
        services.AddSingleton<SignalQueue>().AddSingleton<Flow>();
        if (options.Watch is { } watch) services.AddSingleton(s => WatchSignals.Watch(watch, options, s.GetRequiredService<Flow>(), s.GetRequiredService<ILogger<PlatformWatch>>())).AddSingleton<WatchLoop>();
        services.AddSingleton<PlanChanges>();
        // diagnose, incident
        services.AddSingleton(s => new Diagnoses(database, s.GetRequiredService<Journal>(), s.GetRequiredService<IncidentDesk>(), options.Diagnose, s.GetRequiredService<ILogger<Diagnoses>>()));
        services.AddSingleton<IncidentDesk>().AddSingleton<ClockSteps>().AddSingleton<DueIncidents>().AddSingleton<DatabasePulse>().AddSingleton<Watchdog>().AddSingleton<ClockLoop>();
        // respond
        var node = Guid.CreateVersion7(options.Time.GetUtcNow()).ToString();
        services.AddSingleton(s => new Outbox(database, s.GetRequiredService<IncidentDesk>(), options.Time, node));
        services.AddSingleton(ActionKinds.Planner()).AddSingleton(s => new ActionDesk(database, s.GetRequiredService<ActionPlanner>(), options.Actions, s.GetRequiredService<IncidentDesk>(), s.GetRequiredService<PlanSource>(), s.GetRequiredService<Journal>(), options.Time, node));
        services.AddSingleton<ActionRechecks>();
        services.AddSingleton(s => new ActionRunner(database, s.GetRequiredService<ActionDesk>(), s.GetRequiredService<ActionRechecks>(), options.Time, options.Step, node, s.GetRequiredService<ILogger<ActionRunner>>()));
        services.AddSingleton<AttemptBook>().AddSingleton<Sender>().AddSingleton<SelfAlarm>().AddSingleton<Retention>().AddSingleton<MaintenanceNotices>().AddSingleton<TurnStarts>().AddSingleton<SelfCare>().AddSingleton<PlanReload>();
        services.AddSingleton(s => new Drills(database, s.GetRequiredService<PlanSource>(), options.Time, s.GetRequiredService<ClockLoop>().Pages));
        services.AddSingleton<PlaybookShelf>().AddSingleton<PlaybookDesk>().AddSingleton<PlaybookLooks>().AddSingleton<Composer>().AddSingleton<UpdateDesk>().AddSingleton<Subscribers>().AddSingleton<SubscriberMail>().AddSingleton<StatusDesk>();
        // post-mortem
        services.AddSingleton<IssueTracker>().AddSingleton<Reminders>().AddSingleton<ItemReminders>().AddSingleton<IssueDesk>();
        services.AddSingleton<PostMortemDesk>().AddSingleton<ResponseReport>();
        services.AddSingleton(new Links(key, options.Time));
        // read models, access
        services.AddSingleton<IncidentList>().AddSingleton<IncidentRoom>().AddSingleton<WhyPaged>().AddSingleton<OnCallBoard>().AddSingleton<SignalHour>().AddSingleton<IntakeSeen>().AddSingleton<PagesSeen>().AddSingleton<AuditTrail>().AddSingleton<Metrics>().AddSingleton<ChangeFeed>();
        services.AddSingleton<Accounts>().AddSingleton<Identities>().AddSingleton(options.Proxy);
        if (options.Oidc is not null) services.AddSingleton<OidcProvider>();
        if (options.Otlp is not null) services.AddSingleton<OtlpExport>().AddHostedService(s => s.GetRequiredService<OtlpExport>());
    }

    public static void AddApi(IServiceCollection services)
    {
        services.AddProblemDetails().AddOpenApi("v1").Configure<RouteHandlerOptions>(o => o.ThrowOnBadRequest = true);
        services.ConfigureHttpJsonOptions(o =>
        {
            o.SerializerOptions.DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull;
            o.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            o.SerializerOptions.RespectRequiredConstructorParameters = true;
            o.SerializerOptions.RespectNullableAnnotations = true;
            foreach (var converter in TimeForms.All) o.SerializerOptions.Converters.Add(converter);
            o.SerializerOptions.Converters.Add(new JsonStringEnumConverter<Severity>());
            o.SerializerOptions.Converters.Add(new JsonStringEnumConverter(System.Text.Json.JsonNamingPolicy.CamelCase));
        });
    }

    /// <summary>Who wakes whom.</summary>
    public static void Connect(IServiceProvider services)
    {
        var (loop, feed) = (services.GetRequiredService<ClockLoop>(), services.GetRequiredService<ChangeFeed>());
        services.GetRequiredService<Journal>().Appended = () =>
        {
            loop.Appended.Set();
            loop.Pages.Set();
            feed.Appended.Set();
        };
        services.GetRequiredService<Inbox>().Arrived = loop.Signals.Set;
    }
}
