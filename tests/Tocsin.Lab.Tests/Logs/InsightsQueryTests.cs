using Tocsin.Lab.Aws.Logs;
using Tocsin.Lab.Wire;

namespace Tocsin.Lab.Tests.Logs;

public sealed class InsightsQueryTests
{
    private static readonly string[] Lines =
    [
        """{"level":"info","ms":12,"req":{"path":"/a","codes":[200,201]},"user":"ann"}""",
        """{"level":"error","ms":250,"req":{"path":"/b","codes":[500]},"user":"bob","msg":"  Boom  "}""",
        """{"level":"error","ms":"90.5","req":{"path":"/a","codes":[503]},"ok":false,"user":"ann"}""",
        "plain ERROR text duration: 1500ms",
    ];

    [Theory]
    [InlineData("fields level, ms | filter ispresent(level) | sort ms", "level=info ms=12", "level=error ms=90.5", "level=error ms=250")]
    [InlineData("fields ms | filter level = 'error' and ms > 100", "ms=250")]
    [InlineData("fields ms | filter not (level = \"error\") and ispresent(ms)", "ms=12")]
    [InlineData("fields req.codes.0 as code | filter req.path in ['/a', '/c'] | sort code desc", "code=503", "code=200")]
    [InlineData("fields ms | filter req.path not in ['/a'] and level != 'x'", "ms=250")]
    [InlineData("fields ms | filter @message like /(?i)error/ and ms < 50", "")]
    [InlineData("fields @message | filter @message like 'plain'", "@message=plain ERROR text duration: 1500ms")]
    [InlineData("fields @message | filter @message =~ /dura\\w+: \\d+ms/", "@message=plain ERROR text duration: 1500ms")]
    [InlineData("fields user | filter @message not like /plain/ | dedup user | sort user", "user=ann", "user=bob")]
    [InlineData("stats count(*) as n, count(ok) as oks, avg(ms), max(ms), min(ms), sum(ms) as total by level | sort n desc, level",
        "level=error n=2 oks=1 avg(ms)=170.25 max(ms)=250 min(ms)=90.5 total=340.5", "n=1 oks=0", "level=info n=1 oks=0 avg(ms)=12 max(ms)=12 min(ms)=12 total=12")]
    [InlineData("stats count_distinct(user) as users, pct(ms, 50) as p50, stddev(ms) as dev, latest(user) as last, earliest(user) as first", "users=2 p50=90.5 dev=121.2755 last=ann first=ann")]
    [InlineData("filter ispresent(ms) | stats sum(ms) / count(*) as mean", "mean=117.5")]
    [InlineData("stats count(*) as n by user | stats max(n) as most", "most=2")]
    [InlineData("stats count(*)", "count(*)=4")]
    [InlineData("fields strlen(user) as l, toupper(user) as u, concat(user, '-', level) as c, substr(level, 1, 2) as s | filter ms = 12", "l=3 u=ANN c=ann-info s=nf")]
    [InlineData("fields trim(msg) as t, replace(level, 'r', 'R') as r, strcontains(level, 'rr') as k, isempty(nope) as e | filter ms = 250", "t=Boom r=eRRoR k=1 e=1")]
    [InlineData("fields coalesce(nope, msg, user) as c, isblank(msg) as b | filter ms = 12", "c=ann b=1")]
    [InlineData("fields abs(0 - ms) as a, ceil(ms) as c, floor(ms) as f, greatest(ms, 100) as g, least(ms, 100) as l, 2 ^ 3 % 5 * 2 as p | filter ms = 90.5", "a=90.5 c=91 f=90 g=100 l=90.5 p=6")]
    [InlineData("fields toMillis(fromMillis(86400123)) as m, fromMillis(86400123) as t, datefloor(fromMillis(86400123), 1h) as h | limit 1", "m=86400123 t=1970-01-02 00:00:00.123 h=1970-01-02 00:00:00.000")]
    [InlineData("parse @message \"duration: *ms\" as d | filter d > 1000 | display d", "d=1500")]
    [InlineData("parse @message /plain (?<word>\\w+) text/ | filter ispresent(word) | display word", "word=ERROR")]
    [InlineData("fields @logStream as s, @log | limit 1 # a comment | limit 9", "s=web/1 @log=000000000000:/q")]
    [InlineData("# first\nfields ms\n| filter ms = 12 # so\n| limit 5", "ms=12")]
    [InlineData("fields `ms` as `a-b` | filter `ms` = 12", "a-b=12")]
    [InlineData("fields ms | filter ms | sort ms desc | head 1", "ms=250")]
    [InlineData("filter level = 'info' | fields ok | display level", "level=info")]
    public void A_query_answers_its_rows(string query, params string[] rows)
    {
        using var lab = new LogsLab();
        lab.Lines("/q", "web/1", Lines);
        Assert.Equal(rows is [""] ? [] : rows, lab.Query(query, "/q"));
    }

    [Theory]
    [InlineData("fields @timestamp | wobble 3", 20, 26)]
    [InlineData("fields", 6, 6)]
    [InlineData("", 0, 0)]
    [InlineData("fields @timestamp | filter (a = 1", 33, 33)]
    [InlineData("filter nofunction(a)", 7, 17)]
    [InlineData("filter a like /(/", 14, 17)]
    [InlineData("filter a like /(?=x)/", 14, 21)]
    [InlineData("limit 10001", 6, 11)]
    [InlineData("filter count(a) > 1", 7, 12)]
    [InlineData("parse @message '* *' as a", 25, 25)]
    [InlineData("fields a ! b", 9, 10)]
    [InlineData("stats a by b", 8, 10)]
    public void A_mistake_is_told_with_its_place(string query, int start, int end)
    {
        var refused = Assert.Throws<AwsException>(() => InsightsQuery.Parse(query));
        Assert.Equal("MalformedQueryException", refused.Code);
        var location = refused.Details!["queryCompileError"]!["location"]!;
        Assert.Equal((start, end), ((int)location["startCharOffset"]!, (int)location["endCharOffset"]!));
    }

