using Tocsin.Core.Catalog;

namespace Tocsin.Server.Notify.Http;

/// <summary>Where a channel takes what is for nobody in particular: a page for a room has no person, so no address of a person either.</summary>
internal sealed class Room(Func<string?> address)
{
    public static readonly Key Setting = new("room", new Shape.Text("Where pages go that are for nobody in particular, best as $NAME of a variable"));

    public static Room Of(ChannelSetup setup) => new(() => setup.Settings.Has(Setting.Name) ? setup.Variable(setup.Settings.Text(Setting.Name)) : "");

    /// <summary>The page with an address; as it was where it has one, or where none is set.</summary>
    public OutgoingPage Fill(OutgoingPage page) => page.Address.Length > 0 ? page : page with { Address = address() ?? "" };
}
