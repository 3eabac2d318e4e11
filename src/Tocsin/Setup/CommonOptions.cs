using System.CommandLine;

namespace Tocsin.Cli.Setup;

/// <summary>Options that several commands share, each declared once.</summary>
internal sealed class CommonOptions
{
    public Option<string?> Config { get; } = new("--config") { Description = "Settings file (default: $TOCSIN_CONFIG, then tocsin.yaml in this folder)", Recursive = true, HelpName = "FILE" };

    public Option<string[]> Catalog { get; } = new("--catalog") { Description = "A folder of your own entries, laid over the shipped ones; may be repeated", Recursive = true, HelpName = "FOLDER", DefaultValueFactory = _ => [] };

    public Option<string?> Platform { get; } = new("--platform") { Description = "The platform's folder or platform.yaml (default: the shipped one)", Recursive = true, HelpName = "PATH" };

    public static Option<string> Format(params string[] formats)
    {
        var option = new Option<string>("--format") { Description = $"Output: {string.Join(", ", formats)}", DefaultValueFactory = _ => formats[0], HelpName = "FORMAT" };
        option.AcceptOnlyFromAmong(formats);
        return option;
    }

    public static Option<bool> GiveExitCode() => new("--exit-code") { Description = "Exit with 1 when something was found" };

    /// <summary>These options as they were given, for a program that is to run with the same settings.</summary>
    public IEnumerable<string> Arguments(ParseResult parsed) =>
    [
        .. parsed.GetValue(Config) is { } config ? new[] { Config.Name, Path.GetFullPath(config) } : [],
        .. (parsed.GetValue(Catalog) ?? []).SelectMany(c => new[] { Catalog.Name, Path.GetFullPath(c) }),
        .. parsed.GetValue(Platform) is { } platform ? new[] { Platform.Name, Path.GetFullPath(platform) } : [],
    ];

    public Settings Load(ParseResult parsed) => Settings.Load(parsed.GetValue(Config), parsed.GetValue(Catalog) ?? [], parsed.GetValue(Platform));
}
