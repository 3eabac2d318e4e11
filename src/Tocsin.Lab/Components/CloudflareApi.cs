using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using NodaTime;
using NodaTime.Text;
using Tocsin.Lab.Aws;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Components;

/// <summary>An error of Cloudflare's API, by its number.</summary>
internal sealed class CloudflareException(int status, int code, string message) : Exception(message)
{
    public int Status => status;

    public int Code => code;
}

/// <summary>
/// Version 4 of Cloudflare's API as far as an incident asks it: the token, zones and DNS records (those of the lab), Pages projects and deployments,
/// Workers. Every answer has its envelope: success, errors, messages, result.
/// </summary>
internal sealed class CloudflareApi(LabWorld world, LabDns dns, CloudflareState state, string zone, Func<string?> token)
{
    private static readonly Duration TailLife = Duration.FromHours(6);
    private static readonly string ZoneId = LabIds.Hex(32);
    private static readonly string AccountId = LabIds.Hex(32);

    public async Task Handle(HttpContext context)
    {
        var cancel = context.RequestAborted;
        // The socket's address is a secret by itself, as Cloudflare's is: no token.
        if (context.Request.Path.Value is ['/', 't', 'a', 'i', 'l', '/', .. var tail] && state.Tails.TryGetValue(tail, out var open))
        {
            await open.ServeAsync(context, cancel);
            return;
        }
        try
        {
            var body = context.Request.ContentLength > 0 ? await JsonSerializer.DeserializeAsync<JsonObject>(context.Request.Body, cancellationToken: cancel) : null;
            JsonNode? result;
            lock (world.Gate) result = Answer(context.Request, body ?? []);
            await WriteAsync(context, 200, new JsonObject { ["success"] = true, ["errors"] = new JsonArray(), ["messages"] = new JsonArray(), ["result"] = result }, cancel);
        }
        catch (CloudflareException e)
        {
            await RefuseAsync(context, e.Status, e.Code, e.Message, cancel);
        }
        catch (JsonException)
        {
            await RefuseAsync(context, 400, 9207, "Request body is invalid.", cancel);
        }
    }

    private static Task RefuseAsync(HttpContext context, int status, int code, string message, CancellationToken cancel) => WriteAsync(
        context,
        status,
        new JsonObject { ["success"] = false, ["errors"] = new JsonArray(new JsonObject { ["code"] = code, ["message"] = message }), ["messages"] = new JsonArray(), ["result"] = null },
        cancel);

