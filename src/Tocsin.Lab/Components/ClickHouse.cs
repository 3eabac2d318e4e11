using System.Collections.Immutable;
using System.Diagnostics;
using System.Globalization;
using System.Security;
using System.Text.RegularExpressions;
using Tocsin.Lab.Aws.Metrics;
using Tocsin.Lab.Host;
using Tocsin.Lab.Runtime;

namespace Tocsin.Lab.Components;

/// <summary>ClickHouse over HTTP, as on the analytics host. Its settings are those of its users' profile, which it reads anew when their file changes.</summary>
internal sealed partial class ClickHouse(ComponentGround ground, string environment, ImmutableDictionary<string, string> fields)
    : ServerProcess(ground, environment, "clickhouse", int.Parse(fields["port"], CultureInfo.InvariantCulture))
{
    private const int NativePort = 9000;
    private static readonly TimeSpan ReloadLimit = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Between = TimeSpan.FromMilliseconds(100);
    private readonly SortedDictionary<string, string> profile = new(StringComparer.Ordinal);

    public override string? User => "default";

    public override string? Password => "";

    public override bool TakesCommands => true;

    protected override ImmutableArray<string> Command() => [Tool.Find("clickhouse-server")!, $"--config-file={Path.Combine(Folder, "config.xml")}"];

    protected override async Task PrepareAsync(bool first, CancellationToken cancel)
    {
        foreach (var folder in new[] { "data", "tmp", "files", "formats" }) ComponentFolder.Create(Path.Combine(Folder, folder));
        profile.Clear();
        (profile["max_memory_usage"], profile["max_threads"]) = ("1000000000", "2");
        await WriteUsersAsync(cancel);
        await File.WriteAllTextAsync(
            Path.Combine(Folder, "config.xml"),
            $"""
            <yandex>
              <logger><level>warning</level><console>1</console></logger>
              <http_port>{Port}</http_port>
              <tcp_port>{NativePort}</tcp_port>
              <listen_host>{Address}</listen_host>
              <path>{SecurityElement.Escape(Path.Combine(Folder, "data"))}/</path>
              <tmp_path>{SecurityElement.Escape(Path.Combine(Folder, "tmp"))}/</tmp_path>
              <user_files_path>{SecurityElement.Escape(Path.Combine(Folder, "files"))}/</user_files_path>
              <format_schema_path>{SecurityElement.Escape(Path.Combine(Folder, "formats"))}/</format_schema_path>
              <users_config>users.xml</users_config>
              <default_profile>default</default_profile>
              <default_database>default</default_database>
              <timezone>UTC</timezone>
              <mark_cache_size>33554432</mark_cache_size>
              <uncompressed_cache_size>0</uncompressed_cache_size>
            </yandex>
            """,
            cancel);
    }

    // Its client answers as soon as a query can be run; the HTTP port opens before the native one.
    protected override async Task<bool> IsReadyAsync(CancellationToken cancel)
    {
        if (!SocketTable.Listens(new System.Net.IPEndPoint(System.Net.IPAddress.Parse(Address), NativePort)) || !SocketTable.Listens(new System.Net.IPEndPoint(System.Net.IPAddress.Parse(Address), Port))) return false;
        Version = "ClickHouse " + (await QueryAsync("SELECT version()", cancel)).Trim();
        return true;
    }

    protected override async Task PopulateAsync(CancellationToken cancel)
    {
        foreach (var file in Ground.Full.SqlOf(Name)) await QueryAsync(await File.ReadAllTextAsync(Path.Combine(Ground.Options.LabRoot, file), cancel), cancel);
    }

    protected override async Task<string> ChangeAsync(string key, string value, CancellationToken cancel)
    {
        if (!SettingName().IsMatch(key) || await ValueAsync(key, cancel) is not { Length: > 0 } was) throw new LabException($"{Name} of {Environment} has no setting '{key}'");
        profile[key] = value;
        await WriteUsersAsync(cancel);
        var watch = Stopwatch.StartNew();
        while (await ValueAsync(key, cancel) != value)
        {
            if (watch.Elapsed > ReloadLimit) throw new LabException($"{Name} of {Environment} has not taken {key}={value} within {ReloadLimit.TotalSeconds:0} s: {LastLines().LastOrDefault()}");
            await Task.Delay(Between, cancel);
        }
        return was;
    }

    // What the host's own agent would publish; AWS knows nothing of a server on a host of one's own.
    protected override async Task<IReadOnlyList<MetricReading>> ReadingsAsync(CancellationToken cancel)
    {
        string? host;
        lock (Ground.World.Gate) host = Ground.Region(Environment).Network.Instances.Find(i => i.Name == fields.GetValueOrDefault("instanceName"))?.Id;
        if (host is null) return [];
        var lines = await QueryAsync("SELECT metric, value FROM system.metrics WHERE metric IN ('Query', 'Merge', 'HTTPConnection', 'TCPConnection', 'MemoryTracking')", cancel);
        return
        [
            .. lines.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(l => l.Split('\t'))
                .Select(f => new MetricReading(MetricName.Of("ClickHouse", f[0], ("InstanceId", host)), double.Parse(f[1], CultureInfo.InvariantCulture))),
        ];
    }

    protected override async Task<string> CommandAsync(IReadOnlyList<string> words, CancellationToken cancel) => (await QueryAsync(string.Join(' ', words), cancel)).Trim();

    private async Task<string> ValueAsync(string key, CancellationToken cancel) => (await QueryAsync($"SELECT value FROM system.settings WHERE name = '{key}'", cancel)).Trim();

    private async Task<string> QueryAsync(string sql, CancellationToken cancel)
    {
        var done = await RunAsync("clickhouse-client", ["--host", Address, "--port", NativePort.ToString(CultureInfo.InvariantCulture), "--multiquery", "--query", sql], "", cancel);
        return done.Code == 0 ? done.Output : throw new LabException($"{Name} of {Environment}: {done.Words}");
    }

    private Task WriteUsersAsync(CancellationToken cancel) => WritePrivateAsync(
        "users.xml",
        $"""
        <yandex>
          <profiles><default>{string.Concat(profile.Select(Setting))}</default></profiles>
          <users><default><password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota></default></users>
          <quotas><default /></quotas>
        </yandex>
        """,
        cancel);

    private static string Setting(KeyValuePair<string, string> setting) => $"<{setting.Key}>{SecurityElement.Escape(setting.Value)}</{setting.Key}>";

    [GeneratedRegex("^[a-z][a-z0-9_]*$", RegexOptions.CultureInvariant)]
    private static partial Regex SettingName();
}
