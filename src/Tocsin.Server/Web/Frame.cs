using NodaTime;

namespace Tocsin.Server.Web;

/// <summary>What stands around every page.</summary>
/// <param name="Path">Of the page, to mark where one is.</param>
/// <param name="Trouble">What everybody must know of the server itself; empty: nothing.</param>
public sealed record Frame(SignedIn? User, Instant Now, string Path, string Platform, string Account, IReadOnlyList<(string Environment, string Region)> Environments, bool Live, string Trouble, bool HasReference, bool HasDrill)
{
    private const string LabAccount = "000000000000";

    public bool IsLab => Account == LabAccount;

    public bool HasCompare { get; init; }

    public bool HasChecklist { get; init; }

    /// <summary>A lab is attached, to break and to heal.</summary>
    public bool HasLab { get; init; }

    /// <summary>The identity provider that people sign in with, as the button calls it; empty: none.</summary>
    public string Provider { get; init; } = "";

    /// <summary>Nobody has looked around here with this browser yet.</summary>
    public bool IsFirstVisit { get; init; }

    public string RegionOf(string environment) => Environments.FirstOrDefault(e => string.Equals(e.Environment, environment, StringComparison.OrdinalIgnoreCase)).Region ?? "";
}
