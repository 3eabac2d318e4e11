using Tocsin.Core.Response.StatusPages;
using Tocsin.Server.Publishing;

namespace Tocsin.WebBench;

/// <summary>A public status page as it is in a bad hour: five components, an open report that was updated, and a history.</summary>
internal static class PublicPage
{
    private static readonly string[] Components = ["Storefronts", "Checkout", "Seller panel", "Analytics", "Webhooks"];

    private const int Reports = 12;

    public static async Task FillAsync(StatusDesk desk, CancellationToken cancel)
    {
        foreach (var name in Components) await desk.DoAsync(new StatusCommand.Name("admin", "", name, $"What merchants and shoppers do with {name.ToLowerInvariant()}"), cancel);
        var components = (await desk.NowAsync(cancel)).Components;
        for (var number = 1; number <= Reports; number++)
        {
            var component = components[number % components.Length];
            await desk.DoAsync(new StatusCommand.Open("admin", $"{component.Name} answers slowly", null, [component.Id], ComponentState.Degraded, ReportStage.Investigating, "We see slow answers for a part of the requests and look into it. Next word in 30 minutes."), cancel);
            await desk.DoAsync(number == Reports ? new StatusCommand.Update("admin", number, ReportStage.Identified, ComponentState.Degraded, "The cause is known, and the fix is on its way.")
                : new StatusCommand.Update("admin", number, ReportStage.Resolved, ComponentState.Operational, "It works again, and we keep watching."), cancel);
        }
        if ((await desk.NowAsync(cancel)) is not { Components.Length: 5 } page || page.Open.Count() != 1) throw new InvalidOperationException("the status page did not take what was written for it");
    }
}
