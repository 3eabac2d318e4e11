using System.Diagnostics;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Lab.Aws.Logs;

namespace Tocsin.Lab.Tests.Logs;

public sealed class LogStoreTests
{
    [Fact]
    public void Over_the_budget_the_oldest_of_all_groups_go_and_it_is_told()
    {
        using var lab = new LogsLab(budget: 100 * (100 + 48));
        lab.Store.CreateGroup("/a");
        lab.Store.CreateGroup("/b");
        var line = new string('x', 100);
        for (var i = 0; i < 5000; i++) Assert.True(lab.Store.Append(i % 2 == 0 ? "/a" : "/b", "s", lab.Now, line));
        Assert.Equal(100 * 126, lab.Store.Groups().Sum(g => g.StoredBytes));
        Assert.Equal(new LogLoss(4900, 490_000), lab.Store.Lost);
        var told = lab.Ask("DescribeLogGroups", new { })["logGroups"]!.AsArray().Sum(g => (long)g!["storedBytes"]!);
        Assert.Equal(100 * 126, told);
        Assert.Equal(100, Filter(lab, new { logGroupName = "/a" }).Count + Filter(lab, new { logGroupName = "/b" }).Count);
    }

    [Fact]
    public void Retention_runs_in_lab_time()
    {
        using var lab = new LogsLab();
        lab.Lines("/a", "s", "old");
        lab.Ask("PutRetentionPolicy", new { logGroupName = "/a", retentionInDays = 3 });
        lab.Clock.Step(Duration.FromDays(2));
        lab.Store.Append("/a", "s", lab.Now, "new");
        Assert.Equal(2, Filter(lab, new { logGroupName = "/a" }).Count);
        lab.Clock.Step(Duration.FromDays(2));
        Assert.Equal(["new"], Filter(lab, new { logGroupName = "/a" }).Select(e => e["message"]!.ToString()));
        Assert.Equal(29, lab.Store.Group("/a").StoredBytes);
        Assert.Equal("InvalidParameterException", lab.Refused("PutRetentionPolicy", new { logGroupName = "/a", retentionInDays = 4 }).Code);
    }

    [Fact]
    public void Late_lines_are_read_in_their_place()
    {
        using var lab = new LogsLab();
        lab.Store.CreateGroup("/a");
        var random = new Random(7);
        var times = Enumerable.Range(0, 3000).Select(i => (long)i).ToArray();
        random.Shuffle(times);
        foreach (var time in times)
        {
            lab.Store.Append("/a", $"s{time % 3}", Instant.FromUnixTimeMilliseconds(time), $"{time}");
            if (time % 500 == 0) Filter(lab, new { logGroupName = "/a", limit = 10_000 });
        }
        Assert.Equal(Enumerable.Range(0, 3000).Select(i => (long)i), Filter(lab, new { logGroupName = "/a", limit = 700 }).Select(e => (long)e["timestamp"]!));
    }

    [Fact]
    public void A_group_made_anew_knows_nothing_of_the_old_one()
    {
        using var lab = new LogsLab();
        lab.Lines("/a", "s", "1", "2", "3");
        var token = lab.Ask("FilterLogEvents", new { logGroupName = "/a", limit = 1 })["nextToken"]!.ToString();
        lab.Ask("DeleteLogStream", new { logGroupName = "/a", logStreamName = "s" });
        Assert.Equal(0, lab.Store.Group("/a").StoredBytes);
        lab.Lines("/a", "s", "4");
        Assert.Equal(["4"], Filter(lab, new { logGroupName = "/a" }).Select(e => e["message"]!.ToString()));
        lab.Ask("DeleteLogGroup", new { logGroupName = "/a" });
        Assert.False(lab.Store.Append("/a", "s", lab.Now, "lost"));
        lab.Lines("/a", "s", "5");
        Assert.Equal("The specified nextToken is invalid.", lab.Refused("FilterLogEvents", new { logGroupName = "/a", nextToken = token }).Message);
        Assert.Equal(["5"], Filter(lab, new { logGroupName = "/a" }).Select(e => e["message"]!.ToString()));
    }

