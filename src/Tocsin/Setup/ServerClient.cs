using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;

namespace Tocsin.Cli.Setup;

/// <summary>A server said no, or could not be asked; with the exit code that says which.</summary>
internal sealed class ServerException(string message, int code) : Exception(message)
{
    public int Code => code;
}

/// <summary>A Tocsin server, by $TOCSIN_URL and $TOCSIN_TOKEN.</summary>
internal sealed class ServerClient : IDisposable
{
    public const string Url = "TOCSIN_URL";
    public const string Token = "TOCSIN_TOKEN";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private readonly HttpClient http;

    private ServerClient(HttpClient http) => this.http = http;

    public static ServerClient Connect()
    {
        var url = Environment.GetEnvironmentVariable(Url);
        if (string.IsNullOrEmpty(url)) throw new SettingsException($"no server is named: set {Url}, such as export {Url}=http://127.0.0.1:8080");
        if (!Uri.TryCreate(url.EndsWith('/') ? url : $"{url}/", UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https")) throw new SettingsException($"{Url} is '{url}', which is no address such as https://tocsin.example.com");
        var token = Environment.GetEnvironmentVariable(Token);
        if (string.IsNullOrEmpty(token)) throw new SettingsException($"no token is given: set {Token}; tocsin serve prints a link for the first one");
        return new ServerClient(new HttpClient { BaseAddress = address, Timeout = Limit, DefaultRequestHeaders = { Authorization = new AuthenticationHeaderValue("Bearer", token) } });
    }

    public Task<JsonDocument> GetAsync(string path, CancellationToken cancel) => SendAsync(new HttpRequestMessage(HttpMethod.Get, path), cancel);

    /// <param name="path">Relative to the server, such as api/v1/incidents.</param>
    /// <param name="write">The body.</param>
    public Task<JsonDocument> PostAsync(string path, Action<Utf8JsonWriter> write, CancellationToken cancel) =>
        SendAsync(Post(path, write), cancel);

    /// <summary>A text as an answer, and one of its headers.</summary>
    public async Task<(string Text, string Header)> PostForTextAsync(string path, string header, Action<Utf8JsonWriter> write, CancellationToken cancel)
    {
        using var response = await AskAsync(Post(path, write), cancel);
        return (await response.Content.ReadAsStringAsync(cancel), response.Headers.TryGetValues(header, out var values) ? string.Join(',', values) : "");
    }

    /// <summary>A body as it comes, copied to a writer.</summary>
    public async Task CopyAsync(string path, TextWriter to, CancellationToken cancel)
    {
        using var response = await AskAsync(new HttpRequestMessage(HttpMethod.Get, path), cancel);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancel));
        while (await lines.ReadLineAsync(cancel) is { } line) await to.WriteLineAsync(line.AsMemory(), cancel);
    }

    public void Dispose() => http.Dispose();

    private static HttpRequestMessage Post(string path, Action<Utf8JsonWriter> write) => new(HttpMethod.Post, path) { Content = new StringContent(Output.Json.Write(default, w => Body(w, write)), Encoding.UTF8, "application/json") };

    private static void Body(Utf8JsonWriter w, Action<Utf8JsonWriter> write)
    {
        w.WriteStartObject();
        write(w);
        w.WriteEndObject();
    }

    private async Task<JsonDocument> SendAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        using var response = await AskAsync(request, cancel);
        return await JsonDocument.ParseAsync(await response.Content.ReadAsStreamAsync(cancel), cancellationToken: cancel);
    }

    private async Task<HttpResponseMessage> AskAsync(HttpRequestMessage request, CancellationToken cancel)
    {
        using (request)
        {
            HttpResponseMessage response;
            try
            {
                response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            }
            catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancel.IsCancellationRequested))
            {
                throw new ServerException($"the server {http.BaseAddress} does not answer: {e.InnerException?.Message ?? e.Message}", ExitCode.CouldNotLook);
            }
            if (response.IsSuccessStatusCode) return response;
            using (response) throw new ServerException(await WhyAsync(response, cancel), response.StatusCode switch { HttpStatusCode.BadRequest => ExitCode.Usage, >= HttpStatusCode.InternalServerError => ExitCode.CouldNotLook, _ => ExitCode.Refused });
        }
    }

    private static async Task<string> WhyAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        var text = await response.Content.ReadAsStringAsync(cancel);
        try
        {
            using var problem = JsonDocument.Parse(text);
            if (problem.RootElement.TryGetProperty("detail", out var detail)) return detail.GetString()!;
        }
        catch (JsonException e)
        {
            // Something else answers at this address: a proxy, another program.
            _ = e;
        }
        return $"the server answered {(int)response.StatusCode} {response.ReasonPhrase}";
    }
}
