using System.Collections.Immutable;
using Tocsin.Core.Catalog;
using Tocsin.Core.Response;

namespace Tocsin.Cli.Setup;

/// <summary>Loads response.yaml and the templates beside the platform, or stops the command with every problem of the file.</summary>
internal static class ResponseFile
{
    public const string Name = "response.yaml";

    public static string Beside(Settings settings) => Path.Combine(Path.GetDirectoryName(settings.PlatformFile)!, Name);

    public static ResponsePlan Load(Settings settings) => Load(Beside(settings));

    /// <param name="path">The file, or the folder it lies in.</param>
    public static ResponsePlan Load(string path)
    {
        var file = Directory.Exists(path) ? Path.Combine(path, Name) : path;
        return Value(ResponseReader.Parse(Text(file), file));
    }

    /// <summary>Null where the severity has none.</summary>
    public static CommunicationTemplate? Template(Settings settings, SeverityRule rule)
    {
        if (rule.Template.Length == 0) return null;
        var file = Path.Combine(Path.GetDirectoryName(settings.PlatformFile)!, rule.Template);
        return Value(CommunicationTemplate.Parse(Text(file), file));
    }

    /// <summary>All that lie beside the platform, by their names.</summary>
    public static ImmutableDictionary<string, CommunicationTemplate> Templates(Settings settings)
    {
        var folder = Path.Combine(Path.GetDirectoryName(settings.PlatformFile)!, "templates");
        return Directory.Exists(folder) ? Directory.EnumerateFiles(folder, "*.md").ToImmutableDictionary(f => Path.GetFileNameWithoutExtension(f)!, f => Value(CommunicationTemplate.Parse(Text(f), f)), StringComparer.Ordinal) : [];
    }

    public static string Text(string file)
    {
        try
        {
            return File.ReadAllText(file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"{file} could not be read: {e.Message}");
        }
    }

    private static T Value<T>(Parsed<T> parsed)
        where T : class => parsed.Value ?? throw new SettingsException(string.Join(Environment.NewLine, parsed.Problems));
}
