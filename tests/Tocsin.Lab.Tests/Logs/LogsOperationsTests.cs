using NodaTime;

namespace Tocsin.Lab.Tests.Logs;

public sealed class LogsOperationsTests
{
    [Fact]
    public void Groups_are_made_told_and_deleted()
    {
        using var lab = new LogsLab();
        lab.Ask("CreateLogGroup", new { logGroupName = "/zelly/ecs/core-api" });
        var exists = lab.Refused("CreateLogGroup", new { logGroupName = "/zelly/ecs/core-api" });
        Assert.Equal(("ResourceAlreadyExistsException", "The specified log group already exists"), (exists.Code, exists.Message));
        var group = lab.Ask("DescribeLogGroups", new { logGroupNamePrefix = "/zelly" })["logGroups"]![0]!;
        Assert.Equal("arn:aws:logs:ap-south-1:000000000000:log-group:/zelly/ecs/core-api:*", group["arn"]!.ToString());
        Assert.Null(group["retentionInDays"]);
        lab.Ask("DeleteLogGroup", new { logGroupName = "/zelly/ecs/core-api" });
        var gone = lab.Refused("DescribeLogStreams", new { logGroupName = "/zelly/ecs/core-api" });
        Assert.Equal(("ResourceNotFoundException", "The specified log group does not exist."), (gone.Code, gone.Message));
        Assert.Equal("InvalidParameterException", lab.Refused("CreateLogGroup", new { logGroupName = "a b" }).Code);
        Assert.Equal("InvalidParameterException", lab.Refused("CreateLogGroup", new { }).Code);
    }

    [Fact]
    public void Groups_and_streams_are_paged()
    {
        using var lab = new LogsLab();
        for (var i = 0; i < 120; i++) lab.Ask("CreateLogGroup", new { logGroupName = $"/g/{i:000}" });
        for (var i = 0; i < 120; i++) lab.Ask("CreateLogStream", new { logGroupName = "/g/000", logStreamName = $"s{i:000}" });
        Assert.Equal(Enumerable.Range(0, 120).Select(i => $"/g/{i:000}"), All(lab, "DescribeLogGroups", new { limit = 50 }, "logGroups", "logGroupName"));
        Assert.Equal(Enumerable.Range(0, 120).Select(i => $"s{i:000}").Reverse(), All(lab, "DescribeLogStreams", new { logGroupName = "/g/000", descending = true, limit = 7 }, "logStreams", "logStreamName"));
        Assert.Equal("InvalidParameterException", lab.Refused("DescribeLogGroups", new { limit = 51 }).Code);
        Assert.Equal("InvalidParameterException", lab.Refused("DescribeLogGroups", new { nextToken = "!" }).Code);
    }

    [Fact]
    public void Streams_are_ordered_by_their_last_event()
    {
        using var lab = new LogsLab();
        lab.Lines("/a", "late", "x", "y");
        lab.Lines("/a", "early", "x");
        var streams = lab.Ask("DescribeLogStreams", new { logGroupName = "/a", orderBy = "LastEventTime", descending = true })["logStreams"]!.AsArray();
        Assert.Equal(["late", "early"], streams.Select(s => s!["logStreamName"]!.ToString()));
        Assert.Equal((lab.Ms, lab.Ms + 1), ((long)streams[0]!["firstEventTimestamp"]!, (long)streams[0]!["lastEventTimestamp"]!));
        Assert.Equal("Cannot order by LastEventTime with a logStreamNamePrefix.",
            lab.Refused("DescribeLogStreams", new { logGroupName = "/a", orderBy = "LastEventTime", logStreamNamePrefix = "l" }).Message);
    }

    [Fact]
    public void Events_outside_of_the_window_are_rejected_and_the_rest_is_stored()
    {
        using var lab = new LogsLab();
        lab.Lines("/a", "s");
        lab.Ask("CreateLogStream", new { logGroupName = "/a", logStreamName = "s" });
        var hours = (long)Duration.FromHours(1).TotalMilliseconds;
        var old = lab.Ask("PutLogEvents", Batch((lab.Ms - (14 * 24 * hours) - 5, "old"), (lab.Ms - (14 * 24 * hours) + 60_000, "kept")));
        Assert.Equal("""{"tooOldLogEventEndIndex":1}""", old["rejectedLogEventsInfo"]!.ToJsonString());
        var early = lab.Ask("PutLogEvents", Batch((lab.Ms, "kept"), (lab.Ms + (3 * hours), "new")));
        Assert.Equal("""{"tooNewLogEventStartIndex":1}""", early["rejectedLogEventsInfo"]!.ToJsonString());
        Assert.Equal(2, LogStoreTests.Filter(lab, new { logGroupIdentifier = "arn:aws:logs:ap-south-1:000000000000:log-group:/a:*" }).Count);
    }

    [Fact]
    public void Batches_over_the_limits_are_refused_in_awss_words()
    {
        using var lab = new LogsLab();
        lab.Lines("/a", "s", "x");
        Assert.Equal("Log event too large: 1048577 bytes exceeds limit of 1048576", lab.Refused("PutLogEvents", Batch((lab.Ms, new string('x', 1_048_551)))).Message);
        Assert.Equal("Upload too large: 1048600 bytes exceeds limit of 1048576", lab.Refused("PutLogEvents", Batch((lab.Ms, new string('x', 524_274)), (lab.Ms, new string('x', 524_274)))).Message);
        Assert.Equal("Log events in a single PutLogEvents request must be in chronological order.", lab.Refused("PutLogEvents", Batch((lab.Ms, "a"), (lab.Ms - 1, "b"))).Message);
        Assert.Equal("InvalidParameterException", lab.Refused("PutLogEvents", Batch([.. Enumerable.Repeat((lab.Ms, "x"), 10_001)])).Code);
        Assert.Equal("InvalidParameterException", lab.Refused("PutLogEvents", Batch((lab.Ms, ""))).Code);
        Assert.Equal("The specified log stream does not exist.", lab.Refused("GetLogEvents", new { logGroupName = "/a", logStreamName = "none" }).Message);
    }

