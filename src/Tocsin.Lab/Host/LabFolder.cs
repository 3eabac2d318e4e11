using System.Text.Json;

namespace Tocsin.Lab.Host;

/// <summary>What a running lab leaves in its folder so that commands find it.</summary>
public sealed record LabState
{
    public required int Pid { get; init; }

    /// <summary>The process's start in clock ticks since boot: with the id it names one process, also after ids come again.</summary>
    public required long Started { get; init; }

    public required string Endpoint { get; init; }

    public string Account { get; init; } = Aws.LabIds.Account;

    public required string AccessKeyId { get; init; }

    public required string SecretAccessKey { get; init; }

    public LabProfile Profile { get; init; } = LabProfile.Core;

    public required IReadOnlyList<LabPlace> Environments { get; init; }
}

/// <summary>One environment of a running lab: where it is, and the addresses of its parts by name.</summary>
public sealed record LabPlace(string Name, string Region, string Cluster, IReadOnlyDictionary<string, LabAddress> Components, IReadOnlyDictionary<string, string> Hosts);

/// <summary>Where a part is, and as whom the platform's services log in there; an empty user or password is none.</summary>
public sealed record LabAddress(string Host, int Port)
{
    public string? User { get; init; }

    public string? Password { get; init; }

    /// <summary>As whom Tocsin reads there, where that is not the services' login; with the same password.</summary>
    public string? Reader { get; init; }
}

/// <summary>The folder of one lab: <c>$TOCSIN_LAB</c>, else one in the user's state folder.</summary>
public sealed class LabFolder
{
    public const string Variable = "TOCSIN_LAB";

    // The kernel's limit of a socket's path, its end included.
    private const int MostSocketPath = 107;

    public LabFolder(string path)
    {
        Path = Runtime.LabMark.Folder(path);
        if (System.Text.Encoding.UTF8.GetByteCount(Socket) > MostSocketPath) throw new LabException($"the lab's folder {Path} has too long a path for its control socket ({MostSocketPath} bytes); choose a shorter one with ${Variable}");
    }

    public string Path { get; }

    public string Socket => System.IO.Path.Combine(Path, "control.sock");

    public string StateFile => System.IO.Path.Combine(Path, "lab.json");

    public string HostLog => System.IO.Path.Combine(Path, "host.log");

    public string Authority => System.IO.Path.Combine(Path, "ca.pem");

    /// <summary>Every root that a shop's visitor trusts in this lab: its own, and that of the ACME authority where one runs.</summary>
    public string Trusted => System.IO.Path.Combine(Path, "trusted.pem");

    /// <summary>Stands in for the user's own AWS configuration, so that none of it has a say.</summary>
    public string EmptyFile => System.IO.Path.Combine(Path, "aws-empty");

    public static LabFolder Default()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given) return new LabFolder(given);
        var state = Environment.GetEnvironmentVariable("XDG_STATE_HOME") is { Length: > 0 } xdg ? xdg : System.IO.Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".local", "state");
        return new LabFolder(System.IO.Path.Combine(state, "tocsin", "lab"));
    }

    /// <summary>Only the owner may read what lies here.</summary>
    public void Create()
    {
        if (OperatingSystem.IsWindows()) throw new LabException("the lab needs Linux: it runs tasks as processes with memory limits");
        Directory.CreateDirectory(Path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    public void Write(LabState state)
    {
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        var temporary = StateFile + ".new";
        using (var stream = new FileStream(temporary, options)) JsonSerializer.Serialize(stream, state, Written);
        File.Move(temporary, StateFile, overwrite: true);
    }

    /// <summary>The lab that runs here; null where none does, whatever was left behind.</summary>
    public LabState? Running()
    {
        try
        {
            var state = JsonSerializer.Deserialize<LabState>(File.ReadAllText(StateFile), Written);
            return state is not null && StartOf(state.Pid) == state.Started ? state : null;
        }
        catch (Exception e) when (e is IOException or JsonException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>Throws <see cref="LabException"/> where another process's lab runs.</summary>
    public void RequireFree()
    {
        if (Running() is { } other && other.Pid != Environment.ProcessId) throw new LabException($"a lab already runs in {Path} (process {other.Pid}); end it with tocsin lab down, or choose another folder with ${Variable}");
    }

    /// <summary>When a process started, in clock ticks since boot; 0 when there is none.</summary>
    public static long StartOf(int pid)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" ? 0 : long.Parse(fields[19], System.Globalization.CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return 0;
        }
    }

    public void Clear()
    {
        if (!Directory.Exists(Path)) return;
        foreach (var file in new[] { StateFile, Socket, Authority, Trusted, EmptyFile }) File.Delete(file);
        foreach (var file in Directory.EnumerateFiles(Path, "*.crt").Concat(Directory.EnumerateFiles(Path, "*.key"))) File.Delete(file);
    }

    internal static readonly JsonSerializerOptions Written = new(JsonSerializerDefaults.Web) { WriteIndented = true };
}

/// <summary>What keeps the lab from doing what was asked, in a sentence for the person who asked.</summary>
public sealed class LabException(string message, Exception? inner = null) : Exception(message, inner);
