using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Tocsin.Lab.Aws;
using Tocsin.Lab.Aws.Ecr;
using Tocsin.Lab.Aws.Ecs;
using Tocsin.Lab.Host;

namespace Tocsin.Lab.Verbs;

/// <summary>Services, their task definitions and images: what a deployment pipeline, Terraform and people at the console do.</summary>
internal static class ServiceVerbs
{
    private static readonly VerbArgument Service = new("SERVICE", "A service's name or role");
    private static readonly VerbOption Container = new("--container", "Another container of the task (default: the service's own)");

    public static IEnumerable<Verb> All =>
    [
        new("service deploy", "Deploy: the running revision anew, a revision, or an image.", [Service], Deploy)
        {
            Options = [new("--revision", "A registered revision's number, newest, or previous: the one below the running one"), new("--image", "An image tag, for which a revision is registered")],
            Breaks = static c => c.Option("--revision") is not null || c.Option("--image") is not null,
            Example = "service deploy fastify-nova",
        },
        new("service register", "Register a revision without deploying it, as Terraform does.", [Service], c => $"{Register(c, Changed(c), By(c))} is registered and not deployed")
        {
            Options = [new("--image", "Its image tag, or older: the one before the running one (default: the running one)"), new("--memory", "MB of the task"), new("--set", "KEY=VALUE of its environment; KEY- removes it", Many: true), new("--by", "Who registers it: terraform, ci or lab-operator")],
            Example = "service register fastify-nova --memory 4096",
        },
        new("service scale", "Set the desired count.", [Service, new("COUNT", "How many tasks")], Scale) { Example = "service scale fastify-nova 0" },
        new("service memory", "Deploy with another memory limit.", [Service, new("MB", "The task's memory")], c => Deployed(c, b => Memory(b, c.Whole(c[1], "MB")))) { Example = "service memory fastify-nova 64" },
        new("service env", "Deploy with variables set (KEY=VALUE) or removed (KEY-).", [Service, new("KEY=VALUE", "What to set; KEY- removes a variable or secret reference", Many: true)], c => Deployed(c, b => Variables(c, b, c.From(1))))
        {
            Options = [Container],
            Example = "service env fastify-nova PRODUCT_CACHE_MB=4000",
        },
        new("service secrets", "Deploy with secret references changed.", [Service, new("NAME=VALUEFROM", "A variable, and the ARN that it is read from", Many: true)], c => Deployed(c, b => References(c, b)))
        {
            Options = [Container],
            Example = "service secrets fastify-nova DB_HOST=arn:aws:secretsmanager:ap-southeast-1:000000000000:secret:other/env:DB_HOST::",
        },
        new("service set", "Set health-path, health-port, matcher, grace, port, stop-timeout, command, repository, breaker, minimum-healthy, maximum, host or listener (off: no rule forwards to it; empty: its rules forward to a group without targets; on: as at first).", [Service, new("KEY=VALUE", "What to set", Many: true)], ServiceSettings.Set)
        {
            Options = [Container],
            Example = "service set fastify-nova health-path=/healthz",
        },
        new("image push", "Push an image: a copy of the running one, with another command or variables.", [Service, new("TAG", "Its tag, or 'running'")], Push)
        {
            Options = [new("--command", "Its command's last word, the program"), new("--platform", "What it is built for (default: linux/amd64)"), new("--set", "KEY=VALUE of its environment", Many: true), Container],
            Breaks = static _ => false,
            Example = "image push fastify-nova prod-0badc0de --command dist/main.js",
        },
        new("image delete", "Delete an image tag from its repository.", [Service, new("TAG", "Its tag, or 'running'")], Delete) { Options = [Container], Example = "image delete fastify-nova running" },
    ];

    /// <summary>A copy of the running revision's body, changed, registered and deployed.</summary>
    public static string Deployed(VerbCall call, Action<JsonObject> change)
    {
        var body = (JsonObject)call.Running(0).Definition.Body.DeepClone();
        change(body);
        var definition = Register(call, body, Registrar("user/lab-operator"));
        call.Host.Engine.Deploy(call.Running(0), definition, null);
        return $"{definition} is registered and being deployed";
    }

    /// <summary>The container that a verb means.</summary>
    public static JsonObject ContainerOf(VerbCall call, JsonObject body)
    {
        var name = call.Option("--container") ?? call.Service(0).Name;
        var containers = ((JsonArray)body["containerDefinitions"]!).OfType<JsonObject>().ToList();
        return containers.Find(c => c["name"]!.ToString() == name) ?? throw VerbCall.Unknown("container", name, containers.Select(c => c["name"]!.ToString()));
    }

    public static void Variables(VerbCall call, JsonObject body, IEnumerable<string> changes)
    {
        var container = ContainerOf(call, body);
        var variables = (JsonArray)(container["environment"] ??= new JsonArray());
        var secrets = (JsonArray)(container["secrets"] ??= new JsonArray());
        foreach (var change in changes)
        {
            if (change.EndsWith('-') && !change.Contains('=', StringComparison.Ordinal))
            {
                if (!Remove(variables, change[..^1]) & !Remove(secrets, change[..^1])) throw VerbCall.Unknown("variable", change[..^1], variables.Concat(secrets).Select(v => v!["name"]!.ToString()));
                continue;
            }
            var (key, value) = VerbCall.Pair(change);
            Remove(variables, key);
            Remove(secrets, key);
            variables.Add((JsonNode)new JsonObject { ["name"] = key, ["value"] = value });
        }
    }

    private static bool Remove(JsonArray pairs, string name)
    {
        var found = pairs.FirstOrDefault(p => p!["name"]!.ToString() == name);
        return found is not null && pairs.Remove(found);
    }

