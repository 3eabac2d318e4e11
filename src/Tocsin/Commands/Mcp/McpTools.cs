using System.Collections.Immutable;
using System.ComponentModel;
using System.Runtime.InteropServices;
using System.Text;
using ModelContextProtocol;
using ModelContextProtocol.Server;
using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;
using Tocsin.Server.Actions;

namespace Tocsin.Cli.Commands.Mcp;

/// <summary>Each tool is a command of the command line with its JSON as the answer, so that both say the same. None approves, and none runs anything: there is no tool that could.</summary>
internal sealed class McpTools(Terminal terminal, Settings settings, ImmutableArray<string> common, bool lab)
{
    private const int MostText = 4 << 20;

    public IEnumerable<McpServerTool> All =>
    [
        Tool(ExplainAsync, "explain", "What an error text is, or all about one entry of the error reference: causes, evidence, what to do."),
        Tool(ScanAsync, "scan", "Known errors in log files, or in a text: which, where, how often."),
        Tool(DrillAsync, "drill", "Looks at a service and all around it, or at one merchant's domain, and says which cause it is, with evidence for, against and missing."),
        Tool(CompareAsync, "compare", "Two environments side by side: images, revisions, tasks, variables, secret keys."),
        Tool(IncidentsAsync, "incidents", "Incidents of the server (TOCSIN_URL, TOCSIN_TOKEN): open ones, all, or one with its timeline."),
        Tool(WhyAsync, "why", "Why a person was, or was not, paged in an incident of the server."),
        Tool(CatalogAsync, "catalog", "The known errors: id, title, layer and summary of each."),
        Tool(PlaybooksAsync, "playbooks", "Playbooks that fit what is known, the best first, or one with its steps."),
        Tool(ProposeAsync, "propose", "Proposes a guarded action, such as ecs.rollback: makes its plan by only reading, with the exact calls, what is so now and what is wanted. With a server (TOCSIN_URL, TOCSIN_TOKEN) the plan is kept there for people to look at; only they approve and run it.", looks: false),
    ];

    private Task<string> ExplainAsync([Description("A line or a text from a log, or an entry's id such as mysql-unreachable")] string text, CancellationToken cancel) => RunAsync(["explain", "--format", "json", "--", text], cancel);

    private async Task<string> ScanAsync([Description("Files or folders on this machine"), Optional, DefaultParameterValue(null)] string[]? paths, [Description("Lines of a log, instead of files"), Optional, DefaultParameterValue(null)] string? text, CancellationToken cancel)
    {
        if (paths is { Length: > 0 } && text is null) return await RunAsync(["scan", "--format", "json", "--", .. paths], cancel);
        if (text is null || paths is { Length: > 0 }) throw new McpException("either paths or a text is expected");
        if (text.Length > MostText) throw new McpException($"a text has {MostText} characters at most; give larger ones as a file");
        var file = Path.Combine(Directory.CreateTempSubdirectory("tocsin-mcp-").FullName, "text.log");
        try
        {
            await File.WriteAllTextAsync(file, text, cancel);
            return await RunAsync(["scan", "--format", "json", "--", file], cancel);
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        }
    }

    private Task<string> DrillAsync([Description("An environment (default: the platform's first)"), Optional, DefaultParameterValue(null)] string? environment, [Description("A service by name or role (default: all)"), Optional, DefaultParameterValue(null)] string? service, [Description("One merchant's domain instead of a service"), Optional, DefaultParameterValue(null)] string? domain, CancellationToken cancel) =>
        RunAsync(["drill", "--format", "json", .. Given("--env", environment), .. Given("--domain", domain), .. Lab, .. After(service)], cancel);

    private Task<string> CompareAsync([Description("One environment, such as staging")] string one, [Description("The other, such as production")] string other, [Description("Only this service"), Optional, DefaultParameterValue(null)] string? service, CancellationToken cancel) =>
        RunAsync(["compare", "--format", "json", .. Given("--service", service), .. Lab, "--", one, other], cancel);

    private Task<string> IncidentsAsync([Description("One incident, such as INC-12; without it the list"), Optional, DefaultParameterValue(null)] string? incident, [Description("Ended ones too"), Optional, DefaultParameterValue(false)] bool all, CancellationToken cancel) =>
        incident is { Length: > 0 } ? RunAsync(["incident", "show", "--format", "json", "--", incident], cancel) : RunAsync(["incident", "list", "--format", "json", .. all ? new[] { "--all" } : []], cancel);

    private Task<string> WhyAsync([Description("Such as INC-12")] string incident, [Description("A person of response.yaml")] string person, CancellationToken cancel) => RunAsync(["why", "--format", "json", "--", incident, person], cancel);

