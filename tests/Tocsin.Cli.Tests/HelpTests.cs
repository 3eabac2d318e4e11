using Tocsin.Cli.Tests.Processes;

namespace Tocsin.Cli.Tests;

public sealed class HelpTests : IDisposable
{
    private readonly Workplace at = new();

    public void Dispose() => at.Dispose();

    [Theory]
    [InlineData("")]
    [InlineData("scan")]
    [InlineData("explain")]
    [InlineData("drill")]
    [InlineData("bundle diff")]
    [InlineData("lab exam")]
    [InlineData("compare")]
    [InlineData("checklist")]
    [InlineData("logs")]
    [InlineData("platform init")]
    [InlineData("platform check")]
    [InlineData("platform policy")]
    [InlineData("catalog")]
    [InlineData("catalog lint")]
    [InlineData("catalog test")]
    [InlineData("catalog docs")]
    [InlineData("catalog new")]
    [InlineData("catalog schema")]
    [InlineData("catalog patterns")]
    [InlineData("playbook")]
    [InlineData("playbook list")]
    [InlineData("playbook show")]
    [InlineData("playbook run")]
    [InlineData("playbook lint")]
    [InlineData("playbook start")]
    [InlineData("playbook status")]
    [InlineData("playbook take")]
    [InlineData("playbook done")]
    [InlineData("playbook fail")]
    [InlineData("playbook skip")]
    [InlineData("playbook choose")]
    [InlineData("postmortem")]
    [InlineData("report")]
    [InlineData("mcp")]
    [InlineData("simulate")]
    [InlineData("oncall")]
    [InlineData("oncall show")]
    [InlineData("oncall check")]
    [InlineData("oncall gaps")]
    [InlineData("oncall hours")]
    [InlineData("oncall ical")]
    [InlineData("oncall diff")]
    [InlineData("serve")]
    [InlineData("incident")]
    [InlineData("incident declare")]
    [InlineData("incident ack")]
    [InlineData("incident update")]
    [InlineData("incident assign")]
    [InlineData("incident severity")]
    [InlineData("incident impact")]
    [InlineData("incident merge")]
    [InlineData("incident split")]
    [InlineData("incident list")]
    [InlineData("incident show")]
    [InlineData("why")]
    [InlineData("page")]
    [InlineData("audit")]
    [InlineData("audit verify")]
    [InlineData("backup")]
    [InlineData("restore")]
    [InlineData("export")]
    [InlineData("lab")]
    [InlineData("lab up")]
    [InlineData("lab inject")]
    [InlineData("lab service deploy")]
    public void The_help_of_each_command_is_the_approved_one(string command)
    {
        var ended = at.Run([.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries), "--help"]);
        Assert.Equal((0, ""), (ended.Code, ended.Error));
        Approved.Text($"help-{(command.Length == 0 ? "tocsin" : command.Replace(' ', '-'))}", ended.Out);
    }

    [Theory]
    [InlineData("")]
    [InlineData("catalog")]
    public void A_command_that_only_groups_others_shows_its_help(string command)
    {
        string[] words = [.. command.Split(' ', StringSplitOptions.RemoveEmptyEntries)];
        var ended = at.Run(words);
        Assert.Equal((0, at.Run([.. words, "--help"]).Out), (ended.Code, ended.Out));
    }

    [Theory]
    [InlineData("sacn", "unknown command \"sacn\"; did you mean \"scan\"?", "tocsin --help")]
    [InlineData("catalog tset", "unknown command \"tset\"; did you mean \"test\"?", "tocsin catalog --help")]
    [InlineData("scan --formt json", "unknown option --formt; did you mean \"--format\"?", "tocsin scan --help")]
    [InlineData("scan --follw=yes app.log", "unknown option --follw=yes; did you mean \"--follow\"?", "tocsin scan --help")]
    [InlineData("scan -z", "unknown option -z", "tocsin scan --help")]
    [InlineData("explain --njson", "unknown option --njson; did you mean \"--ndjson\"?", "tocsin explain --help")]
    [InlineData("catalog lint --catlog x", "unknown option --catlog; did you mean \"--catalog\"?", "tocsin catalog lint --help")]
    [InlineData("scan --format xml x", "Argument 'xml' not recognized. Must be one of: 'text' 'json' 'ndjson'", "tocsin scan --help")]
    [InlineData("scan --context many x", "Cannot parse argument 'many' for option '--context': a whole number is expected", "tocsin scan --help")]
    [InlineData("catalog new", "Required argument 'LAYER/ID' missing for command: 'new'.", "tocsin catalog new --help")]
    public void A_mistake_says_what_would_be_right(string command, string message, string help)
    {
        var ended = at.Run(command.Split(' '));
        Assert.Equal((2, ""), (ended.Code, ended.Out));
        Assert.Contains($"tocsin: {message}\n", ended.Error, StringComparison.Ordinal);
        Assert.EndsWith($"Try: {help}\n", ended.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_version_is_a_number() => Assert.Matches(@"^[0-9]+\.[0-9]+\.[0-9]+", at.Run("--version").Out);
}
