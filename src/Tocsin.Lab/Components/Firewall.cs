using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Tocsin.Lab.Host;
using Tocsin.Lab.Runtime;

namespace Tocsin.Lab.Components;

/// <summary>Where a way leads: a component's or a load balancer's address and port.</summary>
internal sealed record Way(string Environment, string Name, string Address, int Port, bool Datagrams = false);

/// <summary>A way that is cut, from everywhere or from the tasks of one service.</summary>
internal sealed record Block(Way To, string? Service);

/// <summary>
/// Filtered ports by the kernel's own packet filter, in one table whose name follows from the lab's folder, so that whoever cleans up later finds it. As
/// with a security group's rule that goes, only what is new is dropped: what is connected stays connected. A service's tasks are known by their addresses.
/// </summary>
internal sealed class Firewall(string labFolder, Func<string, string, IReadOnlyList<string>> addressesOf)
{
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(100);
    private readonly Lock gate = new();
    private readonly SemaphoreSlim applying = new(1, 1);
    private readonly List<Block> blocks = [];
    private volatile string applied = "";

    /// <summary>The packet filter belongs to root.</summary>
    public static bool Usable { get; } = Environment.IsPrivilegedProcess && Tool.Find("nft") is not null;

    public static string TableOf(string labFolder) => "tocsin_lab_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(LabMark.Folder(labFolder))))[..16];

    /// <summary>Removes what a lab left, if it left anything.</summary>
    public static async Task RemoveAsync(string labFolder, CancellationToken cancel)
    {
        if (!Usable) return;
        var listed = await Tool.RunAsync(new ToolCall(labFolder, Tool.Find("nft")!, "list", "tables", "inet"), cancel);
        if (listed.Output.Contains(TableOf(labFolder), StringComparison.Ordinal)) await Tool.RunAsync(new ToolCall(labFolder, Tool.Find("nft")!, "delete", "table", "inet", TableOf(labFolder)), cancel);
    }

    /// <summary>Whether nothing is cut, nor about to be opened.</summary>
    public bool Open
    {
        get
        {
            lock (gate) return blocks.Count == 0 && applied.Length == 0;
        }
    }

    public IReadOnlyList<Block> Of(Way way)
    {
        lock (gate) return [.. blocks.Where(b => b.To == way)];
    }

    public async Task AddAsync(Block block, CancellationToken cancel)
    {
        if (!Usable) throw new LabException($"filtering a port needs {(Environment.IsPrivilegedProcess ? "the package nftables" : "root, whose the packet filter is")}; component stop refuses connections without it");
        lock (gate)
        {
            if (!blocks.Contains(block)) blocks.Add(block);
        }
        await SyncAsync(cancel);
    }

    public async Task RemoveAsync(Way way, CancellationToken cancel)
    {
        lock (gate) blocks.RemoveAll(b => b.To == way);
        await SyncAsync(cancel);
    }

    /// <summary>Opens every way, as soon as the kernel's table follows.</summary>
    public void Clear()
    {
        lock (gate) blocks.Clear();
    }

    /// <summary>Keeps the kernel's table at the addresses that services' tasks have.</summary>
    public async Task FollowAsync(CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(Beat);
        while (await timer.WaitForNextTickAsync(cancel)) await SyncAsync(cancel);
    }

    /// <summary>Brings the kernel's table to the blocks and to the addresses that the services' tasks have now.</summary>
    public async Task SyncAsync(CancellationToken cancel)
    {
        await applying.WaitAsync(cancel);
        try
        {
            var rules = Rules();
            if (rules == applied) return;
            var table = TableOf(labFolder);
            var text = new StringBuilder($"add table inet {table}\ndelete table inet {table}\n");
            if (rules.Length > 0) text.Append(CultureInfo.InvariantCulture, $"table inet {table} {{\n chain cut {{\n  type filter hook input priority 0;\n{rules} }}\n}}\n");
            var done = await Tool.RunAsync(new ToolCall(labFolder, Tool.Find("nft")!, "-f", "-") { Input = text.ToString() }, cancel);
            if (done.Code != 0) throw new LabException($"nft refused the lab's rules: {done.Words}");
            applied = rules;
        }
        finally
        {
            applying.Release();
        }
    }

    private string Rules()
    {
        List<Block> all;
        lock (gate) all = [.. blocks];
        var rules = new StringBuilder();
        foreach (var block in all)
        {
            var from = block.Service is { } service ? addressesOf(block.To.Environment, service) : null;
            if (from is { Count: 0 }) continue;
            var source = from is null ? "" : $"ip saddr {{ {string.Join(", ", from)} }} ";
            var what = block.To.Datagrams ? $"udp dport {block.To.Port.ToString(CultureInfo.InvariantCulture)}" : $"tcp dport {block.To.Port.ToString(CultureInfo.InvariantCulture)} tcp flags & (syn | ack) == syn";
            rules.Append(CultureInfo.InvariantCulture, $"  {source}ip daddr {block.To.Address} {what} drop\n");
        }
        return rules.ToString();
    }
}
