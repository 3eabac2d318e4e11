using NodaTime;

namespace Tocsin.Lab.Aws.Secrets;

public sealed record SecretVersion(string Id, string Value, Instant Created)
{
    public List<string> Stages { get; } = [];
}

/// <summary>A secret with its versions; AWSCURRENT is what a task reads.</summary>
public sealed class Secret(string name, string region, Instant created)
{
    private const string CurrentStage = "AWSCURRENT";
    private const string PreviousStage = "AWSPREVIOUS";

    public string Name { get; } = name;

    public string Arn { get; } = LabIds.Arn("secretsmanager", region, $"secret:{name}-{LabIds.Mixed(6)}");

    public Instant Created { get; } = created;

    public string Description { get; set; } = "";

    /// <summary>ARN of the customer managed key that encrypts it; null: AWS's own, which asks for no permission.</summary>
    public string? KmsKey { get; set; }

    public Instant Changed { get; set; } = created;

    public Instant? Accessed { get; set; }

    /// <summary>When it will be gone, after DeleteSecret with a recovery window.</summary>
    public Instant? Deleted { get; set; }

    /// <summary>The same in lab time, which decides.</summary>
    public Duration? GoneAt { get; set; }

    public List<SecretVersion> Versions { get; } = [];

    public Dictionary<string, string> Tags { get; } = new(StringComparer.Ordinal);

    public SecretVersion? Current => Versions.LastOrDefault(v => v.Stages.Contains(CurrentStage));

    /// <summary>A new AWSCURRENT; the one before becomes AWSPREVIOUS.</summary>
    public SecretVersion Put(string value, Instant now, string? id = null) => Put(value, now, [CurrentStage], id);

    /// <summary>A new version that bears these labels and takes them from whichever had them.</summary>
    public SecretVersion Put(string value, Instant now, IReadOnlyList<string> stages, string? id = null)
    {
        var version = new SecretVersion(id ?? LabIds.Uuid(), value, now);
        Versions.Add(version);
        foreach (var stage in stages) Label(version, stage);
        Changed = now;
        return version;
    }

    /// <summary>A label has one version; who loses AWSCURRENT becomes AWSPREVIOUS.</summary>
    public void Label(SecretVersion version, string stage)
    {
        var before = Versions.FindLast(v => v.Stages.Contains(stage));
        if (before == version) return;
        before?.Stages.Remove(stage);
        version.Stages.Add(stage);
        if (stage is not CurrentStage) return;
        version.Stages.Remove(PreviousStage);
        if (before is not null) Label(before, PreviousStage);
    }
}

/// <summary>The secrets of one region.</summary>
public sealed class SecretStore(string region)
{
    public SortedDictionary<string, Secret> Secrets { get; } = new(StringComparer.Ordinal);

    /// <summary>Lab time of the last <see cref="Settle"/>.</summary>
    public Duration At { get; private set; }

    /// <summary>Lets go of what was deleted and whose recovery window is over.</summary>
    public void Settle(Duration elapsed)
    {
        At = elapsed;
        foreach (var gone in Secrets.Values.Where(s => s.GoneAt <= elapsed).ToList()) Secrets.Remove(gone.Name);
    }

    public Secret Create(string name, string value, Instant now)
    {
        var secret = new Secret(name, region, now);
        secret.Put(value, now);
        Secrets[name] = secret;
        return secret;
    }

    /// <summary>By name, by ARN, or by an ARN without its six random characters.</summary>
    public Secret? Find(string id) =>
        Secrets.GetValueOrDefault(id) ?? Secrets.Values.FirstOrDefault(s => s.Arn == id || s.Arn[..^7] == id);
}
