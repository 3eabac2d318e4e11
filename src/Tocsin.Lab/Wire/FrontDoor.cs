using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using NodaTime;
using Tocsin.Lab.Aws.Iam;
using Tocsin.Lab.World;

namespace Tocsin.Lab.Wire;

/// <summary>
/// The one port of the stand-in. Signature, permission, throttling, dispatch and the trail are the same for every service; the signature's scope says which
/// service and region are meant.
/// </summary>
public sealed class FrontDoor(LabWorld world, OperationTable operations, ILogger<FrontDoor> log)
{
    private const int MaxBody = 10 * 1024 * 1024;
    private const string JsonType = "application/x-amz-json-1.1";

    public Throttle Throttle { get; } = new();

    public async Task Handle(HttpContext context)
    {
        var requestId = Aws.LabIds.Uuid();
        context.Response.Headers["x-amzn-RequestId"] = requestId;
        context.Response.Headers["X-Tocsin"] = "LAB";
        var signed = Signed.Read(context.Request.Headers.Authorization.ToString());
        var product = Product(context.Request, signed);
        try
        {
            var body = await Body(context.Request, context.RequestAborted);
            if (product.Protocol is AwsProtocol.Rest) await Rest(context, product, signed, body, requestId);
            else await Answer(context, product, signed, body, requestId);
        }
        catch (AwsException e)
        {
            await Refuse(context, product, e, requestId);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            LabMessages.OperationFailed(log, product.Service, e);
            await Refuse(context, product, new AwsException("InternalFailure", $"LAB: the stand-in failed: {e.GetType().Name}", 500), requestId);
        }
    }

