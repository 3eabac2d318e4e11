namespace Tocsin.Cli.Setup;

/// <summary>What every command's exit code means.</summary>
internal static class ExitCode
{
    public const int Done = 0;

    /// <summary>Something was found or is unhealthy; checks give it always, the others with --exit-code.</summary>
    public const int Found = 1;
    public const int Usage = 2;

    /// <summary>Something could not be looked at; the rest is still done.</summary>
    public const int CouldNotLook = 3;

    /// <summary>What was asked is not done here, whoever asks.</summary>
    public const int Refused = 4;
}
