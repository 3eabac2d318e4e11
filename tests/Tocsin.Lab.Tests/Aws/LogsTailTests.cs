using System.Globalization;
using NodaTime;

namespace Tocsin.Lab.Tests.Aws;

/// <summary><c>aws logs tail</c> and <c>aws ecs wait</c> by the real AWS CLI.</summary>
public sealed class LogsTailTests
{
    private const string Region = "ap-southeast-1";
    private const string Group = "/lab/tail";

    [Fact]
    public async Task Tail_prints_follows_filters_and_forms_lines_as_on_AWS()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var held = await Life.Shared.LabAsync(cancel);
        var lab = held.Lab;
        var logs = lab.Host.Logs(Region);
        var now = SystemClock.Instance.GetCurrentInstant();
        logs.CreateGroup(Group);
        logs.Append(Group, "app/old", now - Duration.FromHours(2), "GET /old 200");
        logs.Append(Group, "app/one", now - Duration.FromMinutes(3), "GET /cart 200");
        logs.Append(Group, "app/two", now - Duration.FromMinutes(2), "ERROR cart is gone");

        // By default the last ten minutes: time, stream, message.
        var usual = await PrintsAsync(lab, $"aws logs tail {Group}", cancel);
        Assert.Collection(usual, l => Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00 app/one GET /cart 200$", l), l => Assert.EndsWith("app/two ERROR cart is gone", l, StringComparison.Ordinal));

        Assert.Equal(3, (await PrintsAsync(lab, $"aws logs tail {Group} --since 3h", cancel)).Count);
        Assert.Equal(["GET /old 200", "GET /cart 200"], (await PrintsAsync(lab, $"aws logs tail {Group} --since 3h --filter-pattern 'GET' --format short", cancel)).Select(l => l[20..]));
        Assert.Matches(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d ERROR cart is gone$", Assert.Single(await PrintsAsync(lab, $"aws logs tail {Group} --format short --filter-pattern '?ERROR ?WARN'", cancel)));
        Assert.EndsWith("app/two ERROR cart is gone", Assert.Single(await PrintsAsync(lab, $"aws logs tail {Group} --log-stream-name-prefix app/two", cancel)), StringComparison.Ordinal);
        var since = (now - Duration.FromMinutes(150)).ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        Assert.Equal(3, (await PrintsAsync(lab, $"aws logs tail {Group} --since {since}", cancel)).Count);

        // It follows until it is interrupted, and prints each line once.
        var following = LabShell.RunAsync(lab, $"LIMIT=12; aws logs tail {Group} --follow --since 1s --format short", cancel);
        for (var i = 0; i < 40 && !following.IsCompleted; i++)
        {
            logs.Append(Group, "app/two", SystemClock.Instance.GetCurrentInstant(), $"line {i}");
            await Task.Delay(100, cancel);
        }
        var followed = (await following).Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l[20..]).ToList();
        Assert.Equal(followed.Distinct(StringComparer.Ordinal), followed);
        Assert.Contains("line 39", followed);

        var (code, missing) = await LabShell.RunAsync(lab, "aws logs tail /lab/none 2>&1", cancel);
        Assert.Equal(254, code);
        Assert.Contains("(ResourceNotFoundException) when calling the FilterLogEvents operation: The specified log group does not exist.", missing, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_CLI_waits_for_stopped_tasks_and_for_a_service_that_is_gone()
    {
        var cancel = TestContext.Current.CancellationToken;
        await using var held = await Life.Shared.LabAsync(cancel);
        await held.Lab.UntilAsync(s => s.Healthy, TimeSpan.FromSeconds(60), cancel);
        const string Ecs = "aws ecs";
        const string In = "--cluster zelly-staging";
        var (stopped, said) = await LabShell.RunAsync(held.Lab, $"T=$({Ecs} list-tasks {In} --service-name events-consumer --query 'taskArns[0]' --output text) && {Ecs} stop-task {In} --task $T --reason 'by hand' --query task.desiredStatus --output text && {Ecs} wait tasks-stopped {In} --tasks $T && {Ecs} describe-tasks {In} --tasks $T --query 'tasks[0].[lastStatus,stopCode,stoppedReason]' --output text 2>&1", cancel);
        Assert.Equal((0, "STOPPED\nSTOPPED\tUserInitiated\tby hand"), (stopped, said.Trim()));

        var (inactive, words) = await LabShell.RunAsync(held.Lab, $"{Ecs} delete-service {In} --service orion-backend --force --query service.status --output text && {Ecs} wait services-inactive {In} --services orion-backend && {Ecs} describe-services {In} --services orion-backend --query 'services[0].[status,runningCount]' --output text 2>&1", cancel);
        Assert.True(inactive == 0, words);
        Assert.Matches(@"^DRAINING\s+INACTIVE\t0\s*$", words);
    }

    private static async Task<List<string>> PrintsAsync(TestLab lab, string command, CancellationToken cancel)
    {
        var (code, output) = await LabShell.RunAsync(lab, command, cancel);
        Assert.True(code == 0, $"{command}: exit {code}\n{output}");
        return [.. output.Split('\n', StringSplitOptions.RemoveEmptyEntries)];
    }
}
