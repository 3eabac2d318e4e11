using System.Collections.Immutable;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Tocsin.Lab.Faults.Checks;

/// <summary>HMAC-SHA256 as the other side of a webhook or payment makes it: by the key that it holds, which is one version of a service's secret.</summary>
internal sealed record HttpSignature(string Service, string Key, string Stage, string? Over, string Form)
{
    public async Task<string> OfAsync(FaultEyes eyes, string body, CancellationToken cancel)
    {
        var key = await eyes.SecretAsync(Service, Key, Stage, cancel);
        var hash = HMACSHA256.HashData(Encoding.UTF8.GetBytes(key), Encoding.UTF8.GetBytes(Over ?? body));
        return Form switch
        {
            "hex" => Convert.ToHexStringLower(hash),
            "base64" => Convert.ToBase64String(hash),
            _ => Convert.ToBase64String(hash).TrimEnd('='),
        };
    }
}

/// <summary>A real request through a load balancer is answered so.</summary>
internal sealed record HttpCheck(string Host, string Path) : LandedCheck
{
    private const int MostShown = 400;

    public required string Door { get; init; }

    public required string Scheme { get; init; }

    public required string Method { get; init; }

    public required ImmutableSortedDictionary<string, string> Headers { get; init; }

    public string? Body { get; init; }

    public HttpSignature? Sign { get; init; }

    public int? Status { get; init; }

    public string? Contains { get; init; }

    public string? Without { get; init; }

    public required ImmutableSortedDictionary<string, string> Has { get; init; }

    public required ImmutableArray<string> Lacks { get; init; }

    public required int Tries { get; init; }

    public required int Parallel { get; init; }

    public override string Kind => "http";

    internal override IEnumerable<string> Names => [Host];

    internal override async Task<Sighting> LookAsync(FaultEyes eyes, CancellationToken cancel)
    {
        var signature = Sign is null ? "" : await Sign.OfAsync(eyes, Body ?? "", cancel);
        Sighting? last = null;
        for (var done = 0; done < Tries; done += Parallel)
        {
            foreach (var sighting in await Task.WhenAll(Enumerable.Range(0, Parallel).Select(_ => OnceAsync(eyes, signature, cancel))))
            {
                if (sighting.Landed) return sighting;
                last = sighting;
            }
        }
        return last!;
    }

    private async Task<Sighting> OnceAsync(FaultEyes eyes, string signature, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(new HttpMethod(Method), $"{Scheme}://{eyes.Names.Fill(Host)}{eyes.Names.Fill(Path)}");
        string Filled(string text) => eyes.Names.Fill(text).Replace("{signature}", signature, StringComparison.Ordinal);
        if (Body is not null) request.Content = new StringContent(Filled(Body), Encoding.UTF8, "application/json");
        foreach (var (name, value) in Headers) request.Headers.TryAddWithoutValidation(name, Filled(value));
        try
        {
            var answer = await eyes.Http.SendAsync(Door, request, cancel);
            var body = answer.Body.Length > MostShown ? answer.Body[..MostShown] + "…" : answer.Body;
            return new Sighting(Fits(answer), string.Create(CultureInfo.InvariantCulture, $"{Method} {Scheme}://{Host}{Path}\n{answer.Head}\n\n{body}").TrimEnd());
        }
        catch (Exception e) when (e is HttpRequestException or IOException || (e is OperationCanceledException && !cancel.IsCancellationRequested))
        {
            return Sighting.No($"{Method} {Scheme}://{Host}{Path}: {(e.InnerException ?? e).Message}");
        }
    }

    private bool Fits(FaultAnswer answer) =>
        (Status is null || answer.Status == Status)
        && (Contains is null || answer.Body.Contains(Contains, StringComparison.Ordinal))
        && (Without is null || !answer.Body.Contains(Without, StringComparison.Ordinal))
        && Has.All(h => answer.Headers.TryGetValue(h.Key, out var value) && value.Contains(h.Value, StringComparison.Ordinal))
        && !Lacks.Any(answer.Headers.ContainsKey);
}
