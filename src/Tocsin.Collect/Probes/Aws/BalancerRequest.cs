using System.Diagnostics;
using System.Net;
using System.Text.Json.Nodes;
using Tocsin.Core.Diagnosis;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>One request through the load balancer's own address, under the name by which a rule forwards to the service.</summary>
internal sealed class BalancerRequest(AwsGround ground, ServiceView view, Sighting sighting)
{
    private static readonly HttpClient Http = new(new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(3), PooledConnectionLifetime = TimeSpan.FromMinutes(1) }) { Timeout = Timeout.InfiniteTimeSpan };

    public async Task AskAsync(CancellationToken cancel)
    {
        var arns = (await view.GroupsAsync(sighting, cancel)).Select(g => g.Text("TargetGroupArn")!).ToList();
        foreach (var balancer in (await ground.AskAsync(sighting, "elasticloadbalancing", "DescribeLoadBalancers", [], cancel)).Items("LoadBalancers").Where(b => b.Text("Type") == "application"))
        {
            var listeners = (await ground.AskAsync(sighting, "elasticloadbalancing", "DescribeListeners", new JsonObject { ["LoadBalancerArn"] = balancer.Text("LoadBalancerArn") }, cancel)).Items("Listeners");
            foreach (var listener in listeners.Where(l => l.Text("Protocol") == "HTTP"))
            {
                if (await HostAsync(listener, arns, cancel) is not { } host) continue;
                var address = balancer.Items("AvailabilityZones").SelectMany(z => z.Items("LoadBalancerAddresses")).Select(a => a.Text("IpAddress")).FirstOrDefault() ?? balancer.Text("DNSName")!;
                await AskAsync(new UriBuilder("http", address, (int)(listener.Number("Port") ?? 80), view.Service.Fields.GetValueOrDefault("health", "/")).Uri, host, cancel);
                return;
            }
        }
        throw new CouldNotLook(ObservationStatus.NotConfigured, $"no rule of an HTTP listener forwards a name to {view.Service.Name}");
    }

    private async Task<string?> HostAsync(JsonObject listener, List<string> arns, CancellationToken cancel) =>
        (await BalancerProbes.RulesAsync(ground, listener, sighting, cancel))
            .Where(r => r.Items("Actions").Any(a => arns.Exists(g => a.ToJsonString().Contains(g, StringComparison.Ordinal))))
            .SelectMany(r => r.Items("Conditions")).Where(c => c.Text("Field") == "host-header")
            .SelectMany(c => c.Map("HostHeaderConfig").Texts("Values").Concat(c.Texts("Values")))
            .FirstOrDefault(h => !IPAddress.TryParse(h, out _) && !h.Contains('*', StringComparison.Ordinal));

    private async Task AskAsync(Uri address, string host, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Host = host;
        request.Headers.UserAgent.ParseAdd("tocsin");
        sighting.Asked($"http GET {host} at {address.Authority}");
        var began = Stopwatch.GetTimestamp();
        try
        {
            using var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            sighting.Fact("status", (double)response.StatusCode);
            sighting.Fact("server", ServerOf(response.Headers.Server.ToString()));
        }
        catch (HttpRequestException e)
        {
            sighting.Fact("server", "NONE");
            sighting.Lacks($"{address.Authority} gave no answer: {e.Message}");
        }
        sighting.Fact("seconds", Math.Round(Stopwatch.GetElapsedTime(began).TotalSeconds, 3));
    }

    private static string ServerOf(string server) => server switch
    {
        _ when server.StartsWith("awselb", StringComparison.OrdinalIgnoreCase) => "ALB",
        _ when Stopped.Has(server, "cloudflare") => "CLOUDFLARE",
        _ when Stopped.Has(server, "caddy") => "CADDY",
        _ => "APPLICATION",
    };
}
