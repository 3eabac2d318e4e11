using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Lab.Aws.Logs;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Tests.Logs;

/// <summary>CloudWatch Logs of one region, called as the front door calls it.</summary>
internal sealed class LogsLab : IDisposable
{
    private readonly Dictionary<string, Operation> operations;

    public LogsLab(long budget = LogStore.DefaultBudget)
    {
        Clock = new LabClock(TimeProvider.System, 1);
        Store = new LogStore("ap-south-1", Clock, budget);
        operations = LogsOperations.All(_ => Store).ToDictionary(o => o.Name);
        Now = Instant.FromUnixTimeMilliseconds(Clock.Now.ToUnixTimeMilliseconds());
    }

    public LabClock Clock { get; }

    public LogStore Store { get; }

    public Instant Now { get; }

    public long Ms => Now.ToUnixTimeMilliseconds();

    public Operation Operation(string name) => operations[name];

    public AwsCall Call(string name, object input) => new("logs", name, "ap-south-1",
        new Caller("000000000000", "arn:aws:iam::000000000000:user/lab", "lab", "AKIALAB"),
        System.Text.Json.JsonSerializer.SerializeToNode(input)!.AsObject(), Now);

    public JsonObject Ask(string name, object input) => operations[name].Answer(Call(name, input));

    public AwsException Refused(string name, object input) => Assert.Throws<AwsException>(() => Ask(name, input));

    public void Lines(string group, string stream, params string[] lines)
    {
        if (Store.Groups().All(g => g.Name != group)) Store.CreateGroup(group);
        for (var i = 0; i < lines.Length; i++) Assert.True(Store.Append(group, stream, Now + Duration.FromMilliseconds(i), lines[i]));
    }

    /// <summary>The rows of a query as "field=value" texts, without @ptr.</summary>
    public List<string> Query(string query, params string[] groups)
    {
        var id = Ask("StartQuery", new { logGroupNames = groups, queryString = query, startTime = (Ms / 1000) - 3600, endTime = (Ms / 1000) + 3600 })["queryId"]!.ToString();
        var answer = Ask("GetQueryResults", new { queryId = id });
        while (answer["status"]!.ToString() == "Running") answer = Ask("GetQueryResults", new { queryId = id });
        Assert.Equal("Complete", answer["status"]!.ToString());
        return [.. answer["results"]!.AsArray().Select(r => string.Join(' ', r!.AsArray()
            .Where(f => f!["field"]!.ToString() != "@ptr").Select(f => $"{f!["field"]}={f["value"]}")))];
    }

    public void Dispose() => Clock.Dispose();
}
