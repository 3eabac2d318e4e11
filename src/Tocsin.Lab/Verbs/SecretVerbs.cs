using System.Text.Json;
using System.Text.Json.Nodes;
using Tocsin.Lab.Aws.Iam;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Verbs;

/// <summary>Secrets and permissions. Tasks read secrets when they start: what runs goes on with the old ones until it is deployed anew.</summary>
internal static class SecretVerbs
{
    private static readonly VerbArgument Secret = new("SECRET", "A secret's name, or the service whose secret it is");

    public static IEnumerable<Verb> All =>
    [
        new("secret set", "Set keys of a secret.", [Secret, new("KEY=VALUE", "What to set", Many: true)], Set) { Example = "secret set fastify-nova DB_HOST=10.9.9.9" },
        new("secret unset", "Remove keys from a secret.", [Secret, new("KEY", "What to remove", Many: true)], Unset) { Example = "secret unset fastify-nova FIREBASE_SERVICE_ACCOUNT" },
        new("secret raw", "Replace a secret's whole text, also by what is no JSON.", [Secret, new("TEXT", "The new text")], c => Put(c, c[1])) { Example = "secret raw fastify-nova '{DB_HOST:'" },
        new("secret delete", "Delete a secret, at once or with a recovery window.", [Secret], Delete) { Options = [new("--days", "Mark it for deletion after so many days")], Example = "secret delete fastify-nova --days 7" },
        new("secret restore", "Take a deletion back, or else make the previous version the current one.", [new("SECRET", "A secret's name, or the service whose secret it is")], Restore) { Breaks = static _ => false, Example = "secret restore fastify-nova" },
        new("secret key", "Encrypt a secret under a customer managed KMS key, which asks readers for kms:Decrypt, or under AWS's own.", [new("SECRET", "A secret's name, or the service whose secret it is"), new("KEY", "customer or aws")], Key)
        {
            Breaks = static _ => false,
            Example = "secret key orion-backend customer",
        },
        new("permission deny", "Deny a role or user an action, whatever else allows it.", [new("PRINCIPAL", "A role's or user's name"), new("ACTION", "Such as secretsmanager:GetSecretValue; * is allowed")], Deny)
        {
            Options = [new("--resource", "The ARN that it is denied on (default: all)")],
            Example = "permission deny lab-operator secretsmanager:GetSecretValue",
        },
        new("permission allow", "Take such a denial back.", [new("PRINCIPAL", "A role's or user's name"), new("ACTION", "The action that was denied")], Allow)
        {
            Breaks = static _ => false,
            Example = "permission allow lab-operator secretsmanager:GetSecretValue",
        },
    ];

    private static string Set(VerbCall call)
    {
        var values = Keys(call);
        foreach (var (key, value) in call.From(1).Select(VerbCall.Pair)) values[key] = value;
        return Put(call, values.ToJsonString());
    }

    private static string Unset(VerbCall call)
    {
        var values = Keys(call);
        foreach (var key in call.From(1))
        {
            if (!values.Remove(key)) throw VerbCall.Unknown("key", key, values.Select(v => v.Key));
        }
        return Put(call, values.ToJsonString());
    }

    private static JsonObject Keys(VerbCall call)
    {
        try
        {
            return JsonNode.Parse(call.Secret(0).Current?.Value ?? "{}") as JsonObject ?? [];
        }
        catch (JsonException)
        {
            throw new LabException($"{call.Secret(0).Name} is not JSON any more; tocsin lab heal puts it back, lab secret raw replaces it");
        }
    }

    private static string Put(VerbCall call, string text)
    {
        var secret = call.Secret(0);
        secret.Put(text, call.Host.World.Clock.Now);
        return $"{secret.Name} has a new version; running tasks keep the old one until they are replaced";
    }

    private static string Delete(VerbCall call)
    {
        var secret = call.Secret(0);
        if (call.Option("--days") is { } days)
        {
            var wait = NodaTime.Duration.FromDays(call.Whole(days, "--days"));
            (secret.Deleted, secret.GoneAt) = (call.Host.World.Clock.Now + wait, call.Host.World.Clock.Elapsed + wait);
            return $"{secret.Name} is marked for deletion in {call.Region.Name}";
        }
        call.Region.Secrets.Secrets.Remove(secret.Name);
        return $"{secret.Name} is deleted in {call.Region.Name}";
    }

    private static string Key(VerbCall call)
    {
        var secret = call.Secret(0);
        secret.KmsKey = call[1] switch
        {
            "customer" => Aws.LabIds.Arn("kms", call.Region.Name, $"key/{Aws.LabIds.Uuid()}"),
            "aws" => null,
            _ => throw VerbCall.Unknown("key", call[1], ["customer", "aws"]),
        };
        return $"{secret.Name} is encrypted under {secret.KmsKey ?? "AWS's own key"}";
    }

    // A secret that is gone at once cannot be restored; its healthy value is made anew from what the lab began with.
    private static string Restore(VerbCall call)
    {
        var name = call.Host.Options.Platform.Service(call[0])?.Fields.GetValueOrDefault("secret") ?? call[0];
        if (call.Region.Secrets.Find(name) is not { } secret)
        {
            secret = call.Host.Remembered(call.Region, name) ?? throw VerbCall.Unknown("secret", call[0], call.Region.Secrets.Secrets.Keys);
            call.Region.Secrets.Secrets[secret.Name] = secret;
            return $"{secret.Name} is created again in {call.Region.Name}";
        }
        if (secret.Deleted is not null)
        {
            (secret.Deleted, secret.GoneAt) = (null, null);
            return $"{secret.Name} is no longer marked for deletion";
        }
        var previous = secret.Versions.LastOrDefault(v => v.Stages.Contains("AWSPREVIOUS")) ?? throw new LabException($"{secret.Name} has no previous version");
        secret.Put(previous.Value, call.Host.World.Clock.Now);
        return $"{secret.Name} has its previous value again; running tasks keep what they read until they are replaced";
    }

    private static string Deny(VerbCall call)
    {
        var principal = Principal(call);
        var policy = new JsonObject
        {
            ["Version"] = "2012-10-17",
            ["Statement"] = new JsonArray(new JsonObject { ["Effect"] = "Deny", ["Action"] = call[1], ["Resource"] = call.Option("--resource") ?? "*" }),
        };
        try
        {
            principal.Inline[Name(call[1])] = Policy.Read(policy);
        }
        catch (FormatException e)
        {
            throw new LabException($"'{call[1]}' is not an action: {e.Message}", e);
        }
        return $"{principal.Name} is denied {call[1]}";
    }

    private static string Allow(VerbCall call) => Principal(call).Inline.Remove(Name(call[1]))
        ? $"{call[0]} is no longer denied {call[1]}"
        : throw new LabException($"{call[0]} was not denied {call[1]} by the lab");

    private static Principal Principal(VerbCall call) => call.Host.World.Iam.Principals.GetValueOrDefault(call[0]) ?? throw VerbCall.Unknown("role or user", call[0], call.Host.World.Iam.Principals.Keys);

    private static string Name(string action) => "lab-deny-" + string.Concat(action.Select(c => char.IsAsciiLetterOrDigit(c) ? c : '-'));
}
