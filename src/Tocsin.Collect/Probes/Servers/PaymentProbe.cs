using System.Text;
using Tocsin.Collect.Wire;
using Tocsin.Core.Diagnosis;
using Tocsin.Core.Platforms;

namespace Tocsin.Collect.Probes.Servers;

/// <summary>Whether the payment provider takes the pair of key and secret that the service holds: one question that reads, at the address that platform.yaml names as <c>links.razorpayApi</c>.</summary>
internal static class PaymentProbe
{
    private const string Link = "razorpayApi";

    public static IEnumerable<Probe> For(ServerGround ground)
    {
        // The values are needed as they are: only where reading them is opted in, and only on the way that the platform itself names.
        if (!ground.AsksProviders || !ground.ReadsSecretValues || ground.Aws is null || !ground.Map.Platform.Links.TryGetValue(Link, out var text) || !Uri.TryCreate(text, UriKind.Absolute, out var api) || ground.Map.Services.FirstOrDefault(s => s.Role is "core-api") is not { } service) return [];
        return [ground.Probe("payment.check", ground.Map.Of(service), Vantage.Host, "razorpay", (s, c) => LookAsync(ground, service, api, s, c)) with { Needs = [new("ecs:DescribeServices"), new("ecs:DescribeTaskDefinition"), new("secretsmanager:GetSecretValue")] }];
    }

    private static async Task LookAsync(ServerGround ground, Service service, Uri api, Sighting sighting, CancellationToken cancel)
    {
        var side = new AwsSide(ground, sighting);
        var (id, secret) = (await side.VariableAsync(service, "RAZORPAY_KEY_ID", cancel), await side.VariableAsync(service, "RAZORPAY_KEY_SECRET", cancel));
        if (string.IsNullOrEmpty(id) || string.IsNullOrEmpty(secret)) throw new CouldNotLook(ObservationStatus.NotConfigured, $"{service.Name} is not passed a key of Razorpay and its secret");
        var seen = await WebProbes.AskAsync(ground, new HttpQuestion(new Uri(api, "/v1/payments?count=1")) { Headers = [("Authorization", $"Basic {Convert.ToBase64String(Encoding.UTF8.GetBytes($"{id}:{secret}"))}")] }, sighting, cancel);
        if (!seen.IsDone) throw new CouldNotLook(seen.Code is WireFailure.TimedOut ? ObservationStatus.Timeout : ObservationStatus.Failed, $"{api.Host}: {seen.Code}");
        // Whoever is known and may not read payments is known all the same.
        if (Accepts(seen.Status) is not { } accepted) throw new CouldNotLook(ObservationStatus.Failed, $"{api.Host} answers {seen.Status}, which says nothing of the keys");
        sighting.Fact("keysAccepted", accepted);
    }

    internal static bool? Accepts(int status) => status switch
    {
        401 => false,
        >= 200 and < 300 or 403 => true,
        _ => null,
    };
}
