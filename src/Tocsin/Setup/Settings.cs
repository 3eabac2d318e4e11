using System.Collections.Immutable;
using Tocsin.Collect.Files;
using Tocsin.Core.Catalog;
using YamlDotNet.RepresentationModel;

namespace Tocsin.Cli.Setup;

/// <summary>A setting that cannot be used; the command ends as a usage error.</summary>
internal sealed class SettingsException(string message) : Exception(message);

/// <summary>tocsin.yaml: --config, $TOCSIN_CONFIG, or the working folder's. Strict: an unknown key stops the start.</summary>
internal sealed record Settings(ImmutableArray<CatalogRoot> Catalogs, string Home, string? NamedPlatform)
{
    public const string FileName = "tocsin.yaml";

    /// <summary>The part <c>server:</c>; null: there is none.</summary>
    public ServerPart? Server { get; private init; }

    public static Settings Load(string? configOption, IReadOnlyList<string> catalogOptions, string? platformOption)
    {
        var home = FindHome();
        var catalogs = new List<CatalogRoot> { new(Path.Combine(home, "catalog"), Shipped: true) };
        string? platform = null;
        ServerPart? server = null;
        var config = configOption ?? Environment.GetEnvironmentVariable("TOCSIN_CONFIG") ?? (File.Exists(FileName) ? FileName : null);
        if (config is not null) (platform, server) = FromFile(config, catalogs);
        foreach (var option in catalogOptions)
        {
            if (!Directory.Exists(option)) throw new SettingsException($"--catalog {option}: there is no such folder; a catalog is a folder of LAYER/ENTRY folders");
            catalogs.Add(new CatalogRoot(option, Shipped: false));
        }
        return new Settings([.. catalogs], home, platformOption ?? platform) { Server = server };
    }

    /// <summary>Looked for when it is asked for: a scan needs no platform.</summary>
    public string PlatformFile
    {
        get
        {
            var platform = NamedPlatform ?? ShippedPlatform(Home);
            return Directory.Exists(platform) ? Path.Combine(platform, "platform.yaml") : platform;
        }
    }

    // Adds the file's catalogs and gives its platform and its part of the server. Apart from Load, so that a start without settings loads no YAML reader.
    private static (string? Platform, ServerPart? Server) FromFile(string config, List<CatalogRoot> catalogs)
    {
        var map = Read(config);
        var folder = Path.GetDirectoryName(Path.GetFullPath(config))!;
        if (Value(map, "catalog") is YamlSequenceNode list)
            catalogs.AddRange(list.Children.Select(c => new CatalogRoot(Path.GetFullPath(Path.Combine(folder, ((YamlScalarNode)c).Value!)), Shipped: false)));
        return (Value(map, "platform") is YamlScalarNode { Value: { } named } ? Path.GetFullPath(Path.Combine(folder, named)) : null, Value(map, "server") is YamlMappingNode server ? new ServerPart(server, config) : null);
    }

    private static YamlMappingNode Read(string config)
    {
        string text;
        try
        {
            text = File.ReadAllText(config);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"the settings file {config} could not be read: {e.Message}");
        }
        var tree = YamlTree.Read(text, config);
        var problems = tree.Value is null ? tree.Problems : ShapeCheck.Check(tree.Value, SettingsShape.Root, config);
        return problems.Count == 0 ? tree.Value! : throw new SettingsException(string.Join(Environment.NewLine, problems));
    }

    private static YamlNode? Value(YamlMappingNode map, string key) => map.Children.TryGetValue(new YamlScalarNode(key), out var value) ? value : null;

    // Whatever platform lies there is the shipped one: no code names it.
    private static string ShippedPlatform(string home)
    {
        var platforms = Path.Combine(home, "platforms");
        return Directory.Exists(platforms) ? Directory.EnumerateDirectories(platforms).Order(StringComparer.Ordinal).FirstOrDefault() ?? platforms : platforms;
    }

    // catalog/ and platforms/ lie beside the program, or in a folder above it when it runs from its own repository.
    private static string FindHome()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "catalog", CatalogFiles.ObservationsFile))) return folder;
        }
        throw new SettingsException($"the catalog is not beside the program ({AppContext.BaseDirectory}); install Tocsin with its folders catalog/ and platforms/");
    }
}

/// <summary>What the settings say of the server, and the file that says it. Not a tuple: one is laid out, and its YAML reader loaded, at every start.</summary>
internal sealed record ServerPart(YamlMappingNode Map, string File);

/// <summary>What tocsin.yaml may hold. Apart, so that a start without settings loads nothing of the server.</summary>
internal static class SettingsShape
{
    public static readonly Shape Root = new Shape.Map(
        "Settings of Tocsin",
        [
            new Key("catalog", new Shape.List("Folders of your own entries, laid over the shipped ones", new Shape.Text("A folder"))),
            new Key("platform", new Shape.Text("The platform's folder or platform.yaml")),
            new Key("server", Tocsin.Server.Setup.ServerSettings.Shape),
        ]);
}
