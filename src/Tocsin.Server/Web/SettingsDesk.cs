using NodaTime;
using Tocsin.Core.Response;
using Tocsin.Server.Incidents;
using Tocsin.Server.Ingest;
using Tocsin.Server.Notify;
using Tocsin.Server.Reading;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Web;

/// <summary>One channel as it is set up.</summary>
/// <param name="IsSetUp">Whether a page could leave by it, were the server live.</param>
/// <param name="People">How many are reached by it.</param>
/// <param name="Day">Its pages of the last day by state.</param>
public sealed record ChannelShown(ChannelRule Rule, bool IsSetUp, int People, IReadOnlyList<ChannelSeen> Day);

/// <summary>A key of a sender, and what came in by it last.</summary>
public sealed record KeyShown(IntakeKey Key, ReportSeen? Last);

/// <summary>A token shown once, or why there is none.</summary>
/// <param name="Secret">Empty: nothing was made.</param>
public sealed record Made(string Secret, string About, string Problem)
{
    public static readonly Made Nothing = new("", "", "");

    public static Made Refused(string why) => new("", "", why);
}

/// <summary>Puts together what the pages of settings show.</summary>
public sealed class SettingsDesk(PlanSource plan, PlanChanges changes, ChannelSet channels, IntakeKeys keys, IntakeSeen intake, PagesSeen pages, TimeProvider time)
{
    public async Task<List<PlanChangeRow>> HeldBackAsync(CancellationToken cancel)
    {
        var now = time.Now();
        return [.. (await changes.AllAsync(cancel)).Where(c => c.Kind == "hold-back" && c.Ended is null && Micros.At(c.Finish) > now)];
    }

    public async Task<List<ChannelShown>> ChannelsAsync(CancellationToken cancel)
    {
        var day = await pages.ByChannelAsync(time.Now() - Duration.FromDays(1), cancel);
        return [.. plan.Now.Policy.Channels.Values.OrderBy(c => c.Id, StringComparer.Ordinal).Select(c => new ChannelShown(c, channels.Of(c.Id) is not null, plan.Now.Roster.People.Values.Count(p => p.Has(c.Id)), [.. day.Where(d => d.Channel == c.Id)]))];
    }

    public async Task<List<KeyShown>> KeysAsync(CancellationToken cancel)
    {
        var all = (await keys.AllAsync(cancel)).FindAll(k => k.Revoked is null);
        var last = await intake.LastAsync(all.Select(k => k.Id), cancel);
        return all.ConvertAll(k => new KeyShown(k, last.GetValueOrDefault(k.Id)));
    }
}
