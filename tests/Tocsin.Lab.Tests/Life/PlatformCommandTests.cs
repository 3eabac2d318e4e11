using System.Text.Json.Nodes;
using Tocsin.Core.Platforms;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Tests.Life;

/// <summary>The commands that compare, check and describe a platform, as a person runs them against a lab.</summary>
public sealed class PlatformCommandTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_person_compares_checks_and_queries_the_lab_and_sees_no_value_of_a_secret()
    {
        await using var lab = new LabProgram();
        await DoAsync(lab, 0, "lab", "up");
        var shown = new List<string>();
        async Task<string> Say(int code, params string[] words)
        {
            var said = await DoAsync(lab, code, words);
            shown.Add(said);
            return said;
        }
        Assert.Contains("LAB · account 000000000000", await Say(0, "compare", "staging", "production", "--lab"), StringComparison.Ordinal);
        // Without servers a host is right where the other services agree on it.
        var checklist = await Say(0, "checklist", "--lab");
        Assert.DoesNotContain("WRONG", checklist, StringComparison.Ordinal);
        Assert.Contains("CORS_ORIGINS  task definition", checklist, StringComparison.Ordinal);
        Assert.Contains("DB_HOST  secret zelly/fastify-nova/env:DB_HOST", checklist, StringComparison.Ordinal);
        await DoAsync(lab, 0, "lab", "service", "register", "fastify-nova", "--memory", "4096", "--env", "staging");
        Assert.Contains("registered, not deployed: staging runs", await Say(1, "compare", "staging", "production", "--lab", "--exit-code"), StringComparison.Ordinal);
        await DoAsync(lab, 0, "lab", "secret", "unset", "fastify-nova", "REDIS_HOST", "--env", "production");
        Assert.Contains("REDIS_HOST  secret zelly/fastify-nova/env:REDIS_HOST  the secret lacks the key", await Say(1, "checklist", "core-api", "--lab", "--exit-code"), StringComparison.Ordinal);
        Assert.Contains("zelly/fastify-nova/env:REDIS_HOST: staging digest ", await Say(0, "compare", "staging", "production", "--lab", "--service", "core-api"), StringComparison.Ordinal);
        Assert.Contains("bytes scanned", await Say(0, "logs", "production", "all-errors", "--lab"), StringComparison.Ordinal);
        Assert.Contains("bytes scanned", await Say(0, "logs", "production", "fields @message | limit 3", "--lab", "--service", "core-api", "--since", "5m"), StringComparison.Ordinal);
        await Say(0, "compare", "staging", "production", "--lab", "--format", "json");
        await NoSecretAsync(lab, shown);
    }

    [Fact]
    public async Task A_platform_is_found_and_the_file_written_for_it_passes_check()
    {
        await using var lab = new LabProgram();
        await DoAsync(lab, 0, "lab", "up");
        var file = Path.Combine(lab.Folder, "found", "platform.yaml");
        var said = await DoAsync(lab, 0, "platform", "init", "--region", "ap-south-1", "--region", "ap-southeast-1", "--lab", "--out", file);
        Assert.Contains("open questions", said, StringComparison.Ordinal);
        var parsed = PlatformReader.Parse(await File.ReadAllTextAsync(file, Cancel), file);
        Assert.Empty(parsed.Problems);
        Assert.Equal(["production", "staging"], parsed.Value!.Environments.Select(e => e.Name).Order(StringComparer.Ordinal));
        Assert.Equal(5, parsed.Value.Services.Length);
        Assert.All(parsed.Value.Environments, e => Assert.Equal(["aurora", "clickhouse", "redis"], e.Components.Keys.Order(StringComparer.Ordinal)));
        Assert.All(parsed.Value.Services, s => Assert.StartsWith("/zelly/ecs/", s.Fields["logGroup"], StringComparison.Ordinal));
        var check = JsonNode.Parse(await UntilAsync(lab, 0, "platform", "check", "--lab", "--platform", file, "--env", "production", "--format", "json"))!;
        Assert.True(check["looks"]!.GetValue<int>() > 40, check.ToJsonString());
        Assert.DoesNotContain(check["missing"]!.AsArray(), m => m!["status"]!.ToString() is not "NotConfigured");
        Assert.Equal("zelly.in", parsed.Value.Fields["baseDomain"]);
        Assert.Contains("Diagnosis: Healthy", await DoAsync(lab, 0, "drill", "--lab", "--platform", file, "--env", "production"), StringComparison.Ordinal);
        // A question that nobody has answered yet makes nothing wrong.
        await File.WriteAllTextAsync(file, (await File.ReadAllTextAsync(file, Cancel)).Replace("baseDomain: zelly.in", "baseDomain: example.com", StringComparison.Ordinal), Cancel);
        Assert.Contains("Diagnosis: Healthy", await DoAsync(lab, 0, "drill", "--lab", "--platform", file, "--env", "production"), StringComparison.Ordinal);
        Assert.Contains("exists already", (await lab.RunAsync(["platform", "init", "--region", "ap-south-1", "--lab", "--out", file], Cancel)).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Another_platform_with_its_own_names_and_regions_is_found_checked_and_drilled()
    {
        await using var lab = new LabProgram();
        var own = Path.Combine(TestLab.Root, "lab", "platforms", "harbor");
        await DoAsync(lab, 0, "lab", "up", "--platform", own);
        var found = Path.Combine(lab.Folder, "found", "platform.yaml");
        await DoAsync(lab, 0, "platform", "init", "--region", "eu-west-1", "--region", "eu-north-1", "--lab", "--out", found);
        Assert.Equal(["aurora", "redis"], PlatformReader.Parse(await File.ReadAllTextAsync(found, Cancel), found).Value!.Environment("live")!.Components.Keys.Order(StringComparer.Ordinal));
        await UntilAsync(lab, 0, "platform", "check", "--lab", "--platform", own, "--env", "live");
        Assert.Contains("Diagnosis: Healthy", await DoAsync(lab, 0, "drill", "--env", "live", "--lab", "--platform", own), StringComparison.Ordinal);
        await DoAsync(lab, 0, "lab", "secret", "unset", "depot-api", "DB_TYPE", "--env", "live", "--platform", own);
        await DoAsync(lab, 0, "lab", "service", "deploy", "depot-api", "--env", "live", "--platform", own);
        Assert.Contains("DB_TYPE", await DoAsync(lab, 0, "drill", "depot-api", "--env", "live", "--lab", "--platform", own), StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_the_lab_cannot_run_is_said_at_once()
    {
        await using var lab = new LabProgram();
        var own = Directory.CreateDirectory(Path.Combine(lab.Folder, "own")).FullName;
        foreach (var file in Directory.GetFiles(Path.Combine(TestLab.Root, "lab", "platforms", "harbor"))) File.Copy(file, Path.Combine(own, Path.GetFileName(file)));
        var platform = Path.Combine(own, "platform.yaml");
        await File.WriteAllTextAsync(platform, (await File.ReadAllTextAsync(platform, Cancel)).Replace("eu-north-1", "eu-west-1", StringComparison.Ordinal).Replace("  depot-api:", "  depots:", StringComparison.Ordinal), Cancel);
        var ended = await lab.RunAsync(["lab", "up", "--platform", own], Cancel);
        Assert.Equal(2, ended.Code);
        Assert.Contains("lab.yaml runs depot-api, which platform.yaml does not name", ended.Error, StringComparison.Ordinal);
        Assert.Contains("live and rehearsal are both in eu-west-1", ended.Error, StringComparison.Ordinal);
    }

    // A look that a busy machine did not answer in time is missing too, until it is asked again.
    private static async Task<string> UntilAsync(LabProgram lab, int code, params string[] words)
    {
        for (var tries = 1; ; tries++)
        {
            var ended = await lab.RunAsync(words, Cancel);
            if (ended.Code == code) return ended.Out;
            Assert.True(tries < 4, $"{string.Join(' ', words)} ended with {ended.Code}: {ended.Error}{ended.Out}");
        }
    }

    private static async Task<string> DoAsync(LabProgram lab, int code, params string[] words)
    {
        var ended = await lab.RunAsync(words, Cancel);
        Assert.True(ended.Code == code, $"{string.Join(' ', words)} ended with {ended.Code}: {ended.Error}{ended.Out}");
        return ended.Out;
    }

    // The lab fills its secrets with values that begin like this; the digits behind are random.
    private static async Task NoSecretAsync(LabProgram lab, List<string> shown)
    {
        var state = new LabFolder(lab.Folder).Running()!;
        using var caller = new Collect.Aws.AwsCaller(new Collect.Aws.AwsCallerOptions { Login = Collect.Aws.AwsLogin.Keys(state.AccessKeyId, state.SecretAccessKey), Endpoint = new Uri(state.Endpoint) });
        foreach (var name in new[] { "zelly/fastify-nova/env", "zelly/customer-panel/env", "zelly/aurora/master" })
        {
            var text = (await caller.AskAsync("secretsmanager", "ap-south-1", "GetSecretValue", new JsonObject { ["SecretId"] = name }, Cancel))["SecretString"]!.ToString();
            foreach (var value in ((JsonObject)JsonNode.Parse(text)!).Select(v => v.Value!.ToString()).Where(v => v.StartsWith("lab-", StringComparison.Ordinal) && v.Length > 30)) Assert.All(shown, s => Assert.DoesNotContain(value, s, StringComparison.Ordinal));
        }
    }
}
