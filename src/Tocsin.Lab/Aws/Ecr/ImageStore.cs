using NodaTime;

namespace Tocsin.Lab.Aws.Ecr;

/// <summary>An image as the lab runs it: the command and environment that its layers would hold.</summary>
public sealed record Image(string Digest, Instant Pushed, long SizeBytes, IReadOnlyList<string> Command, IReadOnlyDictionary<string, string> Environment)
{
    public const string UsualPlatform = "linux/amd64";

    public HashSet<string> Tags { get; } = new(StringComparer.Ordinal);

    /// <summary>Operating system and processor that it is built for.</summary>
    public string Platform { get; init; } = UsualPlatform;
}

public sealed class Repository(string name, string region, Instant created)
{
    public string Name { get; } = name;

    public string Arn { get; } = LabIds.Arn("ecr", region, $"repository/{name}");

    public string Uri { get; } = $"{LabIds.Account}.dkr.ecr.{region}.amazonaws.com/{name}";

    public Instant Created { get; } = created;

    public List<Image> Images { get; } = [];

    public Image? Find(string tagOrDigest) => Images.LastOrDefault(i => i.Digest == tagOrDigest || i.Tags.Contains(tagOrDigest));

    /// <summary>A tag moves to the newest image that is pushed with it.</summary>
    public Image Push(string tag, Image image)
    {
        foreach (var other in Images) other.Tags.Remove(tag);
        image.Tags.Add(tag);
        if (!Images.Contains(image)) Images.Add(image);
        return image;
    }
}

/// <summary>The image repositories of one region.</summary>
public sealed class ImageStore(string region)
{
    public SortedDictionary<string, Repository> Repositories { get; } = new(StringComparer.Ordinal);

    public Repository Create(string name, Instant now) => Repositories[name] = new Repository(name, region, now);
}

/// <summary>An image's reference as task definitions write it: registry/repository:tag or @digest.</summary>
public sealed record ImageReference(string Registry, string Region, string Repository, string Tag)
{
    /// <summary>Null where it is no reference to this account's ECR.</summary>
    public static ImageReference? Read(string text)
    {
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        if (slash < 0 || text[..slash].Split('.') is not [LabIds.Account, "dkr", "ecr", var region, "amazonaws", "com"]) return null;
        var rest = text[(slash + 1)..];
        var at = rest.IndexOf('@', StringComparison.Ordinal);
        var colon = at < 0 ? rest.LastIndexOf(':') : at;
        return colon < 0 ? new ImageReference(text[..slash], region, rest, "latest") : new ImageReference(text[..slash], region, rest[..colon], rest[(colon + 1)..]);
    }
}
