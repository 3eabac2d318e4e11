using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NodaTime;
using Tocsin.Lab.Aws.Ecr;
using Tocsin.Lab.Aws.Iam;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws.Ecs;

/// <summary>A container as it will be run: the image's layers, the definition and the secrets put together.</summary>
internal sealed record ContainerPlan(string Name, IReadOnlyList<string> Command, IReadOnlyDictionary<string, string> Environment)
{
    public required string Digest { get; init; }

    public required int? MemoryMegabytes { get; init; }

    public required bool Essential { get; init; }

    public required Duration StopTimeout { get; init; }

    public required string? LogGroup { get; init; }

    public required string? LogStream { get; init; }
}

/// <summary>Why a task cannot start, in the words that its stopped reason takes.</summary>
internal sealed class TaskRefusedException(string reason) : Exception(reason);

/// <summary>
/// What happens between PENDING and RUNNING: images are pulled, secrets fetched and log streams made, all by the execution role's own permissions. The first
/// that fails keeps the task from starting, with AWS's stopped reason. Called with the world's lock held.
/// </summary>
internal sealed class TaskPreparation(LabWorld world, LabRegion region, EcsTask task, Func<string, bool> hasEgress, Func<string, string, bool> hasLogGroup)
{
    private const string Secrets = "ResourceInitializationError: unable to pull secrets or registry auth: ";
    private const string FromManager = Secrets + "execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): ";
    private static readonly Duration DefaultStopTimeout = Duration.FromSeconds(30);

    public List<ContainerPlan> Plan() => [.. task.Definition.Containers.Select(Plan)];

    private ContainerPlan Plan(JsonObject container)
    {
        var image = Pull(container["image"]!.ToString());
        var environment = image.Environment.ToDictionary(StringComparer.Ordinal);
        foreach (var pair in List(container["environment"])) environment[pair["name"]!.ToString()] = (pair["value"]?.ToString() ?? "").Replace("{task}", task.Ip, StringComparison.Ordinal);
        foreach (var secret in List(container["secrets"])) environment[secret["name"]!.ToString()] = Fetch(secret["valueFrom"]!.ToString());
        environment.TryAdd("HOST", task.Ip);
        environment.TryAdd("AWS_REGION", region.Name);
        var command = container["command"] is JsonArray { Count: > 0 } given ? given.Select(c => c!.ToString()).ToList() : image.Command;
        var (group, stream) = Log(container);
        return new ContainerPlan(container["name"]!.ToString(), command, environment)
        {
            Digest = image.Digest,
            MemoryMegabytes = Whole(container["memory"]) ?? Whole(task.Definition.Body["memory"]),
            Essential = container["essential"]?.GetValue<bool>() ?? true,
            StopTimeout = Whole(container["stopTimeout"]) is { } seconds ? Duration.FromSeconds(seconds) : DefaultStopTimeout,
            LogGroup = group,
            LogStream = stream,
        };
    }

    private Image Pull(string text)
    {
        var reference = ImageReference.Read(text)
            ?? throw new TaskRefusedException($"CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref {text}: failed to do request: Head \"https://{text.Split('/')[0]}/v2/\": dial tcp: lookup {text.Split('/')[0]}: no such host");
        if (!hasEgress(region.Name)) throw new TaskRefusedException(Secrets + "The task cannot pull registry auth from Amazon ECR: There is a connection issue between the task and Amazon ECR. Check your task network configuration. operation error ECR: GetAuthorizationToken, exceeded maximum number of attempts, 3, https response error StatusCode: 0, RequestID: , request send failed, Post \"https://api.ecr." + reference.Region + ".amazonaws.com/\": dial tcp: i/o timeout");
        if (Denied("ecr:GetAuthorizationToken", "*") is { } noToken) throw new TaskRefusedException(Secrets + $"execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 1 time(s): AccessDeniedException: {noToken} status code: 400, request id: {LabIds.Uuid()}");
        var repository = world.Regions.GetValueOrDefault(reference.Region)?.Images.Repositories.GetValueOrDefault(reference.Repository);
        if (repository is null) throw new TaskRefusedException($"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {text}: {text}: not found: name unknown: The repository with name '{reference.Repository}' does not exist in the registry with id '{LabIds.Account}'");
        if (Denied("ecr:BatchGetImage", repository.Arn) is { } noPull) throw new TaskRefusedException($"CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref {text}: pull access denied, repository does not exist or may require authorization: authorization failed: {noPull}");
        var image = repository.Find(reference.Tag) ?? throw new TaskRefusedException($"CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref {text}: {text}: not found");
        if (image.Platform != Image.UsualPlatform) throw new TaskRefusedException($"CannotPullContainerError: pull image manifest has been retried 7 time(s): image Manifest does not contain descriptor matching platform '{Image.UsualPlatform}'");
        return image;
    }

