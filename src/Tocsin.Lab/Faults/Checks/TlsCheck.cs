namespace Tocsin.Lab.Faults.Checks;

/// <summary>A handshake by that server name fails, or succeeds, through the load balancer.</summary>
internal sealed record TlsCheck(string Name, bool Fails, string Door) : LandedCheck
{
    public override string Kind => "tls";

    internal override IEnumerable<string> Names => [Name];

    internal override async Task<Sighting> LookAsync(FaultEyes eyes, CancellationToken cancel)
    {
        var why = await eyes.Http.HandshakeAsync(Door, eyes.Names.Fill(Name), cancel);
        return new Sighting(why is not null == Fails, why is null ? $"TLS as {Name}: a certificate of the lab" : $"TLS as {Name}: {why}");
    }
}
