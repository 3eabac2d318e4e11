using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws.Ecr;

/// <summary>
/// ECR. An image is what a task runs, so a manifest here says it in a member <c>lab</c>: <c>command</c> (a list) and <c>environment</c> (texts by name)
/// instead of layers. A manifest that BatchGetImage gave can be put again under another tag, as AWS's documents retag an image.
/// </summary>
public static class EcrOperations
{
    private const string MediaType = "application/vnd.docker.distribution.manifest.v2+json";
    private const int MostBytes = 256 * 1024;

    public static IEnumerable<Operation> All(LabWorld world)
    {
        Operation Op(string name, Func<ImageStore, AwsCall, JsonObject> answer, string note = "") => new("ecr", name, call => answer(world.Regions[call.Region].Images, call))
        {
            Resources = call => Arns(call),
            Support = Support.Real,
            Note = note,
        };
        yield return Op("DescribeRepositories", DescribeRepositories);
        yield return Op("DescribeImages", DescribeImages);
        yield return Op("ListImages", ListImages);
        yield return Op("BatchGetImage", BatchGet, "the manifest holds the lab's command and environment, no layers");
        yield return Op("BatchDeleteImage", BatchDelete) with { ReadOnly = false };
        yield return Op("PutImage", Put, "takes only a manifest with the member lab");
        yield return Op("GetAuthorizationToken", Token, "no registry listens") with { Resources = static _ => ["*"], Support = Support.Emulated };
    }

    private static IEnumerable<string> Arns(AwsCall call)
    {
        var names = call.Text("repositoryName") is { } one ? [one] : call.Texts("repositoryNames").DefaultIfEmpty("*");
        return names.Select(n => LabIds.Arn("ecr", call.Region, $"repository/{n}"));
    }

    private static Repository Existing(ImageStore store, AwsCall call, string name)
    {
        var registry = call.Text("registryId") ?? LabIds.Account;
        return registry == LabIds.Account && store.Repositories.TryGetValue(name, out var repository) ? repository
            : throw new AwsException("RepositoryNotFoundException", $"The repository with name '{name}' does not exist in the registry with id '{registry}'");
    }

    private static Repository Existing(ImageStore store, AwsCall call) => Existing(store, call, call.Required("repositoryName"));

    private static JsonObject DescribeRepositories(ImageStore store, AwsCall call)
    {
        var named = call.Texts("repositoryNames").ToList();
        var all = named.Count > 0 ? named.Select(n => Existing(store, call, n)) : store.Repositories.Values;
        var (page, next) = Page(call, all, r => r.Name, 1000);
        return new JsonObject
        {
            ["repositories"] = page.Array(r => new JsonObject
            {
                ["repositoryArn"] = r.Arn,
                ["registryId"] = LabIds.Account,
                ["repositoryName"] = r.Name,
                ["repositoryUri"] = r.Uri,
                ["createdAt"] = AwsTime.Epoch(r.Created),
                ["imageTagMutability"] = "MUTABLE",
                ["imageScanningConfiguration"] = new JsonObject { ["scanOnPush"] = false },
                ["encryptionConfiguration"] = new JsonObject { ["encryptionType"] = "AES256" },
            }),
        }.With("nextToken", next);
    }

    private static JsonObject DescribeImages(ImageStore store, AwsCall call)
    {
        var repository = Existing(store, call);
        var asked = call.Objects("imageIds");
        var images = asked.Count > 0 ? asked.Select(id => Find(repository, id) ?? throw NoImage(repository, id)).Distinct() : repository.Images.Where(Status(call));
        var (page, next) = Page(call, images, i => i.Digest, 1000);
        return new JsonObject
        {
            ["imageDetails"] = page.Array(i => new JsonObject
            {
                ["registryId"] = LabIds.Account,
                ["repositoryName"] = repository.Name,
                ["imageDigest"] = i.Digest,
            }.With("imageTags", i.Tags.Count == 0 ? null : i.Tags.Order(StringComparer.Ordinal).Array())
                .With("imageSizeInBytes", i.SizeBytes).With("imagePushedAt", AwsTime.Epoch(i.Pushed)).With("imageManifestMediaType", MediaType)
                .With("artifactMediaType", "application/vnd.docker.container.image.v1+json")),
        }.With("nextToken", next);
    }

