using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using NodaTime;
using Tocsin.Core.Incidents;
using Tocsin.Server.Storage;

namespace Tocsin.Server.Access;

/// <summary>Addresses in pages. The one to acknowledge by is signed for one person and one page, and ends.</summary>
public sealed class Links(byte[] key, TimeProvider time)
{
    private static readonly Duration Life = Duration.FromHours(24);

    /// <summary>By which people reach this server; ends with a slash.</summary>
    public Uri Address { get; set; } = new("http://127.0.0.1/");

    public Uri Incident(IncidentId id) => new(Address, $"incidents/{id}");

    public Uri Invitation(string token) => new(Address, $"invite/{token}");

    public Uri Intake(string key) => new(Address, $"in/{key}/webhook");

    /// <summary>Where a calendar program reads a schedule, without signing in. It holds as long as the installation's key.</summary>
    public Uri Calendar(string schedule) => new(Address, $"calendar/{Uri.EscapeDataString(schedule)}/{Sign($"calendar\n{schedule}")}.ics");

    public bool HoldsCalendar(string schedule, string signature) =>
        CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(signature), Encoding.ASCII.GetBytes($"{Sign($"calendar\n{schedule}")}.ics"));

    /// <summary>Where whoever's turn began, or who got a test page, says that they can be reached.</summary>
    public Uri Confirm(string turn) => new(Address, $"ready/{Sign($"ready\n{turn}")}/{string.Join('/', turn.Split('/').Select(Uri.EscapeDataString))}");

    public bool HoldsConfirm(string turn, string signature) => CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(signature), Encoding.ASCII.GetBytes(Sign($"ready\n{turn}")));

    /// <summary>Where an identity provider sends people back to.</summary>
    public Uri SignedIn => new(Address, "sign-in/provider/back");

    /// <summary>A text that only this installation can have written.</summary>
    public string Sealed(string text) => $"{Sign($"sealed\n{text}")}.{text}";

    /// <summary>What was sealed here; null: it was not.</summary>
    public string? Opened(string sealedText) =>
        sealedText.IndexOf('.', StringComparison.Ordinal) is > 0 and var dot && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(sealedText[..dot]), Encoding.ASCII.GetBytes(Sign($"sealed\n{sealedText[(dot + 1)..]}"))) ? sealedText[(dot + 1)..] : null;

    /// <summary>A page with one button, by which the reader of an address confirms, or wants no more.</summary>
    /// <param name="verb">confirm or unsubscribe.</param>
    public Uri Subscription(string verb, string subscriber) => new(Address, $"status/{verb}/{subscriber}/{Sign($"{verb}\n{subscriber}")}");

    public bool HoldsSubscription(string verb, string subscriber, string signature) =>
        CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(signature), Encoding.ASCII.GetBytes(Sign($"{verb}\n{subscriber}")));

    /// <summary>A secret for one purpose, the same as long as the installation's key.</summary>
    public string Secret(string purpose) => $"whsec_{Convert.ToBase64String(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes($"secret\n{purpose}"))[..24])}";

    public Uri Acknowledge(IncidentId id, int page, string person)
    {
        var until = (time.Now() + Life).ToUnixTimeSeconds();
        return new Uri(Address, string.Create(CultureInfo.InvariantCulture, $"a/{id}/{page}/{Uri.EscapeDataString(person)}/{until}/{Sign(id, page, person, until)}"));
    }

    /// <summary>Whether such a link was made here and still holds.</summary>
    public bool Holds(IncidentId id, int page, string person, long until, string signature) =>
        CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(signature), Encoding.ASCII.GetBytes(Sign(id, page, person, until)))
        && Instant.FromUnixTimeSeconds(Math.Clamp(until, 0, 253402300799)) > time.Now();

    private string Sign(IncidentId id, int page, string person, long until) =>
        Sign(string.Create(CultureInfo.InvariantCulture, $"acknowledge\n{id}\n{page}\n{person}\n{until}"));

    private string Sign(string text) => Convert.ToHexStringLower(HMACSHA256.HashData(key, Encoding.UTF8.GetBytes(text)))[..40];
}