    private static async Task WriteAsync(HttpContext context, int status, JsonObject answer, CancellationToken cancel)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.ToJsonString(), cancel);
    }

    private JsonNode Answer(HttpRequest request, JsonObject body)
    {
        if (request.Headers.Authorization.ToString() is not ['B', 'e', 'a', 'r', 'e', 'r', ' ', .. var given]) throw new CloudflareException(400, 9106, "Missing X-Auth-Key, X-Auth-Email or Authorization headers");
        if (given != token()) throw new CloudflareException(403, 10000, "Authentication error");
        var path = request.Path.Value ?? "";
        return (request.Method, path.Trim('/').Split('/')) switch
        {
            ("GET", ["client", "v4", "user", "tokens", "verify"]) => new JsonObject { ["id"] = LabIds.Hex(32), ["status"] = "active" },
            ("GET", ["client", "v4", "accounts"]) => new JsonArray(new JsonObject { ["id"] = AccountId, ["name"] = "LAB" }),
            ("GET", ["client", "v4", "zones"]) => Zones(request.Query["name"]),
            ("GET", ["client", "v4", "zones", var id, "workers", "routes"]) when id == ZoneId => new JsonArray([.. state.Routes.Select(r => (JsonNode)new JsonObject { ["id"] = LabIds.Hex(32), ["pattern"] = r.Key + "/*", ["script"] = r.Value })]),
            (_, ["client", "v4", "zones", var id, "dns_records", .. var rest]) when id == ZoneId => Records(request, rest, body),
            (_, ["client", "v4", "accounts", var id, "pages", "projects", .. var rest]) when id == AccountId => Pages(request.Method, rest),
            (_, ["client", "v4", "accounts", var id, "workers", "scripts", var script, "tails", .. var rest]) when id == AccountId => Tails(request, script, rest),
            ("GET", ["client", "v4", "accounts", var id, "workers", "scripts", .. var rest]) when id == AccountId => Workers(rest),
            _ => throw new CloudflareException(400, 7003, $"Could not route to {path}, perhaps your object identifier is invalid?"),
        };
    }

    private JsonArray Zones(string? name) =>
        name is { Length: > 0 } && name != zone ? [] : [new JsonObject { ["id"] = ZoneId, ["name"] = zone, ["status"] = "active", ["paused"] = false, ["type"] = "full", ["account"] = new JsonObject { ["id"] = AccountId, ["name"] = "LAB" } }];

    private JsonNode Records(HttpRequest request, string[] rest, JsonObject body)
    {
        if (rest.Length == 0 && request.Method is "GET")
        {
            string? name = request.Query["name"], type = request.Query["type"], content = request.Query["content"];
            return new JsonArray([.. dns.Names.Select(n => dns.Find(n)!).Where(r => (name is null || r.Name == name) && (type is null || r.Type == type) && (content is null || r.Value == content)).Select(r => (JsonNode)Shape(r))]);
        }
        if (rest.Length == 0 && request.Method is "POST") return Put(Text(body, "name"), body, null);
        var known = dns.Names.Select(n => dns.Find(n)!).FirstOrDefault(r => rest.Length == 1 && IdOf(r) == rest[0]) ?? throw new CloudflareException(404, 81044, "Record does not exist.");
        switch (request.Method)
        {
            case "GET":
                return Shape(known);
            case "PATCH" or "PUT":
                return Put(known.Name, body, known);
            case "DELETE":
                dns.Unset(known.Name);
                return new JsonObject { ["id"] = rest[0] };
            default:
                throw new CloudflareException(405, 10405, "Method not allowed for this authentication scheme");
        }
    }

    private JsonObject Put(string name, JsonObject body, DnsRecord? was)
    {
        if (was is null && dns.Find(name) is not null) throw new CloudflareException(400, 81058, "An identical record already exists.");
        var type = body["type"]?.ToString() ?? was?.Type ?? "";
        if (type is not ("A" or "CNAME" or "TXT")) throw new CloudflareException(400, 9005, "DNS Validation Error: the lab holds records of type A, CNAME and TXT");
        dns.Set(name, type, body["content"]?.ToString() ?? was?.Value ?? Text(body, "content"), body["proxied"] is JsonValue proxied ? proxied.ToString() is "true" : was?.Proxied ?? false);
        return Shape(dns.Find(name)!);
    }

    private static string Text(JsonObject body, string name) => body[name]?.ToString() ?? throw new CloudflareException(400, 9000, $"DNS name is invalid: {name} is missing.");

    private string IdOf(DnsRecord record) => state.RecordIds.TryGetValue(record.Name, out var id) ? id : state.RecordIds[record.Name] = LabIds.Hex(32);

    private JsonObject Shape(DnsRecord record) => new()
    {
        ["id"] = IdOf(record),
        ["zone_id"] = ZoneId,
        ["zone_name"] = zone,
        ["name"] = record.Name,
        ["type"] = record.Type,
        ["content"] = record.Value,
        ["proxiable"] = record.Type is "A" or "CNAME",
        ["proxied"] = record.Proxied,
        ["ttl"] = 1,
    };

    private JsonNode Pages(string method, string[] rest)
    {
        if (rest.Length == 0) return new JsonArray([.. state.Pages.Select(p => (JsonNode)Project(p.Key, p.Value))]);
        if (!state.Pages.TryGetValue(rest[0], out var deployments)) throw new CloudflareException(404, 8000007, "Project not found. The specified project name does not match any of your existing projects.");
        if (rest.Length == 1) return Project(rest[0], deployments);
        if (rest.Length == 2 && rest[1] is "deployments" && method is "GET") return new JsonArray([.. deployments.Select(d => (JsonNode)Shape(rest[0], d))]);
        var one = deployments.Find(d => rest.Length > 2 && d.Id == rest[2]) ?? throw new CloudflareException(404, 8000009, "The deployment ID you have specified does not exist. Update the deployment ID and try again.");
        switch (method, rest[3..])
        {
            case ("GET", []):
                return Shape(rest[0], one);
            case ("GET", ["history", "logs"]):
                return new JsonObject { ["total"] = one.Log.Count, ["includes_container_logs"] = true, ["data"] = new JsonArray([.. one.Log.Select(l => (JsonNode)new JsonObject { ["ts"] = Time(one.At), ["line"] = l })]) };
            case ("POST", ["retry" or "rollback"]):
                state.Deploy(rest[0], LabIds.Uuid(), world.Clock.Now, one.Status, one.Log);
                return Shape(rest[0], deployments[0]);
            default:
                throw new CloudflareException(405, 10405, "Method not allowed for this authentication scheme");
        }
    }

    private static JsonObject Project(string name, List<PagesDeployment> deployments) => new()
    {
        ["id"] = name,
        ["name"] = name,
        ["subdomain"] = $"{name}.pages.dev",
        ["production_branch"] = "main",
        ["latest_deployment"] = deployments.Count == 0 ? null : Shape(name, deployments[0]),
    };

    private static JsonObject Shape(string project, PagesDeployment deployment) => new()
    {
        ["id"] = deployment.Id,
        ["short_id"] = deployment.Id[..8],
        ["project_name"] = project,
        ["environment"] = "production",
        ["url"] = $"https://{deployment.Id[..8]}.{project}.pages.dev",
        ["created_on"] = Time(deployment.At),
        ["modified_on"] = Time(deployment.At),
        ["latest_stage"] = new JsonObject { ["name"] = deployment.Stage, ["status"] = deployment.Status, ["started_on"] = Time(deployment.At), ["ended_on"] = Time(deployment.At) },
    };

    private JsonNode Tails(HttpRequest request, string script, string[] rest)
    {
        if (!state.Workers.ContainsKey(script)) throw new CloudflareException(404, 10007, "This Worker does not exist on your account.");
        switch (request.Method, rest)
        {
            case ("GET", []):
                return new JsonArray([.. state.Tails.Values.Where(t => t.Script == script).Select(t => (JsonNode)Shape(t, request))]);
            case ("POST", []):
                foreach (var old in state.Tails.Values.Where(t => t.Expires < world.Clock.Now)) End(old);
                var tail = new WorkerTail(LabIds.Hex(32), script, world.Clock.Now + TailLife);
                state.Tails[tail.Id] = tail;
                return Shape(tail, request);
            case ("DELETE", [var id]) when state.Tails.TryGetValue(id, out var one):
                End(one);
                return new JsonObject { ["id"] = id };
            default:
                throw new CloudflareException(404, 10057, "The tail was not found.");
        }
    }

    private void End(WorkerTail tail)
    {
        state.Tails.TryRemove(tail.Id, out _);
        tail.End();
    }

    private static JsonObject Shape(WorkerTail tail, HttpRequest request) => new() { ["id"] = tail.Id, ["url"] = $"ws://{request.Host}/tail/{tail.Id}", ["expires_at"] = Time(tail.Expires) };

    private JsonNode Workers(string[] rest)
    {
        if (rest.Length == 0) return new JsonArray([.. state.Workers.Values.Select(w => (JsonNode)new JsonObject { ["id"] = w.Name, ["modified_on"] = Time(w.Modified) })]);
        var worker = state.Workers.GetValueOrDefault(rest[0]) ?? throw new CloudflareException(404, 10007, "This Worker does not exist on your account.");
        var known = worker.Before is { } before ? new[] { worker, before } : [worker];
        return rest switch
        {
            [_, "deployments"] => new JsonObject { ["deployments"] = new JsonArray([.. known.Select(d => (JsonNode)Deployment(d))]) },
            [_, "versions", var id] => Version(Array.Find(known, d => d.Deployment == id) ?? throw new CloudflareException(404, 10220, "Version not found.")),
            _ => new JsonObject { ["id"] = worker.Name, ["modified_on"] = Time(worker.Modified) },
        };
    }

    // Here a deployment is one version, and bears its id.
    private static JsonObject Deployment(WorkerScript of) => new()
    {
        ["id"] = of.Deployment,
        ["created_on"] = Time(of.Modified),
        ["source"] = "wrangler",
        ["strategy"] = "percentage",
        ["versions"] = new JsonArray(new JsonObject { ["version_id"] = of.Deployment, ["percentage"] = 100 }),
    };

    private static JsonObject Version(WorkerScript of) => new()
    {
        ["id"] = of.Deployment,
        ["metadata"] = new JsonObject { ["created_on"] = Time(of.Modified), ["source"] = "wrangler" },
        ["resources"] = new JsonObject { ["bindings"] = new JsonArray([.. of.Bindings.Select(b => (JsonNode)new JsonObject { ["name"] = b, ["type"] = "plain_text" })]) },
    };

    private static string Time(Instant at) => InstantPattern.CreateWithInvariantCulture("uuuu-MM-dd'T'HH:mm:ss.ffffff'Z'").Format(at);
}