    private static string Deploy(VerbCall call)
    {
        var service = call.Running(0);
        if (call.Option("--image") is { } tag) return Deployed(call, b => Retag(b, tag));
        var definition = service.Definition;
        if (call.Option("--revision") is { } revision) definition = Revision(call, definition, revision);
        call.Host.Engine.Deploy(service, definition, null);
        return $"{definition.Family}:{definition.Revision} is being deployed";
    }

    private static TaskDefinition Revision(VerbCall call, TaskDefinition running, string wanted)
    {
        var active = call.Region.Ecs.Families[running.Family].Where(d => d.Active).ToList();
        var found = wanted switch
        {
            "newest" => active[^1],
            "previous" => active.LastOrDefault(d => d.Revision < running.Revision),
            _ => active.Find(d => d.Revision == call.Whole(wanted, "--revision")),
        };
        return found ?? throw VerbCall.Unknown("revision", wanted, active.Select(d => d.Revision.ToString(CultureInfo.InvariantCulture)));
    }

    private static string By(VerbCall call) => call.Option("--by") switch
    {
        null or "lab-operator" => Registrar("user/lab-operator"),
        "ci" => Registrar("user/ci"),
        "terraform" => Registrar("assumed-role/terraform/terraform-apply"),
        var other => throw VerbCall.Unknown("registrar", other, ["terraform", "ci", "lab-operator"]),
    };

    private static string Registrar(string name) => $"arn:aws:{(name.StartsWith("user/", StringComparison.Ordinal) ? "iam" : "sts")}::{LabIds.Account}:{name}";

    private static void References(VerbCall call, JsonObject body)
    {
        var secrets = (JsonArray)(ContainerOf(call, body)["secrets"] ??= new JsonArray());
        foreach (var (name, from) in call.From(1).Select(VerbCall.Pair))
        {
            Remove(secrets, name);
            secrets.Add((JsonNode)new JsonObject { ["name"] = name, ["valueFrom"] = from });
        }
    }

    private static JsonObject Changed(VerbCall call)
    {
        var body = (JsonObject)call.Running(0).Definition.Body.DeepClone();
        if (call.Option("--image") is { } tag) Retag(body, tag is "older" ? Older(call) : tag);
        if (call.Option("--memory") is { } memory) Memory(body, call.Whole(memory, "--memory"));
        Variables(call, body, call.Each("--set"));
        return body;
    }

    private static string Older(VerbCall call)
    {
        var running = Running(call);
        return Repository(call).Images.Where(i => i.Tags.Count > 0 && !i.Tags.Contains(running) && i.Tags.First().Split('-')[0] == running.Split('-')[0]).OrderBy(i => i.Pushed).First().Tags.First();
    }

    private static DefinitionName Register(VerbCall call, JsonObject body, string by)
    {
        var definition = TaskDefinitionOperations.Register(call.Region, call.Running(0).Definition.Family, body, by);
        return new DefinitionName(definition);
    }

    private static void Memory(JsonObject body, int megabytes) => body["memory"] = megabytes.ToString(CultureInfo.InvariantCulture);

    private static void Retag(JsonObject body, string tag)
    {
        foreach (var container in ((JsonArray)body["containerDefinitions"]!).OfType<JsonObject>())
        {
            var image = container["image"]!.ToString();
            container["image"] = image[..(image.LastIndexOf(':') + 1)] + tag;
        }
    }

    private static string Scale(VerbCall call)
    {
        var service = call.Running(0);
        service.Desired = call.Whole(call[1], "COUNT");
        service.Steady = false;
        call.Host.Engine.Signal();
        return $"{service.Name} is to run {service.Desired} tasks";
    }

    private static string Push(VerbCall call)
    {
        var repository = Repository(call);
        var running = repository.Find(Running(call)) ?? repository.Images[^1];
        ImmutableArray<string> command = call.Option("--command") is { } program ? [.. running.Command.SkipLast(1), program] : [.. running.Command];
        var environment = running.Environment.ToDictionary(StringComparer.Ordinal);
        foreach (var (key, value) in call.Each("--set").Select(VerbCall.Pair)) environment[key] = value;
        var tag = call[1] is "running" ? Running(call) : call[1];
        repository.Push(tag, new Image($"sha256:{LabIds.Hex(64)}", call.Host.World.Clock.Now, running.SizeBytes, command, environment) { Platform = call.Option("--platform") ?? running.Platform });
        return $"{repository.Name}:{tag} is pushed";
    }

    private static string Delete(VerbCall call)
    {
        var repository = Repository(call);
        var tag = call[1] is "running" ? Running(call) : call[1];
        var image = repository.Find(tag) ?? throw VerbCall.Unknown("image tag", tag, repository.Images.SelectMany(i => i.Tags));
        image.Tags.Remove(tag);
        if (image.Tags.Count == 0) repository.Images.Remove(image);
        return $"{repository.Name}:{tag} is deleted";
    }

    private static string Running(VerbCall call) => ContainerOf(call, call.Running(0).Definition.Body)["image"]!.ToString().Split(':')[^1];

    private static Repository Repository(VerbCall call)
    {
        var reference = ImageReference.Read(ContainerOf(call, call.Running(0).Definition.Body)["image"]!.ToString()) ?? throw new LabException("the running image is not in this account's ECR");
        return call.Host.World.Regions[reference.Region].Images.Repositories.GetValueOrDefault(reference.Repository) ?? throw new LabException($"the repository {reference.Repository} is gone");
    }

    private readonly record struct DefinitionName(TaskDefinition Definition)
    {
        public static implicit operator TaskDefinition(DefinitionName name) => name.Definition;

        public override string ToString() => $"{Definition.Family}:{Definition.Revision}";
    }
}
