using System.Net;
using NodaTime;
using Tocsin.Core.Catalog;
using Tocsin.Core.Response;
using Tocsin.Server.Notify;

namespace Tocsin.Server.Tests.Notify;

/// <summary>A page, and a channel set up from a line of settings.</summary>
internal static class SomePage
{
    public const string Secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    public static OutgoingPage To(string address) => new(
        PagePurpose.Page,
        "INC-12/3",
        1,
        "INC-12",
        "phone",
        "engineer-1",
        address,
        Severity.P1,
        "P1 production storefront since 03:00Z: app.example answers 502",
        "Likely: the tasks crash\nhttps://tocsin.example/incidents/INC-12",
        new Uri("https://tocsin.example/incidents/INC-12"),
        new Uri("https://tocsin.example/ack/abcdef"),
        Instant.FromUtc(2026, 11, 22, 3, 0));

    /// <param name="kind">As response.yaml names it.</param>
    /// <param name="settings">YAML of tocsin.yaml below the channel's id.</param>
    /// <param name="loopback">Whether loopback may be reached; in production it may not.</param>
    public static IChannel Channel(string kind, string settings = "", bool loopback = true, TimeProvider? time = null)
    {
        var known = ChannelKinds.Of(kind)!;
        var tree = YamlTree.Read(settings.Length > 0 ? settings : "{}", "tocsin.yaml").Value!;
        Assert.Empty(ShapeCheck.Check(tree, known.Settings, "tocsin.yaml"));
        var guard = new OutgoingGuard(loopback ? [IPNetwork.Parse("127.0.0.0/8")] : []);
        return new ToldChannel(known.Create(new ChannelSetup("phone", tree, Variable, guard.CreateClient(), guard, time ?? TimeProvider.System, _ => { })));
    }

    public static string Why(SendResult result) => result switch
    {
        SendResult.Refused r => r.Why,
        SendResult.TryAgain r => r.Why,
        SendResult.InDoubt r => r.Why,
        _ => "",
    };

    private static string? Variable(string text) => text switch
    {
        "$UNSET" => null,
        "$SECRET" => Secret,
        _ => text,
    };
}

/// <summary>A channel whose results stand in the test's output, for a receiver that was not asked as it expected.</summary>
internal sealed class ToldChannel(IChannel inner) : IChannel
{
    public bool KeepsAlarm => inner.KeepsAlarm;

    public async Task<SendResult> SendAsync(OutgoingPage page, CancellationToken cancel)
    {
        var result = await inner.SendAsync(page, cancel);
        TestContext.Current.TestOutputHelper?.WriteLine(result.ToString());
        return result;
    }
}
