using System.Collections.Immutable;
using Tocsin.Cli.Output;
using Tocsin.Cli.Rendering;
using Tocsin.Cli.Setup;
using Tocsin.Core.Catalog;
using Tocsin.Core.Platforms;

namespace Tocsin.Cli.Commands;

/// <summary>The guide of one entry, filled with the names of the asked environment, or of each in turn.</summary>
internal sealed class EntryPage(CatalogStore store, Settings settings, Terminal terminal)
{
    public int Show(string id, string? environmentName, string? serviceName, bool json)
    {
        var platform = PlatformFile.Load(settings);
        var entry = store.Find(id) ?? throw new SettingsException($"the entry {id} could not be read; tocsin catalog lint says why");
        var environments = platform.Environments;
        if (environmentName is not null)
        {
            if (platform.Environment(environmentName) is not { } one)
                return Usage($"--env {environmentName}: {Nearest.Suggest(environmentName, environments.Select(e => e.Name))}the platform has {string.Join(", ", environments.Select(e => e.Name))}");
            environments = [one];
        }
        if (serviceName is not null && platform.Service(serviceName) is null)
            return Usage($"--service {serviceName}: {Nearest.Suggest(serviceName, platform.Services.Select(s => s.Name))}the platform has {string.Join(", ", platform.Services.Select(s => s.Name))}");
        var service = serviceName ?? entry.Entry.Service;
        if (json) terminal.Out.WriteLine(ToJson(entry, platform, environments, service));
        else Write(entry, platform, environments, service);
        return ExitCode.Done;
    }

    private void Write(ReferenceEntry entry, Platform platform, ImmutableArray<PlatformEnvironment> environments, string service)
    {
        var style = new TerminalStyle(terminal.Width, terminal.Colour);
        var pages = string.Join('\n', EntryWords.Of(entry.Entry.Page).Select(p => $"- {p}"));
        var markdown = $"# {entry.Entry.Title}\n\n`{entry.Entry.Id}` · {EntryWords.Layer(entry.Entry.Layer)}\n\n{entry.Entry.Summary}\n\n{Guide(entry, platform, environments, service)}\n\n## When it pages\n\n{pages}\n";
        terminal.Out.WriteLine(TerminalMarkdown.Render(markdown, style));
    }

    private static string Guide(ReferenceEntry entry, Platform platform, ImmutableArray<PlatformEnvironment> environments, string service) =>
        FilledGuide.Of(entry, linked: null, new GuideNames(platform with { Environments = environments }, service));

    private static string ToJson(ReferenceEntry entry, Platform platform, ImmutableArray<PlatformEnvironment> environments, string service) => Json.Write(Json.Indented, w =>
    {
        w.WriteStartObject();
        w.WriteString("error", entry.Entry.Id);
        w.WriteString("title", entry.Entry.Title);
        w.WriteString("layer", entry.Entry.Layer);
        w.WriteString("component", entry.Entry.Component);
        w.WriteString("summary", entry.Entry.Summary);
        w.Texts("pages", EntryWords.Of(entry.Entry.Page));
        w.WriteStartArray("causes");
        foreach (var cause in entry.Entry.Causes)
        {
            w.WriteStartObject();
            w.WriteString("cause", $"{entry.Entry.Id}/{cause.Id}");
            w.WriteString("title", cause.Title);
            w.WriteString("prior", cause.Prior.ToString().ToLowerInvariant());
            w.Texts("leadsTo", cause.LeadsTo);
            w.Texts("fixes", cause.Fixes);
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WriteStartArray("fixes");
        foreach (var fix in entry.Entry.Fixes)
        {
            w.WriteStartObject();
            w.WriteString("id", fix.Id);
            w.WriteString("title", fix.Title);
            w.WriteString("does", fix.Does);
            w.WriteString("verify", fix.Verify);
            if (fix.Action.Length > 0) w.WriteString("action", fix.Action);
            if (fix.Undo.Length > 0) w.WriteString("undo", fix.Undo);
            if (fix.NoUndo.Length > 0) w.WriteString("noUndo", fix.NoUndo);
            if (fix.Follows) w.WriteBoolean("follows", fix.Follows);
            w.WriteEndObject();
        }
        w.WriteEndArray();
        w.WriteStartObject("guide");
        foreach (var environment in environments) w.WriteString(environment.Name, Guide(entry, platform, [environment], service));
        w.WriteEndObject();
        w.WriteEndObject();
    });

    private int Usage(string problem)
    {
        terminal.Fail(problem);
        return ExitCode.Usage;
    }
}
