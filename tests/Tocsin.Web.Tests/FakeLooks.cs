using System.Collections.Immutable;
using NodaTime;
using Tocsin.Core.Platforms;
using Tocsin.Server.Web;

namespace Tocsin.Web.Tests;

/// <summary>What looks give, of states that were put together by hand; the comparison of them is the real one.</summary>
internal static class FakeLooks
{
    private static readonly string[] Services = ["core-api", "storefront", "fastify-nova"];

    public static async Task<IReadOnlyList<string>> CompareAsync(LookAsked asked, Action<ServiceCompared> seen, CancellationToken cancel)
    {
        foreach (var name in Services.Where(s => asked.Service.Length == 0 || s == asked.Service))
        {
            await Task.Delay(20, cancel);
            var (left, right) = (State(name), State(name));
            if (name == "core-api") left = left with { Revision = 41, Newest = 43, Images = left.Images.SetItem("app", "core-api:staging-1a2b3c4d"), FromSecrets = left.FromSecrets.Add("NEW_KEY", "zelly/core-api/env:NEW_KEY<script>alert(1)</script>") };
            if (name == "fastify-nova") right = new ServiceState(name) { Blind = "not allowed: ecs:DescribeServices" };
            var sides = (Left: Whole(asked.Environment, left), Right: Whole(asked.Other, right));
            seen(new ServiceCompared(left, right, EnvironmentComparison.Between(sides.Left, sides.Right)));
        }
        return [$"{asked.Environment}: LAB · account 000000000000", $"{asked.Other}: LAB · account 000000000000"];
    }

    public static async Task<IReadOnlyList<string>> CheckAsync(LookAsked asked, Action<ServiceChecked> seen, CancellationToken cancel)
    {
        foreach (var name in Services.Where(s => asked.Service.Length == 0 || s == asked.Service))
        {
            await Task.Delay(20, cancel);
            seen(new ServiceChecked(name, name == "storefront" ? [] : [new CheckedLine("DATABASE_URL", CheckStanding.Right, "secret zelly/core-api/env:DATABASE_URL", "", "mysql://"), new CheckedLine("SESSION_SECRET", CheckStanding.Wrong, "nowhere", "the running revision does not pass it", "32 characters or more, the same in every task"), new CheckedLine("CORS_ORIGINS", CheckStanding.Unknown, "task definition", "it is there; what is right could not be told<img src=x onerror=alert(1)>", "every origin whose pages call it")], ["a trailing slash in an origin"]));
        }
        return [$"{asked.Environment}: LAB · account 000000000000"];
    }

    private static EnvironmentState Whole(string environment, ServiceState state) => new(environment, "ap-south-1", "cluster", [state]);

    private static ServiceState State(string name) => new(name)
    {
        Desired = 2,
        Running = 2,
        Revision = 42,
        Newest = 42,
        Images = ImmutableSortedDictionary<string, string>.Empty.Add("app", $"{name}:prod-0f9e8d7c"),
        FromSecrets = ImmutableSortedDictionary<string, string>.Empty.Add("DATABASE_URL", "zelly/core-api/env:DATABASE_URL"),
    };
}

/// <summary>A lab that only remembers what was asked of it.</summary>
internal sealed class FakeLab
{
    private readonly List<(Instant At, string Environment, string By, string What)> broken = [];

    /// <summary>The exam's answers wait for it.</summary>
    public Task Answers { get; init; } = Task.CompletedTask;

    public LabDoor Door => new(
        () => [new LabFault("secret-gone", "A secret is deleted", "The secret of the API is marked for deletion", "ecs-exit-137", "memory-limit", ["production", "staging"]), new LabFault("only-here", "Only in staging", "It can be in staging only", "ecs-exit-137", "leak", ["staging"])],
        cancel => Task.FromResult(new LabSeen(broken.Count == 0, "Account 000000000000 at http://127.0.0.1:4566; time x20; 412 MB.", [("production", "core-api", broken.Count == 0, "2 of 2 running"), ("staging", "core-api", true, "1 of 1 running")], [.. broken])),
        (fault, environment, cancel) =>
        {
            if (broken.Count > 0) throw new LabRefusal("the platform is not healthy, so what is seen would prove nothing");
            broken.Add((TestWorld.Start, environment, fault, "secret delete"));
            return Task.FromResult<IReadOnlyList<string>>(["secret deleted"]);
        },
        cancel =>
        {
            broken.Clear();
            return Task.CompletedTask;
        },
        async (fault, _, cancel) =>
        {
            await Answers.WaitAsync(cancel);
            return fault is "only-here" ? throw new LabRefusal("the core profile hides it") : new ExamAnswer("ecs-exit-137/memory-limit", "ecs-exit-137/memory-limit", "Confirmed", Right: true, 1.4, "");
        });
}
