using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NodaTime;
using Tocsin.Lab.Wire;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Aws.Secrets;

/// <summary>Secrets Manager. What a task's environment gets at its start is what these operations wrote.</summary>
public static partial class SecretsOperations
{
    private const int MostBytes = 65_536;
    private const string NotFound = "Secrets Manager can't find the specified secret.";

    public static IEnumerable<Operation> All(LabWorld world)
    {
        Operation Op(string name, Func<SecretStore, AwsCall, JsonObject> answer, string note = "") => new("secretsmanager", name, call => answer(Store(world, call), call))
        {
            Resources = call => [Arn(Store(world, call), call, name is "CreateSecret" ? "Name" : "SecretId")],
            Support = Support.Real,
            Note = note,
        };
        yield return Op("CreateSecret", Create, "SecretBinary is not kept");
        yield return Op("DescribeSecret", (store, call) => Describe(store.Existing(call), store));
        yield return Op("GetSecretValue", (store, call) => Value(world, store, call), "under a customer managed key the caller needs kms:Decrypt; writing asks for no key");
        yield return Op("PutSecretValue", PutValue, "SecretBinary is not kept");
        yield return Op("UpdateSecretVersionStage", Stage);
        yield return Op("UpdateSecret", Update);
        yield return Op("ListSecretVersionIds", Versions);
        yield return Op("DeleteSecret", Delete, "the recovery window is lab time");
        yield return Op("RestoreSecret", Restore);
        yield return Op("TagResource", Tag) with { ReadOnly = false };
        yield return Op("UntagResource", Untag) with { ReadOnly = false };
        yield return Op("GetResourcePolicy", (store, call) => Named(store.Existing(call)), "secrets have no policy of their own here");
        yield return Op("ListSecrets", List) with { Resources = static _ => ["*"] };
    }

    private static SecretStore Store(LabWorld world, AwsCall call)
    {
        var store = world.Regions[call.Region].Secrets;
        store.Settle(world.Clock.Elapsed);
        return store;
    }

    private static string Arn(SecretStore store, AwsCall call, string member)
    {
        var id = call.Text(member) ?? "";
        return store.Find(id)?.Arn ?? (id.StartsWith("arn:", StringComparison.Ordinal) ? id : LabIds.Arn("secretsmanager", call.Region, $"secret:{id}"));
    }

    private static Secret Existing(this SecretStore store, AwsCall call) => store.Find(call.Required("SecretId")) ?? throw new AwsException("ResourceNotFoundException", NotFound);

    private static Secret Living(this SecretStore store, AwsCall call) => store.Existing(call) is { Deleted: null } secret ? secret
        : throw new AwsException("InvalidRequestException", "You can't perform this operation on the secret because it was marked for deletion.");

    private static JsonObject Create(SecretStore store, AwsCall call)
    {
        var name = call.Required("Name");
        if (!ValidName().IsMatch(name)) throw new AwsException("ValidationException", "Invalid name. Must be a valid name containing alphanumeric characters, or any of the following: -/_+=.@!");
        var (value, token) = (NewValue(call), Token(call));
        if (store.Secrets.GetValueOrDefault(name) is { } there)
        {
            if (there.Deleted is not null) throw new AwsException("InvalidRequestException", "You can't create this secret because a secret with this name is already scheduled for deletion.");
            if (token is not null && there.Versions.Any(v => v.Id == token && v.Value == value)) return Named(there).With("VersionId", token);
            throw new AwsException("ResourceExistsException", $"The operation failed because the secret {name} already exists.");
        }
        var secret = new Secret(name, call.Region, call.Now) { Description = call.Text("Description") ?? "", KmsKey = Key(call) };
        foreach (var tag in call.Objects("Tags")) secret.Tags[tag.Leaf("Key") ?? ""] = tag.Leaf("Value") ?? "";
        store.Secrets[name] = secret;
        return Named(secret).With("VersionId", value is null ? null : secret.Put(value, call.Now, token).Id);
    }

    private static JsonObject Value(LabWorld world, SecretStore store, AwsCall call)
    {
        var secret = store.Living(call);
        var (id, stage) = (call.Text("VersionId"), call.Text("VersionStage"));
        var version = id is not null
            ? secret.Versions.Find(v => v.Id == id) ?? throw new AwsException("ResourceNotFoundException", $"Secrets Manager can't find the specified secret value for VersionId: {id}")
            : secret.Versions.FindLast(v => v.Stages.Contains(stage ?? "AWSCURRENT")) ?? throw new AwsException("ResourceNotFoundException", $"Secrets Manager can't find the specified secret value for staging label: {stage ?? "AWSCURRENT"}");
        if (stage is not null && !version.Stages.Contains(stage)) throw new AwsException("InvalidRequestException", "You provided a VersionStage that is not associated to the provided VersionId.");
        if (secret.KmsKey is { } key && !world.Iam.Allows(call, "kms:Decrypt", key)) throw new AwsException("AccessDeniedException", "Access to KMS is not allowed");
        secret.Accessed = call.Now;
        var answer = Named(secret);
        answer["VersionId"] = version.Id;
        answer["SecretString"] = version.Value;
        answer["VersionStages"] = version.Stages.Array();
        answer["CreatedDate"] = AwsTime.Epoch(version.Created);
        return answer;
    }