    [Fact]
    public void An_event_id_has_56_digits_that_sort_by_time_and_lead_back()
    {
        using var lab = new LogsLab();
        var ids = Enumerable.Range(0, 50).Select(i => EventIds.Of(3, new LogPosition(lab.Ms + (i / 7), i))).ToList();
        Assert.All(ids, id => Assert.Matches("^[0-9]{56}$", id));
        Assert.Equal(ids, ids.Order(StringComparer.Ordinal));
        Assert.True(EventIds.TryParse(ids[20], out var group, out var position));
        Assert.Equal((3L, new LogPosition(lab.Ms + 2, 20)), (group, position));
    }

    [Fact]
    public async Task Lines_of_several_writers_are_neither_lost_nor_doubled_under_a_reader()
    {
        const int Writers = 5;
        const int Each = 20_000;
        using var lab = new LogsLab();
        lab.Store.CreateGroup("/a");
        var written = new int[Writers];
        var passes = 0;
        var watch = Stopwatch.StartNew();
        var writing = Task.WhenAll(Enumerable.Range(0, Writers).Select(w => Task.Factory.StartNew(() => Write(w), TaskCreationOptions.LongRunning)));
        while (!writing.IsCompleted || passes == 0)
        {
            TestContext.Current.CancellationToken.ThrowIfCancellationRequested();
            Check(written.Select((_, w) => Volatile.Read(ref written[w])).ToArray());
            Interlocked.Increment(ref passes);
        }
        await writing;
        TestContext.Current.TestOutputHelper?.WriteLine($"{Writers * Each} lines in {watch.ElapsedMilliseconds} ms under {passes} readings");
        Check(Enumerable.Repeat(Each, Writers).ToArray());

        void Write(int writer)
        {
            for (var i = 0; i < Each; i++)
            {
                lab.Store.Append("/a", $"w{writer}", lab.Clock.Now, $"{writer} {i}");
                Volatile.Write(ref written[writer], i + 1);
                // A tenth further only when a reading has ended since: so at least so many readings run among the writers.
                if (i % (Each / 10) == 0) Assert.True(SpinWait.SpinUntil(() => Volatile.Read(ref passes) >= i / (Each / 10), TimeSpan.FromMinutes(1)));
            }
        }

        // A whole reading: everything that was written before it began, each line once; within a writer in order, for its clock goes forward.
        void Check(int[] atLeast)
        {
            var events = Filter(lab, new { logGroupName = "/a", filterPattern = "-nothing" });
            Assert.Equal(events.Count, events.Select(e => e["eventId"]!.ToString()).Distinct().Count());
            Assert.Equal(events.Select(e => (long)e["timestamp"]!), events.Select(e => (long)e["timestamp"]!).Order());
            for (var w = 0; w < Writers; w++)
            {
                var own = events.Where(e => e["logStreamName"]!.ToString() == $"w{w}").Select(e => int.Parse(e["message"]!.ToString().Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture)).ToList();
                Assert.True(own.Count >= atLeast[w], $"writer {w}: {own.Count} of {atLeast[w]}");
                Assert.Equal(Enumerable.Range(0, own.Count), own);
            }
        }
    }

    internal static List<JsonNode> Filter(LogsLab lab, object input)
    {
        List<JsonNode> events = [];
        var request = System.Text.Json.JsonSerializer.SerializeToNode(input)!.AsObject();
        while (true)
        {
            var answer = lab.Ask("FilterLogEvents", request);
            Assert.Empty(answer["searchedLogStreams"]!.AsArray());
            events.AddRange(answer["events"]!.AsArray()!);
            if (answer["nextToken"] is not { } token) return events;
            request["nextToken"] = token.ToString();
        }
    }
}