    [Fact]
    public void Get_reads_back_and_forth_and_gives_its_own_token_at_the_end()
    {
        using var lab = new LogsLab();
        lab.Lines("/a", "s", [.. Enumerable.Range(0, 10).Select(i => $"{i}")]);
        lab.Lines("/a", "other", "no");
        var newest = Get(lab, new { logGroupName = "/a", logStreamName = "s", limit = 3 });
        Assert.Equal("7 8 9", newest.Text);
        Assert.Matches("^f/[0-9]{56}/s$", newest.Forward);
        var before = Get(lab, new { logGroupName = "/a", logStreamName = "s", limit = 3, nextToken = newest.Backward });
        Assert.Equal("4 5 6", before.Text);
        Assert.Equal("7 8 9", Get(lab, new { logGroupName = "/a", logStreamName = "s", limit = 3, nextToken = before.Forward }).Text);
        var end = Get(lab, new { logGroupName = "/a", logStreamName = "s", nextToken = newest.Forward });
        Assert.Equal(("", newest.Forward), (end.Text, end.Forward));
        lab.Store.Append("/a", "s", lab.Now + Duration.FromSeconds(1), "10");
        Assert.Equal("10", Get(lab, new { logGroupName = "/a", logStreamName = "s", nextToken = end.Forward }).Text);
        Assert.Equal("0 1", Get(lab, new { logGroupName = "/a", logStreamName = "s", startFromHead = true, limit = 2 }).Text);
        Assert.Equal("1 2", Get(lab, new { logGroupName = "/a", logStreamName = "s", startTime = lab.Ms + 1, endTime = lab.Ms + 3 }).Text);
    }

    [Fact]
    public void Filter_pages_by_limit_and_by_a_megabyte()
    {
        using var lab = new LogsLab();
        lab.Lines("/a", "web/1", [.. Enumerable.Range(0, 5).Select(i => $"{i} ERROR {new string('x', 400_000)}")]);
        lab.Lines("/a", "job/1", "quiet", "ERROR small");
        var sizes = new List<int>();
        string? token = null;
        do
        {
            var answer = lab.Ask("FilterLogEvents", new { logGroupName = "/a", filterPattern = "ERROR", nextToken = token });
            sizes.Add(answer["events"]!.AsArray().Count);
            token = answer["nextToken"]?.ToString();
        }
        while (token is not null);
        Assert.Equal([3, 2, 1], sizes);
        Assert.Equal(2, LogStoreTests.Filter(lab, new { logGroupName = "/a", logStreamNamePrefix = "job/", limit = 1 }).Count);
        Assert.Equal(5, LogStoreTests.Filter(lab, new { logGroupName = "/a", logStreamNames = new[] { "web/1" }, limit = 1 }).Count);
        Assert.Equal(2, LogStoreTests.Filter(lab, new { logGroupName = "/a", startTime = lab.Ms, endTime = lab.Ms }).Count);
        Assert.Equal("ResourceNotFoundException", lab.Refused("FilterLogEvents", new { logGroupName = "/a", logStreamNames = new[] { "none" } }).Code);
        Assert.Equal("InvalidParameterException", lab.Refused("FilterLogEvents", new { logGroupName = "/a", limit = 10_001 }).Code);
        Assert.Equal("InvalidParameterException", lab.Refused("FilterLogEvents", new { logGroupName = "/a", logGroupIdentifier = "/a" }).Code);
    }

    [Theory]
    [InlineData("FilterLogEvents", "arn:aws:logs:ap-south-1:000000000000:log-group:/a:log-stream:")]
    [InlineData("StartQuery", "arn:aws:logs:ap-south-1:000000000000:log-group:/a:log-stream:")]
    [InlineData("GetLogEvents", "arn:aws:logs:ap-south-1:000000000000:log-group:/a:log-stream:s")]
    [InlineData("CreateLogStream", "arn:aws:logs:ap-south-1:000000000000:log-group:/a:log-stream:s")]
    [InlineData("PutLogEvents", "arn:aws:logs:ap-south-1:000000000000:log-group:/a:log-stream:s")]
    [InlineData("GetQueryResults", "*")]
    public void Iam_is_asked_on_the_group_or_the_stream(string operation, string arn)
    {
        using var lab = new LogsLab();
        Assert.Equal([arn], lab.Operation(operation).Resources(lab.Call(operation, new { logGroupName = "/a", logStreamName = "s" })));
    }

    private static object Batch(params (long Timestamp, string Message)[] events) =>
        new { logGroupName = "/a", logStreamName = "s", logEvents = events.Select(e => new { timestamp = e.Timestamp, message = e.Message }) };

    private static (string Text, string Forward, string Backward) Get(LogsLab lab, object input)
    {
        var answer = lab.Ask("GetLogEvents", input);
        return (string.Join(' ', answer["events"]!.AsArray().Select(e => e!["message"]!.ToString())), answer["nextForwardToken"]!.ToString(), answer["nextBackwardToken"]!.ToString());
    }

    private static List<string> All(LogsLab lab, string operation, object input, string list, string name)
    {
        List<string> names = [];
        var request = System.Text.Json.JsonSerializer.SerializeToNode(input)!.AsObject();
        while (true)
        {
            var answer = lab.Ask(operation, request);
            names.AddRange(answer[list]!.AsArray().Select(i => i![name]!.ToString()));
            if (answer["nextToken"] is not { } token) return names;
            request["nextToken"] = token.ToString();
        }
    }
}