    private static JsonObject PutValue(SecretStore store, AwsCall call)
    {
        var secret = store.Living(call);
        var value = NewValue(call) ?? throw new AwsException("InvalidRequestException", "You must provide either SecretString or SecretBinary.");
        var version = Put(secret, value, call);
        var answer = Named(secret);
        answer["VersionId"] = version.Id;
        answer["VersionStages"] = version.Stages.Array();
        return answer;
    }

    // Moving AWSCURRENT takes it from the version that has it, which the caller must name.
    private static JsonObject Stage(SecretStore store, AwsCall call)
    {
        var secret = store.Living(call);
        var stage = call.Required("VersionStage");
        SecretVersion? Version(string name) => call.Text(name) is not { } id ? null : secret.Versions.Find(v => v.Id == id) ?? throw new AwsException("ResourceNotFoundException", $"Secrets Manager can't find the specified secret value for VersionId: {id}");
        var (to, from) = (Version("MoveToVersionId"), Version("RemoveFromVersionId"));
        var holder = secret.Versions.FindLast(v => v.Stages.Contains(stage));
        if (holder is not null && holder != to && from != holder) throw new AwsException("InvalidParameterException", $"The parameter RemoveFromVersionId can't be empty. Staging label {stage} is currently attached to version {holder.Id}, so you must explicitly reference that version in RemoveFromVersionId.");
        if (to is not null) secret.Label(to, stage);
        else from?.Stages.Remove(stage);
        secret.Changed = call.Now;
        return Named(secret);
    }

    private static JsonObject Update(SecretStore store, AwsCall call)
    {
        var secret = store.Living(call);
        var value = NewValue(call);
        if (call.Text("KmsKeyId") is not null) (secret.KmsKey, secret.Changed) = (Key(call), call.Now);
        if (call.Text("Description") is { } description) (secret.Description, secret.Changed) = (description, call.Now);
        return Named(secret).With("VersionId", value is null ? null : Put(secret, value, call).Id);
    }

    // A token makes a call that is repeated after a lost answer harmless.
    private static SecretVersion Put(Secret secret, string value, AwsCall call)
    {
        var token = Token(call);
        var stages = call.Texts("VersionStages").ToList();
        if (token is null || secret.Versions.Find(v => v.Id == token) is not { } before) return secret.Put(value, call.Now, stages.Count > 0 ? stages : ["AWSCURRENT"], token);
        return before.Value == value ? before
            : throw new AwsException("ResourceExistsException", $"You can't use ClientRequestToken {token} because that value is already in use for a version of secret {secret.Arn}.");
    }

    // By ARN, id or alias; the alias of AWS's own key is none of the customer's.
    private static string? Key(AwsCall call) => call.Text("KmsKeyId") switch
    {
        null or "" or "alias/aws/secretsmanager" => null,
        var arn when arn.StartsWith("arn:", StringComparison.Ordinal) => arn,
        var alias when alias.StartsWith("alias/", StringComparison.Ordinal) => LabIds.Arn("kms", call.Region, alias),
        var id => LabIds.Arn("kms", call.Region, $"key/{id}"),
    };

    private static string? NewValue(AwsCall call)
    {
        if (call.Text("SecretBinary") is not null) throw new AwsException("InvalidParameterException", "LAB: SecretBinary is not kept here; give SecretString.");
        var value = call.Text("SecretString");
        return value is null || System.Text.Encoding.UTF8.GetByteCount(value) <= MostBytes ? value
            : throw new AwsException("ValidationException", "1 validation error detected: Value at 'secretString' failed to satisfy constraint: Member must have length less than or equal to 65536");
    }

    private static string? Token(AwsCall call) => call.Text("ClientRequestToken") is not { } token ? null
        : token.Length is >= 32 and <= 64 ? token
        : throw new AwsException("InvalidParameterException", "ClientRequestToken must be 32-64 characters long.");

    private static JsonObject Versions(SecretStore store, AwsCall call)
    {
        var secret = store.Existing(call);
        var answer = Named(secret);
        answer["Versions"] = secret.Versions.Where(v => v.Stages.Count > 0 || call.Flag("IncludeDeprecated") == true).Array(v => new JsonObject
        {
            ["VersionId"] = v.Id,
            ["VersionStages"] = v.Stages.Array(),
            ["CreatedDate"] = AwsTime.Epoch(v.Created),
        });
        return answer;
    }

