using Tocsin.Lab.Aws.Logs;
using Tocsin.Lab.Wire;

namespace Tocsin.Lab.Tests.Logs;

public sealed class FilterPatternTests
{
    private const string User = """{"user":{"id":1,"email":"John.Stiles@example.com"},"users":[{"id":2,"email":"John.Doe@example.com"}],"actions":["GET","PUT"],"coordinates":[[0,1,2],[4,5,6]]}""";
    private const string Trail = """{"eventType":"UpdateTrail","sourceIPAddress":"111.111.111.111","arrayKey":["value","another value"],"objectList":[{"name":"a","id":1},{"name":"b","id":2}],"SomeObject":null,"ThisFlag":true,"latency":500,"a-b":{"c.d":"x y"}}""";
    private const string Access = """127.0.0.1 - frank [10/Oct/2000:13:25:15 -0700] "GET /apache_pb.gif HTTP/1.0" 404 1534""";

    [Theory]
    [InlineData("", "anything", true)]
    [InlineData("\"\"", "anything", true)]
    [InlineData("ERROR", "[ERROR] A fatal exception has occurred", true)]
    [InlineData("ERROR", "Exiting with ERRORCODE: -1", true)]
    [InlineData("ERROR", "an error", false)]
    [InlineData("ERROR Exception", "[ERROR] Unhandled Exception", true)]
    [InlineData("ERROR Exception", "[ERROR] Unhandled", false)]
    [InlineData("ERROR -Exiting", "Exiting with ERRORCODE: -1", false)]
    [InlineData("\"ERROR\" - \"Exiting\"", "Exiting with ERRORCODE: -1", false)]
    [InlineData("-ERROR", "all well", true)]
    [InlineData("?ERROR ?WARN", "WARN message", true)]
    [InlineData("?ERROR ?WARN", "INFO message", false)]
    [InlineData("?ERROR INFO", "INFO message", true)]
    [InlineData("?\"connect ECONNREFUSED\" ?%5\\d\\d%", "status 503", true)]
    [InlineData("\"INTERNAL SERVER ERROR\"", "500 INTERNAL SERVER ERROR", true)]
    [InlineData("\"INTERNAL SERVER ERROR\"", "INTERNAL  SERVER ERROR", false)]
    [InlineData("\"say \\\"no\\\"\"", "they say \"no\"", true)]
    [InlineData("%AUTHORIZED%", "[ERROR 401] UNAUTHORIZED REQUEST", true)]
    [InlineData("%^[hc]at%", "hat off", true)]
    [InlineData("%^[hc]at%", "a hat", false)]
    [InlineData("-%a{3,5}%", "baaaad", false)]
    [InlineData("größe", "die größe", true)]
    public void Terms_are_found_anywhere_in_a_line(string pattern, string line, bool fits) =>
        Assert.Equal(fits, FilterPattern.Parse(pattern).Matches(line));

    [Theory]
    [InlineData("{ $.eventType = \"UpdateTrail\" }", Trail, true)]
    [InlineData("{ $.eventType = \"updatetrail\" }", Trail, false)]
    [InlineData("{ $.sourceIPAddress != 123.123.* }", Trail, true)]
    [InlineData("{ $.sourceIPAddress = 111.* }", Trail, true)]
    [InlineData("{ $.eventType = *Trail }", Trail, true)]
    [InlineData("{ $.eventType = \"*dateTr*\" }", Trail, true)]
    [InlineData("{ $.eventType = Up*ail }", Trail, false)]
    [InlineData("{ $.eventType = %^Up.*l$% }", Trail, true)]
    [InlineData("{ $.arrayKey[0] = \"value\" }", Trail, true)]
    [InlineData("{ $.arrayKey[*] = \"another value\" }", Trail, true)]
    [InlineData("{ $.objectList[1].id = 2 }", Trail, true)]
    [InlineData("{ $.objectList[*].id = 3 }", Trail, false)]
    [InlineData("{ $.objectList[2].id NOT EXISTS }", Trail, true)]
    [InlineData("{ $.SomeObject IS NULL }", Trail, true)]
    [InlineData("{ $.Other IS NULL }", Trail, false)]
    [InlineData("{ $.SomeOtherObject NOT EXISTS }", Trail, true)]
    [InlineData("{ $.SomeObject NOT EXISTS }", Trail, false)]
    [InlineData("{ $.ThisFlag IS TRUE }", Trail, true)]
    [InlineData("{ $.ThisFlag IS FALSE }", Trail, false)]
    [InlineData("{ $.latency >= 500 }", Trail, true)]
    [InlineData("{ $.latency > 5e2 }", Trail, false)]
    [InlineData("{ $.latency < +1000 }", Trail, true)]
    [InlineData("{ $.latency = 500.0 }", Trail, true)]
    [InlineData("{ $.latency = 5* }", Trail, true)]
    [InlineData("{ $.latency = * }", Trail, true)]
    [InlineData("{ $.missing = * }", Trail, false)]
    [InlineData("{ $.missing != 1 }", Trail, false)]
    [InlineData("{ $.arrayKey = 1 }", Trail, false)]
    [InlineData("{ $.arrayKey != 1 }", Trail, false)]
    [InlineData("{ $.a-b['c.d'] = \"x y\" }", Trail, true)]
    [InlineData("{ ($.user.id = 1) && ($.users[0].email = \"John.Doe@example.com\") }", User, true)]
    [InlineData("{ ($.user.id = 2 && $.users[0].email = \"nonmatch\") || $.actions[2] = \"GET\" }", User, false)]
    [InlineData("{ $.user.email = \"John.Stiles@example.com\" || $.coordinates[0][1] = nonmatch && $.actions[2] = nomatch }", User, true)]
    [InlineData("{ ($.user.email = \"John.Stiles@example.com\" || $.coordinates[0][1] = nonmatch) && $.actions[2] = nomatch }", User, false)]
    [InlineData("{ $.coordinates[0][1] = 1 }", User, true)]
    [InlineData("{ $.level = 50 }", "not json", false)]
    [InlineData("{ $.level NOT EXISTS }", "not json", false)]
    [InlineData("{$.level=50}", "{\"level\":50", false)]
    public void Json_conditions_follow_the_paths(string pattern, string line, bool fits) =>
        Assert.Equal(fits, FilterPattern.Parse(pattern).Matches(line));