    // arn:aws:secretsmanager:REGION:ACCOUNT:secret:NAME[:KEY[:STAGE[:VERSION]]]
    private string Fetch(string from)
    {
        var parts = from.Split(':');
        if (parts is not ["arn", "aws", "secretsmanager", var at, _, "secret", var name, ..]) throw new TaskRefusedException($"{FromManager}invalid ARN: {from}");
        var arn = string.Join(':', parts.Take(7));
        var secret = world.Regions.GetValueOrDefault(at)?.Secrets.Find(arn) ?? world.Regions.GetValueOrDefault(at)?.Secrets.Find(name);
        if (Denied("secretsmanager:GetSecretValue", secret?.Arn ?? arn) is { } denied) throw new TaskRefusedException($"{FromManager}failed to fetch secret {arn} from secrets manager: AccessDeniedException: {denied} status code: 400, request id: {LabIds.Uuid()}");
        if (secret is null) throw new TaskRefusedException($"{FromManager}failed to fetch secret {arn} from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret.");
        if (secret.Deleted is not null) throw new TaskRefusedException($"{FromManager}failed to fetch secret {arn} from secrets manager: InvalidRequestException: You can't perform this operation on the secret because it was marked for deletion.");
        if (secret.KmsKey is { } key && Denied("kms:Decrypt", key) is not null) throw new TaskRefusedException($"{FromManager}failed to fetch secret {arn} from secrets manager: AccessDeniedException: Access to KMS is not allowed status code: 400, request id: {LabIds.Uuid()}");
        var value = secret.Current?.Value ?? throw new TaskRefusedException($"{FromManager}failed to fetch secret {arn} from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret value for staging label: AWSCURRENT");
        secret.Accessed = world.Clock.Now;
        return parts.Length > 7 && parts[7].Length > 0 ? Key(arn, value, parts[7]) : value;
    }

    private static string Key(string arn, string value, string key)
    {
        try
        {
            if (JsonNode.Parse(value) is JsonObject keys && keys.TryGetPropertyValue(key, out var found) && found is not null) return found is JsonValue v ? v.ToString() : found.ToJsonString();
        }
        catch (JsonException)
        {
            throw new TaskRefusedException(FromManager + NotJson(value.Trim()));
        }
        throw new TaskRefusedException($"{FromManager}retrieved secret from Secrets Manager did not contain json key {key}");
    }

    // The words of Go's JSON reader, as far as its first token goes.
    private static string NotJson(string value)
    {
        var inside = value.StartsWith('{') ? value[1..].TrimStart() : value;
        if (inside.Length == 0) return "unexpected end of JSON input";
        if (inside.Length < value.Length && inside[0] is '"') return "unexpected end of JSON input";
        var first = inside[0] == '\'' ? "\\'" : inside[..1];
        return $"invalid character '{first}' looking for beginning of {(inside.Length < value.Length ? "object key string" : "value")}";
    }

    private (string? Group, string? Stream) Log(JsonObject container)
    {
        if (container["logConfiguration"]?["options"] is not JsonObject options) return (null, null);
        var group = options["awslogs-group"]!.ToString();
        var stream = $"{options["awslogs-stream-prefix"] ?? "ecs"}/{container["name"]}/{task.Id}";
        const string Failed = "ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ";
        if (Denied("logs:CreateLogStream", LabIds.Arn("logs", region.Name, $"log-group:{group}:log-stream:{stream}")) is { } denied) throw new TaskRefusedException($"{Failed}AccessDeniedException: {denied} : exit status 1");
        if (!hasLogGroup(region.Name, group)) throw new TaskRefusedException($"{Failed}ResourceNotFoundException: The specified log group does not exist. : exit status 1");
        return (group, stream);
    }

    /// <summary>IAM's sentence when the execution role may not, else null.</summary>
    private string? Denied(string action, string resource)
    {
        if (task.Definition.ExecutionRole is not { } role) return $"User: anonymous is not authorized to perform: {action}";
        var keys = new PolicyContext().With("aws:RequestedRegion", region.Name).With("aws:PrincipalArn", world.Iam.Role(role)?.Arn ?? role).With("aws:SecureTransport", "true");
        var verdict = world.Iam.Decide(role, null, action, resource, keys);
        if (verdict is PolicyVerdict.Allow) return null;
        var on = resource is "*" ? "" : $" on resource: {resource}";
        return $"User: arn:aws:sts::{LabIds.Account}:assumed-role/{role}/{task.Id} is not authorized to perform: {action}{on} "
            + (verdict is PolicyVerdict.ExplicitDeny ? "with an explicit deny in an identity-based policy" : $"because no identity-based policy allows the {action} action");
    }

    private static IEnumerable<JsonObject> List(JsonNode? list) => list is JsonArray items ? items.OfType<JsonObject>() : [];

    private static int? Whole(JsonNode? node) => node is null ? null : int.Parse(node.ToString(), CultureInfo.InvariantCulture);
}