    private static JsonObject ListImages(ImageStore store, AwsCall call)
    {
        var ids = Existing(store, call).Images.Where(Status(call)).SelectMany(i => i.Tags.Order(StringComparer.Ordinal).Select(t => (i.Digest, Tag: (string?)t)).DefaultIfEmpty((i.Digest, null)));
        var (page, next) = Page(call, ids, i => $"{i.Digest} {i.Tag}", 1000);
        return new JsonObject { ["imageIds"] = page.Array(i => Id(i.Digest, i.Tag)) }.With("nextToken", next);
    }

    private static JsonObject BatchGet(ImageStore store, AwsCall call)
    {
        var repository = Existing(store, call);
        var (images, failures) = (new JsonArray(), new JsonArray());
        foreach (var id in call.Objects("imageIds"))
        {
            if (Find(repository, id) is not { } image) failures.Add(Missing(id));
            else images.Add(Shown(repository, image, id.Leaf("imageTag")));
        }
        return new JsonObject { ["images"] = images, ["failures"] = failures };
    }

    private static JsonObject BatchDelete(ImageStore store, AwsCall call)
    {
        var repository = Existing(store, call);
        var (gone, failures) = (new JsonArray(), new JsonArray());
        foreach (var id in call.Objects("imageIds"))
        {
            if (Find(repository, id) is not { } image)
            {
                failures.Add(Missing(id));
                continue;
            }
            foreach (var tag in id.Leaf("imageDigest") is null ? [id.Leaf("imageTag")!] : image.Tags.DefaultIfEmpty(null!).ToList())
            {
                gone.Add(Id(image.Digest, tag));
                if (tag is not null) image.Tags.Remove(tag);
            }
            // An image goes with its last tag.
            if (image.Tags.Count == 0) repository.Images.Remove(image);
        }
        return new JsonObject { ["imageIds"] = gone, ["failures"] = failures };
    }