    [Theory]
    [InlineData("[ip, user, username, timestamp, request, status_code, bytes]", Access, true)]
    [InlineData("[ip, user, username, timestamp, request, status_code]", Access, false)]
    [InlineData("[..., status_code = 4*, bytes > 1000]", Access, true)]
    [InlineData("[..., status_code = 5*, bytes]", Access, false)]
    [InlineData("[ip, user, username, timestamp, request = *apache*, status_code = 4*, bytes]", Access, true)]
    [InlineData("[ip, user, username, timestamp, request, status_code = 4* && status_code != 403, bytes]", Access, true)]
    [InlineData("[ip, user, username, timestamp, request, status_code = 4* && bytes > 2000, bytes]", Access, false)]
    [InlineData("[ip = %^127%, ...]", Access, true)]
    [InlineData("[ip, user, ..., status_code, bytes >= 1534]", Access, true)]
    [InlineData("[w1 = ERROR, w2]", "ERROR message", true)]
    [InlineData("[w1=ERROR || w1=WARN, w2]", "WARN message", true)]
    [InlineData("[w1=!ERROR&&w1=!WARN, w2]", "WARN message", false)]
    [InlineData("[w1=!ERROR&&w1=!WARN, w2]", "INFO message", true)]
    [InlineData("[(w1=ERROR || w1=WARN) && w1 != WARN, w2]", "WARN message", false)]
    public void Columns_are_split_at_spaces(string pattern, string line, bool fits) =>
        Assert.Equal(fits, FilterPattern.Parse(pattern).Matches(line));

    [Theory]
    [InlineData("{ $.a = 1", "If a filter pattern starts with '{' it must end with '}'")]
    [InlineData("[a, b", "If a filter pattern starts with '[' it must end with ']'")]
    [InlineData("email@domain.com", "Invalid character(s) in term 'email@domain.com'")]
    [InlineData("?", "Invalid character(s) in term ''")]
    [InlineData("\"open", "Invalid filter pattern")]
    [InlineData("{ }", "Invalid filter pattern")]
    [InlineData("{ $.a == 1 }", "Invalid filter pattern")]
    [InlineData("{ $.a > x }", "Invalid filter pattern")]
    [InlineData("{ a = 1 }", "Invalid filter pattern")]
    [InlineData("{ $.a = %(x)% }", "Invalid filter pattern")]
    [InlineData("%something!%", "Invalid filter pattern")]
    [InlineData("%a% %b% %c%", "Invalid filter pattern")]
    [InlineData("[a, ..., b, ...]", "Invalid filter pattern")]
    [InlineData("[]", "Invalid filter pattern")]
    public void What_is_no_pattern_is_refused_in_awss_words(string pattern, string words)
    {
        var refused = Assert.Throws<AwsException>(() => FilterPattern.Parse(pattern));
        Assert.Equal(("InvalidParameterException", words), (refused.Code, refused.Message));
    }

    [Fact]
    public void The_test_operation_tells_the_columns_it_found()
    {
        using var lab = new LogsLab();
        var match = lab.Ask("TestMetricFilter", new { filterPattern = "[..., request=*.gif*, status_code=4*,]", logEventMessages = new[] { "other", Access } })["matches"]![0]!;
        Assert.Equal(2, (int)match["eventNumber"]!);
        var found = match["extractedValues"]!;
        Assert.Equal(("404", "1534", "10/Oct/2000:13:25:15 -0700", "127.0.0.1"),
            (found["$status_code"]!.ToString(), found["$7"]!.ToString(), found["$4"]!.ToString(), found["$1"]!.ToString()));
    }
}