    private async Task Answer(HttpContext context, AwsProduct product, Signed? signed, byte[] body, string requestId)
    {
        var (name, input) = product.Protocol is AwsProtocol.Json ? ReadJson(context.Request, product, body) : ReadForm(context.Request, product, body);
        var output = Call(context.Request, product, signed, body, name, input, requestId);
        if (product.Protocol is AwsProtocol.Json && product.AlsoJson.Length > 0) output = JsonOfQuery.Of(output);
        context.Response.ContentType = product.Protocol is AwsProtocol.Json ? JsonType : "text/xml";
        var bytes = product.Protocol is AwsProtocol.Json ? JsonSerializer.SerializeToUtf8Bytes(output) : XmlAnswer.Result(product, name, output, requestId);
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    private async Task Rest(HttpContext context, AwsProduct product, Signed? signed, byte[] body, string requestId)
    {
        var call = RestCall.Read(context.Request, body);
        var output = Call(context.Request, product, signed, body, call.Operation, call.Input, requestId);
        await RestCall.Write(context, product, output);
    }

    private JsonObject Call(HttpRequest request, AwsProduct product, Signed? signed, byte[] body, string name, JsonObject input, string requestId)
    {
        var now = world.Clock.Now;
        var key = Authenticate(request, product, signed, body, now);
        Caller caller;
        lock (world.Gate) caller = world.Iam.Caller(key);
        var region = signed!.Region;
        if (!product.Global && !world.Regions.ContainsKey(region)) throw new AwsException("UnrecognizedClientException", $"LAB: there is no region {region} here; there are {string.Join(", ", world.Regions.Keys)}");
        var operation = operations.Find(product.Service, name);
        if (operation is null)
        {
            LabMessages.UnknownOperation(log, product.Service, name);
            throw new AwsException("UnknownOperationException", $"LAB: {product.Service} {name} is not part of this lab; docs/lab-aws.md lists what is.");
        }
        var call = new AwsCall(product.Service, name, region, caller, input, now)
        {
            SourceIp = request.HttpContext.Connection.RemoteIpAddress?.ToString() ?? "127.0.0.1",
            UserAgent = request.Headers.UserAgent.ToString(),
            RequestId = requestId,
        };
        lock (world.Gate)
        {
            (key.LastUsed, key.LastService, key.LastRegion) = (now, product.Service, region);
            if (!Throttle.Takes(product.Service, name, now)) throw new AwsException(ThrottleCode(product), "Rate exceeded", product.Protocol is AwsProtocol.Ec2 or AwsProtocol.Rest ? 503 : 400);
        }
        return operation.OwnLock ? Run(call, operation, key) : Locked(call, operation, key);
    }

    private JsonObject Locked(AwsCall call, Operation operation, AccessKey key)
    {
        lock (world.Gate) return Run(call, operation, key);
    }

    private JsonObject Run(AwsCall call, Operation operation, AccessKey key)
    {
        try
        {
            Authorize(call, operation, key);
            var output = operation.Answer(call);
            world.Trail.Record(call, operation, output, null);
            return output;
        }
        catch (AwsException e)
        {
            world.Trail.Record(call, operation, null, e);
            throw;
        }
    }

    private AccessKey Authenticate(HttpRequest request, AwsProduct product, Signed? signed, byte[] body, Instant now)
    {
        var json = product.Protocol is AwsProtocol.Json;
        if (signed is null) throw new AwsException(json ? "MissingAuthenticationTokenException" : "MissingAuthenticationToken", "Missing Authentication Token", 403);
        AccessKey? key;
        lock (world.Gate) key = world.Iam.Keys.GetValueOrDefault(signed.AccessKeyId);
        var token = request.Headers["X-Amz-Security-Token"].ToString();
        if (key is not { Active: true } || (key.Session?.Token ?? "") != token)
        {
            throw product.Protocol switch
            {
                AwsProtocol.Json => new AwsException("UnrecognizedClientException", "The security token included in the request is invalid."),
                AwsProtocol.Ec2 => new AwsException("AuthFailure", "AWS was not able to validate the provided access credentials", 401),
                AwsProtocol.Rest => new AwsException("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403),
                _ => new AwsException("InvalidClientTokenId", "The security token included in the request is invalid.", 403),
            };
        }
        if (key.Session is { } session && session.Expires <= now) throw new AwsException(json ? "ExpiredTokenException" : "ExpiredToken", "The security token included in the request is expired", json ? 400 : 403);
        CheckSignature(request, product, signed, body, key, now);
        return key;
    }

    private static void CheckSignature(HttpRequest request, AwsProduct product, Signed signed, byte[] body, AccessKey key, Instant now)
    {
        var mismatch = product.Protocol switch { AwsProtocol.Json => "InvalidSignatureException", AwsProtocol.Ec2 => "AuthFailure", _ => "SignatureDoesNotMatch" };
        var stamp = request.Headers["X-Amz-Date"].ToString();
        if (SignatureV4.Time(request) is not { } at || !stamp.StartsWith(signed.Date, StringComparison.Ordinal)) throw new AwsException(mismatch, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP", 403);
        if (product.Protocol is AwsProtocol.Rest && (now - at > SignatureV4.MaxSkew || at - now > SignatureV4.MaxSkew)) throw new AwsException("RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", 403);
        if (product.Protocol is AwsProtocol.Ec2 && now - at > SignatureV4.MaxSkew) throw new AwsException("RequestExpired", "Request has expired.");
        if (now - at > SignatureV4.MaxSkew) throw new AwsException(mismatch, $"Signature expired: {stamp} is now earlier than {AwsTime.Stamp(now - SignatureV4.MaxSkew)} ({AwsTime.Stamp(now)} - 5 min.)", 403);
        if (at - now > SignatureV4.MaxSkew) throw new AwsException(mismatch, $"Signature not yet current: {stamp} is still later than {AwsTime.Stamp(now + SignatureV4.MaxSkew)} ({AwsTime.Stamp(now)} + 5 min.)", 403);
        if (SignatureV4.Holds(request, body, signed, key.Secret)) return;
        throw product.Protocol is AwsProtocol.Ec2 ? new AwsException(mismatch, "AWS was not able to validate the provided access credentials", 401)
            : new AwsException(mismatch, "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.", 403);
    }

    private void Authorize(AwsCall call, Operation operation, AccessKey key)
    {
        var context = Facts(call, key);
        foreach (var action in operation.Actions(call))
        {
            foreach (var resource in operation.Resources(call).DefaultIfEmpty("*"))
            {
                var verdict = world.Iam.Decide(key.Principal, key.Session?.Policy, action, resource, context);
                if (verdict is not PolicyVerdict.Allow) throw Denial.Of(call, action, resource, verdict, key.Session?.Policy is not null);
            }
        }
    }

    // The stand-in's own port knows no TLS; it stands for AWS's, which knows nothing else.
    private PolicyContext Facts(AwsCall call, AccessKey key)
    {
        var who = world.Iam.Principals.GetValueOrDefault(key.Principal);
        var context = new PolicyContext()
            .With("aws:RequestedRegion", call.Region)
            .With("aws:PrincipalArn", who?.Arn ?? call.Caller.Arn)
            .With("aws:PrincipalAccount", Aws.LabIds.Account)
            .With("aws:PrincipalType", key.Session is null ? "User" : "AssumedRole")
            .With("aws:username", who is { IsRole: false } ? [who.Name] : [])
            .With("aws:MultiFactorAuthPresent", key.Session is null ? [] : ["false"])
            .With("aws:SourceIp", call.SourceIp)
            .With("aws:UserAgent", call.UserAgent)
            .With("aws:SecureTransport", "true")
            .With("aws:CurrentTime", NodaTime.Text.InstantPattern.ExtendedIso.Format(call.Now))
            .With("aws:EpochTime", call.Now.ToUnixTimeSeconds().ToString(System.Globalization.CultureInfo.InvariantCulture));
        var tags = call.Objects("Tags").Concat(call.Objects("tags")).Select(t => (Key: t.Leaf("Key") ?? t.Leaf("key") ?? "", Value: t.Leaf("Value") ?? t.Leaf("value") ?? "")).ToList();
        foreach (var (name, value) in tags) context.With($"aws:RequestTag/{name}", value);
        return context.With("aws:TagKeys", [.. tags.Select(t => t.Key)]);
    }

    private static AwsProduct Product(HttpRequest request, Signed? signed)
    {
        var target = request.Headers["X-Amz-Target"].ToString();
        if (signed is not null && AwsProduct.All.TryGetValue(signed.Service, out var product)) return product.For(target);
        if (AwsProduct.All.Values.FirstOrDefault(p => target.StartsWith(p.Prefix + ".", StringComparison.Ordinal)) is { } json) return json;
        if (target.Length > 0) return new AwsProduct(signed?.Service ?? "unknown", AwsProtocol.Json, target.Split('.')[0]);
        return request.HasFormContentType ? new AwsProduct(signed?.Service ?? "unknown", AwsProtocol.Query, "") : AwsProduct.All["s3"];
    }

    private static (string Name, JsonObject Input) ReadJson(HttpRequest request, AwsProduct product, byte[] body)
    {
        var target = request.Headers["X-Amz-Target"].ToString();
        if (!target.StartsWith(product.Prefix + ".", StringComparison.Ordinal)) throw new AwsException("UnknownOperationException", target.Length == 0 ? "LAB: X-Amz-Target is missing" : $"LAB: {target} is not a target of {product.Service}");
        try
        {
            var input = body.Length == 0 ? [] : StrictJson.Parse(body) as JsonObject;
            return (target[(product.Prefix.Length + 1)..], input ?? throw new AwsException("SerializationException", "Start of structure or map found where not expected."));
        }
        catch (JsonException e)
        {
            throw new AwsException("SerializationException", "The request body is not a JSON object: " + e.Message.Split('.')[0]);
        }
    }

    private static (string Name, JsonObject Input) ReadForm(HttpRequest request, AwsProduct product, byte[] body)
    {
        var text = Encoding.UTF8.GetString(body);
        var form = QueryHelpers.ParseQuery(text.Length > 0 ? text : request.QueryString.Value ?? "").SelectMany(p => p.Value.Select(v => KeyValuePair.Create(p.Key, v ?? ""))).ToList();
        var name = form.FirstOrDefault(p => p.Key is "Action").Value;
        if (string.IsNullOrEmpty(name)) throw new AwsException("MissingAction", $"LAB: the call to {product.Service} names no Action");
        return (name, QueryForm.Read(form));
    }

    private static async Task<byte[]> Body(HttpRequest request, CancellationToken cancel)
    {
        if (request.ContentLength > MaxBody) throw new AwsException("RequestEntityTooLarge", "LAB: the request is over 10 MB", 413);
        using var stream = new MemoryStream();
        var buffer = new byte[16 * 1024];
        for (int read; (read = await request.Body.ReadAsync(buffer, cancel)) > 0;)
        {
            if (stream.Length + read > MaxBody) throw new AwsException("RequestEntityTooLarge", "LAB: the request is over 10 MB", 413);
            stream.Write(buffer, 0, read);
        }
        return stream.ToArray();
    }

    private static async Task Refuse(HttpContext context, AwsProduct product, AwsException error, string requestId)
    {
        if (context.Response.HasStarted) return;
        context.Response.StatusCode = error.Status;
        // Whoever asks a Query service in JSON still knows its errors by their names of before.
        if (product.Protocol is AwsProtocol.Json && product.AlsoJson.Length > 0) context.Response.Headers["x-amzn-query-error"] = $"{error.Code};{(error.Status < 500 ? "Sender" : "Receiver")}";
        context.Response.ContentType = product.Protocol is AwsProtocol.Json ? JsonType : "text/xml";
        var bytes = product.Protocol switch
        {
            AwsProtocol.Json => JsonSerializer.SerializeToUtf8Bytes(JsonError(error)),
            AwsProtocol.Rest => XmlAnswer.S3Error(error, context.Request.Path, requestId),
            _ => XmlAnswer.Error(product, error, requestId),
        };
        context.Response.ContentLength = bytes.Length;
        await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    private static JsonObject JsonError(AwsException error)
    {
        var json = new JsonObject { ["__type"] = error.Code, ["message"] = error.Message };
        foreach (var (name, value) in error.Details ?? []) json[name] = value?.DeepClone();
        return json;
    }

    private static string ThrottleCode(AwsProduct product) => product.Protocol switch
    {
        AwsProtocol.Json => "ThrottlingException",
        AwsProtocol.Ec2 => "RequestLimitExceeded",
        AwsProtocol.Rest => "SlowDown",
        _ => "Throttling",
    };
}