    private Task<string> CatalogAsync([Description("Only what has this in its id, title or summary"), Optional, DefaultParameterValue(null)] string? search, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var entries = new CatalogStore(settings).Whole.Entries.Select(e => e.Entry).Where(e => search is null || new[] { e.Id, e.Title, e.Summary }.Any(t => t.Contains(search, StringComparison.OrdinalIgnoreCase)));
        return Task.FromResult(Json.Write(Json.Indented, w =>
        {
            w.WriteStartArray();
            foreach (var entry in entries)
            {
                w.WriteStartObject();
                foreach (var (name, value) in new[] { ("id", entry.Id), ("title", entry.Title), ("layer", entry.Layer), ("summary", entry.Summary) }) w.WriteString(name, value);
                w.WriteEndObject();
            }
            w.WriteEndArray();
        }));
    }

    private Task<string> PlaybooksAsync([Description("One playbook by its id, with its steps"), Optional, DefaultParameterValue(null)] string? playbook, [Description("P0 to P3"), Optional, DefaultParameterValue(null)] string? severity, [Description("Facts such as all-down, data-loss, breach, revenue"), Optional, DefaultParameterValue(null)] string[]? facts, [Description("Entries of the error reference that matched or were diagnosed"), Optional, DefaultParameterValue(null)] string[]? entries, CancellationToken cancel) =>
        playbook is { Length: > 0 }
            ? RunAsync(["playbook", "show", "--format", "json", "--", playbook], cancel)
            : RunAsync(["playbook", "list", "--format", "json", .. Given("--severity", severity), .. (facts ?? []).SelectMany(f => Given("--fact", f)), .. (entries ?? []).SelectMany(e => Given("--entry", e))], cancel);

    private Task<string> ProposeAsync([Description("Such as ecs.rollback, ecs.scale, ecs.forceDeploy, bullmq.pause")] string action, [Description("What it is about: a service by name or role, a queue"), Optional, DefaultParameterValue(null)] string? target, [Description("An environment (default: the platform's first)"), Optional, DefaultParameterValue(null)] string? environment, [Description("What it takes, as NAME=VALUE, such as count=3; never a secret"), Optional, DefaultParameterValue(null)] string[]? values, [Description("The incident that it is for, such as INC-12"), Optional, DefaultParameterValue(null)] string? incident, [Description("Why"), Optional, DefaultParameterValue(null)] string? why, CancellationToken cancel)
    {
        // Standard input is the line to the client, and a secret is typed by a person.
        var secret = ActionKinds.Planner().Find(action)?.Arguments.Where(a => a.Secret).Select(a => a.Name).ToList() ?? [];
        if (Array.Find(values ?? [], v => v.EndsWith("=-", StringComparison.Ordinal) || secret.Contains(v.Split('=')[0], StringComparer.Ordinal)) is { } asked) throw new McpException($"{asked.Split('=')[0]}: what is typed in is given by a person, by tocsin action plan");
        return RunAsync(["action", "plan", "--format", "json", .. Given("--env", environment), .. Given("--incident", incident), .. Given("--why", why), .. (values ?? []).SelectMany(v => Given("--set", v)), .. Lab, "--", action, .. target is { Length: > 0 } ? new[] { target } : []], cancel);
    }

    private string[] Lab => lab ? ["--lab"] : [];

    private static string[] Given(string option, string? value) => value is { Length: > 0 } ? [option, value] : [];

    private static string[] After(string? value) => value is { Length: > 0 } ? ["--", value] : [];

    // The settings stand behind the command's name and before whatever ends its options.
    private async Task<string> RunAsync(string[] arguments, CancellationToken cancel)
    {
        // Commands run to their end on the thread that starts them; whoever reads the next request must not wait for that.
        await Task.Yield();
        cancel.ThrowIfCancellationRequested();
        await using var output = new StringWriter(new StringBuilder());
        await using var error = new StringWriter(new StringBuilder());
        var words = arguments[0] is "incident" or "playbook" or "action" ? 2 : 1;
        try
        {
            var code = CommandLine.Run([.. arguments[..words], .. common, .. arguments[words..]], terminal.Into(output, error));
            if (code is ExitCode.Done or ExitCode.Found || (code == ExitCode.CouldNotLook && output.GetStringBuilder().Length > 0)) return output.ToString();
        }
        catch (SettingsException e)
        {
            throw new McpException(e.Message, e);
        }
        throw new McpException(error.ToString().Trim());
    }

    // A proposal is kept by the server; nothing else leaves a trace.
    private static McpServerTool Tool(Delegate act, string name, string about, bool looks = true) => McpServerTool.Create(act, new McpServerToolCreateOptions { Name = name, Description = about, ReadOnly = looks, Destructive = false, Idempotent = looks });
}
