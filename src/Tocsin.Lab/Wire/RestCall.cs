using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Tocsin.Lab.Wire;

/// <summary>S3 in path style: method and path as an operation with parameters, and its answer back as bytes or XML.</summary>
internal sealed record RestCall(string Operation, JsonObject Input)
{
    /// <summary>Where an answer keeps an object's bytes, as base64.</summary>
    public const string Content = "$content";

    public static RestCall Read(HttpRequest request)
    {
        var path = request.Path.Value?.TrimStart('/') ?? "";
        var split = path.Split('/', 2);
        var input = new JsonObject();
        foreach (var (name, value) in request.Query) input[name] = value.ToString();
        if (split[0].Length > 0) input["Bucket"] = split[0];
        if (split.Length > 1 && split[1].Length > 0) input["Key"] = split[1];
        return new RestCall(Name(request.Method, input), input);
    }

    public static async Task Write(HttpContext context, AwsProduct product, string operation, JsonObject answer)
    {
        var bytes = answer[Content] is { } content ? Convert.FromBase64String(content.ToString()) : null;
        foreach (var (name, value) in answer) if (name.StartsWith("header:", StringComparison.Ordinal)) context.Response.Headers[name["header:".Length..]] = value?.ToString();
        if (bytes is null && operation.StartsWith("List", StringComparison.Ordinal))
        {
            context.Response.ContentType = "application/xml";
            bytes = XmlAnswer.Plain(operation is "ListBuckets" ? "ListAllMyBucketsResult" : "ListBucketResult", product.Prefix, answer);
        }
        context.Response.ContentLength = bytes?.Length ?? 0;
        if (bytes is not null && !HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    private static string Name(string method, JsonObject input) => (method, input.ContainsKey("Bucket"), input.ContainsKey("Key")) switch
    {
        ("GET", false, _) => "ListBuckets",
        ("GET", _, false) when input.ContainsKey("location") => "GetBucketLocation",
        ("GET", _, false) => "ListObjectsV2",
        ("GET", _, true) => "GetObject",
        ("HEAD", _, false) => "HeadBucket",
        ("HEAD", _, true) => "HeadObject",
        ("PUT", _, true) => "PutObject",
        ("PUT", _, false) => "CreateBucket",
        ("DELETE", _, true) => "DeleteObject",
        _ => $"{method} {input["Bucket"]}",
    };
}
