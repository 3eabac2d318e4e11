using Tocsin.Core.Catalog;
using Tocsin.Core.Platforms;
using Tocsin.Core.Response.Playbooks;

namespace Tocsin.Core.Tests.Response.Playbooks;

/// <summary>The shipped playbooks, and small made-up ones.</summary>
internal static class Books
{
    private static readonly Lazy<string> Folder = new(() => Path.GetDirectoryName(Directory.EnumerateFiles(Path.Combine(ShippedCatalog.Root, "platforms"), "platform.yaml", SearchOption.AllDirectories).Single())!);

    public static Platform Platform { get; } = PlatformReader.Parse(File.ReadAllText(Path.Combine(Folder.Value, "platform.yaml")), "platform.yaml").Value!;

    public static IReadOnlyList<(string File, Parsed<Playbook> Read)> All { get; } =
        [.. Directory.EnumerateFiles(Path.Combine(Folder.Value, "playbooks"), "*.md").Order(StringComparer.Ordinal).Select(f => (Path.GetFileName(f), PlaybookReader.Parse(File.ReadAllText(f), Path.GetFileName(f), Path.GetFileNameWithoutExtension(f))))];

    public static PlaybookWorld World { get; } = new(
        Platform,
        FactTable.Parse(File.ReadAllText(Path.Combine(ShippedCatalog.Root, "catalog", "observations.yaml")), "observations.yaml").Value!.Probes,
        [.. ShippedCatalog.Entries.Select(e => e.Id)],
        [.. Directory.EnumerateFiles(Path.Combine(Folder.Value, "templates"), "*.md").Select(f => Path.GetFileNameWithoutExtension(f)!)]);

    public static Playbook Named(string id) => All.First(b => b.Read.Value?.Id == id).Read.Value!;

    public static Playbook Filled(string id) => PlaybookNames.Fill(Named(id), Platform, Platform.Environments[0]);

    /// <summary>Steps below a usual head.</summary>
    public static string Text(params string[] steps) => $"---\nabout: A test\norder: enforced\nservice: core-api\n---\n\n# A test\n\n{string.Join("\n\n", steps.Select((s, i) => $"## {i + 1}. Step {i + 1}\n\n{s}\n\nWords."))}\n";

    public static Parsed<Playbook> Parse(params string[] steps) => PlaybookReader.Parse(Text(steps), "test.md", "test");

    public static Playbook Of(params string[] steps) => Parse(steps) is { Value: { } playbook } ? playbook : throw new InvalidDataException(string.Join('\n', Parse(steps).Problems));

    public static string Manual(string id, string more = "") => $"- id: {id}\n- kind: manual\n- who: anyone{(more.Length > 0 ? "\n" + more : "")}";
}
