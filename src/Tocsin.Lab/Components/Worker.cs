using System.Collections.Immutable;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Http;
using Tocsin.Lab.Host;
using Tocsin.Lab.Platform;

namespace Tocsin.Lab.Components;

/// <summary>
/// The platform's Cloudflare Worker: its script in workerd by miniflare, and before it what Cloudflare's edge is: its route's name on port 80, and the page
/// of error 1101 where the script threw. Every request is told to whoever tails the Worker, with the exception's text as the runtime gave it.
/// </summary>
internal sealed partial class Worker(ComponentGround ground, string environment, LabWorker description, CloudflareState cloudflare)
    : ServerProcess(ground, environment, "worker", RuntimePort)
{
    private const int RuntimePort = 8787;
    private static readonly HashSet<string> OfThisHop = new(StringComparer.OrdinalIgnoreCase) { "Connection", "Keep-Alive", "Transfer-Encoding", "Host" };
    private readonly SortedDictionary<string, string> bindings = new(description.Environment.ToDictionary(StringComparer.Ordinal), StringComparer.Ordinal);
    private readonly HttpClient runtime = new(new SocketsHttpHandler { UseProxy = false, UseCookies = false, AllowAutoRedirect = false });
    private LabServer? edge;

    public override bool Shared => true;

    protected override string WorkingFolder => Ground.Options.ProgramsFolder;

    protected override ImmutableDictionary<string, string> Variables => bindings.Where(b => b.Value.Length > 0).Select(b => KeyValuePair.Create(b.Key, Ground.Filled(Environment, b.Value))).ToImmutableDictionary(StringComparer.Ordinal)
        .Add("HOST", Address).Add("PORT", RuntimePort.ToString(CultureInfo.InvariantCulture)).Add("HOME", Folder).Add("TMPDIR", Folder).Add("UV_THREADPOOL_SIZE", "1");

    protected override ImmutableArray<string> Command() => [.. Ground.Options.Lab.Node, description.Program];

    protected override async Task PrepareAsync(bool first, CancellationToken cancel)
    {
        if (first) foreach (var (name, value) in description.Environment) bindings[name] = value;
        edge ??= await LabServer.ListenAsync(new IPEndPoint(IPAddress.Parse(Address), Ground.Network.HttpPort), PassAsync, cancel);
    }

    protected override Task<bool> IsReadyAsync(CancellationToken cancel)
    {
        Version = "workerd by miniflare";
        return Task.FromResult(LastLines().Exists(l => l.Contains("ready at ", StringComparison.Ordinal)));
    }

    protected override async Task EndAsync(bool atOnce, CancellationToken cancel)
    {
        if (edge is not null) await edge.DisposeAsync();
        edge = null;
        await base.EndAsync(atOnce, cancel);
    }

    // A binding is part of a deployment: it takes a new one. An empty value is a deployment without it.
    protected override async Task<string> ChangeAsync(string key, string value, CancellationToken cancel)
    {
        if (!bindings.TryGetValue(key, out var was)) throw Verbs.VerbCall.Unknown("binding of worker", key, bindings.Keys);
        bindings[key] = value;
        await EndAsync(atOnce: true, cancel);
        await LaunchAsync(cancel);
        lock (Ground.World.Gate) cloudflare.Redeploy(description.Name, Ground.World.Clock.Now, [.. bindings.Where(b => b.Value.Length > 0).Select(b => b.Key)]);
        // As somebody would write it: without the port that the scheme implies.
        var filled = Ground.Filled(Environment, was);
        return Uri.TryCreate(filled, UriKind.Absolute, out var address) ? address.GetLeftPart(UriPartial.Path).TrimEnd('/') : filled;
    }

    private async Task PassAsync(HttpContext context)
    {
        var cancel = context.RequestAborted;
        var at = Ground.World.Clock.Now;
        if (context.Request.Host.Host != description.Host)
        {
            context.Response.StatusCode = StatusCodes.Status404NotFound;
            return;
        }
        try
        {
            using var answer = await runtime.SendAsync(await OnwardAsync(context.Request, cancel), cancel);
            var body = await answer.Content.ReadAsByteArrayAsync(cancel);
            var thrown = (int)answer.StatusCode == StatusCodes.Status500InternalServerError ? Thrown().Match(Encoding.UTF8.GetString(body)) : Match.Empty;
            cloudflare.Tell(description.Name, new WorkerEvent(at, context.Request.Method, $"https://{description.Host}{context.Request.Path}{context.Request.QueryString}", (int)answer.StatusCode, thrown.Success ? thrown.Groups[1].Value : null, thrown.Success ? thrown.Groups[2].Value : null));
            await (thrown.Success ? ThrewAsync(context, cancel) : AnswerAsync(context, answer, body, cancel));
        }
        catch (HttpRequestException)
        {
            context.Response.StatusCode = StatusCodes.Status502BadGateway;
        }
    }

    private async Task<HttpRequestMessage> OnwardAsync(HttpRequest request, CancellationToken cancel)
    {
        var onward = new HttpRequestMessage(new HttpMethod(request.Method), new Uri($"http://{Address}:{RuntimePort}{request.Path}{request.QueryString}"));
        if (request.ContentLength > 0 || request.Headers.TransferEncoding.Count > 0)
        {
            using var body = new MemoryStream();
            await request.Body.CopyToAsync(body, cancel);
            onward.Content = new ByteArrayContent(body.ToArray());
        }
        foreach (var (name, value) in request.Headers.Where(h => !OfThisHop.Contains(h.Key)))
        {
            if (!onward.Headers.TryAddWithoutValidation(name, value.ToArray())) onward.Content?.Headers.TryAddWithoutValidation(name, value.ToArray());
        }
        return onward;
    }

    private static async Task AnswerAsync(HttpContext context, HttpResponseMessage answer, byte[] body, CancellationToken cancel)
    {
        context.Response.StatusCode = (int)answer.StatusCode;
        foreach (var (name, values) in answer.Headers.Concat(answer.Content.Headers).Where(h => !OfThisHop.Contains(h.Key))) context.Response.Headers[name] = values.ToArray();
        await context.Response.Body.WriteAsync(body, cancel);
    }

    private static Task ThrewAsync(HttpContext context, CancellationToken cancel)
    {
        context.Response.StatusCode = StatusCodes.Status500InternalServerError;
        context.Response.ContentType = "text/html; charset=UTF-8";
        return context.Response.WriteAsync("<!doctype html><title>Worker threw exception</title><h1>Error 1101</h1><p>Worker threw exception</p><p>LAB, in the place of Cloudflare</p>\n", cancel);
    }

    // The runtime's answer for an exception that nobody caught: its name, its message, its stack.
    [GeneratedRegex(@"^(\w*Error): ([\s\S]{0,4000}?)\r?\n\s+at ", RegexOptions.CultureInvariant, matchTimeoutMilliseconds: 1000)]
    private static partial Regex Thrown();
}
