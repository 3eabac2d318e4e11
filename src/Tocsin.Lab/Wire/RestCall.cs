using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Tocsin.Lab.Wire;

/// <summary>S3 in path style: method and path as an operation with parameters, and its answer back as bytes or XML.</summary>
internal sealed record RestCall(string Operation, JsonObject Input)
{
    /// <summary>Where a call and an answer keep an object's bytes, as base64.</summary>
    public const string Content = "$content";

    /// <summary>An answer's XML root; without it there is no XML.</summary>
    public const string Root = "$root";

    /// <summary>The root's text, where it has no members.</summary>
    public const string TextOnly = "$text";

    /// <summary>An answer's status, where it is not 200.</summary>
    public const string Status = "$status";

    // Parameters that change an answer; any other name asks for another operation (?acl, ?uploads).
    private static readonly string[] Parameters =
    [
        "list-type", "prefix", "delimiter", "max-keys", "continuation-token", "start-after", "encoding-type", "fetch-owner", "location", "x-id",
    ];

    private static readonly string[] Headers = ["Range", "Content-Type", "Content-Encoding"];

    public static RestCall Read(HttpRequest request, byte[] body)
    {
        var split = Uri.UnescapeDataString(SignatureV4.RawPath(request).TrimStart('/')).Split('/', 2);
        var input = new JsonObject();
        foreach (var (name, value) in request.Query)
        {
            if (!Parameters.Contains(name, StringComparer.Ordinal)) return new RestCall($"{request.Method} ?{Inputs.Short(name)}", []);
            input[name] = value.ToString();
        }
        if (split[0].Length > 0) input["Bucket"] = split[0];
        if (split.Length > 1 && split[1].Length > 0) input["Key"] = split[1];
        foreach (var (name, value) in request.Headers)
        {
            if (!Headers.Contains(name, StringComparer.OrdinalIgnoreCase) && !name.StartsWith("x-amz-meta-", StringComparison.OrdinalIgnoreCase)) continue;
            var text = value.ToString();
            if (text.Any(c => c is < ' ' or > '~')) throw new AwsException("InvalidArgument", $"LAB: the header {name} is not ASCII.");
            if (text.Contains("aws-chunked", StringComparison.OrdinalIgnoreCase)) throw new AwsException("NotImplemented", "LAB: uploads signed chunk by chunk are not part of this lab.", 501);
            input["header:" + (Headers.FirstOrDefault(h => string.Equals(h, name, StringComparison.OrdinalIgnoreCase)) ?? name)] = text;
        }
        if (HttpMethods.IsPut(request.Method)) input[Content] = Convert.ToBase64String(body);
        return new RestCall(Name(request.Method, input), input);
    }

    public static async Task Write(HttpContext context, AwsProduct product, JsonObject answer)
    {
        foreach (var (name, value) in answer) if (name.StartsWith("header:", StringComparison.Ordinal)) context.Response.Headers[name["header:".Length..]] = value?.ToString();
        if (answer[Status] is { } status) context.Response.StatusCode = status.GetValue<int>();
        var bytes = answer[Content] is { } content ? Convert.FromBase64String(content.ToString()) : [];
        if (answer[Root] is { } root)
        {
            context.Response.ContentType = "application/xml";
            bytes = XmlAnswer.Plain(root.ToString(), product.Prefix, answer);
        }
        if (context.Response.StatusCode != StatusCodes.Status204NoContent) context.Response.ContentLength = bytes.Length;
        if (bytes.Length > 0 && !HttpMethods.IsHead(context.Request.Method)) await context.Response.Body.WriteAsync(bytes, context.RequestAborted);
    }

    private static string Name(string method, JsonObject input) => (method, input.ContainsKey("Bucket"), input.ContainsKey("Key")) switch
    {
        ("GET", false, _) => "ListBuckets",
        ("GET", _, false) when input.ContainsKey("location") => "GetBucketLocation",
        ("GET", _, false) => "ListObjectsV2",
        ("GET", _, true) => "GetObject",
        ("HEAD", true, false) => "HeadBucket",
        ("HEAD", _, true) => "HeadObject",
        ("PUT", _, true) => "PutObject",
        ("PUT", true, false) => "CreateBucket",
        ("DELETE", _, true) => "DeleteObject",
        _ => Inputs.Short(method) + " of a bucket",
    };
}
