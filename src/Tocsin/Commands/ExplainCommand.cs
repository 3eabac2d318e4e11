using System.Collections.Immutable;
using System.CommandLine;
using System.Text.Json;
using Tocsin.Cli.Output;
using Tocsin.Cli.Setup;
using Tocsin.Core.Catalog;
using Tocsin.Core.Matching;
using Tocsin.Core.Signals;

namespace Tocsin.Cli.Commands;

/// <summary>tocsin explain: one text or one entry: what it is, what causes it, what to do.</summary>
internal sealed class ExplainCommand
{
    private const int MaxText = 16 * 1024 * 1024;
    private readonly Argument<string[]> what = new("TEXT") { Description = "A text from a log, an entry's id, or - for standard input", Arity = ArgumentArity.ZeroOrMore };
    private readonly Option<string> format = CommonOptions.Format("text", "json");
    private readonly Option<bool> ndjson = new("--ndjson") { Description = "In bulk: {\"id\",\"text\"} per line in, {\"id\",\"verdict\",\"candidates\"} per line out" };
    private readonly Option<string?> environment = new("--env") { Description = "Fill the commands of a guide with this environment's names (default: each in turn)", HelpName = "NAME" };
    private readonly Option<string?> service = new("--service") { Description = "Fill the commands with this service's names (default: the one the entry is about)", HelpName = "NAME" };
    private readonly Option<bool> exitCode = CommonOptions.GiveExitCode();
    private readonly CommonOptions common;
    private readonly Terminal terminal;

    private ExplainCommand(CommonOptions common, Terminal terminal)
    {
        this.common = common;
        this.terminal = terminal;
    }

    public static Command Create(CommonOptions common, Terminal terminal)
    {
        var explain = new ExplainCommand(common, terminal);
        var command = new ExampledCommand(
            "explain",
            "Say what one text or one entry is, what causes it and what to do.",
            [
                "tocsin explain \"connect ECONNREFUSED 10.0.12.34:3306\"",
                "tocsin explain mysql-unreachable --env production",
                "pbpaste | tocsin explain -",
                "tocsin explain --ndjson < texts.ndjson",
            ]);
        command.Arguments.Add(explain.what);
        foreach (var option in (Option[])[explain.format, explain.ndjson, explain.environment, explain.service, explain.exitCode]) command.Options.Add(option);
        command.SetAction(explain.Run);
        return command;
    }

    private int Run(ParseResult parsed)
    {
        var settings = common.Load(parsed);
        var store = new CatalogStore(settings);
        var words = parsed.GetValue(what) ?? [];
        if (parsed.GetValue(ndjson)) return words.Length == 0 ? Bulk(store) : Usage("--ndjson reads standard input and takes no TEXT");
        if (words.Length == 0 && !Console.IsInputRedirected) return Usage("nothing to explain: give a text, an entry's id, or - for standard input");
        var text = words is [] or ["-"] ? ReadInput() : string.Join(' ', words);
        if (text is null) return ExitCode.CouldNotLook;
        var entries = store.Entries(terminal);
        var id = text.Trim();
        if (entries.FirstOrDefault(e => string.Equals(e.Id, id, StringComparison.OrdinalIgnoreCase)) is { } entry)
            return new EntryPage(store, settings, terminal).Show(entry.Id, parsed.GetValue(environment), parsed.GetValue(service), IsJson(parsed));
        return Text(parsed, entries, text);
    }

    private int Text(ParseResult parsed, ImmutableArray<Entry> entries, string text)
    {
        var explanation = Explainer.Explain(MatchSet.Build(entries), text, EventTime.From(TimeProvider.System.GetUtcNow()));
        if (IsJson(parsed)) terminal.Out.WriteLine(ExplainOutput.ToJson(explanation));
        else ExplainOutput.Write(terminal, explanation, RuledOut.Of(explanation, text, entries), Nearest.To(text.Trim(), entries.Select(e => e.Id)));
        return explanation.IsKnown && parsed.GetValue(exitCode) ? ExitCode.Found : ExitCode.Done;
    }

    private int Bulk(CatalogStore store)
    {
        var set = MatchSet.Build(store.Entries(terminal));
        var now = EventTime.From(TimeProvider.System.GetUtcNow());
        using var input = new StreamReader(Console.OpenStandardInput());
        var ended = ExitCode.Done;
        for (var number = 1L; input.ReadLine() is { } line; number++)
        {
            if (string.IsNullOrWhiteSpace(line)) continue;
            try
            {
                using var document = JsonDocument.Parse(line);
                if (!TryRequest(document.RootElement, out var id, out var text))
                {
                    terminal.Fail($"standard input, line {number}: an object {{\"id\": …, \"text\": \"…\"}} is expected");
                    ended = ExitCode.CouldNotLook;
                    continue;
                }
                terminal.Out.WriteLine(ExplainOutput.ToNdjson(id, Explainer.Explain(set, text, now)));

                // Another program may wait for this answer before it asks again.
                terminal.Out.Flush();
            }
            catch (JsonException e)
            {
                terminal.Fail($"standard input, line {number}: not JSON ({Reason(e)})");
                ended = ExitCode.CouldNotLook;
            }
        }
        return ended;
    }

    // The library's message ends with its own count of lines, which starts anew on each of ours.
    private static string Reason(JsonException e) => e.Message.Split(" LineNumber:")[0].TrimEnd('.');

    private static bool TryRequest(JsonElement line, out JsonElement id, out string text)
    {
        id = default;
        text = "";
        if (line.ValueKind != JsonValueKind.Object || !line.TryGetProperty("id", out id)) return false;
        if (!line.TryGetProperty("text", out var value) || value.ValueKind != JsonValueKind.String) return false;
        try
        {
            text = value.GetString() ?? "";
            return true;
        }
        catch (InvalidOperationException)
        {
            // A lone surrogate in the JSON text: it cannot be written as UTF-8, so it is read as the escape it was.
            text = value.GetRawText();
            return true;
        }
    }

    private string? ReadInput()
    {
        using var input = new StreamReader(Console.OpenStandardInput());
        var buffer = new char[MaxText];
        var read = input.ReadBlock(buffer, 0, MaxText);
        if (read < MaxText) return new string(buffer, 0, read);
        terminal.Fail($"the text is longer than {MaxText / 1024 / 1024} MB; tocsin scan - reads any length");
        return null;
    }

    private bool IsJson(ParseResult parsed) => parsed.GetValue(format) is "json";

    private int Usage(string problem)
    {
        terminal.Fail(problem);
        return ExitCode.Usage;
    }
}