    [Fact]
    public void Bins_group_by_time_and_times_read_as_awss()
    {
        using var lab = new LogsLab();
        lab.Lines("/q", "s", "a", "b");
        var row = Assert.Single(lab.Query("stats count(*) as n by bin(1d)", "/q"));
        Assert.Matches(@"^bin\(1d\)=\d{4}-\d\d-\d\d 00:00:00\.000 n=2$", row);
        Assert.Matches(@"^@timestamp=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} @message=b$", lab.Query("limit 1", "/q")[0]);
    }

    [Fact]
    public void Newest_comes_first_over_all_groups_and_the_figures_are_numbers()
    {
        using var lab = new LogsLab();
        lab.Lines("/a", "s", "1", "2", "3");
        lab.Lines("/b", "s", "1b", "2b", "3b", "4b");
        var id = lab.Ask("StartQuery", new { logGroupNames = new[] { "/a", "/b" }, queryString = "fields @message | filter @message != '1'", startTime = lab.Ms / 1000, endTime = (lab.Ms / 1000) + 1, limit = 3 })["queryId"]!.ToString();
        Assert.Equal("Scheduled", lab.Ask("DescribeQueries", new { logGroupName = "/a" })["queries"]![0]!["status"]!.ToString());
        var answer = lab.Ask("GetQueryResults", new { queryId = id });
        Assert.Equal(["4b", "3", "3b"], answer["results"]!.AsArray().Select(r => r![0]!["value"]!.ToString()));
        Assert.All(answer["results"]!.AsArray(), r => Assert.Equal("@ptr", r!.AsArray()[^1]!["field"]!.ToString()));
        Assert.Equal((6.0, 7.0, 11.0), ((double)answer["statistics"]!["recordsMatched"]!, (double)answer["statistics"]!["recordsScanned"]!, (double)answer["statistics"]!["bytesScanned"]!));
        Assert.Equal("InvalidParameterException", lab.Refused("StopQuery", new { queryId = id }).Code);
        Assert.Equal("ResourceNotFoundException", lab.Refused("GetQueryResults", new { queryId = "nope" }).Code);
    }

    [Fact]
    public void A_long_query_runs_in_slices_can_be_stopped_and_never_blocks_others()
    {
        using var lab = new LogsLab();
        lab.Lines("/q", "s", "x");
        for (var i = 0; i < 200_000; i++) lab.Store.Append("/q", "s", lab.Now, "line");
        var start = new { logGroupName = "/q", queryString = "stats count(*) as n", startTime = 0, endTime = (lab.Ms / 1000) + 1 };
        var id = lab.Ask("StartQuery", start)["queryId"]!.ToString();
        Assert.Equal("Running", lab.Ask("GetQueryResults", new { queryId = id })["status"]!.ToString());
        Assert.True((bool)lab.Ask("StopQuery", new { queryId = id })["success"]!);
        Assert.Equal("Cancelled", lab.Ask("GetQueryResults", new { queryId = id })["status"]!.ToString());
        for (var i = 0; i < 35; i++) lab.Ask("StartQuery", start);
        Assert.Equal(["n=200001"], lab.Query("stats count(*) as n", "/q"));
    }

    [Fact]
    public void The_saved_queries_of_the_platform_find_what_they_are_for()
    {
        using var lab = new LogsLab();
        lab.Lines("/zelly/ecs/core-api", "web/1", "GET /orders duration: 1500ms", "GET /cart duration: 20ms", "GET /pay duration: 2300ms",
            "health check failed", "TypeError: fetch failed", "Unhandled exception", "all well", "FATAL: no connection");
        var saved = SavedQueries();
        Assert.Equal(["FATAL: no connection", "Unhandled exception", "TypeError: fetch failed"], Messages(lab.Query(saved["all-errors"], "/zelly/ecs/core-api")));
        Assert.Equal(["GET /pay duration: 2300ms durationMs=2300", "GET /orders duration: 1500ms durationMs=1500"], Messages(lab.Query(saved["slow-requests"], "/zelly/ecs/core-api")));
        Assert.Equal(["health check failed"], Messages(lab.Query(saved["health-checks"], "/zelly/ecs/core-api")));
    }

    private static IEnumerable<string> Messages(List<string> rows) => rows.Select(r => r[(r.IndexOf("@message=", StringComparison.Ordinal) + "@message=".Length)..]);

    // The three blocks "query: |-" of the platform's file, by the id above them.
    private static Dictionary<string, string> SavedQueries()
    {
        var root = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(root.FullName, "Tocsin.slnx"))) root = root.Parent!;
        Dictionary<string, string> found = [];
        string? id = null;
        foreach (var line in File.ReadLines(Path.Combine(root.FullName, "platforms", "zelly", "queries.yaml")))
        {
            if (line.TrimStart().StartsWith("- id:", StringComparison.Ordinal)) found[id = line.Split(':')[1].Trim()] = "";
            else if (id is not null && line.StartsWith("      ", StringComparison.Ordinal)) found[id] += line.Trim() + "\n";
        }
        return found;
    }
}
