using System.Globalization;
using System.Net;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using NodaTime;

namespace Tocsin.Lab.Runtime;

/// <summary>What becomes known of one request while it is answered, and the access-log entry made of it.</summary>
internal sealed class AlbExchange
{
    private const string TraceHeader = "X-Amzn-Trace-Id";
    private const string ConnectionTrace = "Tocsin.Lab.ConnectionTrace";
    private readonly AlbListener listener;
    private readonly string requestLine;

    public AlbExchange(AlbListener listener, HttpContext context)
    {
        this.listener = listener;
        Context = context;
        Created = listener.Clock.Now;
        var request = context.Request;
        RawTarget = context.Features.GetRequiredFeature<IHttpRequestFeature>().RawTarget;
        requestLine = string.Create(CultureInfo.InvariantCulture, $"{request.Method} {listener.Scheme}://{HostName}:{listener.Address.Port}{RawTarget} {request.Protocol}");
        ReceivedBytes = HeadBytes($"{request.Method} {RawTarget} {request.Protocol}", request.Headers);
        TraceId = Trace(request.Headers[TraceHeader].ToString());
    }

    public HttpContext Context { get; }

    public Instant Now => listener.Clock.Now;

    public Instant Created { get; }

    public string RawTarget { get; }

    public string HostName => Context.Request.Host.Host;

    public string TraceId { get; }

    public AlbRule? Rule { get; set; }

    public TargetGroupView? Group { get; set; }

    public IPEndPoint? Target { get; set; }

    public Instant? Dispatched { get; set; }

    public Instant? Answered { get; set; }

    public Instant? Responded { get; set; }

    public int? TargetStatus { get; set; }

    /// <summary>What the log says instead of the status that was sent: 460 was sent to nobody.</summary>
    public int? LoggedStatus { get; set; }

    public string? Actions { get; set; }

    public bool ConnectionFailed { get; set; }

    /// <summary>The answer broke off behind its head: the client's connection is closed without its end.</summary>
    public bool CutOff { get; set; }

    public long ReceivedBytes { get; set; }

    public long SentBody { get; set; }

    public AccessLogEntry Entry()
    {
        var response = Context.Response;
        var sent = LoggedStatus is 460 ? 0 : HeadBytes($"HTTP/1.1 {response.StatusCode} {AlbPage.Reason(response.StatusCode)}", response.Headers) + SentBody;
        return new AccessLogEntry
        {
            Type = listener.Scheme,
            Time = listener.Clock.Now,
            LoadBalancer = listener.LoadBalancer,
            Client = Client(Context),
            Target = Target,
            RequestProcessing = Dispatched - Created,
            TargetProcessing = Answered - Dispatched,
            ResponseProcessing = Responded - Answered,
            Status = LoggedStatus ?? response.StatusCode,
            TargetStatus = TargetStatus,
            ReceivedBytes = ReceivedBytes,
            SentBytes = sent,
            Request = requestLine,
            UserAgent = Context.Request.Headers.UserAgent.ToString(),
            TargetGroupArn = Group?.Arn,
            TraceId = TraceId,
            MatchedRule = Actions is null ? null : Rule?.Priority ?? 0,
            Created = Created,
            Actions = Actions,
            ConnectionTraceId = ConnectionTraceId(Context),
        };
    }

    public static IPEndPoint Client(HttpContext context) =>
        new(context.Connection.RemoteIpAddress ?? IPAddress.None, context.Connection.RemotePort);

    private static long HeadBytes(string firstLine, IHeaderDictionary headers) =>
        firstLine.Length + 4 + headers.Sum(h => h.Value.Sum(v => h.Key.Length + (v?.Length ?? 0) + 4L));

    // A client's own root is kept and gets our part beside it (user guide, request tracing).
    private string Trace(string given)
    {
        var own = string.Create(CultureInfo.InvariantCulture, $"1-{Created.ToUnixTimeSeconds():x8}-{Hex(12)}");
        if (!given.Contains("Root=", StringComparison.Ordinal)) return $"Root={own}";
        var others = given.Split(';').Select(f => f.Trim()).Where(f => f.Length > 0 && !f.StartsWith("Self=", StringComparison.Ordinal));
        return string.Join(';', others.Prepend($"Self={own}"));
    }

    private static string ConnectionTraceId(HttpContext context)
    {
        var items = context.Features.Get<IConnectionItemsFeature>()?.Items ?? context.Items;
        if (items.TryGetValue(ConnectionTrace, out var known) && known is string id) return id;
        var fresh = $"TID_{Hex(16)}";
        items[ConnectionTrace] = fresh;
        return fresh;
    }

    private static string Hex(int bytes)
    {
        Span<byte> random = stackalloc byte[bytes];
        Random.Shared.NextBytes(random);
        return Convert.ToHexStringLower(random);
    }
}
