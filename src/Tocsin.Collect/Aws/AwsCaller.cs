using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Xml;
using System.Xml.Linq;
using Amazon.Runtime;
using Amazon.Runtime.Internal.Auth;
using NodaTime;

namespace Tocsin.Collect.Aws;

/// <summary>What every call of one caller shares.</summary>
public sealed record AwsCallerOptions
{
    public AwsLogin Login { get; init; } = AwsLogin.Usual();

    /// <summary>Asked instead of each service's own address, such as a stand-in's.</summary>
    public Uri? Endpoint { get; init; }

    /// <summary>For one call with all its retries; wall time.</summary>
    public Duration Limit { get; init; } = Duration.FromSeconds(15);

    public int Tries { get; init; } = 4;

    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>
/// Calls AWS's APIs: signs by the SDK's signer, sends, and gives the answer as it came or throws <see cref="AwsFailure"/> with AWS's code. Only throttling and
/// AWS's own failures are tried again, never another 4xx. Knows no operation: whoever asks names it with its input as AWS documents it.
/// </summary>
public sealed class AwsCaller : IDisposable
{
    private const int MaxAnswer = 32 * 1024 * 1024;
    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private readonly AwsCallerOptions options;
    private readonly HttpClient http;

    public AwsCaller(AwsCallerOptions options)
    {
        this.options = options;
        http = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30) })
        {
            Timeout = Timeout.InfiniteTimeSpan,
            MaxResponseContentBufferSize = MaxAnswer,
        };
    }

    /// <summary>The answer of a service that speaks JSON.</summary>
    public async Task<JsonObject> JsonAsync(string service, string region, string operation, JsonObject input, CancellationToken cancel)
    {
        var call = new Call(Known(service, AwsProtocol.Json), region, operation);
        var body = JsonSerializer.SerializeToUtf8Bytes(input);
        var answer = await SendAsync(call, c => Signed(call, "application/x-amz-json-1.1", body, c), cancel);
        try
        {
            return answer.Length == 0 ? [] : JsonNode.Parse(answer) as JsonObject ?? throw new JsonException("it is no object");
        }
        catch (JsonException e)
        {
            throw new AwsFailure(AwsFailureKind.Unreachable, "NotAnAnswer", $"the answer is not JSON: {e.Message}", 200, call.Text, e);
        }
    }

    /// <summary>The answer of a service that speaks XML: its root is <c>OperationResponse</c>.</summary>
    public async Task<XDocument> XmlAsync(string service, string region, string operation, JsonObject input, CancellationToken cancel)
    {
        var call = new Call(Known(service, AwsProtocol.Query, AwsProtocol.Ec2), region, operation);
        var form = AwsForm.Write(operation, call.Endpoint.Mark, input, call.Endpoint.Protocol is AwsProtocol.Ec2 ? "" : ".member");
        var answer = await SendAsync(call, c => Signed(call, "application/x-www-form-urlencoded; charset=utf-8", Encoding.UTF8.GetBytes(form), c), cancel);
        try
        {
            return XDocument.Load(new MemoryStream(answer));
        }
        catch (XmlException e)
        {
            throw new AwsFailure(AwsFailureKind.Unreachable, "NotAnAnswer", $"the answer is not XML: {e.Message}", 200, call.Text, e);
        }
    }

    /// <summary>The answer of any service as the tree that AWS's own command line shows.</summary>
    public async Task<JsonObject> AskAsync(string service, string region, string operation, JsonObject input, CancellationToken cancel) =>
        AwsEndpoint.Find(service) is { Protocol: not AwsProtocol.Json }
            ? AwsForm.Tree(await XmlAsync(service, region, operation, input, cancel))
            : await JsonAsync(service, region, operation, input, cancel);

    /// <summary>What S3 gives for a GET of a bucket or an object, in path style, which needs no certificate for the bucket's own name.</summary>
    /// <param name="operation">As IAM and the trail name it, such as GetObject.</param>
    /// <param name="query">In ordinal order of their names, as the signature wants them.</param>
    public Task<byte[]> ObjectAsync(string region, string operation, string path, SortedDictionary<string, string> query, CancellationToken cancel)
    {
        var call = new Call(Known("s3", AwsProtocol.Rest), region, operation);
        return SendAsync(call, c => SignedGet(call, path, query, c), cancel);
    }

    public void Dispose() => http.Dispose();

    private static AwsEndpoint Known(string service, params AwsProtocol[] spoken)
    {
        var endpoint = AwsEndpoint.Find(service) ?? throw new ArgumentException($"{service} is no service that is called here; there are: {string.Join(", ", AwsEndpoint.Names.Order(StringComparer.Ordinal))}", nameof(service));
        return spoken.Contains(endpoint.Protocol) ? endpoint : throw new ArgumentException($"{service} does not speak {string.Join(" or ", spoken)}", nameof(service));
    }

    private async Task<byte[]> SendAsync(Call call, Func<ImmutableCredentials, HttpRequestMessage> signed, CancellationToken cancel)
    {
        using var limit = new CancellationTokenSource(options.Limit.ToTimeSpan(), options.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, limit.Token);
        try
        {
            for (var tried = 1; ; tried++)
            {
                try
                {
                    return await TryAsync(call, signed, either.Token);
                }
                catch (AwsFailure e) when (e.MayPass && tried < options.Tries)
                {
                    // A random share of the pause, so that callers which were refused together do not come back together.
                    await Task.Delay(FirstPause * Math.Pow(2, tried - 1) * (0.5 + (0.5 * Random.Shared.NextDouble())), options.Time, either.Token);
                }
            }
        }
        catch (OperationCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new AwsFailure(AwsFailureKind.TimedOut, "TimedOut", $"no answer within {options.Limit.TotalSeconds} s", 0, call.Text, e);
        }
    }

    private async Task<byte[]> TryAsync(Call call, Func<ImmutableCredentials, HttpRequestMessage> signed, CancellationToken cancel)
    {
        var credentials = await options.Login.GetAsync(call.Text, cancel);
        using var request = signed(credentials);
        try
        {
            using var response = await http.SendAsync(request, cancel);
            var answer = await response.Content.ReadAsByteArrayAsync(cancel);
            if (response.StatusCode is HttpStatusCode.OK) return answer;
            var (code, words) = AwsForm.Error(answer, response.Headers);
            throw new AwsFailure(AwsFailure.KindOf(code, (int)response.StatusCode), code, words, (int)response.StatusCode, call.Text);
        }
        catch (Exception e) when (e is HttpRequestException or IOException)
        {
            throw new AwsFailure(AwsFailureKind.Unreachable, "Unreachable", $"{request.RequestUri!.Authority}: {e.Message}", 0, call.Text, e);
        }
    }

    private HttpRequestMessage Signed(Call call, string contentType, byte[] body, ImmutableCredentials credentials)
    {
        var address = options.Endpoint ?? call.Endpoint.Address(call.Region);
        var now = options.Time.GetUtcNow().UtcDateTime;
        var headers = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["content-type"] = contentType,
            ["host"] = address.IsDefaultPort ? address.Host : address.Authority,
            ["x-amz-date"] = now.ToString("yyyyMMdd'T'HHmmss'Z'", System.Globalization.CultureInfo.InvariantCulture),
        };
        if (call.Endpoint.Protocol is AwsProtocol.Json) headers["x-amz-target"] = $"{call.Endpoint.Mark}.{call.Operation}";
        if (credentials.UseToken) headers["x-amz-security-token"] = credentials.Token;
        var names = string.Join(';', headers.Keys);
        var canonical = $"POST\n/\n\n{string.Concat(headers.Select(h => $"{h.Key}:{h.Value}\n"))}\n{names}\n{Convert.ToHexStringLower(SHA256.HashData(body))}";
        var signature = AWS4Signer.ComputeSignature(credentials, call.Endpoint.Global ? "us-east-1" : call.Region, now, call.Endpoint.Name, names, canonical);
        var request = new HttpRequestMessage(HttpMethod.Post, address) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        foreach (var (name, value) in headers.Where(h => h.Key.StartsWith("x-amz-", StringComparison.Ordinal))) request.Headers.TryAddWithoutValidation(name, value);
        request.Headers.TryAddWithoutValidation("Authorization", signature.ForAuthorizationHeader);
        request.Headers.UserAgent.ParseAdd("tocsin");
        return request;
    }

    private HttpRequestMessage SignedGet(Call call, string path, SortedDictionary<string, string> query, ImmutableCredentials credentials)
    {
        var root = options.Endpoint ?? call.Endpoint.Address(call.Region);
        var now = options.Time.GetUtcNow().UtcDateTime;
        var nothing = Convert.ToHexStringLower(SHA256.HashData([]));
        var headers = new SortedDictionary<string, string>(StringComparer.Ordinal)
        {
            ["host"] = root.IsDefaultPort ? root.Host : root.Authority,
            ["x-amz-content-sha256"] = nothing,
            ["x-amz-date"] = now.ToString("yyyyMMdd'T'HHmmss'Z'", System.Globalization.CultureInfo.InvariantCulture),
        };
        if (credentials.UseToken) headers["x-amz-security-token"] = credentials.Token;
        var coded = string.Join('/', path.Split('/').Select(Uri.EscapeDataString));
        var asked = string.Join('&', query.Select(q => $"{Uri.EscapeDataString(q.Key)}={Uri.EscapeDataString(q.Value)}"));
        var names = string.Join(';', headers.Keys);
        var canonical = $"GET\n/{coded}\n{asked}\n{string.Concat(headers.Select(h => $"{h.Key}:{h.Value}\n"))}\n{names}\n{nothing}";
        var signature = AWS4Signer.ComputeSignature(credentials, call.Region, now, call.Endpoint.Name, names, canonical);
        var request = new HttpRequestMessage(HttpMethod.Get, new Uri($"{root.GetLeftPart(UriPartial.Authority)}/{coded}{(asked.Length == 0 ? "" : "?" + asked)}"));
        foreach (var (name, value) in headers.Where(h => h.Key is not "host")) request.Headers.TryAddWithoutValidation(name, value);
        request.Headers.TryAddWithoutValidation("Authorization", signature.ForAuthorizationHeader);
        request.Headers.UserAgent.ParseAdd("tocsin");
        return request;
    }

    private readonly record struct Call(AwsEndpoint Endpoint, string Region, string Operation)
    {
        public string Text => $"{Endpoint.Name} {Operation} in {Region}";
    }
}