    private static JsonObject Put(ImageStore store, AwsCall call)
    {
        var repository = Existing(store, call);
        var (manifest, tag) = (call.Required("imageManifest"), call.Text("imageTag"));
        var digest = "sha256:" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(manifest)));
        var known = repository.Images.Find(i => i.Digest == digest || Manifest(i) == manifest);
        var image = known ?? Read(manifest, store.Repositories.Values.SelectMany(r => r.Images).FirstOrDefault(i => Manifest(i) == manifest)?.Digest ?? digest, call.Now);
        if (call.Text("imageDigest") is { } claimed && claimed != image.Digest) throw new AwsException("ImageDigestDoesNotMatchException", $"Expected image digest '{Inputs.Short(claimed)}' does not match the calculated image digest '{image.Digest}'");
        if (known is not null && (tag is null || image.Tags.Contains(tag))) throw new AwsException("ImageAlreadyExistsException", $"Image with digest '{image.Digest}' and tag '{tag ?? "null"}' already exists in the repository with name '{repository.Name}' in registry with id '{LabIds.Account}'");
        if (tag is not null) repository.Push(tag, image);
        else repository.Images.Add(image);
        return new JsonObject { ["image"] = Shown(repository, image, tag) };
    }

    private static Image Read(string manifest, string digest, Instant now)
    {
        try
        {
            if (manifest.Length <= MostBytes && StrictJson.Parse(manifest) is JsonObject json && json["lab"] is JsonObject lab && lab["command"] is JsonArray command)
            {
                var environment = lab["environment"] as JsonObject ?? [];
                return new Image(digest, now, manifest.Length, [.. command.Select(c => c?.ToString() ?? "")], environment.ToDictionary(e => e.Key, e => e.Value?.ToString() ?? "", StringComparer.Ordinal));
            }
        }
        catch (JsonException)
        {
            throw Invalid();
        }
        throw Invalid();

        static AwsException Invalid() => new("InvalidParameterException", "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax' (LAB: a manifest has a member lab with a list command)");
    }

    private static string Manifest(Image image)
    {
        var environment = new JsonObject();
        foreach (var (name, value) in image.Environment.OrderBy(e => e.Key, StringComparer.Ordinal)) environment[name] = value;
        return new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = MediaType,
            ["config"] = new JsonObject { ["mediaType"] = "application/vnd.docker.container.image.v1+json", ["size"] = image.SizeBytes, ["digest"] = image.Digest },
            ["layers"] = new JsonArray(),
            ["lab"] = new JsonObject { ["command"] = image.Command.Array(), ["environment"] = environment },
        }.ToJsonString();
    }

    private static JsonObject Shown(Repository repository, Image image, string? tag) => new()
    {
        ["registryId"] = LabIds.Account,
        ["repositoryName"] = repository.Name,
        ["imageId"] = Id(image.Digest, tag),
        ["imageManifest"] = Manifest(image),
        ["imageManifestMediaType"] = MediaType,
    };

    private static Image? Find(Repository repository, JsonObject id) => (id.Leaf("imageDigest"), id.Leaf("imageTag")) switch
    {
        (null, null) => throw new AwsException("InvalidParameterException", "Invalid parameter at 'imageIds' failed to satisfy constraint: 'an image ID must have a tag or a digest'"),
        (null, var tag) => repository.Images.Find(i => i.Tags.Contains(tag!)),
        (var digest, null) => repository.Images.Find(i => i.Digest == digest),
        var (digest, tag) => repository.Images.Find(i => i.Digest == digest && i.Tags.Contains(tag)),
    };

    private static AwsException NoImage(Repository repository, JsonObject id) => new("ImageNotFoundException",
        $"The image with imageId {{imageDigest:'{id.Leaf("imageDigest") ?? "null"}', imageTag:'{id.Leaf("imageTag") ?? "null"}'}} does not exist within the repository with name '{repository.Name}' in the registry with id '{LabIds.Account}'");

    private static JsonObject Missing(JsonObject id) => new() { ["imageId"] = id.DeepClone(), ["failureCode"] = "ImageNotFound", ["failureReason"] = "Requested image not found" };

    private static JsonObject Id(string digest, string? tag) => new JsonObject { ["imageDigest"] = digest }.With("imageTag", tag);

    private static Func<Image, bool> Status(AwsCall call) => call.Object("filter").Leaf("tagStatus") switch
    {
        "TAGGED" => i => i.Tags.Count > 0,
        "UNTAGGED" => i => i.Tags.Count == 0,
        _ => _ => true,
    };

    private static (List<T> Items, string? Next) Page<T>(AwsCall call, IEnumerable<T> all, Func<T, string> key, int most) =>
        Pages.Of(all, key, call.Text("nextToken"), call.Within("maxResults", 1, most, 100, _ => new AwsException("InvalidParameterException", $"Invalid parameter at 'maxResults' failed to satisfy constraint: 'must be between 1 and {most}'")),
            () => new AwsException("InvalidParameterException", "Invalid parameter at 'nextToken' failed to satisfy constraint: 'Invalid token'"));

    private static JsonObject Token(ImageStore store, AwsCall call) => new()
    {
        ["authorizationData"] = new JsonArray(new JsonObject
        {
            ["authorizationToken"] = Convert.ToBase64String(Encoding.UTF8.GetBytes("AWS:" + LabIds.Mixed(64))),
            ["expiresAt"] = AwsTime.Epoch(call.Now + Duration.FromHours(12)),
            ["proxyEndpoint"] = $"https://{LabIds.Account}.dkr.ecr.{call.Region}.amazonaws.com",
        }),
    };
}
