using System.Collections.Immutable;
using System.Globalization;
using Tocsin.Core.Signals;
using Tocsin.Lab.Host;
using Tocsin.Lab.Runtime;
using Tocsin.Lab.Verbs;

namespace Tocsin.Lab.Faults.Checks;

/// <summary>
/// A real client, as a person would run it, says so. Passwords come by the client's own variables and never stand in the words; a client that hangs is ended
/// and has said "no answer".
/// </summary>
internal sealed record ClientCheck(string Run) : LandedCheck
{
    private const int MostShown = 600;
    private const int Killed = 124;
    private static readonly TimeSpan DefaultLimit = TimeSpan.FromSeconds(6);

    public string? Contains { get; init; }

    public string? Without { get; init; }

    public int? Exit { get; init; }

    public int? Seconds { get; init; }

    public override string Kind => "client";

    internal override IEnumerable<string> Names => VerbRequest.Words(Run);

    internal override async Task<Sighting> LookAsync(FaultEyes eyes, CancellationToken cancel)
    {
        var words = VerbRequest.Words(eyes.Names.Fill(Run));
        var program = Tool.Find(words[0]) ?? throw new LabException($"the program {words[0]} is missing");
        var (code, text) = await RunAsync(new ToolCall(eyes.Folder.Path, program, [.. words[1..]]) { Variables = Variables(eyes), Limit = Seconds is { } given ? TimeSpan.FromSeconds(given) : DefaultLimit }, cancel);
        var shown = Redactor.Default.Redact(text);
        var saw = string.Create(CultureInfo.InvariantCulture, $"$ {Run}\n{(shown.Length > MostShown ? shown[..MostShown] + "…" : shown)}\n(exit {code})");
        return new Sighting(Fits(code, text, eyes), saw);
    }

    private bool Fits(int code, string text, FaultEyes eyes) =>
        (Exit is null || code == Exit)
        && (Contains is null || text.Contains(eyes.Names.Fill(Contains), StringComparison.Ordinal))
        && (Without is null || !text.Contains(eyes.Names.Fill(Without), StringComparison.Ordinal));

    private static async Task<(int Code, string Text)> RunAsync(ToolCall call, CancellationToken cancel)
    {
        try
        {
            var done = await Tool.RunAsync(call, cancel);
            return (done.Code, $"{done.Output.Trim()}\n{done.Error.Trim()}".Trim());
        }
        catch (LabException e) when (!cancel.IsCancellationRequested)
        {
            return (Killed, $"no answer: {e.Message}");
        }
    }

    private static ImmutableDictionary<string, string> Variables(FaultEyes eyes)
    {
        var variables = ImmutableDictionary<string, string>.Empty.Add("LC_ALL", "C.UTF-8");
        foreach (var (component, variable) in new[] { ("aurora", "MYSQL_PWD"), ("redis", "REDISCLI_AUTH") })
        {
            if (eyes.Place.Components.GetValueOrDefault(component)?.Password is { Length: > 0 } password) variables = variables.Add(variable, password);
        }
        return variables;
    }
}