    private static JsonObject Delete(SecretStore store, AwsCall call)
    {
        var force = call.Flag("ForceDeleteWithoutRecovery") == true;
        var window = call.Number("RecoveryWindowInDays");
        if (force && window is not null) throw new AwsException("InvalidParameterException", "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.");
        var days = window ?? 30;
        if (days is < 7 or > 30) throw new AwsException("InvalidParameterException", "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).");
        var secret = store.Living(call);
        secret.Deleted = force ? call.Now : call.Now + Duration.FromDays(days);
        if (force) store.Secrets.Remove(secret.Name);
        else secret.GoneAt = store.At + Duration.FromDays(days);
        return Named(secret).With("DeletionDate", AwsTime.Epoch(secret.Deleted.Value));
    }

    private static JsonObject Restore(SecretStore store, AwsCall call)
    {
        var secret = store.Existing(call);
        (secret.Deleted, secret.GoneAt) = (null, null);
        return Named(secret);
    }

    private static JsonObject Tag(SecretStore store, AwsCall call)
    {
        var secret = store.Living(call);
        foreach (var tag in call.Objects("Tags")) secret.Tags[tag.Leaf("Key") ?? ""] = tag.Leaf("Value") ?? "";
        return [];
    }

    private static JsonObject Untag(SecretStore store, AwsCall call)
    {
        var secret = store.Living(call);
        foreach (var key in call.Texts("TagKeys")) secret.Tags.Remove(key);
        return [];
    }

    private static JsonObject List(SecretStore store, AwsCall call)
    {
        var size = call.Within("MaxResults", 1, 100, 100, _ => new AwsException("InvalidParameterException", "MaxResults must be between 1 and 100."));
        var filters = call.Objects("Filters").Select(f => (Key: f.Leaf("Key"), Values: f.List("Values").Select(v => v?.ToString() ?? "").ToList())).ToList();
        var found = store.Secrets.Values.Where(s => s.Deleted is null || call.Flag("IncludePlannedDeletion") == true).Where(s => filters.TrueForAll(f => Fits(s, f.Key, f.Values)));
        if (call.Text("SortOrder") is "desc") found = found.Reverse();
        var (page, next) = Pages.Of(found, s => s.Name, call.Text("NextToken"), size, () => new AwsException("InvalidNextTokenException", "The NextToken value is invalid."));
        return new JsonObject { ["SecretList"] = page.Array(s => Describe(s, null)) }.With("NextToken", next);
    }

    // Values are prefixes; one that begins with ! must not fit.
    private static bool Fits(Secret secret, string? key, List<string> values)
    {
        IEnumerable<string> facts = key switch
        {
            "name" => [secret.Name],
            "description" => [secret.Description],
            "tag-key" => secret.Tags.Keys,
            "tag-value" => secret.Tags.Values,
            "all" => [secret.Name, secret.Description, .. secret.Tags.Keys, .. secret.Tags.Values],
            "primary-region" or "owning-service" => [],
            _ => throw new AwsException("ValidationException", $"1 validation error detected: Value '{Inputs.Short(key ?? "")}' at 'filters.1.member.key' failed to satisfy constraint: Member must satisfy enum value set: [all, name, tag-key, description, tag-value]"),
        };
        var comparison = key is "name" or "tag-key" or "tag-value" ? StringComparison.Ordinal : StringComparison.OrdinalIgnoreCase;
        return values.Exists(v => v.StartsWith('!') ? !facts.Any(f => f.StartsWith(v[1..], comparison)) : facts.Any(f => f.StartsWith(v, comparison)));
    }

    private static JsonObject Named(Secret secret) => new() { ["ARN"] = secret.Arn, ["Name"] = secret.Name };

    // DescribeSecret and ListSecrets call the stages of the versions by different names.
    private static JsonObject Describe(Secret secret, SecretStore? alone)
    {
        var answer = Named(secret);
        if (secret.Description.Length > 0) answer["Description"] = secret.Description;
        if (secret.KmsKey is { } key) answer["KmsKeyId"] = key;
        answer["LastChangedDate"] = AwsTime.Epoch(secret.Changed);
        if (secret.Accessed is { } accessed) answer["LastAccessedDate"] = AwsTime.Epoch(accessed);
        if (secret.Deleted is { } deleted) answer["DeletedDate"] = AwsTime.Epoch(deleted);
        answer["Tags"] = secret.Tags.Array(t => new JsonObject { ["Key"] = t.Key, ["Value"] = t.Value });
        var stages = new JsonObject();
        foreach (var version in secret.Versions.Where(v => v.Stages.Count > 0)) stages[version.Id] = version.Stages.Array();
        answer[alone is null ? "SecretVersionsToStages" : "VersionIdsToStages"] = stages;
        answer["CreatedDate"] = AwsTime.Epoch(secret.Created);
        return answer;
    }

    [GeneratedRegex(@"\A[A-Za-z0-9/_+=.@!-]{1,512}\z", RegexOptions.NonBacktracking)]
    private static partial Regex ValidName();
}
