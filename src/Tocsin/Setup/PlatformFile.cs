using Tocsin.Core.Platforms;

namespace Tocsin.Cli.Setup;

/// <summary>Loads the platform, or stops the command with every problem of its file.</summary>
internal static class PlatformFile
{
    public static Platform Load(Settings settings)
    {
        string text;
        try
        {
            text = File.ReadAllText(settings.PlatformFile);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new SettingsException($"the platform {settings.PlatformFile} could not be read: {e.Message}");
        }
        var parsed = PlatformReader.Parse(text, settings.PlatformFile);
        return parsed.Value ?? throw new SettingsException(string.Join(Environment.NewLine, parsed.Problems));
    }
}
