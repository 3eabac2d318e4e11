using System.Collections.Immutable;
using System.Text.RegularExpressions;
using Tocsin.Collect.Wire;
using Tocsin.Core.Signals.Watching;

namespace Tocsin.Server.Watch;

/// <summary>Asks the watched addresses, all at once, each within its limit.</summary>
internal sealed partial class AddressLooks(WatchSetup setup, TimeProvider time)
{
    private const int AtOnce = 16;
    private readonly SemaphoreSlim turns = new(AtOnce);

    public async Task<ImmutableArray<AddressAnswer>> AskAsync(CancellationToken cancel)
    {
        var known = setup.Plan.Addresses.Select(a => (Address: a, Text: Filled(a.Address))).Where(a => a.Text is not null);
        return [.. await Task.WhenAll(known.Select(a => OneAsync(a.Address, a.Text!, cancel)))];
    }

    /// <summary>Whether any address of others answers; null where none is asked.</summary>
    public async Task<bool?> ControlAsync(CancellationToken cancel)
    {
        if (!setup.AsksControl || setup.Plan.Control.IsEmpty) return null;
        var seen = await Task.WhenAll(setup.Plan.Control.Select(c => AskAsync(new HttpQuestion(new Uri(c)), cancel)));
        return seen.Any(s => s.IsDone);
    }

    /// <summary>Addresses that are not watched, for want of a variable.</summary>
    public IEnumerable<WatchedAddress> Unset() => setup.Plan.Addresses.Where(a => Filled(a.Address) is null);

    private async Task<AddressAnswer> OneAsync(WatchedAddress address, string text, CancellationToken cancel)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri)) return new AddressAnswer(address, 0, "url", "BAD_URL", default);
        var seen = await AskAsync(Question(address, uri), cancel);
        return new AddressAnswer(address with { Address = text }, seen.IsDone ? seen.Status : 0, WireFailure.Text(seen.Stage), seen.Code, seen.Took);
    }

    private HttpQuestion Question(WatchedAddress address, Uri uri)
    {
        if (!setup.Doors.TryGetValue(address.Id, out var door)) return new HttpQuestion(uri);
        var scheme = door.Tls ? Uri.UriSchemeHttps : Uri.UriSchemeHttp;
        return new HttpQuestion(new UriBuilder(uri) { Scheme = scheme, Port = -1 }.Uri) { Via = (door.Host, door.Port) };
    }

    private async Task<HttpSeen> AskAsync(HttpQuestion question, CancellationToken cancel)
    {
        await turns.WaitAsync(cancel);
        try
        {
            return await HttpWalk.AskAsync(question, setup.Web with { Limit = setup.Plan.AddressPace.Limit, Time = time }, cancel);
        }
        finally
        {
            turns.Release();
        }
    }

    // $NAME anywhere in it; one that is not set makes the whole unknown.
    private string? Filled(string address)
    {
        var missing = false;
        var text = Name().Replace(address, m =>
        {
            if (setup.Variable(m.Groups[1].Value) is { Length: > 0 } value) return value;
            missing = true;
            return "";
        });
        return missing ? null : text;
    }

    [GeneratedRegex(@"\$([A-Z][A-Z0-9_]{0,60})", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
