using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Tocsin.Collect.Probes.Aws;

/// <summary>Sessions of a service as its revision and its log show them: nobody logs in for that.</summary>
internal static partial class SessionLook
{
    private const string Secret = "SESSION_SECRET";
    private static readonly string[] Stores = ["REDIS_HOST", "REDIS_URL"];

    public static IEnumerable<Probe> For(AwsGround ground, ServiceView view)
    {
        if (!view.Service.CriticalEnv.Contains(Secret, StringComparer.Ordinal) || !view.Service.Fields.ContainsKey("logGroup")) return [];
        return [ground.Probe("session.check", view.Subject, "logs", (s, c) => LookAsync(ground, view, s, c), "ecs:DescribeServices", "ecs:DescribeTaskDefinition", "ecs:ListTasks", "ecs:DescribeTasks", "logs:FilterLogEvents")];
    }

    private static async Task LookAsync(AwsGround ground, ServiceView view, Sighting sighting, CancellationToken cancel)
    {
        var service = await view.GetAsync(sighting, cancel);
        var container = view.Application(await view.RevisionInQuestionAsync(sighting, cancel), service);
        // Behind an HTTPS listener the protocol that counts is the one the load balancer names, if the application may believe it.
        if (RevisionProbes.Variable(container, "TRUST_PROXY") is { Length: > 0 } trust) sighting.Fact("cookieSecureOverHttp", No().IsMatch(trust));
        sighting.Fact("store", Passed(container).Any(n => Stores.Contains(n, StringComparer.Ordinal)) ? "REDIS" : "MEMORY");
        await EcsProbes.PartAsync(sighting, async _ =>
        {
            var lines = await LogLook.LinesAsync(ground, view.Service.Fields["logGroup"], sighting, cancel);
            if (lines.Events.Length > 0) sighting.Fact("signatureInvalid", lines.Events.Any(e => Invalid().IsMatch(e.Text)));
        }, cancel);
    }

    private static IEnumerable<string> Passed(JsonObject? container) => container.Items("environment").Concat(container.Items("secrets")).Select(e => e.Text("name")).OfType<string>();

    [GeneratedRegex("^(false|0|no|off)$", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex No();

    [GeneratedRegex("cookie.{0,40}signature.{0,20}(invalid|mismatch)|(invalid|bad).{0,20}signature.{0,40}cookie", RegexOptions.CultureInvariant | RegexOptions.IgnoreCase)]
    private static partial Regex Invalid();
}
