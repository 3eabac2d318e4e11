using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>Payments and webhooks as the service that checks their signatures logs them: nobody pays and nothing is delivered for that.</summary>
internal static partial class SignatureLook
{
    private const string HmacHeader = "x-shopify-hmac-sha256";
    private static readonly string[] Needed = ["logs:FilterLogEvents", "ecs:ListTasks", "ecs:DescribeTasks"];

    public static IEnumerable<Probe> For(AwsGround ground, ServiceView view)
    {
        if (view.Service.Role is not "core-api" || !view.Service.Fields.ContainsKey("logGroup")) return [];
        return
        [
            ground.Probe("payment.check", view.Subject, "logs", (s, c) => PaymentsAsync(ground, view, s, c), Needed) with { Vantage = Vantage.Host },
            ground.Probe("webhook.check", view.Subject, "logs", (s, c) => WebhooksAsync(ground, view, s, c), Needed),
        ];
    }

    private static async Task PaymentsAsync(AwsGround ground, ServiceView view, Sighting sighting, CancellationToken cancel)
    {
        var checks = Checks(await LinesAsync(ground, view, sighting, cancel), Payment());
        if (!Share(checks, sighting)) return;
        var (hooks, checkouts) = (checks.FindAll(c => c.IsWebhook), checks.FindAll(c => !c.IsWebhook));
        if (checks.Exists(c => c.Failed) && checkouts.Count > 0 && hooks.Count > 0) sighting.Fact("webhookOnly", !checkouts.Exists(c => c.Failed));
    }

    private static async Task WebhooksAsync(AwsGround ground, ServiceView view, Sighting sighting, CancellationToken cancel)
    {
        var checks = Checks(await LinesAsync(ground, view, sighting, cancel), Shopify());
        if (!Share(checks, sighting)) return;
        var failed = checks.FindAll(c => c.Failed);
        if (failed.Count == 0) return;
        sighting.Fact("hmacHeaderPresent", !failed.TrueForAll(c => c.HeaderMissing));
        var shops = failed.Select(c => c.Shop).Where(s => s.Length > 0).Distinct(StringComparer.OrdinalIgnoreCase).ToList();
        // One shop alone says something only where others were checked too.
        if (shops.Count > 1) sighting.Fact("oneShopOnly", false);
        else if (shops.Count == 1 && checks.Exists(c => !c.Failed && c.Shop.Length > 0 && !string.Equals(c.Shop, shops[0], StringComparison.OrdinalIgnoreCase))) sighting.Fact("oneShopOnly", true);
    }

    // Secrets are read when a task starts, so what tasks that are gone refused says nothing of those that run. Who may not list them counts all.
    private static async Task<IEnumerable<(string Stream, string Text)>> LinesAsync(AwsGround ground, ServiceView view, Sighting sighting, CancellationToken cancel)
    {
        var lines = (await LogLook.LinesAsync(ground, view.Service.Fields["logGroup"], sighting, cancel)).Events;
        IReadOnlySet<string>? running = null;
        await EcsProbes.PartAsync(sighting, async _ => running = await LogLook.RunningAsync(view, sighting, cancel), cancel);
        return lines.Where(e => running is null || LogLook.IsOf(running, e.Stream)).Select(e => (e.Stream, e.Text));
    }

    private static bool Share(List<SignatureCheck> checks, Sighting sighting)
    {
        if (checks.Count == 0) sighting.Empty();
        else sighting.Fact("failuresShare", Math.Round(100.0 * checks.Count(c => c.Failed) / checks.Count, 1));
        return checks.Count > 0;
    }

    /// <summary>The requests at which a signature is checked, with what came of each. Lines of one request bear its id.</summary>
    internal static List<SignatureCheck> Checks(IEnumerable<(string Stream, string Text)> lines, Regex about)
    {
        var open = new Dictionary<string, SignatureCheck>(StringComparer.Ordinal);
        var done = new List<SignatureCheck>();
        foreach (var (stream, text) in lines.Where(l => l.Text.StartsWith('{')))
        {
            if (Tree.Object(text) is not { } line) continue;
            var id = $"{stream} {line.Text("reqId")}";
            if (line.Map("req") is { } request && request.Text("method") is "POST" && request.Text("url") is { } url && about.IsMatch(url)) open[id] = new SignatureCheck(url.Contains("webhook", StringComparison.OrdinalIgnoreCase));
            else if (open.TryGetValue(id, out var one))
            {
                open[id] = one.With(line);
                if (line.Map("res") is null) continue;
                open.Remove(id);
                done.Add(one.With(line));
            }
        }
        return done;
    }

    internal sealed record SignatureCheck(bool IsWebhook)
    {
        public bool Failed { get; private init; }

        public bool HeaderMissing { get; private init; }

        public string Shop { get; private init; } = "";

        public SignatureCheck With(JsonObject line)
        {
            var says = line.Text("msg") ?? "";
            return this with
            {
                Failed = Failed || Refusal().IsMatch(says),
                HeaderMissing = HeaderMissing || line.Texts("missingHeaders").Contains(HmacHeader, StringComparer.OrdinalIgnoreCase),
                Shop = line.Text("shop") is { Length: > 0 } shop ? shop : Shop,
            };
        }
    }

    // Making an order asks the provider and checks no signature.
    [GeneratedRegex("razorpay|/payments?/(verify|callback|webhook|confirm)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    internal static partial Regex Payment();

    [GeneratedRegex("webhooks?/shopify|shopify/webhooks?", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    internal static partial Regex Shopify();

    [GeneratedRegex("signature.{0,40}(fail|invalid|mismatch|does not)|(invalid|bad|wrong).{0,20}(signature|hmac)|hmac.{0,30}(fail|invalid|mismatch)", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Refusal();
}
