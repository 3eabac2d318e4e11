using Tocsin.Lab.Aws.Acm;

namespace Tocsin.Lab.World;

/// <summary>A DNS record of the lab; a proxied one is answered with the proxy's addresses, whatever its value.</summary>
public sealed record DnsRecord(string Name, string Type, string Value, bool Proxied);

/// <summary>The zones of the lab, in memory: what ACM's validation sees. Held under the world's lock.</summary>
public sealed class LabDns
{
    private readonly SortedDictionary<string, DnsRecord> records = new(StringComparer.OrdinalIgnoreCase);

    public IEnumerable<string> Names => records.Keys;

    public DnsRecord? Find(string name) => records.GetValueOrDefault(Key(name));

    public void Set(string name, string type, string value, bool proxied) => records[Key(name)] = new DnsRecord(Key(name), type, type is "CNAME" ? Key(value) : value, proxied);

    public bool Unset(string name) => records.Remove(Key(name));

    /// <summary>What a certificate authority sees of a CNAME.</summary>
    public DnsRecordView? View(string name) => Find(name) is { Type: "CNAME" } record ? new DnsRecordView(record.Value, record.Proxied) : null;

    /// <summary>The way back to the records as they are now.</summary>
    public Action Remember()
    {
        var was = records.ToList();
        return () =>
        {
            records.Clear();
            foreach (var (name, record) in was) records[name] = record;
        };
    }

    private static string Key(string name) => name.TrimEnd('.');
}
