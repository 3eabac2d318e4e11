using System.Diagnostics;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Tocsin.Cli.Tests.Processes;
using Tocsin.Lab.Tests.Life;

namespace Tocsin.Cli.Tests.Plays;

/// <summary>A lab, a server beside it, and two people who have nothing but the command line. What they type and read is kept as a transcript.</summary>
internal sealed partial class PlayedIncident : IAsyncDisposable
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);
    private readonly LabProgram lab = new();
    private readonly StringBuilder transcript = new();
    private readonly Dictionary<string, string> tokens = new(StringComparer.Ordinal);
    private readonly HttpClient http = new();
    private Process? server;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public string Incident { get; private set; } = "";

    public string Transcript => Hidden(transcript.ToString());

    public static async Task<PlayedIncident> StartAsync(params string[] fault)
    {
        var played = new PlayedIncident();
        Assert.Equal(0, (await played.lab.RunAsync(["lab", "up"], Cancel)).Code);
        await played.ServeAsync();
        await played.SayAsync("ann", ["lab", .. fault]);
        return played;
    }

    public async Task DeclareAsync(string title, params string[] facts)
    {
        await SayAsync("ann", ["incident", "declare", title, .. facts.SelectMany(f => new[] { "--fact", f })]);
        Incident = (await GetAsync("api/v1/incidents"))[0].GetProperty("id").GetString()!;
        await SayAsync("ann", "incident", "ack", Incident);
        await SayAsync("ann", "incident", "assign", Incident, "incident-commander", "ann");
    }

    /// <summary>A command that must go well, as one of the two.</summary>
    public async Task<string> SayAsync(string person, params string[] arguments)
    {
        var (code, output, error) = await RunAsync(person, arguments);
        transcript.Append(System.Globalization.CultureInfo.InvariantCulture, $"{person}$ tocsin {string.Join(' ', arguments.Select(Quoted))}\n{output}{error}\n");
        Assert.True(code == 0, $"{string.Join(' ', arguments)} gave {code}: {output}{error}");
        return output;
    }

    /// <summary>A command as one of the two, whatever becomes of it.</summary>
    public async Task<(int Code, string Out, string Error)> RunAsync(string person, string[] arguments)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Limit);
        (lab.Variables["TOCSIN_URL"], lab.Variables["TOCSIN_TOKEN"]) = (http.BaseAddress!.ToString(), tokens[person]);
        return await lab.RunAsync(arguments, limit.Token);
    }

    /// <summary>The playbook from its first step to its last.</summary>
    /// <param name="act">What is done in an action step, by its id; one that is not in it is skipped.</param>
    /// <param name="ways">The way on from each decision.</param>
    public async Task PlayAsync(string playbook, Dictionary<string, Func<Task>> act, Dictionary<string, int> ways)
    {
        await SayAsync("ann", "playbook", "start", playbook, Incident);
        while (await NextAsync() is { ValueKind: JsonValueKind.Object } step)
        {
            var (id, kind, title) = (Text(step, "id"), Text(step, "kind"), Text(step, "title"));
            if (kind is "decision") await SayAsync("ann", "playbook", "choose", Incident, ways[id].ToString(System.Globalization.CultureInfo.InvariantCulture), "--step", id);
            else if (kind is "action" && act.GetValueOrDefault(id) is not { } does) await SayAsync("ann", "playbook", "skip", Incident, "nothing of it is broken in this play", "--step", id);
            else
            {
                if (kind is "message") await SayAsync("ann", "incident", "update", Incident, $"{title}: we are at it", "--send", "--next", "20m");
                if (kind is "action") await act[id]();
                await SayAsync("ann", "playbook", "done", Incident, "as the timeline shows", "--step", id);
            }
        }
        await SayAsync("ann", "playbook", "status", Incident);
    }

    /// <summary>Planned by one, approved by as many as it takes, run by the other, and looked at.</summary>
    public async Task ActAsync(string action, string target, params string[] set)
    {
        await SayAsync("ann", ["action", "plan", action, target, "--env", "production", "--incident", Incident, .. set.SelectMany(s => new[] { "--set", s })]);
        await CarryOutAsync([.. set.Where(s => s.StartsWith("value=", StringComparison.Ordinal)).SelectMany(s => new[] { "--set", s })]);
    }

    /// <summary>Proposed by an assistant over MCP with ann's token; what it was told, and what the server has of it. Nobody has approved it and nothing ran.</summary>
    public async Task<(string Said, JsonElement Kept)> ProposeAsync(string action, string target)
    {
        await using var assistant = await McpLine.ConnectAsync(lab.Folder, new Dictionary<string, string?>(StringComparer.Ordinal) { ["TOCSIN_LAB"] = lab.Folder, ["TOCSIN_URL"] = http.BaseAddress!.ToString(), ["TOCSIN_TOKEN"] = tokens["ann"] });
        var said = await assistant.AskAsync("propose", new(StringComparer.Ordinal) { ["action"] = action, ["target"] = target, ["environment"] = "production", ["incident"] = Incident, ["why"] = "the diagnosis names it" });
        return (said, (await ActionsAsync())[0]);
    }

    /// <summary>The newest plan, approved by as many as it takes and run.</summary>
    public async Task CarryOutAsync(params string[] values)
    {
        var plan = (await ActionsAsync())[0];
        var id = Text(plan, "id");
        foreach (var person in new[] { "ann", "bob" })
        {
            if (Text((await ActionsAsync())[0], "waiting").Length > 0) await SayAsync(person, "action", "approve", id, "--digest", Text(plan, "digest")[..12]);
        }
        await SayAsync("bob", ["action", "run", id, "--wait", .. values]);
    }

    public async Task UndoAsync()
    {
        await SayAsync("ann", "action", "undo", Text((await ActionsAsync())[0], "id"), "--why", "it is mended");
        await CarryOutAsync();
    }

    /// <summary>What people know, written and closed; gives the document.</summary>
    public async Task<string> ConcludeAsync(string how, string summary)
    {
        await SayAsync("ann", "incident", "resolve", Incident, how);
        var known = Path.Combine(lab.Folder, "known.json");
        await File.WriteAllTextAsync(known, JsonSerializer.Serialize(new { author = "ann", summary, users = "everybody", revenue = "none, it was a play", detection = "internal discovery", rootCause = summary, lessons = "The playbook held.", factors = new[] { "Nothing compared it before" }, wentWell = new[] { "The steps were there" }, wentPoorly = new[] { "It took a person to notice" }, items = new[] { new { text = "Compare it before each deployment", kind = "prevention", owner = "engineer-1" } } }), Cancel);
        var document = await SayAsync("ann", "postmortem", Incident, "--write", known, "--final");
        await SayAsync("ann", "report", "--by", "severity");
        return document;
    }

    public async ValueTask DisposeAsync()
    {
        http.Dispose();
        if (server is not null)
        {
            if (!server.HasExited) server.Kill(entireProcessTree: true);
            await server.WaitForExitAsync(CancellationToken.None);
            server.Dispose();
        }
        await lab.DisposeAsync();
    }

    private async Task<JsonElement> ActionsAsync() => await GetAsync($"api/v1/actions?incident={Incident}");

    // A check that the probes may still answer is waited for a little, as people would let the machine go first.
    private async Task<JsonElement> NextAsync()
    {
        var clock = Stopwatch.StartNew();
        while (true)
        {
            var run = (await GetAsync($"api/v1/incidents/{Incident}/playbooks")).GetProperty("runs")[0];
            if (run.TryGetProperty("ended", out _)) return default;
            var free = run.GetProperty("steps").EnumerateArray().Where(s => s.GetProperty("onWay").GetBoolean() && Text(s, "waits").Length == 0 && Text(s, "status") is "open" or "held").ToList();
            Assert.NotEmpty(free);
            var step = free[0];
            if (Text(step, "kind") is not "check" || step.GetProperty("probes").GetArrayLength() == 0 || Text(step, "result").Length > 0 || clock.Elapsed > TimeSpan.FromSeconds(60)) return step;
            await Task.Delay(250, Cancel);
        }
    }

    private async Task ServeAsync()
    {
        server = lab.Start(["serve", "--lab", "--no-watch", "--actions", "on", "--listen", "http://127.0.0.1:0", "--data", Path.Combine(lab.Folder, "data")]);
        var said = new StringBuilder();
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(Limit);
        while (!Invitation().IsMatch(said.ToString())) said.AppendLine(await server.StandardOutput.ReadLineAsync(limit.Token) ?? throw new InvalidOperationException(said + await server.StandardError.ReadToEndAsync(limit.Token)));
        var drained = Task.WhenAll(server.StandardOutput.ReadToEndAsync(CancellationToken.None), server.StandardError.ReadToEndAsync(CancellationToken.None));
        _ = drained;
        var link = new Uri(Invitation().Match(said.ToString()).Value);
        http.BaseAddress = new Uri(link.GetLeftPart(UriPartial.Authority) + "/");
        var admin = Text(await PostAsync($"api/v1/invitations/{link.Segments[^1]}", new { password = "correct horse battery" }), "token");
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", admin);
        foreach (var person in new[] { "ann", "bob" })
        {
            await PostAsync("api/v1/accounts", new { name = person, person = "", role = "responder" });
            tokens[person] = Text(await PostAsync("api/v1/tokens", new { account = person, name = "terminal", scopes = new[] { "read", "respond" } }), "token");
        }
    }

    private async Task<JsonElement> GetAsync(string path) => await http.GetFromJsonAsync<JsonElement>(path, Cancel);

    private async Task<JsonElement> PostAsync(string path, object body)
    {
        using var answer = await http.PostAsJsonAsync(path, body, Cancel);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.True(answer.IsSuccessStatusCode, text);
        return JsonDocument.Parse(text).RootElement;
    }

    // Where it ran is nobody's business; the rest is as it was.
    private string Hidden(string text) => text.Replace(lab.Folder, "LAB", StringComparison.Ordinal).Replace(http.BaseAddress!.Authority, "tocsin.example", StringComparison.Ordinal);

    private static string Quoted(string argument) => argument.Contains(' ', StringComparison.Ordinal) ? $"\"{argument}\"" : argument;

    private static string Text(JsonElement of, string name) => of.TryGetProperty(name, out var value) ? value.ToString() : "";

    [GeneratedRegex("http://[^ ]+/invite/[^ \r\n]+", RegexOptions.CultureInvariant)]
    private static partial Regex Invitation();
}
